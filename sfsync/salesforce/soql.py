"""SOQL text: literals of every type, IN lists, and their division so that each query fits into an address."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import quote as percent

from sfsync.errors import ConfigError

URL_LIMIT = 14_000
"""Bytes of an encoded query that we allow; the platform refuses addresses over 16,384 ("Status Codes …", 414)."""

_STRING_LIMIT = 4_000  # "SOQL and SOSL Limits for Search Queries": length of a string in WHERE
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
_LIKE = str.maketrans({"_": "\\_", "%": "\\%"})
_PLAIN_LITERAL = re.compile(r"'[\w.~-]*'", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*", re.ASCII)


def quote(value: Any) -> str:
    """A value as a SOQL literal: text, None, bool, int, float, Decimal, date, aware datetime, time.

    Fields decide which literal they accept: a number field takes no quoted text and a text field no bare number.
    Raises ValueError for what SOQL cannot say: naive date-times, NaN, infinities, other types.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case int() | float() | Decimal():
            return _number(value)
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case time():
            return f"{value.isoformat(timespec='milliseconds')}Z"
        case _:
            raise ValueError(f"a {type(value).__name__} has no SOQL literal")


def like(text: str, *, before: bool = False, after: bool = True) -> str:
    """A LIKE pattern that means ``text`` itself, with anything before or after it."""
    body = text.translate(_ESCAPES).translate(_LIKE)
    return f"'{'%' if before else ''}{body}{'%' if after else ''}'"


def _number(value: float | Decimal) -> str:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("NaN and infinities have no SOQL literal")
    return format(number, "f")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a date-time without time zone has no SOQL literal")
    text = value.astimezone(UTC).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def name(text: str) -> str:
    """A field, relationship path or object name, unchanged; ConfigError when it is not one."""
    if not _NAME.fullmatch(text):
        raise ConfigError(f"{text!r} is not the API name of a field or object.")
    return text


def in_list(values: Iterable[Any]) -> str:
    """``('a','b')``, each value once. ValueError when empty: SOQL has no empty list."""
    literals = [quote(value) for value in _once(values)]
    if not literals:
        raise ValueError("SOQL has no empty list")
    return f"({','.join(literals)})"


def size(soql: str) -> int:
    """Bytes of a query when encoded into an address."""
    if _PLAIN_LITERAL.fullmatch(soql):
        return len(soql) + 4  # the quotes are three bytes each
    return len(percent(soql, safe=""))


def chunks(template: str, field: str, values: Iterable[Any], *, limit: int = URL_LIMIT) -> list[str]:
    """Queries that together ask for all ``values`` of ``field``, each at most ``limit`` bytes encoded.

    ``template`` holds ``{}`` once, where the condition goes: ``SELECT Id FROM Lead WHERE {} LIMIT 9``.
    Values are asked once each; no values give no query. Raises ConfigError when one value alone is too long.
    """
    head, gap, tail = template.partition("{}")
    if not gap or "{}" in tail:
        raise ValueError("the template needs {} once")
    frame = size(f"{head}{name(field)} IN (){tail}")
    queries: list[str] = []
    literals: list[str] = []
    length = frame
    for value in _once(values):
        literal = quote(value)
        if len(literal) > _STRING_LIMIT or frame + size(literal) > limit:
            raise ConfigError(f"A value of {len(literal):,} characters is too long to look for in {field}.")
        added = size(literal) + (3 if literals else 0)  # a comma is three bytes when encoded
        if literals and length + added > limit:
            queries.append(_query(head, field, literals, tail))
            literals, length, added = [], frame, size(literal)
        literals.append(literal)
        length += added
    if literals:
        queries.append(_query(head, field, literals, tail))
    return queries


def _query(head: str, field: str, literals: Sequence[str], tail: str) -> str:
    return f"{head}{field} IN ({','.join(literals)}){tail}"


def _once(values: Iterable[Any]) -> list[Any]:
    """Each value once, in order; 1 and True are two values here."""
    return list({(type(value), value): value for value in values}.values())
