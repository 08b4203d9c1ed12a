"""Journals to test: SQLite in a file always, PostgreSQL in a schema of its own where a URL of it is set."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from sfsync.clock import ManualClock
from sfsync.journal import migrate
from sfsync.journal.database import connect, parse_url
from sfsync.journal.journal import Journal, open_journal
from tests import once

POSTGRES = os.environ.get("SFSYNC_TEST_POSTGRES_URL", "")
SCHEMA = f"sfsync_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
NO_POSTGRES = pytest.mark.skipif(not POSTGRES, reason="SFSYNC_TEST_POSTGRES_URL is not set")


@pytest.fixture(autouse=True)
def _real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_upgrade", once.upgrade)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2024, 11, 22, 4, 31, 28, tzinfo=UTC))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, NO_POSTGRES])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/journal.sqlite"
        return
    yield _empty_schema()


@pytest.fixture
def journal(url: str, clock: ManualClock) -> Iterator[Journal]:
    with open_journal(url, clock=clock) as journal:
        yield journal


def _empty_schema() -> str:
    """The URL of a new schema; nothing else in the database is touched."""
    url = parse_url(POSTGRES)
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    engine.dispose()
    url = url.update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    return url.render_as_string(hide_password=False)
