from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.org import OrgCore
from tests.mockorg.core.support import write_metadata

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def metadata_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_metadata(tmp_path_factory.mktemp("org"))


@pytest.fixture
def org(metadata_folder: Path) -> Iterator[OrgCore]:
    core = OrgCore(metadata=[metadata_folder], clock=MockClock(NOON))
    yield core
    core.close()
