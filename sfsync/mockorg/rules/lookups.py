"""What formulas see of a record under way: its fields and those of its parents, as values to reckon with."""

from collections.abc import Iterable
from typing import Any

from sfsync.mockorg.formulas import Moment, python_value, read
from sfsync.mockorg.rules.base import World, Write
from sfsync.mockorg.schema import ObjectDef
from sfsync.mockorg.store import Row

_DEEPEST = 10
"""Levels of formula fields that refer to formula fields; beyond, a value counts as blank."""


def values(world: World, thing: ObjectDef, row: Row, paths: Iterable[str], depth: int = 0) -> dict[str, Any]:
    """The values at these lower-case paths; what is not there is None."""
    return {path: _value(world, thing, row, path, depth) for path in paths}


def _value(world: World, thing: ObjectDef, row: Row, path: str, depth: int) -> Any:
    *parents, last = path.split(".")
    for name in parents:
        reference = thing.relationship(name)
        record_id = row.get(reference.name) if reference else None
        target = world.schema.by_prefix(record_id or "")
        found = world.store.row(target.name, record_id) if target and record_id else None
        if target is None or found is None:
            return None
        thing, row = target, found
    field = thing.fields.get(last)
    if field is None:
        return None
    if not field.formula:
        return python_value(field, row.get(field.name))
    if depth >= _DEEPEST:
        return None
    formula = read(field.formula, blank_as_zero=field.blank_as_zero)
    return formula.value(values(world, thing, row, formula.paths, depth + 1), around(world))


def around(world: World, *, new: bool = False) -> Moment:
    """The org's present for formulas."""
    return Moment(world.clock.today(), world.clock.now(), new)


def before(write: Write, paths: Iterable[str]) -> dict[str, Any] | None:
    """The values before an update, for PRIORVALUE and ISCHANGED; None on a create."""
    return None if write.old is None else values(write.world, write.object, write.old, paths)
