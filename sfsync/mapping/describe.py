"""A mapping against the object as the org describes it: names, types, lengths, picklists, what may be written."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any

import polars as pl

from sfsync.errors import Problem
from sfsync.mapping.kinds import type_of, words
from sfsync.mapping.model import FieldRule, Mapping, Rule
from sfsync.mapping.plan import FieldItem, Plan
from sfsync.mapping.suggest import did_you_mean

_TEXTS = {
    "string",
    "textarea",
    "picklist",
    "multipicklist",
    "combobox",
    "phone",
    "email",
    "url",
    "id",
    "reference",
}
_FITS: Map[str, set[str]] = {
    "text": _TEXTS | {"encryptedstring", "anyType", "address"},
    "boolean": {"boolean"},
    "number": {"double", "currency", "percent", "int", "long"},
    "date": {"date"},
    "datetime": {"datetime"},
}
"""Our kinds of values and the field types (``SoapType`` names in a describe) that take them."""

Field = Map[str, Any]


def check_against(plan: Plan, describe: Map[str, Any]) -> list[Problem]:
    """Every mismatch with the JSON of ``/sobjects/<object>/describe``, by line."""
    found = _mismatches(plan, describe)
    return sorted(found, key=lambda problem: problem.line)


def _mismatches(plan: Plan, describe: Map[str, Any]) -> Iterator[Problem]:
    mapping = plan.mapping
    if str(describe.get("name")) != mapping.object:
        hint = did_you_mean(mapping.object, [str(describe.get("name"))])
        text = f"object: the describe is of {describe.get('name')}, not of {mapping.object}."
        yield _at(mapping, "object", text=text, hint=hint)
    known = {str(field["name"]): field for field in describe.get("fields", ())}
    links = {str(field["relationshipName"]) for field in known.values() if field.get("relationshipName")}
    for item in plan.fields:
        if item.rule.lookup and not item.rule.take:
            if item.name not in links:
                text = f"{item.name} is no relationship of {mapping.object}."
                yield _at(mapping, "fields", item.name, text=text, hint=did_you_mean(item.name, links))
        elif item.name not in known:
            text = f"{mapping.object} has no field {item.name}."
            yield _at(mapping, "fields", item.name, text=text, hint=did_you_mean(item.name, known))
        else:
            for text, hint in _field(plan, item, known[item.name]):
                yield _at(mapping, "fields", item.name, text=f"{item.name}: {text}", hint=hint)
    yield from _key(mapping, known)
    if mapping.operation == "upsert":
        yield from _required(mapping, known, links)


def _at(mapping: Mapping, *place: str, text: str, hint: str = "") -> Problem:
    return Problem(*mapping.at(*place), text, hint)


def _key(mapping: Mapping, known: Map[str, Field]) -> Iterator[Problem]:
    field = known.get(mapping.key or "")
    if field is not None and not (field.get("externalId") or field.get("idLookup")):
        text = f"key: {mapping.key} is no external id, so records cannot be upserted on it."
        yield _at(mapping, "key", text=text, hint="Tick External ID on the field, or use another one.")


def _required(mapping: Mapping, known: Map[str, Field], links: set[str]) -> Iterator[Problem]:
    """Fields that every new record needs, and that the mapping does not fill."""
    for name, field in known.items():
        needed = field.get("createable") and not field.get("nillable") and not field.get("defaultedOnCreate")
        linked = field.get("relationshipName") in links and field.get("relationshipName") in mapping.fields
        if needed and field.get("type") != "boolean" and name not in mapping.fields and not linked:
            text = f"{mapping.object}.{name} must be filled in new records, and no field of the mapping does."
            yield _at(mapping, "fields", text=text, hint=f"Add {name}: to fields.")


def _field(plan: Plan, item: FieldItem, field: Field) -> Iterator[tuple[str, str]]:
    yield from _written(plan.mapping, item, field)
    if item.lookup is not None:
        return
    if not _fits(item, str(field.get("type"))):
        yield f"its values are {_kind(item)}, and the field is {field.get('type')}.", _type_hint(field)
        return
    rules = [item.rule, *_name_rules(plan, item)]
    if _kind(item) == "text":
        yield from _length(rules, item, field)
        yield from _choice(rules, item, field)


def _written(mapping: Mapping, item: FieldItem, field: Field) -> Iterator[tuple[str, str]]:
    createable, updateable = field.get("createable"), field.get("updateable")
    if mapping.operation == "update" and item.name == mapping.key:
        return  # it only finds the record
    if not createable and not updateable:
        yield "it cannot be written (a formula, or a field the org fills).", "Leave it out."
    elif not createable and mapping.operation == "upsert":
        yield "it cannot be set in new records.", ""
    elif not updateable:
        yield "it cannot be changed in existing records.", ""


def _name_rules(plan: Plan, item: FieldItem) -> list[Rule]:
    return [name.rule for name in plan.names if name.name == item.rule.from_]


def _kind(item: FieldItem) -> str:
    dtype = item.constraints.dtype if item.constraints else item.dtype
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Date:
        return "date"
    return "datetime" if isinstance(dtype, pl.Datetime) else "text"


def _fits(item: FieldItem, kind: str) -> bool:
    return kind in _FITS[_kind(item)]


def _type_hint(field: Field) -> str:
    kind = str(field.get("type"))
    ours = next((our for our, theirs in _FITS.items() if kind in theirs), "")
    if kind in {"int", "long"}:
        ours = "integer"
    return f"Declare type: {ours}." if ours else ""


def _length(rules: Sequence[Rule], item: FieldItem, field: Field) -> Iterator[tuple[str, str]]:
    room = int(field.get("length") or 0)
    if not room:
        return
    limits = [limit for rule in rules for limit in (rule.length, rule.max) if limit is not None]
    if limits and min(limits) > room:
        text = f"up to {min(limits):g} characters are let through, and the field takes {room}."
        yield text, f"Write max: {room}."
    if isinstance(item.rule.value, str) and len(item.rule.value) > room:
        yield f"the value is longer than the field's {room} characters.", ""


def _choice(rules: Sequence[Rule], item: FieldItem, field: Field) -> Iterator[tuple[str, str]]:
    if field.get("type") not in {"picklist", "multipicklist"} or not field.get("restrictedPicklist", True):
        return
    allowed = [str(entry["value"]) for entry in field.get("picklistValues", ()) if entry.get("active", True)]
    for value in _values(rules, item.rule):
        if value not in allowed:
            yield f"{value!r} is no value of the picklist.", did_you_mean(value, allowed)


def _values(rules: Sequence[Rule], rule: FieldRule) -> list[str]:
    """The values that the mapping can put into a picklist, as far as it says them."""
    if rule.value is not None:
        return [str(rule.value)]
    for own in rules:
        if type_of(own) == "picklist":
            return list(words(own))
        if own.one_of:
            return [str(value) for value in own.one_of]
    return []
