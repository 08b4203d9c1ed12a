"""Runs a plan: small answers at once, large ones as a list of row numbers that pages are cut from."""

import json
from array import array
from collections.abc import Callable
from typing import Any

from sfsync.mockorg.present import address, attributes
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.soql.plan import Plan, ResultColumn, Shape
from sfsync.mockorg.store import Store

_AT_ONCE = 2000
_CHUNK = 20_000
Maker = Callable[[tuple[Any, ...]], dict[str, Any]]


class QueryResult:
    """The answer to a query, cut into pages on demand.

    ``total`` counts all rows; ``object`` is the object of FROM; ``columns`` the columns in the order of SELECT.
    The rows that belong to the answer are fixed when the query runs; their values are read when a page is cut.
    """

    def __init__(self, store: Store, plan: Plan) -> None:
        self.object = plan.thing.name
        self.columns: tuple[ResultColumn, ...] = plan.result
        self.aggregate = plan.kind == "aggregate"
        self._store = store
        self._plan = plan
        self._rows: list[tuple[Any, ...]] | None = None
        self._numbers: array[int] = array("q")
        limit = -1 if plan.limit is None else plan.limit
        if plan.kind == "count":
            self._rows = []
            self.total = self._count(limit)
        else:
            most = _AT_ONCE + 1 if limit < 0 else min(limit, _AT_ONCE + 1)
            rows = store.select(*self._sql(", ".join(plan.columns), most, plan.offset))
            if self.aggregate and len(rows) > _AT_ONCE:
                raise Refused(
                    "EXCEEDED_ID_LIMIT",
                    "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single "
                    "batch",
                )
            if len(rows) <= _AT_ONCE:
                self._rows = rows
                self.total = len(rows)
            else:
                sql, parameters = self._sql(f"{plan.root}.rowid", limit, plan.offset)
                self._numbers = array("q", (row[0] for row in store.stream(sql, parameters)))
                self.total = len(self._numbers)

    def _sql(self, columns: str, limit: int, offset: int) -> tuple[str, list[Any]]:
        plan = self._plan
        if plan.unions:
            return self._grouped(limit, offset)
        sql = f"SELECT {columns} FROM {plan.tables} WHERE {plan.where}{plan.order} LIMIT ? OFFSET ?"
        return sql, [*plan.parameters, limit, offset]

    def _grouped(self, limit: int, offset: int) -> tuple[str, list[Any]]:
        """The SQL of an aggregate query: a SELECT for each set of groups, their rows put together."""
        plan = self._plan
        parts = []
        for columns, grouping in plan.unions:
            named = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(columns))
            parts.append(f"SELECT {named} FROM {plan.tables} WHERE {plan.where}{grouping}{plan.having}")
        sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}){plan.order} LIMIT ? OFFSET ?"
        return sql, [*(plan.parameters + plan.having_parameters) * len(parts), limit, offset]

    def _count(self, limit: int) -> int:
        plan = self._plan
        sql = f"SELECT count(*) FROM {plan.tables} WHERE {plan.where}"
        found = int(self._store.select(sql, plan.parameters)[0][0])
        found = max(found - plan.offset, 0)
        return found if limit < 0 else min(found, limit)

    def rows(
        self, start: int = 0, count: int | None = None, *, version: str = "62.0"
    ) -> list[dict[str, Any]]:
        """Records ``start`` to ``start + count`` as REST bodies; ``version`` stands in their URLs.

        Parents are nested, sub-queries are ``{"totalSize", "done", "records"}`` or null when empty.
        """
        stop = self.total if count is None else min(start + count, self.total)
        if self._rows is not None:
            return _records(self._store, self._plan, self._rows[start:stop], version)
        found: list[dict[str, Any]] = []
        for first in range(start, stop, _CHUNK):
            found += self._page(list(self._numbers[first : min(first + _CHUNK, stop)]), version)
        return found

    def _page(self, numbers: list[int], version: str) -> list[dict[str, Any]]:
        plan = self._plan
        sql = (
            f"SELECT {', '.join(plan.columns)}, {plan.root}.rowid FROM {plan.tables} "
            f"WHERE {plan.root}.rowid IN (SELECT value FROM json_each(?))"
        )
        by_number = {row[-1]: row for row in self._store.select(sql, [json.dumps(numbers)])}
        rows = [by_number[number] for number in numbers if number in by_number]
        return _records(self._store, plan, rows, version)


def _records(store: Store, plan: Plan, rows: list[tuple[Any, ...]], version: str) -> list[dict[str, Any]]:
    families = [_family(store, child, [row[0] for row in rows], version) for child in plan.children]
    make = _maker(plan.shape, version, families)
    return [make(row) for row in rows]


def _family(store: Store, plan: Plan, parents: list[str], version: str) -> dict[str, list[dict[str, Any]]]:
    """The records of a sub-query by their parent's id; LIMIT and OFFSET hold per parent."""
    sql = f"SELECT {', '.join(plan.columns)} FROM {plan.tables} WHERE {plan.where}{plan.order}"
    rows = store.select(sql, [*plan.parameters, json.dumps(parents)])
    by_parent: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_parent.setdefault(row[-1], []).append(row)
    stop = None if plan.limit is None else plan.offset + plan.limit
    kept = [row for family in by_parent.values() for row in family[plan.offset : stop]]
    found: dict[str, list[dict[str, Any]]] = {}
    for row, record in zip(kept, _records(store, plan, kept, version), strict=True):
        found.setdefault(row[-1], []).append(record)
    return found


def _maker(shape: Shape, version: str, families: list[dict[str, list[dict[str, Any]]]]) -> Maker:
    """The function that turns an SQL row into a record."""
    id_place, kind_of = shape.id, shape.type
    named = isinstance(kind_of, str)
    items: list[tuple[str, str, Any]] = []
    for name, kind, what in shape.items:
        if kind == "typeof":
            makers = {each: _maker(inner, version, families) for each, inner in what.shapes.items()}
            items.append(
                (
                    name,
                    kind,
                    (what.otherwise.id, what.type, makers, _maker(what.otherwise, version, families)),
                )
            )
        else:
            items.append((name, kind, _maker(what, version, families) if kind == "parent" else what))
    places = {what.id: name for name, kind, what in shape.items if kind == "parent"}
    parents = {name: place for place, name in places.items()}

    def make(row: tuple[Any, ...]) -> dict[str, Any]:
        record_id = row[id_place] if id_place >= 0 else None
        kind = kind_of if named else row[kind_of]  # type: ignore[index]  # a place when it is not a name
        record: dict[str, Any] = {"attributes": attributes(str(kind), record_id, version)}
        for name, way, what in items:
            if way == "value":
                record[name] = row[what]
            elif way == "boolean":
                record[name] = None if row[what] is None else bool(row[what])
            elif way == "parent":
                record[name] = None if row[parents[name]] is None else what(row)
            elif way == "typeof":
                place, kind_place, makers, otherwise = what
                record[name] = None if row[place] is None else makers.get(row[kind_place], otherwise)(row)
            elif way == "children":
                family = families[what].get(str(record_id))
                record[name] = family and {"totalSize": len(family), "done": True, "records": family}
            elif way == "address":
                record[name] = address(row[what])
            else:
                record[name] = f"{record['attributes']['url']}/{name}"
        return record

    return make
