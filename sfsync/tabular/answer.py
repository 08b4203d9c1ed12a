"""The partner's own file back, with a *Result* and a *Reason* for every row that was read.

A workbook keeps its sheets, order, headings and styles; formulas become their values, so that the file can be sent
in again as it is and runs nothing. CSV comes back as CSV in the same encoding. What openpyxl cannot annotate (.xls,
.xlsb, .ods, HTML, JSON) comes back as a plain workbook of the same rows.
"""

import csv
import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cells import Kind, fold
from sfsync.records import Bucket
from sfsync.tabular.delimiter import sep_line
from sfsync.tabular.injection import ANSWER_HEADINGS, harmless
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.text import raw_records
from sfsync.tabular.write import WORKBOOKS, fill, mark, replacing, write_table

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_GOOD = frozenset({Bucket.APPLIED, Bucket.UNCHANGED})
_ATTENTION = "FFF2CC"  # light amber, readable when printed
_ANNOTATED = {"xlsx", "xlsm"}
_LARGE = 1_000_000
"""Cells from which a workbook is written anew: openpyxl holds about 50 bytes a character of a loaded one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row: a bucket's word, why, the partner's heading of the field to blame, what to do."""

    result: str
    reason: str = ""
    field: str = ""
    suggestion: str = ""

    @property
    def sentence(self) -> str:
        """Reason and suggestion as the partner reads them, with the heading in front if it is not in there."""
        where = f"{self.field}: " if self.field and self.field not in self.reason and self.reason else ""
        hint = "" if self.suggestion in self.reason else self.suggestion
        return f"{where}{self.reason} {hint}".strip()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the two columns go (0-based), and what they are called."""

    column: int
    headings: tuple[str, str]


def answer_suffix(table: Table) -> str:
    """The suffix of the answer to a file of this kind, unless the caller wants another: .csv, .xlsm or .xlsx."""
    return {"csv": ".csv", "xlsm": ".xlsm"}.get(table.format, ".xlsx")


def write_answer(source: Path, table: Table, results: Mapping[int, Answer], out: Path) -> None:
    """Write the answer to ``source`` at ``out``; ``results`` by row number, as the table counts rows.

    The ending of ``out`` decides: .xlsx (.xlsm to keep macros) is a workbook, everything else is text.
    An answer column of an earlier round is overwritten, not added again.
    """
    place = _place(table)
    as_workbook = out.suffix.lower() in WORKBOOKS
    if table.format == "csv" and not as_workbook:
        _annotate_text(source, table, results, place, out)
    elif table.format in _ANNOTATED and as_workbook and _cells(table) <= _LARGE:
        _annotate_workbook(source, table, results, place, out)
    else:
        rows = _rewritten(table, results, place)
        write_table(
            out, [*table.columns[: place.column], *place.headings], rows, sheet=table.sheet or "Sheet1"
        )


def partner_columns(table: Table) -> tuple[str, ...]:
    """The headings without the two columns that an earlier answer of ours added."""
    return table.columns[: _place(table).column]


def _place(table: Table) -> _Place:
    folded = [fold(column) for column in table.columns]
    for headings in ANSWER_HEADINGS:
        ours = [fold(heading) for heading in headings]
        if folded[-2:] == ours and _holds_results(table, len(folded) - 2):
            return _Place(len(folded) - 2, headings)
    taken = any(fold(heading) in folded for heading in ANSWER_HEADINGS[0])
    return _Place(len(folded), ANSWER_HEADINGS[taken])


def _holds_results(table: Table, column: int) -> bool:
    """Whether a column holds nothing but our words: then it is an answer of ours that came in again."""
    words = {bucket.value for bucket in Bucket}
    return all(set(frame[str(column)].drop_nulls()) <= words for frame in table.source(Notes()))


def _cells(table: Table) -> int:
    return sum(frame.height for frame in table.source(Notes())) * len(table.columns)


def _annotate_text(
    source: Path, table: Table, results: Mapping[int, Answer], place: _Place, out: Path
) -> None:
    encoding = table.encoding or "utf-8"
    whole = Notes()
    for _ in table.source(whole):
        pass
    shifted = {
        note.row for note in whole.problems if note.problem == "ragged_long" and note.severity == "error"
    }
    # A reason may quote a character that the partner's code page does not have.
    with (
        replacing(out) as target,
        target.open("w", encoding=encoding, errors="replace", newline="") as stream,
    ):
        stream.write(mark(encoding, bom=table.bom))
        writer = csv.writer(stream, delimiter=table.delimiter or ",", lineterminator="\r\n")
        for line, record in raw_records(source, table):
            if line == 1 and len(record) == 1 and sep_line(record[0]):
                stream.write(record[0] + "\r\n")
                continue
            fields = [harmless(field) for field in record]
            # A row whose values have shifted stays as long as it is, so that it is refused again until mended.
            width = max(place.column, len(fields)) if line in shifted else place.column
            if line == table.header_row:
                fields = [*_fitted(fields, width), *place.headings]
            elif line in results:
                answer = results[line]
                fields = [*_fitted(fields, width), harmless(answer.result), harmless(answer.sentence)]
            writer.writerow(fields)


def _fitted(fields: Sequence[str], width: int) -> list[str]:
    return [*fields[:width], *[""] * (width - len(fields))]


def _annotate_workbook(
    source: Path, table: Table, results: Mapping[int, Answer], place: _Place, out: Path
) -> None:
    import openpyxl
    from openpyxl.styles import PatternFill

    macros = out.suffix.lower() == ".xlsm" and table.format == "xlsm"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions that openpyxl does not keep
        book = openpyxl.load_workbook(source, data_only=True, keep_vba=macros, keep_links=False)
    page = book[table.sheet or book.sheetnames[0]]
    attention = PatternFill("solid", fgColor=_ATTENTION)
    columns = {fold(column): position for position, column in enumerate(table.columns)}
    _head(page, table, place)
    for row, column in _without_value(table):
        page.cell(row, column + 1).value = "#N/A"  # an empty cell would pass when the answer comes in again
    for row, answer in results.items():
        good = answer.result in _GOOD
        for position, text in enumerate((answer.result, answer.sentence), start=place.column + 1):
            cell = page.cell(row, position)
            fill(cell, text)
            if not good:
                cell.fill = attention
        blamed = columns.get(fold(answer.field)) if answer.field and not good else None
        if blamed is not None:
            page.cell(row, blamed + 1).fill = attention
    with replacing(out) as target:
        book.save(target)


def _without_value(table: Table) -> Iterator[tuple[int, int]]:
    """Row and 0-based column of the formulas that were saved without a result."""
    for frame in table.source(Notes()):
        for position in range(len(table.columns)):
            if f"{position}#" in frame.columns:
                rows = frame.filter(frame[f"{position}#"] == Kind.NO_VALUE)["row"]
                yield from ((row, position) for row in rows)


def _head(page: "Worksheet", table: Table, place: _Place) -> None:
    from openpyxl.utils import get_column_letter

    before = page.cell(table.header_row, max(place.column, 1))
    for merged in list(page.merged_cells.ranges):  # a title may be merged over the place of our columns
        if merged.max_col > place.column and merged.max_row >= table.header_row:
            page.unmerge_cells(merged.coord)
    for position, heading in enumerate(place.headings, start=place.column + 1):
        cell = page.cell(table.header_row, position)
        fill(cell, heading)
        for style in ("font", "fill", "border", "alignment"):
            setattr(cell, style, copy(getattr(before, style)))
        page.column_dimensions[get_column_letter(position)].width = 14 if heading == place.headings[0] else 60


def _rewritten(table: Table, results: Mapping[int, Answer], place: _Place) -> Iterator[list[Any]]:
    nothing = Answer("")
    for frame in table.source(Notes()):
        for row in frame.iter_rows(named=True):
            answer = results.get(row["row"], nothing)
            values = [_typed(row[str(n)], row.get(f"{n}#")) for n in range(place.column)]
            yield [*values, answer.result, answer.sentence]


def _typed(text: str | None, kind: int | None) -> Any:
    """A cell as a workbook types it; what would lose digits or was never a value stays text."""
    if text is None or kind is None:
        return text
    try:
        if kind == Kind.NUMBER:
            return Decimal(text)
        if kind == Kind.DATE:
            return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except (ValueError, ArithmeticError):
        return text
    return text == "true" if kind == Kind.BOOLEAN else text
