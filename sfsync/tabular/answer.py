"""The partner's own file back, with *Result*, *Reason*, *Field* and *Suggestion* for every row that was read.

A workbook keeps its sheets, order, headings and styles; formulas become their values, so that the file can be sent
in again as it is and runs nothing. CSV comes back as CSV in the same encoding. What openpyxl cannot annotate (.xls,
.xlsb, .ods, HTML, JSON) comes back as a plain workbook of the same rows. The four columns are in the partner's
language; when the file comes in again they are found (``answered``) and overwritten, in whatever language they are.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cells import Kind, fold
from sfsync.languages.heads import DEFAULT, HEADS, Head
from sfsync.records import Bucket
from sfsync.tabular.answer_cells import Answer, Place
from sfsync.tabular.answer_text import annotate_text
from sfsync.tabular.answered import WIDTH, find_answer, headings
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.sheets import fill
from sfsync.tabular.write import WORKBOOKS, replacing, write_table

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_GOOD = frozenset({Bucket.APPLIED, Bucket.UNCHANGED})
_ATTENTION = "FFF2CC"  # light amber, readable when printed
_ANNOTATED = {"xlsx", "xlsm"}
_WIDTHS = (14, 75, 22, 40)
_LARGE = 1_000_000
"""Cells from which a workbook is written anew: openpyxl holds about 50 bytes a character of a loaded one."""


def answer_suffix(table: Table) -> str:
    """The suffix of the answer to a file of this kind, unless the caller wants another: .csv, .xlsm or .xlsx."""
    return {"csv": ".csv", "xlsm": ".xlsm"}.get(table.format, ".xlsx")


def write_answer(
    source: Path,
    table: Table,
    results: Mapping[int, Answer],
    out: Path,
    *,
    head: Head = HEADS[DEFAULT],
    wanted: Collection[str] = (),
) -> None:
    """Write the answer to ``source`` at ``out``; ``results`` by row number, as the table counts rows.

    The ending of ``out`` decides: .xlsx (.xlsm to keep macros) is a workbook, everything else is text. The columns
    of an earlier answer are overwritten, not added again. ``head`` is the language of headings and results;
    ``wanted`` are the folded headings that the mapping knows: ours are then called otherwise.
    """
    place = _place(table, head, wanted)
    as_workbook = out.suffix.lower() in WORKBOOKS
    if table.format == "csv" and not as_workbook:
        annotate_text(source, table, results, place, out)
    elif table.format in _ANNOTATED and as_workbook and _cells(table) <= _LARGE:
        _annotate_workbook(source, table, results, place, out)
    else:
        rows = _rewritten(table, results, place)
        write_table(out, place.put(table.columns, place.headings), rows, sheet=table.sheet or "Sheet1")


def partner_columns(table: Table) -> tuple[str, ...]:
    """The headings in their places, those of an earlier answer of ours left empty."""
    return _without(table, _earlier(table))


def _without(table: Table, earlier: tuple[int, Head] | None) -> tuple[str, ...]:
    if earlier is None:
        return table.columns
    return (*table.columns[: earlier[0]], *[""] * WIDTH, *table.columns[earlier[0] + WIDTH :])


def _place(table: Table, head: Head, wanted: Collection[str]) -> Place:
    earlier = _earlier(table)
    taken = {fold(column) for column in _without(table, earlier)} | set(wanted)
    called = headings(head, taken)
    if earlier is None:
        return Place(
            len(table.columns), there=False, headings=called, results=head.results, words=frozenset()
        )
    return Place(
        earlier[0],
        there=True,
        headings=called,
        results=head.results,
        words=frozenset(earlier[1].results.values()),
    )


def _earlier(table: Table) -> tuple[int, Head] | None:
    """Where an earlier answer of ours stands: the headings alone do not tell, a partner may use such words too."""
    found = find_answer(table.columns)
    if found is None:
        return None
    column, head = found
    words = {fold(word) for word in head.results.values()}
    seen = {
        fold(str(word))
        for frame in table.source(Notes())
        for word in frame[str(column)].drop_nulls().unique()
    }
    return found if seen and seen <= words else None


def _cells(table: Table) -> int:
    return sum(frame.height for frame in table.source(Notes())) * len(table.columns)


def _annotate_workbook(
    source: Path, table: Table, results: Mapping[int, Answer], place: Place, out: Path
) -> None:
    import openpyxl
    from openpyxl.styles import PatternFill

    macros = out.suffix.lower() == ".xlsm" and table.format == "xlsm"
    # As a stream: by its path openpyxl would refuse a workbook that somebody named .csv.
    with source.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions that openpyxl does not keep
        book = openpyxl.load_workbook(stream, data_only=True, keep_vba=macros, keep_links=False)
    page = book[table.sheet or book.sheetnames[0]]
    attention = PatternFill("solid", fgColor=_ATTENTION)
    columns = {fold(column): position for position, column in enumerate(table.columns)}
    _head(page, table, place)
    for row, column in _without_value(table):
        page.cell(row, column + 1).value = "#N/A"  # an empty cell would pass when the answer comes in again
    for row, answer in results.items():
        good = answer.result in _GOOD
        for position, text in enumerate(place.cells(answer), start=place.column + 1):
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


def _head(page: "Worksheet", table: Table, place: Place) -> None:
    from openpyxl.utils import get_column_letter

    before = page.cell(table.header_row, max(place.column, 1))
    for merged in list(page.merged_cells.ranges):  # a title may be merged over the place of our columns
        if merged.max_col > place.column and merged.max_row >= table.header_row and not place.there:
            page.unmerge_cells(merged.coord)
    for position, heading in enumerate(place.headings, start=place.column + 1):
        cell = page.cell(table.header_row, position)
        fill(cell, heading)
        for style in ("font", "fill", "border", "alignment"):
            setattr(cell, style, copy(getattr(before, style)))
        page.column_dimensions[get_column_letter(position)].width = _WIDTHS[position - place.column - 1]


def _rewritten(table: Table, results: Mapping[int, Answer], place: Place) -> Iterator[list[Any]]:
    nothing = Answer("")
    for frame in table.source(Notes()):
        for row in frame.iter_rows(named=True):
            answer = results.get(row["row"], nothing)
            values = [_typed(row[str(n)], row.get(f"{n}#")) for n in range(len(table.columns))]
            yield place.put(values, place.cells(answer))


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
