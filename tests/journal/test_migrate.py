import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sfsync.errors import JournalError
from sfsync.journal import migrate
from sfsync.journal.database import connect, parse_url
from sfsync.journal.journal import open_journal
from sfsync.journal.tables import metadata

FOLDER = Path(migrate.__file__).with_name("migrations")


def test_the_migrations_make_what_tables_says(url, clock):
    open_journal(url, clock=clock).close()
    engine = connect(parse_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": migrate.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path, clock):
    url = f"sqlite:///{tmp_path}/j.sqlite"
    open_journal(url, clock=clock).close()
    with sqlite3.connect(tmp_path / "j.sqlite") as raw:
        raw.execute(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'")
    raw.close()
    with pytest.raises(JournalError, match="newer sfsync"):
        open_journal(url, clock=clock)


def test_a_database_of_another_program_is_left_alone(tmp_path, clock):
    with sqlite3.connect(tmp_path / "photos.sqlite") as raw:
        raw.execute("CREATE TABLE photos (id INTEGER)")
    raw.close()
    with pytest.raises(JournalError, match="another program"):
        open_journal(f"sqlite:///{tmp_path}/photos.sqlite", clock=clock)


def test_a_migration_that_dies_leaves_nothing_behind(url, clock, monkeypatch):
    monkeypatch.setattr(migrate, "_upgrade", lambda connection, where: _half(connection))
    with pytest.raises(ZeroDivisionError):
        open_journal(url, clock=clock)
    monkeypatch.undo()
    open_journal(url, clock=clock).close()


def _half(connection):
    connection.exec_driver_sql("CREATE TABLE runs (id TEXT)")
    raise ZeroDivisionError


def test_opening_a_journal_that_is_up_to_date_does_not_load_alembic(tmp_path, clock):
    open_journal(f"sqlite:///{tmp_path}/j.sqlite", clock=clock).close()
    code = (
        "import sys; from sfsync.clock import SystemClock; from sfsync.journal.journal import open_journal;"
        f"open_journal('sqlite:///{tmp_path}/j.sqlite', clock=SystemClock()).close();"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
