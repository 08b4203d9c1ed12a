"""Date words (``TODAY``, ``LAST_N_DAYS:7``) as half-open ranges of days, by the org's calendar.

The words and their meaning: "SOQL and SOSL Reference", Date Formats and Date Literals. Weeks begin on Sunday, as in
the en_US locale; the fiscal year is the calendar year.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]
"""First day, and the day after the last."""


def _day(day: date, steps: int) -> date:
    return day + timedelta(days=steps)


def _week(day: date, steps: int) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=steps)


def _month(day: date, steps: int) -> date:
    months = day.year * 12 + day.month - 1 + steps
    return date(months // 12, months % 12 + 1, 1)


def _quarter(day: date, steps: int) -> date:
    return _month(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), steps * 3)


def _year(day: date, steps: int) -> date:
    return date(day.year + steps, 1, 1)


Step = Callable[[date, int], date]
"""The first day of the unit that lies ``steps`` units from the one that holds ``day``."""

_UNITS: dict[str, Step] = {
    "DAY": _day,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": _year,
    "FISCAL_QUARTER": _quarter,
    "FISCAL_YEAR": _year,
}
_SHIFTS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def day_range(name: str, count: int | None, today: date) -> Range | None:
    """The days that a date word stands for, or None when there is no such word. Raises OverflowError out of range."""
    try:
        return _range(name, count, today)
    except ValueError as error:
        raise OverflowError(name) from error


def _range(name: str, count: int | None, today: date) -> Range | None:
    if count is None:
        if name in _DAYS:
            day = _day(today, _DAYS[name])
            return day, _day(day, 1)
        if name in {"LAST_90_DAYS", "NEXT_90_DAYS"}:
            return _range(name.replace("90", "N"), 90, today)
        shift, _, unit = name.partition("_")
        step = _UNITS.get(unit)
        if step is None or shift not in _SHIFTS or unit == "DAY":
            return None
        return step(today, _SHIFTS[shift]), step(today, _SHIFTS[shift] + 1)
    if name.endswith("S_AGO") and name.startswith("N_"):
        step = _UNITS.get(name.removeprefix("N_").removesuffix("S_AGO"))
        return None if step is None else (step(today, -count), step(today, -count + 1))
    step = _UNITS.get(name.removeprefix("LAST_N_").removeprefix("NEXT_N_").removesuffix("S"))
    if step is None:
        return None
    if name.startswith("LAST_N_"):
        # LAST_N_DAYS counts today in; the larger units end before the present one.
        return step(today, -count), step(today, 1 if step is _day else 0)
    if name.startswith("NEXT_N_"):
        return step(today, 1), step(today, count + 1)
    return None


def last_day_of_quarter(day: date) -> date:
    """Where the close date of a converted lead's opportunity falls."""
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year, month, monthrange(day.year, month)[1])
