"""SFDMU's export.json: one mapping for each object that it loads (SFDMU Help Center, "Full export.json format")."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sfsync.errors import ConfigError
from sfsync.mapping.convert.draft import Draft, parent_link, plain_name, unique

_QUERY = re.compile(
    r"\s*select\s+(?P<fields>.+?)\s+from\s+(?P<object>\w+)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_EVERYTHING = re.compile(
    r"all|(standard|custom|createable|updateable|readonly|lookup|type)_\w+|fields\(.*\)", re.IGNORECASE
)
_CARRIED = {
    "query", "operation", "externalId", "fieldMapping", "useFieldMapping", "excludedFields", "useCSVValuesMapping",
    "useValuesMapping", "name", "excluded", "master",
}  # fmt: skip
_SPEED = re.compile(r"(?i)bulk|batch|parallel|polling|cache|restapi|skipRecordsComparison|useQueryAll")
"""Settings of how fast and by which API: sfsync chooses these itself, so nothing is lost."""


def read_sfdmu(raw: bytes, path: Path) -> list[Draft]:
    """A draft for each object that is loaded. Raises ConfigError for a file that is no export.json."""
    try:
        body = json.loads(raw.decode("utf-8-sig"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}.") from None
    sets = body.get("objectSets") or [] if isinstance(body, dict) else []
    objects = [*(body.get("objects") or [] if isinstance(body, dict) else [])]
    objects += [item for group in sets if isinstance(group, dict) for item in group.get("objects") or []]
    objects = [item for item in objects if isinstance(item, dict) and isinstance(item.get("query"), str)]
    if not objects:
        raise ConfigError(f"{path} is no export.json of SFDMU: it has no `objects` with a query.")
    values = _values(path.parent / "ValueMapping.csv")
    keys = {
        found["object"]: str(item.get("externalId") or "Id") for item in objects if (found := _parsed(item))
    }
    drafts: list[Draft] = []
    for item in objects:
        draft = _draft(item, path.name, keys, values, {draft.name for draft in drafts})
        if body.get("csvUseEuropeanDateFormat"):
            draft.file["dates"] = "dmy"
        drafts.append(draft)
    _tell_settings(body, drafts[0])
    return drafts


def _parsed(item: Mapping[str, Any]) -> re.Match[str] | None:
    return _QUERY.fullmatch(item["query"])


def _draft(
    item: Mapping[str, Any],
    source: str,
    keys: Mapping[str, str],
    values: Mapping[tuple[str, str], dict[str, list[str]]],
    taken: set[str],
) -> Draft:
    query = _parsed(item)
    if query is None:
        draft = Draft("unreadable", "Unknown", source)
        draft.note(f"The query cannot be read: {item['query'][:60]}")
        return draft
    name = query["object"]
    draft = Draft(unique(plain_name(name), taken), name, source)
    operation = str(item.get("operation") or "Readonly")
    if item.get("excluded") or operation not in {"Insert", "Update", "Upsert"}:
        draft.note(
            f"{name} is not loaded ({'excluded' if item.get('excluded') else operation}): no mapping was made."
        )
        return draft
    draft.operation = "update" if operation == "Update" else "upsert"
    draft.key = _key(item, draft)
    if operation == "Insert" and draft.key:
        draft.note(
            f"{name} was inserted: the same file twice made every record twice. Now it is an upsert on the key.",
        )
    _fields(item, query["fields"], draft, keys)
    for (object_name, field), words in values.items():
        if object_name in {name, "*"} and field in draft.fields and _uses_values(item):
            draft.fields[field]["map"] = words
    if query["rest"].strip():
        draft.note(
            f"{name}: the conditions of the query ({query['rest'].strip()[:60]}) do not limit the rows of a file."
        )
    for setting in item.keys() - _CARRIED:
        if item[setting] and not _SPEED.search(setting):
            draft.note(f"{name}: {setting} has no counterpart and was left out.")
    return draft


def _uses_values(item: Mapping[str, Any]) -> bool:
    return bool(item.get("useCSVValuesMapping") or item.get("useValuesMapping"))


def _key(item: Mapping[str, Any], draft: Draft) -> str | None:
    key = str(item.get("externalId") or "Id")
    if re.fullmatch(r"\w+", key) is None:
        draft.note(
            f"{draft.object}: the key {key} is made of several fields; sfsync upserts on one external-id field.",
            "Make a field that joins them (`join:`), and name it as `key:`.",
        )
        return None
    if key == "Id" and draft.operation == "upsert":
        draft.note(
            f"{draft.object} has no external id to upsert on, so the mapping has no key.",
            "Add an external-id field to the org and to the file, and name it as `key:`.",
        )
        return None
    return key


def _fields(item: Mapping[str, Any], listed: str, draft: Draft, keys: Mapping[str, str]) -> None:
    renamed = {}
    for entry in item.get("fieldMapping") or [] if item.get("useFieldMapping") else []:
        if entry.get("sourceField"):
            renamed[entry["sourceField"]] = entry.get("targetField") or entry["sourceField"]
        elif entry.get("targetObject"):
            draft.object = str(entry["targetObject"])
    if draft.key:
        draft.key = renamed.get(draft.key, draft.key)
    left_out = {str(name).casefold() for name in item.get("excludedFields") or ()}
    for name in (part.strip() for part in listed.split(",")):
        if _EVERYTHING.fullmatch(name) or name.startswith("("):
            draft.note(
                f"{draft.object}: {name} stands for fields that only an org can list; add them by hand."
            )
        elif (name.casefold() == "id" and draft.key != name) or name.casefold() in left_out:
            continue
        elif "." in name:
            parent, _, key = name.rpartition(".")
            if parent not in keys and not parent.endswith("__r") and "." not in parent and key != "Id":
                draft.note(
                    f"The file does not say which object {parent} is; {parent} was taken.",
                    f"Correct `lookup:` of {parent} if it is another one.",
                )
            _parent(draft, parent, parent, key)
        elif name.endswith("Id") and name[:-2] in keys and re.fullmatch(r"\w+", keys[name[:-2]]):
            _parent(draft, name[:-2], name[:-2], keys[name[:-2]])
        else:
            draft.take(renamed.get(name, name), {"from": draft.column(name)})


def _parent(draft: Draft, relationship: str, target: str, key: str) -> None:
    """A parent by its key: SFDMU's CSV files have a column such as Account.Name for it."""
    if key == "Id":
        draft.take(f"{relationship}Id", {"from": draft.column(f"{relationship}.Id")})
    elif "." in relationship:
        draft.note(f"{relationship}.{key} goes through two parents; it was left out.")
    else:
        parent_link(relationship, target.replace("__r", "__c"), key, f"{relationship}.{key}", draft)


def _values(path: Path) -> dict[tuple[str, str], dict[str, list[str]]]:
    """ValueMapping.csv beside export.json: (object, field) → our value → the words for it."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                place = (str(row.get("ObjectName") or ""), str(row.get("FieldName") or ""))
                raw, value = row.get("RawValue"), row.get("Value")
                if all(place) and raw and value:
                    found.setdefault(place, {}).setdefault(value, []).append(raw)
    return found


def _tell_settings(body: Mapping[str, Any], draft: Draft) -> None:
    """What stands beside the objects."""
    for note in _settings(body):
        draft.note(note)


def _settings(body: Mapping[str, Any]) -> Iterator[str]:
    if body.get("orgs"):
        yield "The logins under `orgs` were not taken over; name the org in config/sfsync.yaml."
    for name in body:
        if "addons" in name.casefold() and body[name]:
            yield f"{name} run code of SFDMU's own; they were left out."
