"""CumulusCI's mapping files: one mapping for each step (CumulusCI documentation, "Data", "Mapping Files")."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sfsync.errors import ConfigError
from sfsync.mapping.convert.draft import Draft, parent_link, plain_name, unique
from sfsync.mapping.yamlfile import YamlFile, parse_yaml

_CARRIED = {"sf_object", "table", "fields", "lookups", "static", "action", "update_key"}
_SPEED = {"api", "batch_size", "bulk_mode"}
"""How fast and by which API: sfsync chooses these itself, so nothing is lost."""


def read_cumulusci(raw: bytes, path: Path) -> list[Draft]:
    """A draft for each step. Raises ConfigError for a file that is no such mapping."""
    file = parse_yaml(raw, str(path))
    steps = file.value if isinstance(file.value, dict) else {}
    found = {
        name: step
        for name, step in steps.items()
        if isinstance(step, dict) and isinstance(step.get("sf_object"), str)
    }
    if not found:
        raise ConfigError(f"{path} is no mapping of CumulusCI: no step of it has `sf_object`.")
    drafts: list[Draft] = []
    for name, step in found.items():
        drafts.append(_draft(name, step, file, path.name, found, {draft.name for draft in drafts}))
    return drafts


def _draft(
    name: str,
    step: Mapping[str, Any],
    file: YamlFile,
    source: str,
    steps: Mapping[str, Mapping[str, Any]],
    taken: set[str],
) -> Draft:
    draft = Draft(unique(plain_name(name), taken), step["sf_object"], source, _key(step))
    line = file.line((name,))
    action = str(step.get("action") or "insert")
    if action in {"delete", "hard_delete", "query", "select"}:
        draft.note(f"{name}: the action {action} loads nothing: no mapping was made.", line=line)
        return draft
    draft.operation = "update" if action == "update" else "upsert"
    if draft.key is None:
        draft.note(
            f"{name} inserts without a key, so the same data twice makes every record twice.",
            "Add an external-id field to the org and to the file, and name it as `key:`.",
            line,
        )
    if isinstance(step.get("update_key"), list) and len(step["update_key"]) > 1:
        draft.note(
            f"{name}: a key of several fields is not known; name one external-id field as `key:`.", line=line
        )
    fields = step.get("fields") or {}
    columns = fields if isinstance(fields, dict) else {field: field for field in fields}
    for field, column in columns.items():
        if field != "Id" or draft.key == "Id":
            draft.take(field, {"from": draft.column(str(column))}, file.line((name, "fields", field)))
    for field, value in (step.get("static") or {}).items():
        draft.take(field, {"value": value}, file.line((name, "static", field)))
    for field, lookup in (step.get("lookups") or {}).items():
        _lookup(
            draft,
            field,
            lookup if isinstance(lookup, dict) else {},
            steps,
            file.line((name, "lookups", field)),
        )
    for setting in step.keys() - _CARRIED - _SPEED:
        draft.note(f"{name}: {setting} has no counterpart and was left out.", line=file.line((name, setting)))
    return draft


def _key(step: Mapping[str, Any]) -> str | None:
    key = step.get("update_key")
    if isinstance(key, list):
        key = key[0] if len(key) == 1 else None
    if key is None and step.get("action") == "update":
        return "Id"
    return str(key) if key else None


def _lookup(
    draft: Draft, field: str, lookup: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]], line: int
) -> None:
    """A parent in the same data set: it can be linked where its step has a key of one field."""
    tables = lookup.get("table")
    table = tables if isinstance(tables, str) else None
    parent = next((step for step in steps.values() if table in {step.get("table"), step["sf_object"]}), None)
    key = _key(parent) if parent else None
    if parent is None or key in {None, "Id"}:
        draft.note(
            f"{field} links rows by numbers of the data set, and {table or 'its table'} has no key: it was left out.",
            "Give the parent an external id, put it into the file, and link it with `lookup:`.",
            line,
        )
        return
    relationship = field[:-2] if field.endswith("Id") else field.replace("__c", "__r")
    heading = str(lookup.get("key_field") or field)
    parent_link(relationship, parent["sf_object"], str(key), heading, draft, line)
    draft.note(
        f"{field}: the column {heading} must hold the parent's {key}, no longer its number in the data set.",
        line=line,
    )
