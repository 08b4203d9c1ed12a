"""What comes out of a mapping: rows with values for the org, and the problems found in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from sfsync.mapping.rules import Severity
from sfsync.mapping.stamps import iso
from sfsync.records import Bucket


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One rule that one row breaks.

    ``name`` is our name (or the field) and ``heading`` the partner's heading for it; both are empty when the rule
    is about the whole row. ``severity``: error (the row cannot be applied), duplicate (it stands in the file before),
    warn (read, worth a note).
    """

    row: int
    name: str
    heading: str
    rule: str
    message: str
    severity: Severity
    rows: str = ""
    """Numbers of the other rows that the rule is about, such as ``3, 5, …``."""

    @property
    def full_rule(self) -> str:
        """The rule with its name, such as ``card_id_length``."""
        return f"{self.name}_{self.rule}" if self.name else self.rule

    @property
    def bucket(self) -> Bucket | None:
        """Where the row ends because of this; None for a warning."""
        if self.severity == "duplicate":
            return Bucket.DUPLICATE
        if self.severity == "warn":
            return None
        return Bucket.NOT_FOUND if self.rule == "not_found" else Bucket.INVALID

    @property
    def text(self) -> str:
        """The message behind the heading, as people read it."""
        return f"{self.heading or self.name}: {self.message}" if self.name else self.message


PROBLEM_SCHEMA: Mapping[str, Any] = {
    "row": pl.UInt32,
    "name": pl.String,
    "heading": pl.String,
    "rule": pl.String,
    "message": pl.String,
    "severity": pl.String,
    "rows": pl.String,
}
"""Columns of ``MappedBlock.problems``."""


@dataclass(frozen=True, slots=True)
class MappedRow:
    """One row. ``values`` is empty when the row cannot be applied, so that nobody writes it by accident."""

    number: int
    key: str | None
    values: dict[str, Any]
    """API field name → JSON value. A field whose columns are all absent from the file is left out."""
    named: dict[str, Any]
    """Our name → clean value (None: empty, absent or unreadable), as JSON."""
    problem: RowProblem | None = None
    """The first error, or what the row doubles."""
    warnings: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """Some rows of a file after mapping, in file order.

    ``frame``: ``row`` and one typed column per field. ``names``: ``row`` and one typed column per name of ours.
    ``problems``: at most one error or duplicate per row, and all warnings (columns of PROBLEM_SCHEMA).
    """

    frame: pl.DataFrame
    names: pl.DataFrame
    problems: pl.DataFrame
    source: pl.DataFrame
    """The table block that it was made of."""
    key: pl.Series | None = None
    links: Mapping[str, str] | None = None
    """Fields that link a record by its key: relationship → key field of that record."""

    @property
    def stopped(self) -> pl.DataFrame:
        """The problems that keep rows from being applied: one per row."""
        return self.problems.filter(pl.col("severity") != "warn")

    def applied(self) -> pl.DataFrame:
        """``frame`` without the rows that cannot be applied."""
        return self.frame.filter(~self.frame["row"].is_in(self.stopped["row"].implode()))

    def without(self, broken: Mapping[int, tuple[str, str]]) -> "MappedBlock":
        """The block with rows refused that the file itself broke: row → rule and message.

        What the cells of such a row seem to say counts for nothing, so its own problems go.
        """
        mine = self.frame["row"].is_in(list(broken)) if broken else None
        if mine is None or not mine.any():
            return self
        rows = self.frame["row"].filter(mine).to_list()
        told = pl.DataFrame(
            [(row, "", "", *broken[row], "error", "") for row in rows],
            schema=dict(PROBLEM_SCHEMA),
            orient="row",
        )
        kept = self.problems.join(told, on="row", how="anti", maintain_order="left")
        return replace(self, problems=pl.concat([kept, told]).sort("row", maintain_order=True))

    def rows(self) -> Iterator[MappedRow]:
        """The rows as Python values; the only Python loop per row."""
        stopped: dict[int, RowProblem] = {}
        noted: dict[int, list[RowProblem]] = {}
        for cells in self.problems.iter_rows():
            found = RowProblem(*cells)
            if found.severity == "warn":
                noted.setdefault(found.row, []).append(found)
            else:
                stopped[found.row] = found
        keys = self.key.to_list() if self.key is not None else [None] * self.frame.height
        fields, names = _dicts(self.frame), _dicts(self.names)
        for number, key, values, named in zip(self.frame["row"], keys, fields, names, strict=True):
            problem = stopped.get(number)
            usable = {} if problem else self._linked(values)
            yield MappedRow(number, key, usable, named, problem, tuple(noted.get(number, ())))

    def _linked(self, values: dict[str, Any]) -> dict[str, Any]:
        for field, key_field in (self.links or {}).items():
            if values.get(field) is not None:
                values[field] = {key_field: values[field]}
        return values


def _dicts(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows of a block as dictionaries, without the row number."""
    for cells in as_json(frame).iter_rows(named=True):
        del cells["row"]
        yield cells


def as_json(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates and instants as ISO 8601 texts; everything else is JSON already."""
    return frame.with_columns_seq([iso(column) for column in frame if column.dtype.is_temporal()])
