"""The functions that formulas of the mock org may call."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

Lazy = Callable[[], Any]


class FormulaError(ValueError):
    """A value that a function cannot work with."""


def as_text(value: Any) -> str:
    """A value where text is wanted; blank is empty text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        shown = f"{value.normalize():f}"
        return shown if shown != "-0" else "0"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    raise FormulaError("not a text")


def as_number(value: Any, *, zero: bool = True) -> Decimal:
    """A value where a number is wanted; blank is zero, or stops the formula."""
    if value is None:
        if not zero:
            raise FormulaError("blank")
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, Decimal):
        raise FormulaError("not a number")
    return value


def _blank(value: Any) -> bool:
    return value is None or value == ""


def _if(parts: list[Lazy]) -> Any:
    condition, yes, no = parts
    return yes() if condition() else no()


def _case(parts: list[Lazy]) -> Any:
    value = parts[0]()
    for found, result in zip(parts[1:-1:2], parts[2:-1:2], strict=True):
        if found() == value:
            return result()
    return parts[-1]()


LAZY: Mapping[str, Callable[[list[Lazy]], Any]] = {
    "if": _if,
    "case": _case,
    "and": lambda parts: all(bool(each()) for each in parts),
    "or": lambda parts: any(bool(each()) for each in parts),
}
"""Functions that look only at the arguments they need."""


def _rounded(value: Any, digits: Any) -> Decimal:
    return as_number(value).quantize(Decimal(1).scaleb(-int(as_number(digits))), rounding=ROUND_HALF_UP)


def _to_number(value: Any) -> Decimal:
    text = as_text(value).strip()
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text):
        raise FormulaError("not a number")
    return Decimal(text)


def _day_of(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(as_text(value)[:10])


def _add_months(value: Any, months: Any) -> date:
    """The same day so many months on; the last day of a month stays the last."""
    day = _day_of(value)
    number = day.year * 12 + day.month - 1 + int(as_number(months))
    year, month = number // 12, number % 12 + 1
    last = monthrange(year, month)[1]
    ends = day.day == monthrange(day.year, day.month)[1]
    return date(year, month, last if ends else min(day.day, last))


def _date(year: Any, month: Any, day: Any) -> date:
    return date(int(as_number(year)), int(as_number(month)), int(as_number(day)))


def _find(wanted: Any, text: Any, start: Any = Decimal(1)) -> Decimal:
    return Decimal(as_text(text).find(as_text(wanted), int(start) - 1) + 1)


def _middle(text: Any, start: Any, count: Any) -> str:
    first = max(int(as_number(start)) - 1, 0)
    return as_text(text)[first : first + int(as_number(count))]


def _right(text: Any, count: Any) -> str:
    size = int(as_number(count))
    return as_text(text)[-size:] if size > 0 else ""


def _filled(text: Any, size: Any, pad: Any, *, left: bool) -> str:
    shown, width, padding = as_text(text), int(as_number(size)), as_text(pad) or " "
    missing = max(width - len(shown), 0)
    added = (padding * missing)[:missing]
    return (added + shown if left else shown + added)[:width]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "today": date.today,  # the org's clock answers for it; here only to be known
    "now": datetime.now,
    "not": lambda value: not value,
    "isblank": _blank,
    "isnull": lambda value: value is None,
    "blankvalue": lambda value, other: other if _blank(value) else value,
    "nullvalue": lambda value, other: other if value is None else value,
    "ispickval": lambda value, text: (value or "") == text,
    "includes": lambda value, text: text in (value or "").split(";"),
    "text": as_text,
    "value": _to_number,
    "len": lambda value: Decimal(len(as_text(value))),
    "contains": lambda value, text: as_text(text) in as_text(value),
    "begins": lambda value, text: as_text(value).startswith(as_text(text)),
    "find": _find,
    "left": lambda value, count: as_text(value)[: max(int(as_number(count)), 0)],
    "right": _right,
    "mid": _middle,
    "lower": lambda value: as_text(value).lower(),
    "upper": lambda value: as_text(value).upper(),
    "trim": lambda value: as_text(value).strip(),
    "substitute": lambda value, old, new: as_text(value).replace(as_text(old), as_text(new)),
    "lpad": lambda value, size, pad=" ": _filled(value, size, pad, left=True),
    "rpad": lambda value, size, pad=" ": _filled(value, size, pad, left=False),
    "br": lambda: "\n",
    "regex": lambda value, pattern: re.fullmatch(as_text(pattern), as_text(value)) is not None,
    "abs": lambda value: abs(as_number(value)),
    "round": _rounded,
    "floor": lambda value: as_number(value).to_integral_value(ROUND_FLOOR),
    "ceiling": lambda value: as_number(value).to_integral_value(ROUND_CEILING),
    "max": lambda *values: max(map(as_number, values)),
    "min": lambda *values: min(map(as_number, values)),
    "mod": lambda value, other: as_number(value) - as_number(other) * (as_number(value) // as_number(other)),
    "sqrt": lambda value: as_number(value).sqrt(),
    "date": _date,
    "datevalue": _day_of,
    "addmonths": _add_months,
    "year": lambda value: Decimal(_day_of(value).year),
    "month": lambda value: Decimal(_day_of(value).month),
    "day": lambda value: Decimal(_day_of(value).day),
    "weekday": lambda value: Decimal(_day_of(value).isoweekday() % 7 + 1),
}
"""Functions by their name in lower case."""
