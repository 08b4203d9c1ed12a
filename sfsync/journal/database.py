"""Opens the journal's database, SQLite or PostgreSQL, and turns its errors into sentences."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from sfsync.errors import ConfigError, JournalError

BUSY_SECONDS = 30.0
"""How long a write waits for another process that is writing to the same SQLite file."""

_READING = "sfsync_reading"
_HARMLESS = "Nothing in the org depends on the journal: it may be moved away, and a new one is made."


def parse_url(url: str) -> URL:
    """The database that ``url`` names; ``postgres://`` and ``postgresql://`` get our driver.

    Raises ConfigError for text that is no URL and for databases that we do not know.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(
            "The journal's URL cannot be read.",
            hint="Write sqlite:///folder/journal.sqlite or postgresql://user@host/database.",
        ) from None
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError(
            f"The journal cannot be kept in {parsed.get_backend_name()}.",
            hint="Use sqlite:///folder/journal.sqlite or postgresql://user@host/database.",
        )
    return parsed


def place(url: URL) -> str:
    """The journal's name in messages: the file, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return f"The journal {url.database or 'in memory'}"
    return f"The journal {url.render_as_string(hide_password=True)}"


def connect(url: URL) -> Engine:
    """An engine whose write transactions lock from the start, so that two processes take turns."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    try:
        return create_engine(url, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ConfigError(
            "A PostgreSQL journal needs the psycopg driver, which is not installed.",
            hint="Run: pip install 'sfsync[postgres]'",
        ) from error


def reading(engine: Engine) -> Engine:
    """The same engine for reads: its transactions do not wait for writers."""
    return engine.execution_options(**{_READING: True})


def _sqlite(url: URL) -> Engine:
    in_memory = url.database in {None, "", ":memory:"}
    if in_memory:
        engine = create_engine(url, poolclass=StaticPool)
    else:
        _make_folder(Path(str(url.database)))
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own idea of transactions leaves DDL outside them
        # Readers go on while a run writes; commits reach the disk: a job's id must outlive a power cut.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock now: a lock asked for in mid-transaction can only fail.
        reads = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"The folder for the journal {file} cannot be made: {error.strerror}.",
            hint="Name a folder that you may write to.",
        ) from error


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn a database error inside the block into a JournalError; ``where`` is ``place(url)``."""
    try:
        yield
    except DBAPIError as error:
        raise _explain(where, error) from error


class Tables:
    """A part of the journal that reads and writes its database. Troubles are JournalErrors."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self._where = where

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with explained(self._where), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with explained(self._where), reading(self._engine).connect() as connection:
            yield connection


def _explain(where: str, error: DBAPIError) -> JournalError:
    text = str(error.orig).strip()
    for words, message, hint in _SQLITE_TROUBLES:
        if words in text:
            return JournalError(f"{where} {message}.", hint=hint)
    first = text.splitlines()[0] if text else type(error.orig).__name__
    if "connect" in text or error.connection_invalidated:
        return JournalError(
            f"{where} cannot be reached: {first}.", hint="Check that the database server runs and the URL."
        )
    # Later lines of a PostgreSQL message quote the values of the row.
    return JournalError(f"{where} did not take or give the data: {first}.")


_SQLITE_TROUBLES = (
    (
        "database is locked",
        f"has been locked by another program for more than {BUSY_SECONDS:.0f} seconds",
        "Find the run, backup or database browser that holds it open.",
    ),
    ("readonly database", "is read-only", "Make the file and its folder writable, or name another."),
    (
        "unable to open database file",
        "cannot be opened",
        "Check that it is a file, not a folder, and that you may read and write it and its folder.",
    ),
    (
        "disk is full",
        "cannot grow: the disk is full",
        "Free some space and run again; the org is not affected.",
    ),
    ("file is not a database", "is another kind of file", "Name another file for the journal."),
    ("malformed", "is damaged", _HARMLESS),
    ("disk I/O error", "cannot be read or written: the disk reports an error, or is full", _HARMLESS),
)
