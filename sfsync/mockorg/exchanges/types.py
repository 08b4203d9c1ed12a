"""What kind of value a field holds: as the org's own describes say, else as the mock org's objects have it."""

from collections.abc import Mapping
from typing import Any

from sfsync.mockorg.schema import Schema

_PICKLISTS = {"picklist", "multipicklist"}


class FieldTypes:
    """Types and picklist values by object and field, whatever their case."""

    def __init__(self, schema: Schema) -> None:
        self._types: dict[str, dict[str, str]] = {}
        self._choices: dict[tuple[str, str], frozenset[str]] = {}
        for each in schema.objects.values():
            for field in each.fields.values():
                self._learn(each.name, field.name, field.type, [choice.value for choice in field.choices])

    def _learn(self, sobject: str, field: str, kind: str, choices: list[str]) -> None:
        self._types.setdefault(field.lower(), {})[sobject.lower()] = kind
        if kind in _PICKLISTS:
            self._choices[sobject.lower(), field.lower()] = frozenset(choices)

    def learn(self, described: Mapping[str, Any]) -> None:
        """Take in the answer of a describe."""
        for field in described["fields"]:
            if isinstance(field, dict) and isinstance(field.get("name"), str):
                values = [
                    str(each.get("value"))
                    for each in field.get("picklistValues") or ()
                    if isinstance(each, dict)
                ]
                self._learn(str(described.get("name")), field["name"], str(field.get("type")), values)

    def of(self, sobject: str, field: str) -> str:
        """The type of a field. Without a known object: the one type it has everywhere, else ``string``; empty when
        no object has such a field.
        """
        by_object = self._types.get(field.lower())
        if by_object is None:
            return ""
        found = by_object.get(sobject.lower())
        if found is None:
            kinds = set(by_object.values())
            found = kinds.pop() if len(kinds) == 1 else "string"
        return found

    def is_choice(self, sobject: str, field: str, value: str) -> bool:
        """Whether ``value`` is in the field's picklist (several values are parted by semicolons)."""
        known = self._choices.get((sobject.lower(), field.lower()))
        if known is None and self.of(sobject, field) not in _PICKLISTS:
            return False
        if known is None:
            named = [values for (_, name), values in self._choices.items() if name == field.lower()]
            known = frozenset().union(*named)
        return set(value.split(";")) <= known


def is_describe(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is the answer of a describe."""
    fields = value.get("fields")
    return (
        isinstance(value.get("name"), str)
        and isinstance(fields, list)
        and bool(fields)
        and all(isinstance(each, dict) and "name" in each and "type" in each for each in fields)
    )
