"""What sfsync sees in a table file, as one plain value: for people who wonder why a row was not taken."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfsync.cells import CellProblem, Kind
from sfsync.tabular.model import Hints, Notes, Skipped, Table
from sfsync.tabular.table import open_table

_TOLD = {
    Kind.ERROR: ("error_cell", "The cell holds the error {text}."),
    Kind.NO_VALUE: ("formula_no_value", "The formula was saved without its result."),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """A table with its first rows; ``names`` are the columns' headings made unique."""

    table: Table
    names: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    rows_total: int
    problems: tuple[CellProblem, ...]
    skipped: tuple[Skipped, ...]

    def as_json(self) -> dict[str, Any]:
        """The contract of `files inspect --json`."""
        table = self.table
        return {
            "file": table.file,
            "format": table.format,
            "encoding": table.encoding,
            "bom": table.bom,
            "delimiter": table.delimiter,
            "sheet": table.sheet,
            "header_row": table.header_row or None,
            "columns": list(table.columns),
            "rows": [row for _, row in self.rows],
            "row_numbers": [number for number, _ in self.rows],
            "rows_total": self.rows_total,
            "problems": [
                {
                    "row": problem.row,
                    "column": None if problem.column is None else self.names[problem.column],
                    "problem": problem.problem,
                    "severity": problem.severity,
                    "message": problem.message,
                }
                for problem in self.problems
            ],
            "skipped": [{"row": skipped.row, "why": skipped.why} for skipped in self.skipped],
        }


def inspect(path: Path, hints: Hints | None = None, *, rows: int | None = None) -> Inspection:
    """Read a whole table file and keep its first ``rows`` rows (None: all). Raises FileRefused."""
    table = open_table(path, hints)
    names = unique(table.columns)
    notes = Notes()
    shown: list[tuple[int, dict[str, str]]] = []
    told: list[CellProblem] = []
    total = 0
    for frame in table.source(notes):
        total += frame.height
        wanted = frame.height if rows is None else max(0, rows - len(shown))
        shown += [
            (row["row"], {name: row[str(n)] or "" for n, name in enumerate(names)})
            for row in frame.head(wanted).iter_rows(named=True)
        ]
        for position in range(len(names)):
            if f"{position}#" in frame.columns:
                told += _told(frame.select("row", str(position), f"{position}#").iter_rows(), position)
    problems = sorted([*notes.problems, *told], key=lambda problem: (problem.row, problem.column or 0))
    return Inspection(table, names, tuple(shown), total, tuple(problems), tuple(notes.skipped))


def _told(cells: Any, position: int) -> list[CellProblem]:
    return [
        CellProblem(row, position, _TOLD[Kind(kind)][0], "error", _TOLD[Kind(kind)][1].format(text=text))
        for row, text, kind in cells
        if kind in _TOLD
    ]


def unique(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The headings, with the column's letter where a heading is empty or stands there twice."""
    return tuple(
        column if column.strip() and columns.count(column) == 1 else f"{column} (column {letter(n)})".strip()
        for n, column in enumerate(columns)
    )


def letter(position: int) -> str:
    """The letters of a 0-based column, as a spreadsheet shows them: 0 → A, 26 → AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
