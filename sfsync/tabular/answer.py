"""The partner's own file back, with *Result*, *Reason*, *Field* and *Suggestion* for every row that was read.

A workbook keeps its sheets, order, headings and styles; formulas become their values, so that the file can be sent
in again as it is and runs nothing. CSV comes back as CSV in the same encoding. Everything else (.xls, .xlsb, .ods,
HTML, JSON, and workbooks that no usual program wrote) comes back as a plain workbook of the same rows. The four
columns are in the partner's language; when the file comes in again they are found (``answered``) and overwritten, in
whatever language they are.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sfsync.cells import Kind, fold
from sfsync.languages.heads import DEFAULT, HEADS, Head
from sfsync.tabular.answer_cells import Answer, Place
from sfsync.tabular.answer_text import annotate_text
from sfsync.tabular.answered import columns_without, earlier_answer, headings
from sfsync.tabular.model import Notes, Table
from sfsync.tabular.write import WORKBOOKS, replacing, write_table

_ANNOTATED = {"xlsx", "xlsm"}


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
        return
    if table.format in _ANNOTATED and as_workbook and _annotated(source, table, results, place, out):
        return
    rows = _rewritten(table, results, place)
    write_table(out, place.put(table.columns, place.headings), rows, sheet=table.sheet or "Sheet1")


def _place(table: Table, head: Head, wanted: Collection[str]) -> Place:
    earlier = earlier_answer(table)
    taken = {fold(column) for column in columns_without(table, earlier)} | set(wanted)
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


def _annotated(source: Path, table: Table, results: Mapping[int, Answer], place: Place, out: Path) -> bool:
    """Write the answer into a copy of the workbook; False when it is too unusual for that."""
    from sfsync.tabular.answer_book import annotate_book
    from sfsync.tabular.answer_sheet import Unusual

    macros = out.suffix.lower() == ".xlsm" and table.format == "xlsm"
    try:
        with replacing(out) as target:
            annotate_book(source, table, results, place, target, macros=macros)
    except Unusual:
        return False
    return True


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
