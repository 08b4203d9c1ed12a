"""Formula fields in queries: each becomes a call of the SQL function ``formula`` with the columns it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.formulas import Formula, Moment, python_value, read, stored_value
from sfsync.mockorg.schema import FieldDef, ObjectDef, Schema


@dataclass(frozen=True, slots=True)
class _Column:
    """A formula field, its formula, and the fields at the ends of its paths (None: there is no such field)."""

    field: FieldDef
    formula: Formula
    sources: Sequence[FieldDef | None]


class FormulaColumns:
    """Works out formula fields for SQL."""

    def __init__(self, schema: Schema, clock: MockClock) -> None:
        self._schema = schema
        self._clock = clock
        self._known: dict[str, _Column] = {}

    def value(self, name: str, *stored: Any) -> Any:
        """The stored value of the formula field ``Object.Field``, given the stored values of its paths in order."""
        column = self._known.get(name)
        if column is None:
            column = self._known[name] = self._column(name)
        given = {
            path: None if source is None else python_value(source, value)
            for path, source, value in zip(column.formula.paths, column.sources, stored, strict=True)
        }
        moment = Moment(self._clock.today(), self._clock.now())
        return stored_value(column.field, column.formula.value(given, moment))

    def _column(self, name: str) -> _Column:
        owner, _, field_name = name.partition(".")
        thing = self._schema.objects[owner]
        field = thing.fields[field_name]
        formula = read(field.formula, blank_as_zero=field.blank_as_zero)
        return _Column(field, formula, [field_at(self._schema, thing, path) for path in formula.paths])


def field_at(schema: Schema, thing: ObjectDef, path: str) -> FieldDef | None:
    """The field at the end of a path of relationships, by the first object that each may point at."""
    *parents, last = path.split(".")
    for name in parents:
        reference = thing.relationship(name)
        target = schema.objects.get(reference.reference_to[0]) if reference else None
        if target is None:
            return None
        thing = target
    return thing.fields.get(last)
