"""What a query compiles to: SQL with parameters, and how its rows become REST records."""

from dataclasses import dataclass, field
from typing import Any

from sfsync.mockorg.schema import FieldDef, ObjectDef
from sfsync.mockorg.soql import ast


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of the answer: its name (a path has dots), the field behind it, its children for a sub-query."""

    name: str
    field: FieldDef | None = None
    aggregate: bool = False
    type: str = "string"
    children: "tuple[ResultColumn, ...]" = ()


@dataclass(slots=True)
class Shape:
    """How part of a row becomes a record: places of its id, type and values among the SQL columns."""

    id: int
    type: str | int
    items: "list[tuple[str, str, Any]]" = field(default_factory=list)
    """(name, kind, what): ``value``/``boolean``/``binary`` a place, ``address`` eight places, ``parent`` a Shape,
    ``children`` a Plan's place among ``Plan.children``, ``typeof`` Cases."""


@dataclass(frozen=True, slots=True)
class Cases:
    """A polymorphic parent shown by what it is: the place of its type, shapes by type, and the shape of others."""

    type: int
    shapes: dict[str, Shape]
    otherwise: Shape


@dataclass(slots=True)
class Plan:
    """A compiled SELECT. ``tables`` and ``where`` serve the page, the count and the list of row numbers alike."""

    thing: ObjectDef
    columns: list[str]
    tables: str
    where: str
    order: str
    parameters: list[Any]
    limit: int | None
    offset: int
    shape: Shape
    result: tuple[ResultColumn, ...]
    root: str
    children: "list[Plan]" = field(default_factory=list)
    parent_field: str = ""
    unions: list[tuple[list[str], str]] = field(default_factory=list)
    """Of an aggregate query: columns and GROUP BY of each set of groups; ``columns`` name them c0, c1, …"""
    order_words: list[ast.Ordering] = field(default_factory=list)
    having: str = ""
    having_parameters: list[Any] = field(default_factory=list)
    kind: str = "records"
    """``records``, ``count`` (for COUNT()) or ``aggregate``."""
