"""Values as they arrive (JSON or text of a CSV) turned into values as they are stored, or refused as the org does.

Stored: text, ``1``/``0``, int, float, ``2024-01-31``, ``2024-01-31T10:00:00.000+0000``, ``10:00:00.000Z``,
18-character ids, bytes. Formats: Salesforce REST API guide, "Valid Date and DateTime Formats"; SOAP API guide,
"Primitive Data Types".
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sfsync.mockorg import ids
from sfsync.mockorg.problems import Refused, malformed_id
from sfsync.mockorg.schema import FieldDef

Converter = Callable[[Any, bool], Any]
"""Takes a value and whether it comes from a text format (CSV, XML), where everything is text."""

_EMAIL = re.compile(r"[^\s@<>(),;:\"\[\]]+@[^\s@<>(),;:\"\[\]]+\.[^\s@<>(),;:\"\[\].]{2,}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?Z?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BOOLEANS = {"true": 1, "false": 0, "1": 1, "0": 0}


def converter(field: FieldDef) -> Converter:
    """The function that turns a value for ``field`` into what is stored; it raises Refused."""
    make = _MAKERS.get(field.type, _text)
    inner = make(field)
    if make is _text:
        return inner  # sees to blanks itself; most values are text

    def convert(value: Any, from_text: bool) -> Any:
        if value is None or value == "":
            return None if field.type != "boolean" else 0
        return inner(value, from_text)

    return convert


def plain_text(field: FieldDef) -> bool:
    """Whether all that is asked of the field's text is that it be short enough; blanks around it do not count."""
    return _MAKERS.get(field.type, _text) is _text and field.type != "encryptedstring"


def _wrong_type(field: FieldDef, value: Any, from_text: bool) -> Refused:
    if from_text:
        message = f"{field.label}: value not of required type: {value}"
        return Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, fields=[field.name])
    if isinstance(value, bool):
        seen = "VALUE_TRUE" if value else "VALUE_FALSE"
    elif isinstance(value, int):
        seen = "VALUE_NUMBER_INT"
    elif isinstance(value, float | Decimal):
        seen = "VALUE_NUMBER_FLOAT"
    elif isinstance(value, list | dict):
        seen = "START_ARRAY" if isinstance(value, list) else "START_OBJECT"
    else:
        seen = "VALUE_STRING"
    shown = "" if isinstance(value, list | dict) else f" value {_json_text(value)}"
    kind = {"currency": "double", "percent": "double", "picklist": "string"}.get(field.type, field.type)
    return Refused(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {seen}{shown} or request may be missing a required field",
    )


def _json_text(value: Any) -> str:
    """A scalar as JSON shows it, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(field: FieldDef) -> Converter:
    label, length, name = field.label, field.length, field.name
    keeps_blanks = field.type == "encryptedstring"

    def convert(value: Any, from_text: bool) -> str | None:
        if type(value) is not str:
            if value is None:
                return None
            raise _wrong_type(field, value, from_text)
        text = value if keeps_blanks else value.strip()
        if not text.isprintable():
            text = _CONTROL.sub("", text)
        if length and len(text) > length:
            message = f"{label}: data value too large: {text} (max length={length})"
            raise Refused("STRING_TOO_LONG", message, fields=[name])
        return text or None

    return convert


def _email(field: FieldDef) -> Converter:
    as_text = _text(field)

    def convert(value: Any, from_text: bool) -> str | None:
        text: str | None = as_text(value, from_text)
        if text is not None and not _EMAIL.fullmatch(text):
            message = f"{field.label}: invalid email address: {text}"
            raise Refused("INVALID_EMAIL_ADDRESS", message, fields=[field.name])
        return text

    return convert


def _picklist(field: FieldDef) -> Converter:
    as_text = _text(field)
    known = {each.value.lower(): each.value for each in field.choices if each.active}

    def convert(value: Any, from_text: bool) -> str | None:
        text: str | None = as_text(value, from_text)
        if text is None:
            return None
        found = known.get(text.lower())
        if found is None and field.restricted:
            raise _restricted(field, text)
        return found or text

    return convert


def _multipicklist(field: FieldDef) -> Converter:
    known = {each.value.lower(): each.value for each in field.choices if each.active}
    order = {value: place for place, value in enumerate(known.values())}

    def convert(value: Any, from_text: bool) -> str | None:
        if type(value) is not str:
            raise _wrong_type(field, value, from_text)
        chosen = []
        for part in value.split(";"):
            text = part.strip()
            if not text:
                continue
            found = known.get(text.lower())
            if found is None and field.restricted:
                raise _restricted(field, text)
            chosen.append(found or text)
        unique = sorted(dict.fromkeys(chosen), key=lambda each: order.get(each, len(order)))
        return ";".join(unique) or None

    return convert


def _restricted(field: FieldDef, text: str) -> Refused:
    message = f"{field.label}: bad value for restricted picklist field: {text}"
    return Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=[field.name])


def _boolean(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> int:
        if value is True or value is False:
            return int(value)
        found = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
        if found is None:
            raise _wrong_type(field, value, from_text)
        return found

    return convert


def _out_of_range(field: FieldDef, value: Any) -> Refused:
    message = f"{field.label}: value outside of valid range on numeric field: {value}"
    return Refused("NUMBER_OUTSIDE_VALID_RANGE", message, fields=[field.name])


def _number(field: FieldDef) -> Converter:
    whole = 10 ** (field.precision - field.scale) if field.precision else 10**18
    step = Decimal(1).scaleb(-field.scale)
    digits = field.precision - field.scale if field.precision else 18
    whole_part = f"[0-9]{{1,{digits}}}" if digits > 0 else "0"
    exact = re.compile(f"-?{whole_part}(\\.[0-9]{{0,{field.scale}}}0{{0,3}})?")

    def convert(value: Any, from_text: bool) -> float:
        if type(value) is str and exact.fullmatch(value):
            return float(value)  # in range, and nothing to round
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise _wrong_type(field, value, from_text)
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise _wrong_type(field, value, from_text) from None
        if not number.is_finite() or "_" in str(value):
            raise _wrong_type(field, value, from_text)
        if abs(number) >= whole:
            raise _out_of_range(field, value)
        return float(number.quantize(step, rounding=ROUND_HALF_UP))

    return convert


def _int(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> int:
        number: float = math.nan
        if isinstance(value, str):
            number = float(value) if re.fullmatch(r"[+-]?\d{1,18}(\.0*)?", value.strip()) else math.nan
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            number = float(value)
        if not number.is_integer():
            raise _wrong_type(field, value, from_text)
        if not -(2**31) <= number < 2**31:
            raise _out_of_range(field, value)
        return int(number)

    return convert


def _date(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> str:
        text = value.strip() if isinstance(value, str) else value.isoformat() if type(value) is date else ""
        # A date-time for a date field is refused, except the midnight that Bulk files may carry.
        if from_text and re.fullmatch(r"\d{4}-\d{2}-\d{2}T00:00:00(\.0+)?Z", text):
            text = text[:10]
        if not _DATE.fullmatch(text):
            raise _wrong_type(field, value, from_text)
        try:
            date.fromisoformat(text)
        except ValueError:
            raise _wrong_type(field, value, from_text) from None
        return text

    return convert


def moment(text: str) -> datetime | None:
    """An ISO 8601 date-time as an aware UTC datetime (without a zone: UTC), or None."""
    if len(text) < 16 or text[10] not in "T ":
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stamp(when: datetime) -> str:
    """A date-time as it is stored and as REST writes it, with milliseconds and ``+0000``."""
    return f"{when.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}+0000"


def _datetime(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> str:
        if isinstance(value, datetime):
            return stamp(value)
        text = value.strip() if isinstance(value, str) else ""
        if _DATE.fullmatch(text):
            text += "T00:00:00Z"
        when = moment(text)
        if when is None:
            raise _wrong_type(field, value, from_text)
        return stamp(when)

    return convert


def _time(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> str:
        match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
            raise _wrong_type(field, value, from_text)
        return f"{match[1]}:{match[2]}:{match[3] or '00'}.{(match[4] or ''):0<3}Z"

    return convert


def _reference(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> str:
        del from_text
        found = ids.normalise(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise malformed_id(field.label, value, field.name)
        return found

    return convert


def _base64(field: FieldDef) -> Converter:
    def convert(value: Any, from_text: bool) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise _wrong_type(field, "…", from_text) from None

    return convert


_MAKERS: dict[str, Callable[[FieldDef], Converter]] = {
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "boolean": _boolean,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "int": _int,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "reference": _reference,
    "id": _reference,
    "base64": _base64,
}
