"""sObject tree: new records with their children in one request, all or nothing.

Source: REST API Developer Guide, "sObject Tree".
"""

from typing import Any

from sfsync.mockorg.http import Reply
from sfsync.mockorg.org import DmlOptions
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call, json_list
from sfsync.mockorg.writes import insert, options_of, row_error

MOST_RECORDS = 200
MOST_TYPES = 5
MOST_LEVELS = 5


class _Planting:
    """One request under way: what was made, what went wrong."""

    def __init__(self, call: Call, options: DmlOptions) -> None:
        self.call = call
        self.options = options
        self.made: list[dict[str, str]] = []
        self.errors: list[dict[str, Any]] = []
        self.types: set[str] = set()

    def plant(self, record: Any, sobject: str, parent: tuple[str, str] | None, level: int) -> None:
        """Insert a record, then its children."""
        name, given = _attributes(record)
        definition = self.call.core.schema.objects.get(given)
        if definition is None or definition.name != sobject:
            raise Refused("INVALID_TYPE", f"Record {name} must be of type {sobject}, not {given}")
        self.types.add(sobject)
        if (
            level > MOST_LEVELS
            or len(self.types) > MOST_TYPES
            or len(self.made) + len(self.errors) >= MOST_RECORDS
        ):
            text = (
                f"A tree holds at most {MOST_RECORDS} records of {MOST_TYPES} types on {MOST_LEVELS} levels"
            )
            raise Refused("LIMIT_EXCEEDED", text)
        children: list[tuple[str, str, Any]] = []
        values: dict[str, Any] = {}
        for key, value in record.items():
            relation = self.call.core.schema.child(sobject, key)
            if relation is not None and isinstance(value, dict):
                children.append((relation.child, relation.field, json_list(value.get("records"), key)))
            elif key != "attributes":
                values[key] = value
        if parent:
            values[parent[0]] = parent[1]
        try:
            made = insert(self.call, sobject, values, self.options)
        except Refused as refusal:
            self.errors.append({"referenceId": name, "errors": [row_error(refusal)]})
            return
        self.made.append({"referenceId": name, "id": made})
        for child, field, records in children:
            for each in records:
                self.plant(each, child, (field, made), level + 1)


def tree(call: Call) -> Reply:
    """POST /composite/tree/X: 201 with the ids by referenceId, or 400 with the records at fault."""
    sobject = call.object_name()
    records = json_list(call.request.json_object().get("records"), "records")
    planting = _Planting(call, options_of(call))
    with call.state.transaction() as unit:
        for record in records:
            planting.plant(record, sobject, None, 1)
        if planting.errors:
            unit.rollback()
    if planting.errors:
        return Reply(400, {"hasErrors": True, "results": planting.errors})
    return Reply(201, {"hasErrors": False, "results": planting.made})


def _attributes(record: Any) -> tuple[str, str]:
    found = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(found, dict) or not found.get("type") or not found.get("referenceId"):
        raise Refused("INVALID_INPUT", "Every record needs attributes with type and referenceId")
    return str(found["referenceId"]), str(found["type"])


ROUTES = (Route("POST", "/services/data/{version}/composite/tree/{object}", tree, "tree"),)
