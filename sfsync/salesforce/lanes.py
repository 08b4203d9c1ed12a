"""Which way changes go to the org: one place decides, by kind and volume. Pure: no I/O.

    fewer than ``bulk_from`` rows of one kind    collections of 200, five in a composite call
    from there on                                one Bulk API 2.0 load
    lead conversions                             SOAP, 100 a call, after everything else
    rows that met a lock                         see ``contention``

Kinds keep the order of their first appearance, so parents written first are there when children name them by key.
Conversions come last because a converted lead takes no further change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sfsync.records import Change, ConvertLead, Create, Update
from sfsync.salesforce.composite import COLLECTIONS_A_CALL, ROWS_A_COLLECTION, Collection
from sfsync.salesforce.convert import LEADS_A_CALL

BULK_FROM = 2_000
"""Rows from which Salesforce recommends Bulk API ("Bulk API and Bulk API 2.0 Limits and Allocations")."""

BULK_READ_FROM = 20_000
"""Records from which a query goes by Bulk API 2.0: ten pages of REST cost more calls."""

BULK_CALLS = 7
"""What a bulk load costs at least: create, upload, close, one look at its state, three result files."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Changes that may share a collection or a bulk load. ``key_field`` is None for updates by id."""

    object: str
    key_field: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one collection, and the places of their changes."""

    kind: Kind
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CollectionsCall:
    """One composite call of up to five collections."""

    pieces: tuple[Piece, ...]

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(place for piece in self.pieces for place in piece.places)


@dataclass(frozen=True, slots=True)
class BulkLoad:
    """One Bulk API 2.0 load of one kind."""

    kind: Kind
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConvertCall:
    """One convertLead call."""

    places: tuple[int, ...]


Step = CollectionsCall | BulkLoad | ConvertCall


def steps(changes: Sequence[Change], bulk_from: int = BULK_FROM) -> list[Step]:
    """The calls and loads that write ``changes``, in the order in which they must run."""
    leads = [place for place, change in enumerate(changes) if isinstance(change, ConvertLead)]
    rows = [place for place, change in enumerate(changes) if not isinstance(change, ConvertLead)]
    plan: list[Step] = []
    waiting: list[Piece] = []
    for kind, places in by_kind(changes, rows).items():
        if len(places) >= bulk_from:
            plan += calls(waiting)
            waiting = []
            plan.append(BulkLoad(kind, tuple(places)))
        else:
            waiting += pieces(changes, places)
    plan += calls(waiting)
    plan += [
        ConvertCall(tuple(leads[start : start + LEADS_A_CALL]))
        for start in range(0, len(leads), LEADS_A_CALL)
    ]
    return plan


def pieces(changes: Sequence[Change], places: Sequence[int]) -> Iterator[Piece]:
    """Cut places of one kind into collections: 200 rows each, and never the same record twice in one.

    The platform refuses a list that names a record twice; in two collections the second writes after the first.
    """
    kind = kind_of(changes[places[0]]) if places else None
    current: list[int] = []
    seen: set[str] = set()
    for place in places:
        record = record_key(changes[place])
        if kind is not None and (len(current) == ROWS_A_COLLECTION or record in seen):
            yield Piece(kind, tuple(current))
            current, seen = [], set()
        current.append(place)
        seen.add(record)
    if kind is not None:
        yield Piece(kind, tuple(current))


def by_kind(changes: Sequence[Change], places: Sequence[int]) -> dict[Kind, list[int]]:
    """Places of rows by their kind, kinds in the order of their first appearance."""
    kinds: dict[Kind, list[int]] = {}
    for place in places:
        kinds.setdefault(kind_of(changes[place]), []).append(place)
    return kinds


def kind_of(change: Change) -> Kind:
    """The kind of a change that is written as a row; ValueError for a conversion."""
    match change:
        case Create():
            return Kind(change.object, change.key_field)
        case Update():
            return Kind(change.object, None)
        case ConvertLead():
            raise ValueError("a conversion is not written as a row")


def record_key(change: Change) -> str:
    """What tells one record of a kind from another. External ids count in any case; ids by their 15 characters."""
    match change:
        case Create():
            return change.key.casefold()
        case Update():
            return change.id[:15]
        case ConvertLead():
            return change.lead_id[:15]


def row(change: Change, id_name: str) -> dict[str, Any]:
    """A change as a row: its values, and its key under the key field or its id under ``id_name``."""
    match change:
        case Create():
            return {**change.values, change.key_field: change.key}
        case Update():
            return {**change.values, id_name: change.id}
        case ConvertLead():
            raise ValueError("a conversion is not written as a row")


def collection(piece: Piece, changes: Sequence[Change]) -> Collection:
    """The collection that a piece stands for."""
    rows = [row(changes[place], "id") for place in piece.places]
    return Collection(piece.kind.object, piece.kind.key_field, rows)


def calls(waiting: Sequence[Piece], together: int = COLLECTIONS_A_CALL) -> list[CollectionsCall]:
    """Collections in calls of at most so many."""
    return [
        CollectionsCall(tuple(waiting[start : start + together]))
        for start in range(0, len(waiting), together)
    ]
