"""Days and instants as ISO 8601 texts. Long columns take the texts from tables: printing each is what takes time."""

from datetime import date
from functools import cache

import polars as pl

DAY, INSTANT = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"

_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)
_MANY = 10_000
"""Values that are worth a table."""
_SECONDS = 86_400


def iso(values: pl.Series) -> pl.Series:
    """A column of days as ``2026-12-31``, of instants in UTC as ``2026-12-31T23:59:59Z``, to the second."""
    if values.dtype == pl.Date:
        if not _usual(values):
            return values.dt.strftime(DAY)
        return _days().gather(values.to_physical() - _offset()).alias(values.name)
    if not _usual(values.dt.date()):
        return values.dt.strftime(INSTANT)
    seconds = pl.col("v").dt.epoch("s")
    day, clock = seconds // _SECONDS - _offset(), seconds % _SECONDS
    text = pl.concat_str(pl.lit(_days()).gather(day), pl.lit(_clock()).gather(clock))
    return values.to_frame("v").select_seq(text.alias(values.name))[values.name]


def _usual(days: pl.Series) -> bool:
    """Whether the table has all of many days."""
    low, high = days.min(), days.max()
    return (
        len(days) >= _MANY
        and isinstance(low, date)
        and isinstance(high, date)
        and low >= _FIRST
        and high <= _LAST
    )


def _offset() -> int:
    return (_FIRST - date(1970, 1, 1)).days


@cache
def _days() -> pl.Series:
    return pl.date_range(_FIRST, _LAST, eager=True).dt.strftime(DAY)


@cache
def _clock() -> pl.Series:
    """The time of day of each second."""
    seconds = pl.int_range(_SECONDS, eager=True)
    return pl.from_epoch(seconds).dt.strftime("T%H:%M:%SZ")
