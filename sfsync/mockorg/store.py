"""Keeps the records: SQLite, one table per object, one connection behind the org's lock."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from sfsync.mockorg.ahead import MOST_FOUND, Ahead
from sfsync.mockorg.pending import Pending, Row, Transaction, Waiting
from sfsync.mockorg.schema import TEXT_TYPES, FieldDef, ObjectDef, Schema
from sfsync.mockorg.texts import fold, loose, sort_key, variants

__all__ = ["Row", "Store", "Transaction", "quoted"]

_NUMERIC = {"boolean": "INTEGER", "int": "INTEGER", "double": "REAL", "currency": "REAL", "percent": "REAL"}
_PEOPLE = {"CreatedById", "LastModifiedById", "OwnerId"}
"""References that nearly every record shares; an index on them would cost more than it finds."""


def quoted(name: str) -> str:
    """A table or column name for SQL. Names come from the schema, never from a request."""
    return f'"{name}"'


class Store:
    """The tables of an org. Keys of rows are canonical field names, values are as ``values.py`` stores them."""

    def __init__(self, schema: Schema, path: Path | None = None) -> None:
        self.schema = schema
        self._db = sqlite3.connect(
            str(path) if path else ":memory:",
            isolation_level=None,
            check_same_thread=False,  # the org's lock lets one thread in at a time
            cached_statements=1024,
        )
        self._pending = Pending(self._db, self._write)
        self.transaction = self._pending.transaction
        self.keep = self._pending.keep
        self.ahead = Ahead(self._find_all, self._rows_of, self._folds)
        self._inserts: dict[str, tuple[frozenset[str], list[str], str]] = {}
        self._selects: dict[str, tuple[str, list[str]]] = {}
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-65536", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.create_function("fold", 1, fold, deterministic=True)
        self._db.create_function("loose", 1, loose, deterministic=True)
        self._db.create_function("sortkey", 1, sort_key, deterministic=True)
        for each in schema.objects.values():
            self._prepare(each)
        # Which lookups a deletion cleared, for undelete.
        self._db.execute('CREATE TABLE IF NOT EXISTS "cleared" (parent, child, field, id)')
        self._db.execute('CREATE INDEX IF NOT EXISTS "cleared.parent" ON "cleared" (parent)')

    def define(self, name: str, function: Callable[..., Any]) -> None:
        """Let SQL call a function of ours."""
        self._db.create_function(name, -1, function)

    def close(self) -> None:
        """Close the file."""
        self.keep()
        self._db.close()

    def dump(self) -> bytes:
        """All records as they are now, for ``load``; milliseconds for thousands of records."""
        self.keep()
        return self._db.serialize()

    def load(self, dumped: bytes) -> None:
        """Back to what ``dump`` of a store with the same schema gave; for stores in memory only."""
        self.keep()
        with closing(sqlite3.connect(":memory:")) as copy:
            # Not deserialize() on our own connection: its prepared statements would outlive their pages.
            copy.deserialize(dumped)
            copy.backup(self._db)

    def _prepare(self, each: ObjectDef) -> None:
        """Make the object's table and indexes, or add the columns that new metadata brought."""
        table = quoted(each.name)
        columns = {column.name: _declared(column) for column in each.columns}
        columns.setdefault("IsDeleted", "INTEGER NOT NULL DEFAULT 0")
        there = {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}
        if not there:
            body = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
            self._db.execute(f"CREATE TABLE {table} ({body})")
        for name, kind in columns.items():
            if there and name not in there:
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind}")
        for column in each.columns:
            if _indexed(column):
                index = quoted(f"{each.name}.{column.name}")
                self._db.execute(
                    f"CREATE INDEX IF NOT EXISTS {index} ON {table} ({quoted(column.name)}) "
                    f"WHERE {quoted(column.name)} IS NOT NULL"
                )
        names = list(columns)
        listed = ", ".join(map(quoted, names))
        self._selects[each.name] = (f"SELECT {listed} FROM {table}", names)

    def select(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT."""
        self._pending.reading()
        return self._db.execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a SELECT one by one, for answers too large for a list."""
        self._pending.reading()
        return self._db.execute(sql, parameters)

    def row(self, object_name: str, record_id: str) -> Row | None:
        """The stored record, deleted or not."""
        known = self.ahead.row(object_name, record_id)
        if known is not None:
            return known
        found = self.rows(object_name, "Id = ?", (record_id,))
        return found[0] if found else None

    def rows(self, object_name: str, where: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The stored records of one object that fit a condition written by a rule (column names quoted or plain)."""
        self._pending.reading(object_name)
        sql, names = self._selects[object_name]
        cursor = self._db.execute(f"{sql} WHERE {where}", parameters)
        return [dict(zip(names, values, strict=True)) for values in cursor]

    def live(self, object_name: str, record_id: str) -> bool | None:
        """Whether the record is there (True), deleted (False) or unknown (None)."""
        self._pending.reading(object_name)
        sql = f"SELECT IsDeleted FROM {quoted(object_name)} WHERE Id = ?"
        found = self._db.execute(sql, (record_id,)).fetchone()
        return None if found is None else not found[0]

    def find(self, object_name: str, field: str, value: Any) -> list[str]:
        """Ids of the live records with that value, at most 200, oldest first; text compares as the field does."""
        known = self.ahead.ids(object_name, field, value)
        if known is not None:
            return known
        self._pending.reading(object_name)
        column, fits, given = quoted(field), "= ?", [value]
        if type(value) is str and not value.isascii() and self._folds(object_name, field):
            forms = variants(value)
            fits, given = f"IN ({', '.join('?' * len(forms or ()))})", list(forms or ())
            if forms is None:
                column, fits, given = f"fold({column})", "= ?", [fold(value)]
        sql = f"SELECT Id FROM {quoted(object_name)} WHERE {column} {fits} AND IsDeleted = 0 ORDER BY Id LIMIT 200"
        return [row[0] for row in self._db.execute(sql, given)]

    def _folds(self, object_name: str, field: str) -> bool:
        """Whether the field's text compares without case."""
        found = self.schema.objects[object_name].fields.get(field)
        return found is not None and found.type in TEXT_TYPES and not found.case_sensitive

    def _find_all(self, object_name: str, field: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Value and id of the live records with one of the values, as ``find`` finds them; for text without letters
        beyond ASCII.
        """
        self._pending.reading(object_name)
        column, marks = quoted(field), ", ".join("?" * len(values))
        sql = f"SELECT {column}, Id FROM {quoted(object_name)} WHERE {column} IN ({marks}) AND IsDeleted = 0 "
        return self._db.execute(f"{sql}ORDER BY Id LIMIT {MOST_FOUND}", values)

    def _rows_of(self, object_name: str, record_ids: Sequence[str]) -> list[Row]:
        return self.rows(object_name, f"Id IN ({', '.join('?' * len(record_ids))})", record_ids)

    def insert(self, object_name: str, row: Row) -> None:
        """Add a record; fields it does not name are null, or not deleted. The row is the store's from here on."""
        self.ahead.inserted(object_name, row)
        self._pending.write(object_name, row)

    def _write(self, object_name: str, waiting: Sequence[Waiting]) -> None:
        for fields, some in groupby(waiting, lambda each: tuple(each[0]) if each[1] else ()):
            if fields:
                self._update(object_name, fields, list(some))
            else:
                self._insert(object_name, [row for row, _ in some])

    def _update(self, object_name: str, fields: Sequence[str], changes: Sequence[Waiting]) -> None:
        assignments = ", ".join(f"{quoted(name)} = ?" for name in fields)
        sql = f"UPDATE {quoted(object_name)} SET {assignments} WHERE Id = ?"
        self._db.executemany(sql, [(*change.values(), record_id) for change, record_id in changes])

    def _insert(self, object_name: str, rows: Sequence[Row]) -> None:
        seen, names, sql = self._inserts.get(object_name, (frozenset(), [], ""))
        fields = seen.union(*rows)
        if len(fields) > len(seen):
            names, sql = self._insert_of(object_name, fields)
            self._inserts[object_name] = (fields, names, sql)
        self._db.executemany(sql, [list(map(row.get, names)) for row in rows])

    def _insert_of(self, object_name: str, fields: Collection[str]) -> tuple[list[str], str]:
        """The columns among some fields, and the statement that adds rows with them."""
        names = [name for name in self._selects[object_name][1] if name in fields]
        kinds = self.schema.objects[object_name].fields
        marks = [
            "coalesce(?, 0)" if name == "IsDeleted" or kinds[name].type == "boolean" else "?"
            for name in names
        ]
        columns = ", ".join(map(quoted, names))
        return names, f"INSERT INTO {quoted(object_name)} ({columns}) VALUES ({', '.join(marks)})"

    def update(self, object_name: str, record_id: str, changes: Row) -> None:
        """Write the changed fields of a record."""
        self.ahead.updated(object_name, record_id, changes)
        self._pending.write(object_name, changes, record_id)

    def clear_lookups(self, parent_id: str, child: str, field: str) -> None:
        """Empty a lookup of the records that point at a deleted one, and remember where it was."""
        column, table = quoted(field), quoted(child)
        condition = f"{column} = ? AND IsDeleted < 2"
        self._pending.reading(child)
        if not self._db.execute(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1", (parent_id,)).fetchone():
            return  # as with most records that are deleted
        self.ahead.forget(child)
        self._pending.settle()
        self._db.execute(
            f"INSERT INTO cleared SELECT ?, ?, ?, Id FROM {table} WHERE {condition}",
            (parent_id, child, field, parent_id),
        )
        self._db.execute(f"UPDATE {table} SET {column} = NULL WHERE {condition}", (parent_id,))

    def restore_lookups(self, parent_id: str) -> None:
        """Fill again what ``clear_lookups`` emptied, where it is still empty."""
        self.ahead.forget()
        self._pending.settle()
        found = self.select("SELECT child, field, id FROM cleared WHERE parent = ?", (parent_id,))
        for child, field, record_id in found:
            column = quoted(field)
            sql = f"UPDATE {quoted(child)} SET {column} = ? WHERE Id = ? AND {column} IS NULL"
            self._db.execute(sql, (parent_id, record_id))
        self._db.execute("DELETE FROM cleared WHERE parent = ?", (parent_id,))

    def clear(self, object_name: str) -> None:
        """Remove every record of an object."""
        self.ahead.forget()
        self._pending.settle()
        self._db.execute(f"DELETE FROM {quoted(object_name)}")

    def last(self, object_name: str, column: str) -> str | None:
        """The greatest value of a column of ids or padded numbers, deleted records included."""
        self._pending.reading(object_name)
        name = quoted(column)
        sql = f"SELECT {name} FROM {quoted(object_name)} ORDER BY length({name}) DESC, {name} DESC LIMIT 1"
        if column == "Id":
            sql = f"SELECT max(Id) FROM {quoted(object_name)}"
        found = self._db.execute(sql).fetchone()
        return found[0] if found else None

    def count(self, object_name: str) -> int:
        """How many live records an object has."""
        self._pending.reading(object_name)
        sql = f"SELECT count(*) FROM {quoted(object_name)} WHERE IsDeleted = 0"
        return int(self._db.execute(sql).fetchone()[0])

    def empty(self) -> None:
        """Remove every record of every object."""
        with self.transaction():
            for name in self.schema.objects:
                self.clear(name)
            self._db.execute("DELETE FROM cleared")


def _declared(column: FieldDef) -> str:
    if column.type == "id":
        return "TEXT PRIMARY KEY NOT NULL"
    if column.type == "boolean":
        return "INTEGER NOT NULL DEFAULT 0"
    if column.type in TEXT_TYPES and not column.case_sensitive:
        return "TEXT COLLATE NOCASE"
    return "BLOB" if column.type == "base64" else _NUMERIC.get(column.type, "TEXT")


def _indexed(column: FieldDef) -> bool:
    if column.type == "id":
        return False
    if column.type == "reference":
        return column.name not in _PEOPLE
    return column.key or column.unique or column.name_field or column.name == "SystemModstamp"
