"""How a column of cells becomes values: the way all types share.

Each type has two doors with one meaning. ``fast`` reads what most cells look like with vectorised expressions and
leaves the rest null; ``slow`` reads one text in Python and can say every reason. The rest goes to ``slow`` once per
distinct text, so a column of a million cells and a thousand different texts costs a thousand calls.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from sfsync.cells import Kind
from sfsync.languages.reason import Reason
from sfsync.mapping.rules import NUMBERS

_SAMPLE = 100
_FEW = 1_000
"""Texts for which telling them apart is not worth it."""
MAX_REMEMBERED = 50_000
"""Distinct texts that a reader remembers between blocks, so that memory stays flat."""


class Cell(NamedTuple):
    """What became of one text: a value, or None for empty; the rule it breaks; a warning."""

    value: object = None
    error: str | None = None
    warning: str | None = None


Slow = Callable[[str, Kind], Cell]
Fast = Callable[[pl.Series], pl.Series]


@dataclass(frozen=True, slots=True)
class Reading:
    """A column after reading. ``errors`` and ``warnings`` hold rule numbers; None = no row has any."""

    values: pl.Series
    errors: pl.Series | None = None
    warnings: pl.Series | None = None


@dataclass(slots=True)
class Reader:
    """Reads columns of one type into values of ``dtype``.

    With ``fast`` None every distinct text goes through ``slow``; with ``slow`` None, ``fast`` reads all there is,
    of any kind, and a null means empty. Where both are there, cells that are not TEXT go to ``slow``.
    """

    dtype: pl.DataType
    fast: Fast | None = None
    slow: Slow | None = None
    _known: dict[tuple[str, int], Cell] = field(default_factory=dict)

    def read(self, text: pl.Series, kinds: pl.Series | None = None) -> Reading:
        """``text`` as in a table block; ``kinds`` its kinds, None when all are TEXT."""
        errors = None
        if kinds is not None:
            text, errors, kinds = without_broken(text, kinds)
        values = self._fast(text, kinds)
        if self.slow is None or values.null_count() == text.null_count():
            return Reading(values, errors)
        rest = unread(text, values)
        cells = self._slow(text.gather(rest), kinds.gather(rest) if kinds is not None else None)
        values = values.scatter(rest, cells["value"])
        length = len(text)
        return Reading(
            values,
            _scatter(errors, length, rest, cells["error"]),
            _scatter(None, length, rest, cells["warning"]),
        )

    def reason(self, number: int) -> Reason | None:
        """The reason behind a number of the reader's own; None for the rules that all mappings share."""
        return None

    def _fast(self, text: pl.Series, kinds: pl.Series | None) -> pl.Series:
        if self.fast is None:
            return pl.Series(values=[None], dtype=self.dtype).new_from_index(0, len(text))
        values = self.fast(text)
        if kinds is None or self.slow is None:
            return values
        return values.zip_with(kinds == Kind.TEXT, pl.Series([None], dtype=values.dtype))

    def _slow(self, text: pl.Series, kinds: pl.Series | None) -> pl.DataFrame:
        frame = pl.DataFrame({"text": text, "kind": kinds if kinds is not None else _zeros(len(text))})
        distinct = frame if frame.height <= _FEW else frame.unique()
        if len(self._known) > MAX_REMEMBERED:
            self._known.clear()
        found = [self._cell(*row) for row in distinct.iter_rows()]
        cells = distinct.hstack(
            [
                pl.Series("value", [cell.value for cell in found], dtype=self.dtype),
                pl.Series("error", [NUMBERS.get(cell.error or "") for cell in found], dtype=pl.UInt8),
                pl.Series("warning", [NUMBERS.get(cell.warning or "") for cell in found], dtype=pl.UInt8),
            ]
        )
        if distinct is frame:
            return cells
        return frame.join(cells, on=["text", "kind"], how="left", maintain_order="left")

    def _cell(self, text: str, kind: int) -> Cell:
        cell = self._known.get((text, kind))
        if cell is None:
            assert self.slow is not None  # noqa: S101  narrows the type: only called where there is one
            cell = self._known[text, kind] = self.slow(text, Kind(kind))
        return cell


def unread(text: pl.Series, values: pl.Series) -> pl.Series:
    """The positions of texts that have no value yet."""
    frame = pl.DataFrame({"t": text, "v": values})
    return frame.select_seq(pl.arg_where(pl.col("t").is_not_null() & pl.col("v").is_null())).to_series()


def sample(text: pl.Series) -> list[str]:
    """Some texts from all over a column."""
    filled = len(text) - text.null_count()
    if 2 * filled < len(text):
        text = text.drop_nulls()
    return [one for one in text.gather_every(max(1, len(text) // _SAMPLE)).to_list() if one is not None]


def used(forms: Sequence[str], text: pl.Series) -> list[str]:
    """Regular expressions that match all texts of a sample that any matches; others may be left to the slow door."""
    search = {form: re.compile(form).search for form in forms}
    some: list[str] = []
    for one in sample(text):
        if not any(search[form](one) for form in some):
            some += [form for form in forms if search[form](one)][:1]
    return some


def usual_as_they_are(text: pl.Series, usual: str, read: Fast) -> pl.Series:
    """The texts that match ``usual`` as they are, and what ``read`` makes of the others."""
    fine = text.str.contains(usual)
    if fine.all():
        return text
    rows = (~fine).arg_true()
    if 2 * len(rows) > len(text):
        return read(text)
    return text.clone().scatter(rows, read(text.gather(rows)))


def without_broken(text: pl.Series, kinds: pl.Series) -> tuple[pl.Series, pl.Series | None, pl.Series | None]:
    """Take out cells that hold an error or no result; drop the kinds when only TEXT is left."""
    kinds = kinds.fill_null(Kind.TEXT)
    errors = None
    broken = (kinds == Kind.ERROR) | (kinds == Kind.NO_VALUE)
    if broken.any():
        frame = pl.DataFrame({"text": text, "kind": kinds, "broken": broken}).select_seq(
            pl.when(~pl.col("broken")).then("text").alias("text"),
            pl.when(pl.col("broken"))
            .then(
                pl.when(pl.col("kind") == Kind.ERROR)
                .then(pl.lit(NUMBERS["error_cell"], pl.UInt8))
                .otherwise(pl.lit(NUMBERS["formula_no_value"], pl.UInt8))
            )
            .alias("errors"),
        )
        text, errors = frame["text"], frame["errors"]
    return text, errors, kinds if (kinds != Kind.TEXT).any() else None


def _zeros(length: int) -> pl.Series:
    return pl.Series([0], dtype=pl.UInt8).new_from_index(0, length)


def _scatter(onto: pl.Series | None, length: int, rows: pl.Series, numbers: pl.Series) -> pl.Series | None:
    if numbers.null_count() == len(numbers):
        return onto
    base = onto if onto is not None else pl.Series([None], dtype=pl.UInt8).new_from_index(0, length)
    return base.scatter(rows, numbers)
