"""What `sfsync mapping` shows and writes: counts, samples before and after, CSV of what was taken and what not."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import polars as pl

from sfsync.mapping.bind import Bound
from sfsync.mapping.conditions import as_text
from sfsync.mapping.model import nested
from sfsync.mapping.plan import FieldItem
from sfsync.mapping.rows import MappedBlock, MappedRow, RowProblem
from sfsync.tabular.injection import DANGEROUS, PLAIN_NUMBER, harmless

_FEW = 200
"""Texts that Python looks at in less time than polars takes for the calls."""


@dataclass(slots=True)
class Tally:
    """Rows counted by where they end; they add up to the rows read."""

    rows_read: int = 0
    invalid: int = 0
    duplicate: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, block: MappedBlock) -> None:
        stopped = block.stopped
        self.rows_read += block.frame.height
        doubles = stopped.filter(pl.col("severity") == "duplicate").height
        self.duplicate += doubles
        self.invalid += stopped.height - doubles
        for _, name, heading, rule, *_ in stopped.iter_rows():
            self.reasons[f"{heading or name}: {rule}" if name else rule] += 1

    @property
    def left(self) -> int:
        return self.invalid + self.duplicate

    @property
    def applied(self) -> int:
        return self.rows_read - self.left

    def to_json(self) -> dict[str, int]:
        return {
            "rows_read": self.rows_read,
            "applied": self.applied,
            "invalid": self.invalid,
            "duplicate": self.duplicate,
        }

    def text(self) -> str:
        return (
            f"{self.rows_read:,} rows read: {self.applied:,} applied, "
            f"{self.invalid:,} invalid, {self.duplicate:,} duplicate."
        )


def sample(
    block: MappedBlock, bound: Bound, most: int, taken: list[dict[str, Any]], rejects: list[dict[str, Any]]
) -> None:
    """Add rows of a block to the samples, until there are ``most`` of each."""
    for row in block.rows():
        found = rejects if row.problem else taken
        if len(found) < most:
            found.append(_row(row, block, bound))
        elif len(taken) >= most and len(rejects) >= most:
            return


def _row(row: MappedRow, block: MappedBlock, bound: Bound) -> dict[str, Any]:
    cells = block.source.row(by_predicate=pl.col("row") == row.number, named=True)
    before = {
        bound.heading(name): cells.get(str(position)) for name, position in bound.columns.positions.items()
    }
    return {
        "row": row.number,
        "key": row.key,
        "before": before,
        "after": row.values,
        "problem": _problem(row.problem) if row.problem else None,
        "warnings": [_problem(warning) for warning in row.warnings],
    }


def _problem(problem: RowProblem) -> dict[str, Any]:
    return {
        "name": problem.name,
        "column": problem.heading,
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
    }


def _ordered(item: FieldItem) -> Iterator[str]:
    """Our names that give a field its value, as the mapping lists them."""
    return (source.from_ for _, source in nested((), item.rule) if source.from_)


def preview_json(bound: Bound, taken: list[dict[str, Any]], rejects: list[dict[str, Any]]) -> dict[str, Any]:
    """The preview as one JSON object."""
    return {
        "mapping": bound.mapping.mapping,
        "object": bound.mapping.object,
        "columns": {name: bound.heading(name) for name in bound.columns.positions},
        "sources": {
            item.name: [bound.heading(name) for name in _ordered(item) if bound.heading(name)]
            for item in bound.columns.plan.fields
        },
        "absent": list(bound.absent),
        "unused": list(bound.unused),
        "rows": taken,
        "rejects": rejects,
    }


def write_headings(bound: Bound, out: IO[bytes], rejects: IO[bytes] | None) -> None:
    """The first line of both files: API fields; the partner's columns with row, column, rule and reason."""
    out.write(_line(_fields(bound)))
    if rejects is not None:
        headings = ["row", *map(harmless, bound.columns.headings)]
        rejects.write(b"\xef\xbb\xbf" + _line([*headings, "result", "column", "rule", "reason"]))


def write_block(
    block: MappedBlock, bound: Bound, out: IO[bytes], rejects: IO[bytes] | None, *, raw: bool
) -> None:
    """The rows of a block, taken ones as API fields, the others as the partner wrote them, with the reason."""
    applied = block.applied()
    if applied.height:
        columns = [applied[name] for name in _fields(bound)]
        risky = {column.name for column in columns if not raw and _may_begin_with_a_sign(column)}
        texts = applied.select(as_text(pl.col(column.name), column.dtype) for column in columns)
        _write(texts.with_columns(_harmless(texts[name]) for name in risky), out)
    stopped = block.stopped
    if rejects is not None and stopped.height:
        _write(_rejected(block.source, stopped, len(bound.columns.headings)), rejects)


def _rejected(source: pl.DataFrame, stopped: pl.DataFrame, width: int) -> pl.DataFrame:
    """Rows as the partner wrote them, with what became of them, the column and the reason."""
    told = source.join(stopped.select(pl.all().name.prefix("told ")), left_on="row", right_on="told row")
    cells = [told[str(n)] if str(n) in source.columns else _empty(told.height) for n in range(width)]
    column = pl.when(pl.col("told heading") != "").then("told heading").otherwise("told name")
    double = pl.col("told severity") == "duplicate"
    reasons = told.select(
        pl.when(double).then(pl.lit("duplicate")).otherwise(pl.lit("invalid")).alias("result"),
        column.alias("column"),
        pl.col("told rule").alias("rule"),
        pl.col("told message").alias("reason"),
    )
    parts = [told["row"].cast(pl.String), *map(_harmless, cells)]
    parts += [reasons["result"], _harmless(reasons["column"]), reasons["rule"], _harmless(reasons["reason"])]
    texts = pl.DataFrame([part.alias(str(n)) for n, part in enumerate(parts)])
    return texts.select(pl.when(pl.all() != "").then(pl.all()))


def _empty(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def _write(texts: pl.DataFrame, out: IO[bytes]) -> None:
    texts.write_csv(out, include_header=False, line_terminator="\r\n")


def _may_begin_with_a_sign(column: pl.Series) -> bool:
    if column.dtype.is_numeric():
        least = column.min()
        return isinstance(least, int | float) and least < 0
    return column.dtype == pl.String


def _harmless(texts: pl.Series) -> pl.Series:
    """A column in which no text can run as a formula. Most texts begin with a digit or a letter of ASCII."""
    if len(texts) < _FEW:
        few = [text and harmless(text) for text in texts.to_list()]
        return pl.Series(texts.name, few, dtype=pl.String)
    fine = ((texts >= "0") & (texts < "=")) | ((texts >= "A") & (texts < "\x80"))
    rows = (~fine).arg_true()
    left = texts.gather(rows)
    risky = left.str.contains(DANGEROUS) & ~left.str.contains(PLAIN_NUMBER)
    if not risky.any():
        return texts
    changed = [harmless(text) for text in left.filter(risky).to_list()]
    return texts.clone().scatter(rows.filter(risky), pl.Series(changed, dtype=pl.String))


def _fields(bound: Bound) -> list[str]:
    """API fields that the file can fill, in the mapping's order (see ``MappedRow.values``)."""
    return [item.name for item in bound.columns.plan.fields if bound.columns.fills(item) and not item.lookup]


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
