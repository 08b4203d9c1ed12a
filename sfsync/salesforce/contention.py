"""What is done about rows that met a lock: sent again, each time less at once. Pure: no I/O, no waiting.

The org locks a record's parents while it writes the record, so rows of one parent must not be at work in two places
("General Guidelines for Data Loads", "Record Locking Cheat Sheet"). A row that met a lock was not written:

    round 1    rows of one parent stand together, in one collection or side by side in a bulk load
    round 2    the same in small collections; what is too much for them goes straight to round 3
    round 3    one parent at a time: a call for each where they are few, else a serial job of Bulk API 1.0

A row that is still locked after that is refused. Parents are seen in the rows themselves: ids of other records, and
parents that are named by key. A row that names none (most updates) stands for itself.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sfsync.records import Change, ConvertLead
from sfsync.salesforce import lanes
from sfsync.salesforce.composite import COLLECTIONS_A_CALL, ROWS_A_COLLECTION
from sfsync.salesforce.convert import LEADS_A_CALL
from sfsync.salesforce.lanes import ConvertCall, Kind, Piece

ROUNDS = 3
"""How often a row that met a lock is sent again."""

SMALL = 20
"""Rows of a collection in round 2."""

MOST_CALLS = 5
"""Calls of a round after the first; a serial job costs about as many, so more rows than fit go by that."""

_CONVERSIONS = (LEADS_A_CALL, SMALL, 5)
"""Leads of a call in each round: conversions have no other lane."""

_ID = re.compile(r"(?=.*\d)[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?")
_NO_PARENTS = frozenset({"ownerid", "recordtypeid", "pricebook2id", "pricebookentryid", "product2id"})
"""References to what many rows share and what is not locked for them: groups by these would tell nothing."""


@dataclass(frozen=True, slots=True)
class SerialLoad:
    """One serial job of Bulk API 1.0; rows of one family share a batch."""

    kind: Kind
    places: tuple[int, ...]
    families: tuple[str, ...]


Again = lanes.Step | SerialLoad


def again(changes: Sequence[Change], locked: Sequence[int], number: int, bulk_from: int) -> list[Again]:
    """The calls and loads of round ``number`` (from 1) for the rows at the places ``locked`` of one step.

    Kinds keep the order of their first appearance, writes to one record theirs.
    """
    if isinstance(changes[locked[0]], ConvertLead):  # a step holds conversions or rows, never both
        families = _families(changes, locked)
        return [ConvertCall(tuple(batch)) for batch in pack(families, _CONVERSIONS[number - 1])]
    steps: list[Again] = []
    waiting: list[Piece] = []
    together = 1 if number == ROUNDS else COLLECTIONS_A_CALL
    for kind, places in lanes.by_kind(changes, locked).items():
        way = _way(changes, kind, _families(changes, places), number, bulk_from)
        if isinstance(way, list):
            waiting += way
        else:
            steps += [*lanes.calls(waiting, together), way]
            waiting = []
    return [*steps, *lanes.calls(waiting, together)]


def _way(
    changes: Sequence[Change], kind: Kind, families: Sequence[Sequence[int]], number: int, bulk_from: int
) -> list[Piece] | lanes.BulkLoad | SerialLoad:
    """How the rows of one kind go in one round."""
    places = tuple(place for family in families for place in family)
    if number == 1:
        if len(places) >= bulk_from:
            return lanes.BulkLoad(kind, places)
        return _pieces(changes, pack(families, ROWS_A_COLLECTION))
    few = len(places) < bulk_from
    if number == 2 and few and len(places) <= SMALL * COLLECTIONS_A_CALL * MOST_CALLS:
        return _pieces(changes, pack(families, SMALL))
    alone = _pieces(changes, families)
    if number == ROUNDS and few and len(alone) <= MOST_CALLS:
        return alone
    names = tuple(str(name) for name, family in enumerate(families) for _ in family)
    return SerialLoad(kind, places, names)


def _pieces(changes: Sequence[Change], batches: Sequence[Sequence[int]]) -> list[Piece]:
    return [piece for batch in batches for piece in lanes.pieces(changes, batch)]


def _families(changes: Sequence[Change], places: Sequence[int]) -> list[list[int]]:
    """Places of one parent together, in order of first appearance; within it those that share a further parent.

    Of several parents the one that most rows share counts: an account before its orders.
    """
    parents: dict[str, Mapping[str, str]] = {}
    for (
        place
    ) in places:  # a record that is written twice keeps the parents of its first write, and so its order
        parents.setdefault(lanes.record_key(changes[place]), _parents(changes[place]))
    named = Counter(name for own in parents.values() for name in own)
    different = Counter(name for name, _ in {item for own in parents.values() for item in own.items()})
    names = sorted(named, key=lambda name: (different[name] / named[name], name))

    def lineage(place: int) -> tuple[str, ...]:
        own = parents[lanes.record_key(changes[place])]
        return tuple(f"{name}={own[name]}" for name in names if name in own)

    def family(place: int) -> str:
        return next(iter(lineage(place)), lanes.record_key(changes[place]))

    return [
        [place for inner in group(one, lambda place: "\n".join(lineage(place))) for place in inner]
        for one in group(places, family)
    ]


def _parents(change: Change) -> dict[str, str]:
    """The parents that a change names: field or relationship → id or key."""
    if isinstance(change, ConvertLead):
        account = change.account_id or change.account_key
        return {"account": account} if account else {}
    return dict(_references(change.values))


def _references(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            key = next((str(item) for own, item in value.items() if own != "attributes"), "")
            yield name, key.casefold()
        elif isinstance(value, str) and name.casefold() not in _NO_PARENTS and _is_reference(name, value):
            yield name, value[:15]


def _is_reference(name: str, value: str) -> bool:
    """Fields of references end in Id or __c; their values are ids of 15 or 18 characters."""
    return name.endswith(("Id", "__c")) and _ID.fullmatch(value) is not None


def group(places: Sequence[int], parent: Callable[[int], str]) -> list[list[int]]:
    """Places of the same parent together; parents and their children in order of first appearance."""
    groups: dict[str, list[int]] = {}
    for place in places:
        groups.setdefault(parent(place), []).append(place)
    return list(groups.values())


def pack(groups: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Groups into batches of at most ``most``; only a group that is larger by itself is split."""
    batches: list[list[int]] = []
    for one in groups:
        if batches and len(batches[-1]) + len(one) <= most:
            batches[-1].extend(one)
        else:
            batches += [list(one[start : start + most]) for start in range(0, len(one), most)]
    return batches
