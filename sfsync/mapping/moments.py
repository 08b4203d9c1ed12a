"""Columns of dates and date-times: fast doors for the usual notations, zones, and clocks that change."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from sfsync.cells import Kind
from sfsync.mapping.dates import Moment, Notation, read_moment
from sfsync.mapping.readers import Cell, Reader, used
from sfsync.mapping.zones import in_utc

_YEAR = "(?:19[1-9][0-9]|20[0-9]{2})"
"""Years from 1910: what the fast doors read, they read for cells of every kind."""
_CLOCK = "[0-9]{2}:[0-5][0-9]"
_SIGNS = "-/."


@dataclass(frozen=True, slots=True)
class _Form:
    """A notation as a regular expression of whole texts, and as polars reads it."""

    shape: str
    form: str


_INSTANT = _Form(
    f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:[0-5][0-9](?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])",
    "%Y-%m-%dT%H:%M:%S%:z",
)


def _days(order: str | None) -> list[_Form]:
    """The notations of days with two digits for day and month: year first, or in the declared order."""
    two = "[0-9]{2}"
    forms = []
    for sign in _SIGNS:
        written = re.escape(sign)
        if sign == "-" or order is not None:
            forms.append(_Form(written.join((_YEAR, two, two)), f"%Y{sign}%m{sign}%d"))
        if order in {"dmy", "mdy"}:
            form = sign.join(f"%{letter}" for letter in order[:2]) + f"{sign}%Y"
            forms.append(_Form(written.join((two, two, _YEAR)), form))
    return forms


def _walls(order: str | None) -> list[_Form]:
    """The notations of days with a time behind them."""
    signs, clocks = "T ", ((_CLOCK, "%H:%M"), (f"{_CLOCK}:[0-5][0-9]", "%H:%M:%S"))
    return [
        _Form(f"{day.shape}{sign}{shape}", f"{day.form}{sign}{form}")
        for day in _days(order)
        for sign in signs
        for shape, form in clocks
    ]


def _used(forms: Sequence[_Form], text: pl.Series) -> list[_Form]:
    """The notations that some texts of a column are in."""
    by_shape = {f"^{form.shape}$": form for form in forms}
    return [by_shape[shape] for shape in used(list(by_shape), text)]


def _read(text: pl.Series, forms: Sequence[_Form], dtype: pl.Date | pl.Datetime) -> pl.Series:
    """The texts that are in one of some notations, which exclude each other; null where none fits."""
    if not forms:
        return pl.Series([None], dtype=dtype).new_from_index(0, len(text))
    column = pl.col("t")
    found = [  # a cache of texts costs more here than it saves
        pl.when(column.str.contains(f"^{form.shape}$"))
        .then(column)
        .str.strptime(dtype, form.form, strict=False, cache=False)
        for form in forms
    ]
    return text.to_frame("t").select_seq(t=pl.coalesce(found))["t"]


def date_reader(notation: Notation) -> Reader:
    """Days; a time in the cell is cut off."""
    forms = _days(notation.order)

    def fast(text: pl.Series) -> pl.Series:
        return _read(text, _used(forms, text), pl.Date())

    def slow(text: str, kind: Kind) -> Cell:
        moment = read_moment(text, kind, notation)
        if moment is None:
            return Cell()
        return Cell(error=moment) if isinstance(moment, str) else Cell(moment.day, warning=moment.warning)

    return Reader(pl.Date(), None if notation.formats else fast, slow)


def datetime_reader(notation: Notation, zone: str | None) -> Reader:
    """Instants in UTC. A time without a zone is wall time in ``zone``; an error when that is None."""
    dtype = pl.Datetime("us", "UTC")

    forms = [*(_walls(notation.order) if zone is not None else []), _INSTANT]

    def fast(text: pl.Series) -> pl.Series:
        some = _used(forms, text)
        walls = _read(text, [form for form in some if form is not _INSTANT], pl.Datetime("us"))
        # Hours that do not exist or exist twice are left to the slow door, which tells them apart.
        values = in_utc(walls, zone or "UTC")
        if _INSTANT not in some:
            return values
        column = pl.col("t")
        fine = pl.when(column.str.contains(f"^{_INSTANT.shape}$")).then(column.str.replace("Z$", "+00:00"))
        instant = fine.str.to_datetime(_INSTANT.form, time_unit="us", time_zone="UTC", strict=False)
        return text.to_frame("t").select_seq(t=pl.coalesce(values, instant))["t"]

    def slow(text: str, kind: Kind) -> Cell:
        moment = read_moment(text, kind, notation)
        if moment is None:
            return Cell()
        return Cell(error=moment) if isinstance(moment, str) else _instant(moment, zone)

    return Reader(dtype, None if notation.formats else fast, slow)


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
