"""Stored values as REST shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sfsync.mockorg.schema import FieldDef, ObjectDef

_PARTS = ("city", "country", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "street")


def attributes(object_name: str, record_id: str | None, version: str) -> dict[str, str]:
    """The ``attributes`` of a record: its type and, when it has an id, its address."""
    if record_id is None:
        return {"type": object_name}
    return {"type": object_name, "url": f"/services/data/v{version}/sobjects/{object_name}/{record_id}"}


def parts(field: FieldDef) -> list[str]:
    """The names of the fields that a compound address field shows together, in the order of ``address``."""
    prefix = field.name.removesuffix("Address")
    return [prefix + part[0].upper() + part[1:] for part in _PARTS]


def address(values: Sequence[Any]) -> dict[str, Any] | None:
    """A compound address from its parts, null when all are."""
    shown = dict(zip(_PARTS, values, strict=True))
    return shown if any(value is not None for value in values) else None


def shown(value: Any, kind: str, scale: int) -> str | None:
    """A stored value as FORMAT writes it for a user of the locale en_US: ``EUR 1,234.50``, ``1/31/2024``."""
    if value is None:
        return None
    if kind in {"date", "datetime"}:
        day = f"{int(value[5:7])}/{int(value[8:10])}/{value[:4]}"
        return day if kind == "date" else f"{day}, {_clock(value[11:16])}"
    if kind == "time":
        return _clock(value[:5])
    number = f"{value:,.{scale}f}"
    return {"currency": f"EUR {number}", "percent": f"{number}%"}.get(kind, number)


def _clock(text: str) -> str:
    hour, minute = int(text[:2]), text[3:5]
    return f"{(hour - 1) % 12 + 1}:{minute} {'AM' if hour < 12 else 'PM'}"


def record(
    thing: ObjectDef, row: Mapping[str, Any], fields: Sequence[FieldDef], version: str
) -> dict[str, Any]:
    """A stored record as a REST body with its attributes and the fields asked for."""
    body: dict[str, Any] = {"attributes": attributes(thing.name, row["Id"], version)}
    for field in fields:
        if field.stored:
            value = row[field.name]
            if field.type == "boolean":
                value = bool(value)
            elif field.type == "base64":
                value = f"{body['attributes']['url']}/{field.name}"
            body[field.name] = value
        else:
            body[field.name] = address([row.get(part) for part in parts(field)])
    return body
