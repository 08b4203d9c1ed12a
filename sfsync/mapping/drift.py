"""What changed in an object since its describe was saved: in fields that a mapping uses, or must now fill."""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from typing import Any

Field = Map[str, Any]
_MOST = 5
"""Picklist values that a sentence names."""


def drift(before: Map[str, Any], after: Map[str, Any], used: Iterable[str]) -> list[str]:
    """Sentences about what differs between two describes (REST API, sObject Describe) of one object.

    ``used``: the fields and relationships that the mapping fills, and its key.
    """
    old, new = _fields(before), _fields(after)
    told: list[str] = []
    for name in used:
        here, there = _named(old, name), _named(new, name)
        if here is None and there is None:
            continue
        if there is None:
            told.append(f"{name} is gone.")
        elif here is None:
            told.append(f"{name} is new.")
        else:
            told += [f"{name}: {text}." for text in _differences(here, there)]
    for name, field in new.items():
        if _needed(field) and not (name in old and _needed(old[name])) and name not in used:
            told.append(f"{name} must now be filled in new records.")
    return told


def _fields(describe: Map[str, Any]) -> dict[str, Field]:
    return {str(field["name"]): field for field in describe.get("fields", ())}


def _named(fields: Map[str, Field], name: str) -> Field | None:
    """A field by its name, or by the relationship that it is called by."""
    return fields.get(name) or next(
        (field for field in fields.values() if field.get("relationshipName") == name), None
    )


def _needed(field: Field) -> bool:
    return bool(
        field.get("createable")
        and not field.get("nillable", True)
        and not field.get("defaultedOnCreate")
        and field.get("type") != "boolean"
    )


def _differences(old: Field, new: Field) -> Iterator[str]:
    if old.get("type") != new.get("type"):
        yield f"its type was {old.get('type')} and is {new.get('type')}"
    for key, word in (("length", "length"), ("precision", "precision"), ("scale", "decimals")):
        was, now = old.get(key) or 0, new.get(key) or 0
        if was != now and old.get("type") == new.get("type"):
            yield f"its {word} was {was} and is {now}"
    for key, can in (
        ("createable", "be set in new records"),
        ("updateable", "be changed in existing records"),
    ):
        if bool(old.get(key)) != bool(new.get(key)):
            yield f"it can {'now' if new.get(key) else 'no longer'} {can}"
    if _needed(old) != _needed(new):
        yield f"it {'must now' if _needed(new) else 'need no longer'} be filled in new records"
    for key, word in (
        ("externalId", "an external id"),
        ("unique", "unique"),
        ("caseSensitive", "case-sensitive"),
    ):
        if bool(old.get(key)) != bool(new.get(key)):
            yield f"it is {'now' if new.get(key) else 'no longer'} {word}"
    was_listed, now_listed = _values(old), _values(new)
    for text, values in (
        ("the picklist no longer has", [one for one in was_listed if one not in now_listed]),
        ("the picklist now has", [one for one in now_listed if one not in was_listed]),
    ):
        if values:
            more = ", …" if len(values) > _MOST else ""
            yield f"{text} {', '.join(values[:_MOST])}{more}"


def _values(field: Field) -> list[str]:
    return [str(entry["value"]) for entry in field.get("picklistValues") or () if entry.get("active", True)]
