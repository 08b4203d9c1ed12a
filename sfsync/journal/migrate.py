"""Brings the schema of a journal up to date when it opens, with the migrations that ship in the package."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from sfsync.errors import JournalError

VERSION_TABLE = "journal_version"
HEAD = "0004"
"""The newest migration; a journal at this version opens without loading Alembic."""

_LOCK = 0x5F51C
"""Number of the PostgreSQL advisory lock under which one process at a time migrates."""


def migrate(engine: Engine, where: str) -> None:
    """Make or update the tables, once, however many processes open the journal at this moment.

    ``where`` names the journal in messages. Raises JournalError when the database belongs to another program
    or to a newer sfsync.
    """
    with engine.begin() as connection:  # on SQLite this takes the write lock before it looks
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        version = _version(connection, where)
        if version == HEAD:
            return
        _upgrade(connection, where)


def _version(connection: Connection, where: str) -> str | None:
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    if "runs" in tables or (tables and connection.dialect.name == "sqlite"):
        raise JournalError(
            f"{where} is a database of another program, not a journal.",
            hint="Name another file or database for the journal.",
        )
    return None


def _upgrade(connection: Connection, where: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise JournalError(
            f"{where} was written by a newer sfsync.", hint="Update sfsync, or name another journal."
        ) from error
