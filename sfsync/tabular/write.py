"""Write tables: CSV and .xlsx that no spreadsheet program can be made to run.

Text is text: in a workbook it is typed as such and formatted as text, so that no value becomes a formula, a link, a
number or a date. In CSV a value that a spreadsheet would take for a formula gets an apostrophe in front
(``injection``). A file appears under its name only when it is complete.
"""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sfsync.tabular.injection import harmless

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet
    from openpyxl.worksheet.worksheet import Worksheet

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
TEXT_FORMAT = "@"
LONGEST_TEXT = 32_767
"""Characters that an Excel cell holds (Excel specifications and limits)."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDEST = 60
CHOICES = "Lists"
"""The hidden sheet with the words that cells are chosen from."""
_SPARE = 500
"""Empty rows below the table in which the words are offered too."""
_EXCEL_BEGINS = date(1900, 3, 1)
_EXACT_DIGITS = 15


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    encoding: str = "utf-8",
    bom: bool = True,
    delimiter: str = ",",
    sheet: str = "Sheet1",
    escape: bool = True,
    choices: Mapping[int, Sequence[str]] | None = None,
) -> int:
    """Write a table and return the number of its rows; a ``path`` ending in .xlsx is a workbook, else text.

    Values are str, int, float, Decimal, bool, date, datetime, time or None; a row may be shorter than ``columns``.
    ``bom`` counts for UTF encodings of text files. ``escape=False`` keeps CSV values exactly as they are, for files
    that only programs read. The file replaces an older one in one step.
    """
    with replacing(path) as target:
        if path.suffix.lower() in WORKBOOKS:
            return _write_workbook(target, columns, rows, sheet, choices or {})
        return _write_csv(
            target, columns, rows, encoding=encoding, bom=bom, delimiter=delimiter, escape=escape
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when all went well, and goes away when not."""
    target = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield target
        target.replace(path)
    finally:
        with suppress(FileNotFoundError):
            target.unlink()


def mark(encoding: str, *, bom: bool) -> str:
    """What a text file of this encoding begins with."""
    return (
        "\ufeff"
        if bom and encoding.lower().replace("_", "-").startswith(("utf-8", "utf-16", "utf-32"))
        else ""
    )


def _write_csv(
    target: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    encoding: str,
    bom: bool,
    delimiter: str,
    escape: bool,
) -> int:
    def spoken(value: Any) -> str:
        if isinstance(value, str):
            return harmless(value) if escape else value
        return as_text(value)

    number = 0
    with target.open("w", encoding=encoding, newline="") as stream:
        stream.write(mark(encoding, bom=bom))
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow([spoken(column) for column in columns])
        for row in rows:
            writer.writerow([spoken(value) for value in row])
            number += 1
    return number


def as_text(value: Any) -> str:
    """A value as text files carry it: plain decimals, ISO 8601, true and false, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _write_workbook(
    target: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    sheet: str,
    choices: Mapping[int, Sequence[str]],
) -> int:
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    held = [list(row) for row in rows]
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for position, width in enumerate(_widths(columns, held), start=1):
        page.column_dimensions[get_column_letter(position)].width = width
    page.freeze_panes = "A2"
    page.auto_filter.ref = f"A1:{get_column_letter(max(len(columns), 1))}{len(held) + 1}"
    heading = Font(bold=True)
    header = [_cell(page, column) for column in columns]
    for cell in header:
        cell.font = heading
    page.append(header)
    for row in held:
        page.append([_cell(page, value) for value in row])
    if choices:
        _offer(book, page, choices, len(held))
    book.save(target)
    return len(held)


def _offer(
    book: "Workbook", page: "WriteOnlyWorksheet", choices: Mapping[int, Sequence[str]], rows: int
) -> None:
    """Let cells be chosen from words, which stand in a hidden sheet: a list inside a rule ends at 255 characters.

    Other words are accepted too, with a warning: whoever reads the file says what is wrong with them.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    rules = cast("Worksheet", page).data_validations
    lists = book.create_sheet(CHOICES)
    lists.sheet_state = "hidden"
    columns = list(choices.values())
    for number in range(max(map(len, columns))):
        lists.append([_cell(lists, words[number] if number < len(words) else None) for words in columns])
    for place, (position, words) in enumerate(choices.items(), start=1):
        source = get_column_letter(place)
        rule = DataValidation("list", f"={CHOICES}!${source}$1:${source}${len(words)}", allow_blank=True)
        rule.errorStyle = "warning"
        target = get_column_letter(position + 1)
        rule.add(f"{target}2:{target}{rows + 1 + _SPARE}")
        rules.append(rule)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[int]:
    for position, column in enumerate(columns):
        sample = (as_text(row[position]) for row in rows[:200] if position < len(row))
        yield min(_WIDEST, max([len(column), *map(len, sample)]) + 3)


def _cell(page: "WriteOnlyWorksheet", value: Any) -> "Cell":
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(page)
    fill(cell, value)
    return cell


def fill(cell: Any, value: Any) -> None:
    """Put a value into an openpyxl cell: text as text, numbers and dates typed where Excel keeps them exactly."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date) and (value.date() if isinstance(value, datetime) else value) < _EXCEL_BEGINS:
        value = value.isoformat()
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and _digits(value) > _EXACT_DIGITS:
        value = as_text(value)
    if value is None or isinstance(value, bool | int | float | Decimal | date | time):
        cell.value = value
        if isinstance(value, datetime):
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return
    text = _ILLEGAL.sub("\ufffd", str(value))
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    cell.value = text
    cell.data_type = "s"  # openpyxl takes "=…" for a formula and "#N/A" for an error
    cell.number_format = TEXT_FORMAT


def _digits(value: int | Decimal) -> int:
    return len(Decimal(value).as_tuple().digits)
