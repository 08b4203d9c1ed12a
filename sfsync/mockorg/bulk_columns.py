"""Chunks of a Bulk job's rows made into values a column at a time; rows that are not plain are left alone.

It gives what ``bulk_rows.nester`` and the writing of a record make of a row together, or nothing for a row that must
be refused, or whose columns are not all to be written: who looks at it alone finds out why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sfsync.mockorg.bulk_rows import NULL, parent_of
from sfsync.mockorg.columns import BLANK, REFUSED, Column, Ready, column
from sfsync.mockorg.schema import ObjectDef

Reader = Callable[[Sequence[Sequence[str]]], list[Ready | None]]
"""Takes rows as wide as the header; gives the values of each, or None for one that must be looked at alone."""


def reader(
    thing: ObjectDef, header: Sequence[str], apart: Iterable[str], *, creating: bool, updating: bool
) -> Reader | None:
    """The function for the columns of a header but those ``apart``; None when all rows must be looked at alone,
    because two columns name one parent.
    """
    fields: list[tuple[int, str, Column]] = []
    closed: list[int] = []
    parents: list[tuple[int, str, Callable[[str], Mapping[str, Any]]]] = []
    for place, name in enumerate(header):
        if name in apart:
            continue
        if "." in name:
            target, relation, key = parent_of(name)
            parents.append((place, relation, _by(target, key)))
            continue
        field = thing.fields[name]
        if field.stored and (field.createable or not creating) and (field.updateable or not updating):
            fields.append((place, field.name, column(field, NULL)))
        else:
            closed.append(place)
    if len({relation.lower() for _, relation, _ in parents}) < len(parents):
        return None

    def read(rows: Sequence[Sequence[str]]) -> list[Ready | None]:
        cells = list(zip(*rows, strict=True))
        names: list[str] = []
        whole: list[Sequence[Any]] = []
        broken: list[tuple[str, Sequence[Any]]] = []
        for place, name, convert in fields:
            values, gaps = convert(cells[place])
            if gaps:
                broken.append((name, values))
            else:
                names.append(name)
                whole.append(values)
        made = _records(names, whole) if names else [Ready({}) for _ in rows]
        odd = {number for place in closed for number, text in enumerate(cells[place]) if text}
        for name, values in broken:
            odd |= _fill(made, name, values)
        for place, relation, by in parents:
            for ready, text in zip(made, cells[place], strict=True):
                if text and text != NULL:
                    ready.parents = {**(ready.parents or {}), relation: by(text)}
        return [None if number in odd else ready for number, ready in enumerate(made)] if odd else [*made]

    return read


def _records(names: list[str], columns: list[Sequence[Any]]) -> list[Ready]:
    empty = dict.fromkeys(names)  # to fill a copy is quicker than to let each grow
    made = []
    for values in zip(*columns, strict=True):
        fields = empty.copy()
        fields.update(zip(names, values, strict=True))
        made.append(Ready(fields))
    return made


def _by(target: Mapping[str, Any], key: str) -> Callable[[str], Mapping[str, Any]]:
    return lambda text: {**target, key: text}


def _fill(made: list[Ready], name: str, values: Sequence[Any]) -> set[int]:
    """Give the records the values of a column with gaps; the numbers of those whose text is refused."""
    odd: set[int] = set()
    for number, value in enumerate(values):
        if value is BLANK:
            continue
        if value is REFUSED:
            odd.add(number)
            continue
        made[number].fields[name] = value
        if value is None:
            made[number].nulls = True
    return odd
