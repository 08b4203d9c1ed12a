"""What the mock org must hold before a recorded session can be sent to it: the records that were read there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sfsync.mockorg import ids
from sfsync.mockorg.exchanges.exchange import Exchange
from sfsync.mockorg.exchanges.words import ID_IN_TEXT

if TYPE_CHECKING:
    from sfsync.mockorg.mock import MockOrg
    from sfsync.mockorg.org import OrgCore
    from sfsync.mockorg.schema import ObjectDef

_EQUALS = re.compile(r"(?<![\w.])(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(true|false)\b)", re.IGNORECASE)
_ALTERNATIVES = re.compile(r"\b(OR|NOT)\b", re.IGNORECASE)
_TRUE = frozenset({"IsActive"})
"""Checkboxes that a record has set unless it says otherwise."""


def plant(exchanges: Sequence[Exchange], org: "MockOrg") -> list[str]:
    """Give the org the records that the recording read before it wrote them, as they were read; returns their ids.

    Records that were found by a text have that text in the field, even if it was not selected. What an org is set
    up with (statuses, record types) is not planted: the mock org has its own.
    """
    core = org.core
    made: set[str] = set()
    rows: dict[str, tuple[str, dict[str, Any]]] = {}
    for each in exchanges:
        for record, found_by in _found(each):
            kind = record["attributes"]["type"]
            record_id = str(record.get("Id") or str(record["attributes"].get("url", "")).rpartition("/")[2])
            whole = ids.normalise(record_id)
            if whole and whole not in made and kind in core.schema.objects:
                row = rows.setdefault(whole, (kind, {}))[1]
                row.update({name: value for name, value in {**found_by, **record}.items() if name not in row})
        made.update(filter(None, map(ids.normalise, _written(each))))
    _add_referred(rows, made, core)
    with core.lock, core.transaction():
        for record_id, (kind, values) in rows.items():
            thing = core.object(kind)
            if thing.createable and core.store.row(thing.name, record_id) is None:
                core.store.insert(thing.name, {**_defaults(thing, core, values), "Id": record_id})
    return [record_id for record_id, (kind, _) in rows.items() if core.object(kind).createable]


def _add_referred(rows: "dict[str, tuple[str, dict[str, Any]]]", made: set[str], core: "OrgCore") -> None:
    """Records that the others only point at: there is nothing to know of them but that they are there."""
    for kind, values in list(rows.values()):
        for field in core.object(kind).columns:
            there = ids.normalise(values.get(field.name)) if field.type == "reference" else None
            thing = core.schema.by_prefix(there) if there else None
            if there and thing and there not in made and there not in rows:
                rows[there] = (thing.name, {})


def _defaults(thing: "ObjectDef", core: "OrgCore", values: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in thing.columns:
        if isinstance(values.get(field.name), str | int | float):
            row[field.name] = values[field.name]
        elif field.type == "boolean":
            row[field.name] = int(field.name in _TRUE)
        elif field.name in {"CreatedDate", "LastModifiedDate", "SystemModstamp"}:
            row[field.name] = core.clock.stamp()
        elif field.name in {"OwnerId", "CreatedById", "LastModifiedById"}:
            row[field.name] = core.user_id
        elif field.name_field and not field.auto_number:
            row[field.name] = "Planted"
    return row


def _found(each: Exchange) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The records of an answer, each with the values it was looked for by."""
    if each.answer.kind != "json":
        return
    value = each.answer.value
    asked = each.body.value.get("compositeRequest") if isinstance(each.body.value, dict) else None
    if isinstance(asked, list) and isinstance(value, dict):
        answers = value.get("compositeResponse") or ()
        for part, answer in zip(asked, answers, strict=False):
            yield from _of_query(dict(parse_qsl(str(part.get("url")).partition("?")[2])), answer)
    else:
        yield from _of_query(dict(each.query), value)


def _of_query(query: Mapping[str, str], answer: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    records = list(_records(answer))
    soql = query.get("q", "")
    found_by: dict[str, Any] = {}
    if len(records) == 1 or not _ALTERNATIVES.search(soql):
        found_by = {
            name: flag.lower() == "true" if flag else re.sub(r"\\(.)", r"\1", text)
            for name, text, flag in _EQUALS.findall(soql)
        }
    for record in records:
        yield record, found_by


def _records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        own = value.get("attributes")
        if isinstance(own, dict) and isinstance(own.get("type"), str) and own["type"] != "AggregateResult":
            yield value
        for each in value.values():
            yield from _records(each)
    elif isinstance(value, list):
        for each in value:
            yield from _records(each)


def _written(each: Exchange) -> Iterator[str]:
    """The ids of records that an exchange made."""
    answer = each.answer
    if answer.kind == "csv":  # results of a Bulk job
        header, *lines = answer.value or [[]]
        if len(header) > 1 and header[0] in {"sf__Id", "Id"} and {"sf__Created", "Created"} & set(header):
            yield from (line[0] for line in lines if line)
    elif answer.kind == "xml" and each.method == "POST":  # SOAP
        yield from ID_IN_TEXT.findall(answer.value)
    elif each.method in {"POST", "PATCH"}:
        yield from _created(answer.value)


def _created(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str) and value.get("success"):
            yield value["id"]
        for each in value.values():
            yield from _created(each)
    elif isinstance(value, list):
        for each in value:
            yield from _created(each)
