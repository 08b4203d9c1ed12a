"""Literals against field types: which literal a field takes, and what the org says of the others."""

from datetime import date
from decimal import Decimal
from typing import Any

from sfsync.mockorg import ids
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.schema import ID_TYPES, NUMBER_TYPES, TEXT_TYPES
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.dates import day_range
from sfsync.mockorg.soql.parse import plain
from sfsync.mockorg.soql.problems import BAD_OPERATOR, INVALID_FIELD, MALFORMED, at

_NAMES = {"int": "int", "boolean": "boolean", "date": "date", "datetime": "dateTime", "time": "time"}


def bare(value: ast.Literal, kind: str, *, name: str, source: str, place: int) -> Any:
    """The SQL parameter for a literal compared with a field of type ``kind``; None for null and empty text.

    Raises Refused INVALID_FIELD when the literal is of another type, with the org's text and pointing at the field
    (at ``place``), as the org does. Date words are refused
    here: they are ranges (``days``).
    """
    if isinstance(value, ast.Null):
        return None
    if kind in ID_TYPES and isinstance(value, ast.Text):
        if not value.value:
            return None
        found = ids.normalise(value.value)
        if found is None:
            raise at(source, value.at, BAD_OPERATOR, f"invalid ID field: {value.value}")
        return found
    if isinstance(value, ast.Text) and kind in TEXT_TYPES:
        return plain(value.value) or None
    if isinstance(value, ast.Number) and kind in NUMBER_TYPES:
        number = Decimal(value.value)
        return int(number) if number == number.to_integral_value() and abs(number) < 2**63 else float(number)
    if isinstance(value, ast.Boolean) and kind == "boolean":
        return int(value.value)
    if isinstance(value, ast.Day) and kind == "date":
        return value.value.isoformat()
    if isinstance(value, ast.Moment) and kind == "datetime":
        return value.value
    raise wrong_type(kind, name=name, source=source, place=place)


def days(
    value: ast.DateWord, kind: str, *, name: str, source: str, place: int, today: date
) -> tuple[str, str]:
    """First and one-past-last stored value that a date word stands for, for a date or date-time field."""
    try:
        found = day_range(value.name, value.count, today)
    except OverflowError:
        raise at(
            source, value.at, MALFORMED, f"date literal out of range: {value.name}:{value.count}"
        ) from None
    if found is None:
        raise at(source, value.at, MALFORMED, f"unexpected token: '{value.name}'")
    if kind not in {"date", "datetime"}:
        raise wrong_type(kind, name=name, source=source, place=place)
    suffix = "T00:00:00.000+0000" if kind == "datetime" else ""
    return found[0].isoformat() + suffix, found[1].isoformat() + suffix


def wrong_type(kind: str, *, name: str, source: str, place: int) -> Refused:
    """What the org says of a literal that does not suit its field."""
    if kind in TEXT_TYPES | ID_TYPES:
        wanted, quotes = ("string" if kind in TEXT_TYPES else "ID"), "should be enclosed in quotes"
    else:
        wanted = _NAMES.get(kind, "double")
        quotes = "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{name}' must be of type {wanted} and {quotes}"
    return at(source, place, INVALID_FIELD, message)
