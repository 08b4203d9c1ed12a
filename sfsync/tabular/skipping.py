"""Rows below the header that are no data: blank ones, totals, and the footer that a program prints at the end.

Nothing is skipped on a mere suspicion, for a skipped row is a row that nobody hears of again:
- blank: no cell holds more than white space;
- total: at most two cells are filled, and the first of them begins with a word for "total";
- footer: at the end of the file, at most half of the cells filled, a sentence in the first column where all data
  rows hold a word without white space.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sfsync.tabular.model import Notes, Skipped

if TYPE_CHECKING:
    import polars as pl

_TOTAL = (
    r"^(?i)\s*(grand[ -]?total|sub[ -]?totaa?l|totaa?l|totale|totaux|total général|summe|gesamt|gesamtsumme|somme"
    r"|razem|suma|合计|总计|小计)(\s*[:=].*|\s+\d+.*|\s*)$"
)


def without_skipped(frames: "Iterator[pl.DataFrame]", columns: int, notes: Notes) -> "Iterator[pl.DataFrame]":
    """The frames without blank, total and footer rows; each of those is noted."""
    skipping = Skipping(columns, notes)
    yield from filter(len, map(skipping.rest, frames))
    skipping.end()


class Skipping:
    """Takes blank, total and footer rows out of the frames of one table, from its first to its last."""

    def __init__(self, columns: int, notes: Notes) -> None:
        self._columns = columns
        self._notes = notes
        self._held: pl.DataFrame | None = None
        """The rows after the last certain data row: a footer, if the file ends here."""
        self._words_only = True

    def rest(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """What is left of the next frame, with rows before it that had to wait for it."""
        import polars as pl

        if self._held is not None:
            frame = pl.concat([self._held, frame], how="diagonal")
        frame = _drop(frame, _blank(frame), "blank", self._notes)
        if self._columns > 2:  # noqa: SIM102  the second question costs a scan
            if (total := _total(frame)).any():
                frame = _drop(frame, total, "total", self._notes)
        end = frame.height
        if self._words_only and self._columns > 2:
            footer = _footer(frame, self._columns)
            self._words_only = not _has_space(frame["0"].filter(~footer))
            certain = (~footer).arg_true()
            if self._words_only:
                end = int(certain[-1]) + 1 if len(certain) else 0
        self._held = frame[end:] if end < frame.height else None
        return frame[:end]

    def end(self) -> "pl.DataFrame":
        """Nothing; no other frame follows, so what had to wait is a footer."""
        import polars as pl

        if self._held is not None:
            _drop(self._held, ~_nowhere(self._held), "footer", self._notes)
        return pl.DataFrame()


def certain_rows(frame: "pl.DataFrame", columns: int) -> "pl.DataFrame | None":
    """Some rows of a table without blank ones and totals; None when one may belong to a footer."""
    frame = frame.filter(~_blank(frame))
    if columns > 2:
        frame = frame.filter(~_total(frame))
        if _footer(frame, columns).any():
            return None
    return frame


def _texts(frame: "pl.DataFrame") -> list[str]:
    return [name for name in frame.columns if name.isdigit()]


def _blank(frame: "pl.DataFrame") -> "pl.Series":
    """Where no cell holds more than white space; columns are asked only about rows that are blank so far."""
    names = sorted(_texts(frame), key=lambda name: frame[name].null_count())
    fullest = frame[names[0]]
    if not fullest.null_count() and ((fullest >= "!") & (fullest <= "~")).all():
        return _nowhere(frame)
    left = frame.select_seq("row", *names)
    for name in names:
        if not left.height:
            break
        left = left.filter(
            left[name].is_null() | (left[name] < "!") | (left[name] > "~")
        )  # most are not, and quickly
        left = left.filter(left[name].is_null() | (left[name].str.strip_chars() == ""))
    return frame["row"].is_in(left["row"].implode()) if left.height else _nowhere(frame)


def _nowhere(frame: "pl.DataFrame") -> "pl.Series":
    import polars as pl

    return pl.Series([False]).new_from_index(0, frame.height)


def _sparse(frame: "pl.DataFrame", most: int) -> "pl.Series":
    """Where at most so many cells are filled; full columns may tell at once that it is nowhere."""
    import polars as pl

    names = _texts(frame)
    if sum(not frame[name].null_count() for name in names) > most:
        return _nowhere(frame)
    filled = pl.sum_horizontal([pl.col(name).is_not_null().cast(pl.UInt32) for name in names])
    return frame.select_seq((filled <= most).alias("sparse"))["sparse"]


def _total(frame: "pl.DataFrame") -> "pl.Series":
    import polars as pl

    sparse = _sparse(frame, 2)
    if not sparse.any():
        return sparse
    first = pl.coalesce([pl.col(name) for name in _texts(frame)])
    return frame.select_seq(
        (pl.Series("s", sparse) & first.str.contains(_TOTAL)).fill_null(value=False).alias("total")
    )["total"]


def _footer(frame: "pl.DataFrame", columns: int) -> "pl.Series":
    sparse = _sparse(frame, max(1, columns // 2))
    if not sparse.any():
        return sparse
    sentence = frame["0"].str.strip_chars().str.contains(r"\s").fill_null(value=False)
    return sentence & sparse


def _has_space(cells: "pl.Series") -> bool:
    return bool(cells.str.contains(r"\S\s+\S").any())


def _drop(frame: "pl.DataFrame", mask: "pl.Series", why: str, notes: Notes) -> "pl.DataFrame":
    if not mask.any():
        return frame
    notes.skipped.extend(Skipped(row, why) for row in frame["row"].filter(mask))
    return frame.filter(~mask)
