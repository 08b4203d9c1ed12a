"""What `sfsync mapping apply` writes: CSV of what was taken, and of what was not, with the reasons."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import polars as pl

from sfsync.mapping.bind import Bound
from sfsync.mapping.block import as_series_of_text
from sfsync.mapping.kinds import type_of
from sfsync.mapping.rows import MappedBlock
from sfsync.pieces import csv_pieces
from sfsync.tabular.injection import DANGEROUS, PLAIN_NUMBER, harmless

_PLAIN = {"phone", "digits", "country"}
"""Types of digits, perhaps behind a +, or letters: no formula begins so."""
_LAST_OF_ASCII = 0x7F
_LINE_END = "\r\n"
_TOGETHER = 2_000
"""Rejected rows that are written together."""


def headings(bound: Bound) -> bytes:
    """The first line of the rows taken: API fields."""
    return _line(_fields(bound))


@dataclass(frozen=True, slots=True)
class Written:
    """A block as CSV of API fields. The block itself is let go, as others wait for its memory.

    ``stopped``: ``MappedBlock.stopped``; ``left``: the rows concerned as the partner wrote them, with what stopped
    them, if that is wanted.
    """

    rows: int
    stopped: pl.DataFrame
    applied: Sequence[bytes]
    left: pl.DataFrame | None


class Rejects:
    """CSV of the rows not taken, as the partner wrote them, with the reason.

    Mostly they are few: those of several blocks are written together, which takes as many calls as those of one.
    """

    def __init__(self, bound: Bound, out: IO[bytes]) -> None:
        self._width = len(bound.columns.headings)
        self._out = out
        self._held: list[pl.DataFrame] = []
        headings = ["row", *map(harmless, bound.columns.headings)]
        out.write(b"\xef\xbb\xbf" + _line([*headings, "result", "column", "rule", "reason"]))

    def add(self, rows: pl.DataFrame) -> None:
        """Take in ``Written.left`` of the next block."""
        self._held.append(rows)
        if sum(held.height for held in self._held) >= _TOGETHER:
            self.finish()

    def finish(self) -> None:
        """Write what is left to be written."""
        if self._held:
            rejected = _rejected(pl.concat(self._held, how="diagonal"), self._width)
            self._out.writelines(csv_pieces(rejected, line_end=_LINE_END))
            self._held = []


def writer(bound: Bound, *, rejects: bool, raw: bool) -> Callable[[MappedBlock], Written]:
    """What makes CSV of a block; ``rejects``: whether the rows not taken are wanted."""
    fields, plain = _fields(bound), _plain(bound)

    def written(block: MappedBlock) -> Written:
        stopped, height = block.stopped, block.frame.height
        out = block.frame["row"].is_in(stopped["row"].implode())
        left = _left(block.source.filter(out), stopped) if rejects and stopped.height else None
        applied = block.frame.select_seq(fields).filter(~out)
        del block  # texts take as much memory again
        if not raw:
            applied = applied.with_columns_seq(map(_text, _signed(applied)))
            applied = _harmless(applied, [name for name in fields if name not in plain])
        applied = pl.DataFrame([_text(column) for column in applied])
        return Written(height, stopped, csv_pieces(applied, line_end=_LINE_END), left)

    return written


def _signed(applied: pl.DataFrame) -> Iterator[pl.Series]:
    """The columns of negative numbers that may have an exponent: a spreadsheet could take them for formulas."""
    return (column for column in applied if column.dtype.is_float() and (column < 0).any())


def _plain(bound: Bound) -> set[str]:
    """The fields that take a name of such a type as it is."""
    names = {item.name for item in bound.columns.plan.names if type_of(item.rule) in _PLAIN}
    fields = bound.columns.plan.fields
    return {
        item.name for item in fields if item.rule.from_ in names and not (item.reader or item.rule.prefix)
    }


def _text(column: pl.Series) -> pl.Series:
    """A column as it is written; what polars writes the same way may stay."""
    same = column.dtype == pl.Boolean or column.dtype.is_integer()
    return column if same else as_series_of_text(column).alias(column.name)


def _left(rows: pl.DataFrame, stopped: pl.DataFrame) -> pl.DataFrame:
    """The rows not taken with what stopped them, in file order."""
    return rows.hstack([column.alias(f"told {column.name}") for column in stopped])


def _rejected(told: pl.DataFrame, width: int) -> pl.DataFrame:
    """Rows as the partner wrote them, with what became of them, the column and the reason; ``told``: by ``_left``."""
    cells = [told[str(n)] if str(n) in told.columns else _empty(told.height) for n in range(width)]
    column = pl.when(pl.col("told heading") != "").then("told heading").otherwise("told name")
    double = pl.col("told severity") == "duplicate"
    reasons = told.select_seq(
        pl.when(double).then(pl.lit("duplicate")).otherwise(pl.lit("invalid")).alias("result"),
        column.alias("column"),
        pl.col("told rule").alias("rule"),
        pl.col("told message").alias("reason"),
    )
    parts = [told["row"].cast(pl.String), *cells, *reasons]
    texts = pl.DataFrame([part.alias(str(n)) for n, part in enumerate(parts)])
    return _harmless(texts, texts.columns).select_seq(pl.when(pl.all() != "").then(pl.all()))


def _empty(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def _harmless(texts: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Columns in which no text can run as a formula. Most texts begin with a digit or a letter of ASCII."""
    strings = [name for name in names if texts[name].dtype == pl.String]
    first = texts.select_seq(pl.col(strings).cast(pl.Binary).bin.get(0, null_on_oob=True))
    byte = pl.all()
    others = first.select_seq(
        ~(byte.is_between(ord("0"), ord("<")) | byte.is_between(ord("A"), _LAST_OF_ASCII))
    )
    suspects = [name for name, some in others.select_seq(byte.any()).row(0, named=True).items() if some]
    if not suspects:
        return texts
    rows = others.select_seq(pl.any_horizontal(suspects)).to_series().arg_true()
    some = texts.select_seq(pl.col(suspects).gather(rows))
    runs = some.select_seq(byte.str.contains(DANGEROUS) & ~byte.str.contains(PLAIN_NUMBER))
    return texts.with_columns_seq(
        _without_formulas(texts[name], rows.filter(mask), some[name].filter(mask))
        for name in suspects
        if (mask := runs[name]).any()
    )


def _without_formulas(texts: pl.Series, rows: pl.Series, some: pl.Series) -> pl.Series:
    """The column with an apostrophe before ``some`` texts that a spreadsheet would run, those of these rows."""
    guarded = some.str.starts_with('="').arg_true()  # perhaps Excel's own guard, which is not so simple
    made = ("'" + some).scatter(guarded, [harmless(text) for text in some.gather(guarded)])
    return texts.clone().scatter(rows, made)


def _fields(bound: Bound) -> list[str]:
    """API fields that the file can fill, in the mapping's order (see ``MappedRow.values``)."""
    return [item.name for item in bound.columns.plan.fields if bound.columns.fills(item) and not item.lookup]


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=_LINE_END).writerow(cells)
    return text.getvalue().encode()
