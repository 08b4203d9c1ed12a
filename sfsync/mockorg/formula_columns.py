"""Formula fields in queries: each becomes a call of the SQL function ``formula`` with the columns it needs."""

from typing import Any

from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.formulas import Moment, python_value, read, stored_value
from sfsync.mockorg.schema import FieldDef, ObjectDef, Schema


class FormulaColumns:
    """Works out formula fields for SQL."""

    def __init__(self, schema: Schema, clock: MockClock) -> None:
        self._schema = schema
        self._clock = clock

    def value(self, name: str, *stored: Any) -> Any:
        """The stored value of the formula field ``Object.Field``, given the stored values of its paths in order."""
        owner, _, field_name = name.partition(".")
        thing = self._schema.objects[owner]
        field = thing.fields[field_name]
        formula = read(field.formula, blank_as_zero=field.blank_as_zero)
        given = {
            path: None if source is None else python_value(source, value)
            for path, value in zip(formula.paths, stored, strict=True)
            for source in (field_at(self._schema, thing, path),)
        }
        return stored_value(field, formula.value(given, Moment(self._clock.today(), self._clock.now())))


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
