"""Wall times of a zone to instants. Long columns go by tables of each hour's offset: asking for every time costs."""

from datetime import datetime
from functools import lru_cache

import polars as pl

_FIRST, _LAST = 1970, 2099
_MANY = 10_000
"""Values that are worth tables."""
_HOUR = 3_600_000_000
"""In microseconds, as everything here."""


def in_utc(walls: pl.Series, zone: str) -> pl.Series:
    """Times without zone as instants in UTC; null where the clocks of ``zone`` show a time never, or twice.

    The tables leave out every hour in which the offset changes, so more than those times may be null.
    """
    low, high = walls.min(), walls.max()
    if not (
        len(walls) >= _MANY
        and isinstance(low, datetime)
        and isinstance(high, datetime)
        and low.year >= _FIRST
        and high.year <= _LAST
    ):
        return _unmistakable(walls, zone)
    table = pl.concat([_offsets(zone, year) for year in range(low.year, high.year + 1)], rechunk=True)
    wall = pl.col("w").to_physical()
    offset = pl.lit(table).gather(wall // _HOUR - _hours(low.year))
    instant = (wall - offset).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return walls.to_frame("w").select_seq(instant)["w"]


def _unmistakable(walls: pl.Series, zone: str) -> pl.Series:
    there = walls.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return there.dt.convert_time_zone("UTC")


def _hours(year: int) -> int:
    """Hours from 1970 to a year."""
    return (datetime(year, 1, 1) - datetime(1970, 1, 1)).days * 24  # noqa: DTZ001  days are counted


@lru_cache(maxsize=1_000)
def _offsets(zone: str, year: int) -> pl.Series:
    """What to take off in each hour of a year; null where that is not the same for all of the hour."""
    first = pl.int_range(_hours(year), _hours(year + 1), eager=True) * _HOUR
    start, end = (
        walls - _unmistakable(walls.cast(pl.Datetime("us")), zone).to_physical()
        for walls in (first, first + _HOUR - 1)
    )
    return start.set(start != end, None).set(end.is_null(), None)
