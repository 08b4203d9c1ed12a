"""Columns of dates and date-times: fast doors for the usual notations, zones, and clocks that change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from sfsync.cells import Kind
from sfsync.mapping.dates import Moment, Notation, read_moment
from sfsync.mapping.readers import Cell, Reader

_ISO_DAY = r"^(19[1-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}$"
_ISO_WALL = r"^(19[1-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}$"
_ISO_INSTANT = _ISO_WALL.replace("[T ]", "T").replace("$", "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$")
"""Years from 1910: what the fast doors read, they read for cells of every kind."""


def date_reader(notation: Notation) -> Reader:
    """Days; a time in the cell is cut off."""

    def fast(text: pl.Series) -> pl.Series:
        day = pl.when(pl.col("t").str.contains(_ISO_DAY)).then("t").str.to_date("%Y-%m-%d", strict=False)
        return text.to_frame("t").select(day)["t"]

    def slow(text: str, kind: Kind) -> Cell:
        moment = read_moment(text, kind, notation)
        if moment is None:
            return Cell()
        return Cell(error=moment) if isinstance(moment, str) else Cell(moment.day, warning=moment.warning)

    return Reader(pl.Date(), None if notation.formats else fast, slow)


def datetime_reader(notation: Notation, zone: str | None) -> Reader:
    """Instants in UTC. A time without a zone is wall time in ``zone``; an error when that is None."""
    dtype = pl.Datetime("us", "UTC")

    def fast(text: pl.Series) -> pl.Series:
        frame = text.to_frame("t")
        instant = pl.when(pl.col("t").str.contains(_ISO_INSTANT)).then(
            pl.col("t").str.replace("Z$", "+00:00")
        )
        found = instant.str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_unit="us", time_zone="UTC", strict=False)
        if zone is None:
            return frame.select(found)["t"]
        wall = pl.when(pl.col("t").str.contains(_ISO_WALL)).then(
            pl.col("t").str.replace(" ", "T", literal=True)
        )
        local = wall.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
        return frame.select(pl.coalesce(found, _unmistakable(local, zone)))["t"]

    def slow(text: str, kind: Kind) -> Cell:
        moment = read_moment(text, kind, notation)
        if moment is None:
            return Cell()
        return Cell(error=moment) if isinstance(moment, str) else _instant(moment, zone)

    return Reader(dtype, None if notation.formats else fast, slow)


def _unmistakable(local: pl.Expr, zone: str) -> pl.Expr:
    """Wall times to UTC, null where the hour does not exist or exists twice: the slow door tells which."""
    return local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")


def _instant(moment: Moment, zone: str | None) -> Cell:
    if moment.instant is not None:
        return Cell(moment.instant.astimezone(UTC), warning=moment.warning)
    if zone is None:
        return Cell(error="time_without_zone")
    place = ZoneInfo(zone)
    first = moment.wall.replace(tzinfo=place, fold=0)
    second = moment.wall.replace(tzinfo=place, fold=1)
    if not _exists(first):
        return Cell(error="time_nonexistent")
    twice = first.utcoffset() != second.utcoffset()
    return Cell(first.astimezone(UTC), warning="time_ambiguous" if twice else moment.warning)


def _exists(wall: datetime) -> bool:
    """Whether a clock in that zone ever shows this time: going to UTC and back gives it again."""
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None)
