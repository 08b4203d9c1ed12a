"""What the mock org must hold before a recorded session can be sent to it: the records that were read there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sfsync.mockorg import ids
from sfsync.mockorg.exchanges.exchange import Exchange

if TYPE_CHECKING:
    from sfsync.mockorg.mock import MockOrg
    from sfsync.mockorg.schema import ObjectDef

_EQUALS = re.compile(r"\b(\w+)\s*=\s*'((?:[^'\\]|\\.)*)'")
_TRUE = frozenset({"IsActive"})
"""Checkboxes that a record has set unless it says otherwise."""


def plant(exchanges: Sequence[Exchange], org: "MockOrg") -> list[str]:
    """Give the org the records that the recording read before it wrote them, as they were read; returns their ids.

    A single record that was found by a text has that text in the field, even if it was not selected.
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
        if each.method in {"POST", "PATCH"}:
            made.update(filter(None, map(ids.normalise, _created(each.answer.value))))
    with core.lock, core.transaction():
        for record_id, (kind, values) in rows.items():
            thing = core.object(kind)
            if core.store.row(thing.name, record_id) is None:
                stamp = core.clock.stamp()
                core.store.insert(
                    thing.name, {**_defaults(thing, stamp, core.user_id, values), "Id": record_id}
                )
    return list(rows)


def _defaults(thing: "ObjectDef", stamp: str, user: str, values: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in thing.columns:
        if isinstance(values.get(field.name), str | int | float):
            row[field.name] = values[field.name]
        elif field.type == "boolean":
            row[field.name] = int(field.name in _TRUE)
        elif field.name in {"CreatedDate", "LastModifiedDate", "SystemModstamp"}:
            row[field.name] = stamp
        elif field.name in {"OwnerId", "CreatedById", "LastModifiedById"}:
            row[field.name] = user
    return row


def _found(each: Exchange) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
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


def _of_query(query: Mapping[str, str], answer: Any) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    records = list(_records(answer))
    found_by = {}
    if len(records) == 1:
        found_by = {name: re.sub(r"\\(.)", r"\1", text) for name, text in _EQUALS.findall(query.get("q", ""))}
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


def _created(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str) and value.get("success"):
            yield value["id"]
        for each in value.values():
            yield from _created(each)
    elif isinstance(value, list):
        for each in value:
            yield from _created(each)
