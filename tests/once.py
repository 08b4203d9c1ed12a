"""What hundreds of tests would work out again and again, though it never changes, is worked out once in a process.

Together this is most of what a mock org, or a run of a flow, takes to begin.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import Connection

from sfsync.journal import migrate
from sfsync.mockorg import dml, org
from sfsync.mockorg.metadata import Metadata, load
from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.prepared import Prepared, prepare
from sfsync.mockorg.schema import ObjectDef

Upgrade = Callable[[Connection, str], None]
upgrade: Upgrade = migrate._upgrade
"""The real migration of a journal, for the tests of it."""


@contextmanager
def remembered() -> Iterator[None]:
    """Work these things out once while the block runs."""
    schemas = _Schemas()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(org, "load", schemas.load)
        patch.setattr(dml, "prepare", schemas.prepare)
        patch.setattr(YAML, "compose", _composing(YAML.compose))
        patch.setattr(migrate, "_upgrade", _upgrading(upgrade))
        yield


class _Schemas:
    """Metadata by what its files hold: a schema is immutable. So is all but three parts of what writing needs."""

    def __init__(self) -> None:
        self._loaded: dict[object, Metadata] = {}
        self._books: set[int] = set()
        self._prepared: dict[tuple[int, int], Prepared] = {}
        """By the identity of an object and a rule book that are kept in ``_loaded``."""

    def load(self, folders: Sequence[Path]) -> Metadata:
        files = [path for folder in folders for path in sorted(folder.rglob("*.*")) if path.is_file()]
        key = (*folders, *((path, path.read_bytes()) for path in files))
        if key not in self._loaded:
            self._loaded[key] = load(folders)
            self._books.add(id(self._loaded[key].rules))
        return self._loaded[key]

    def prepare(self, thing: ObjectDef, book: RuleBook) -> Prepared:
        if id(book) not in self._books:
            return prepare(thing, book)
        key = (id(thing), id(book))
        if key not in self._prepared:
            self._prepared[key] = prepare(thing, book)
        updates, creates = self._prepared[key].writable
        return replace(
            self._prepared[key],
            writable=(updates.copy(), creates.copy()),
            numbers={},
            start=("", "", {}),
        )


def _composing(compose: Callable[[YAML, Any], Any]) -> Callable[[YAML, Any], Any]:
    """The nodes of a YAML text are only walked, so that one tree of them does for all who read it."""
    known = lru_cache(maxsize=256)(lambda read: compose(YAML(typ="safe", pure=True), read))
    return lambda _, read: known(read)


def _upgrading(real: Upgrade) -> Upgrade:
    """A new journal in SQLite gets the tables that the migrations made for the first one."""
    made: list[str] = []

    def quick(connection: Connection, where: str) -> None:
        sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
        if connection.dialect.name != "sqlite" or connection.exec_driver_sql(sql).first():
            real(connection, where)
        elif made:
            for each in made:
                connection.exec_driver_sql(each)
        else:
            real(connection, where)
            made.extend(connection.exec_driver_sql(sql).scalars())
            made.append(f"INSERT INTO {migrate.VERSION_TABLE} VALUES ('{migrate.HEAD}')")

    return quick
