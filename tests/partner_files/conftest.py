"""The house for dealers' files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from tests.conftest import ROOT, House


@pytest.fixture
def garage(tmp_path: Path) -> Iterator[House]:
    """A house without leads."""
    org = MockOrg(metadata=[ROOT / "config" / "org"])
    with activated(lambda request: org.handle(request)):  # noqa: PLW0108  tests replace `handle`
        yield House(org, tmp_path / "state", ROOT)
