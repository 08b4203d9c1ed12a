"""What `sfsync mapping` shows: counts, and samples before and after."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from sfsync.mapping.bind import Bound
from sfsync.mapping.model import nested
from sfsync.mapping.plan import FieldItem
from sfsync.mapping.rows import MappedBlock, MappedRow, RowProblem


@dataclass(slots=True)
class Tally:
    """Rows counted by where they end; they add up to the rows read."""

    rows_read: int = 0
    invalid: int = 0
    duplicate: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, rows: int, stopped: pl.DataFrame) -> None:
        """Count the rows of a block; ``stopped`` as ``MappedBlock.stopped``."""
        self.rows_read += rows
        kinds = ("severity", "name", "heading", "rule")
        for severity, name, heading, rule, count in (
            stopped.group_by(kinds, maintain_order=True).len().iter_rows()
        ):
            if severity == "duplicate":
                self.duplicate += count
            else:
                self.invalid += count
            self.reasons[f"{heading or name}: {rule}" if name else rule] += count

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
