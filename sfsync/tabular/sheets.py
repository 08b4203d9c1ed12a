"""Writes workbooks row by row, in memory that does not grow with them, and goes on where a sheet is full.

Text is text: typed as such and formatted as text, so that no value becomes a formula, a link, a number or a date.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

TEXT_FORMAT = "@"
MOMENT_FORMAT = "yyyy-mm-dd hh:mm:ss"
LONGEST_TEXT = 32_767
"""Characters that an Excel cell holds (Excel specifications and limits)."""
MOST_ROWS = 1_048_575
"""Rows of a sheet below its header row (Excel specifications and limits)."""

CHOICES = "Lists"
"""The hidden sheet with the words that cells are chosen from."""
_SPARE = 500
"""Empty rows below the table in which the words are offered too."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAMELESS = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME = 31  # characters of a sheet's name
_WIDEST = 60
_SAMPLE = 200  # rows by which a column's width is chosen
_EXCEL_BEGINS = date(1900, 3, 1)
_EXACT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Style:
    """How a workbook looks. Colours are RGB in hex; ``widths`` (characters) and ``formats`` (Excel's) by column."""

    bold: bool = True
    fill: str = ""
    color: str = ""
    widths: Sequence[float | None] = ()
    formats: Sequence[str | None] = ()


PLAIN = Style()


def write_book(
    target: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    sheet: str,
    *,
    style: Style = PLAIN,
    most: int = MOST_ROWS,
    choices: Mapping[int, Sequence[str]] | None = None,
) -> int:
    """Write a workbook with a frozen, filtered header on each sheet; the number of its rows.

    After ``most`` rows a further sheet begins, called ``sheet 2``. Values and ``choices``: see ``write``.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    left, count, number = iter(rows), 0, 0
    while True:
        first = list(islice(left, min(_SAMPLE, most)))
        if not first and number:
            break
        number += 1
        page = book.create_sheet(sheet_name(sheet, number))
        filled = _fill_page(page, columns, chain(first, islice(left, most - len(first))), first, style)
        if choices:
            _offer(page, choices, filled)
        count += filled
    if choices:
        _list_words(book, choices)
    book.save(target)
    return count


def sheet_name(name: str, number: int = 1) -> str:
    """A name that Excel takes for a sheet: no forbidden characters, at most 31, with a number after the first."""
    suffix = f" {number}" if number > 1 else ""
    plain = _NAMELESS.sub(" ", name).strip("' ") or "Sheet1"
    return plain[: _LONGEST_NAME - len(suffix)] + suffix


def _fill_page(
    page: Any,  # a WriteOnlyWorksheet; its stubs lack half of it
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    sample: Sequence[Sequence[Any]],
    style: Style,
) -> int:
    from openpyxl.utils import get_column_letter

    for position, width in enumerate(_widths(columns, sample, style), start=1):
        page.column_dimensions[get_column_letter(position)].width = width
    page.freeze_panes = "A2"
    page.append(_header(page, columns, style))
    formats = [*style.formats, *([None] * (len(columns) - len(style.formats)))]
    pens = [_Pen(page, wanted) for wanted in formats]
    spare: list[_Pen] = []
    count = 0
    for row in rows:
        while len(row) > len(pens) + len(spare):
            spare.append(_Pen(page, None))
        page.append([pen(value) for pen, value in zip([*pens, *spare], row, strict=False)])
        count += 1
    page.auto_filter.ref = f"A1:{get_column_letter(max(len(columns), 1))}{count + 1}"
    return count


def _offer(page: Any, choices: Mapping[int, Sequence[str]], rows: int) -> None:
    """Let cells be chosen from words, which stand in a hidden sheet: a list inside a rule ends at 255 characters.

    Other words are accepted too, with a warning: whoever reads the file says what is wrong with them.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for place, (position, words) in enumerate(choices.items(), start=1):
        source, target = get_column_letter(place), get_column_letter(position + 1)
        rule = DataValidation("list", f"={CHOICES}!${source}$1:${source}${len(words)}", allow_blank=True)
        rule.errorStyle = "warning"
        rule.add(f"{target}2:{target}{min(rows + 1 + _SPARE, MOST_ROWS + 1)}")
        page.data_validations.append(rule)


def _list_words(book: "Workbook", choices: Mapping[int, Sequence[str]]) -> None:
    lists: Any = book.create_sheet(CHOICES)
    lists.sheet_state = "hidden"
    pens = [_Pen(lists, None) for _ in choices]
    for row in zip_longest(*choices.values()):
        lists.append([pen(word) for pen, word in zip(pens, row, strict=True)])


def _header(page: "WriteOnlyWorksheet", columns: Sequence[str], style: Style) -> "list[Cell]":
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill

    font = Font(bold=style.bold, color=style.color or None)
    fill_ = PatternFill("solid", start_color=style.fill) if style.fill else None
    header = []
    for column in columns:
        cell = WriteOnlyCell(page)
        fill(cell, column)
        cell.font = font
        if fill_ is not None:
            cell.fill = fill_
        header.append(cell)
    return header


def _widths(columns: Sequence[str], sample: Sequence[Sequence[Any]], style: Style) -> Iterator[float]:
    for position, column in enumerate(columns):
        chosen = style.widths[position] if position < len(style.widths) else None
        shown = (as_text(row[position]) for row in sample if position < len(row))
        yield chosen or min(_WIDEST, max([len(column), *map(len, shown)]) + 3)


class _Pen:
    """Writes the cells of one column, each kind of value with one cell that is used again and again.

    openpyxl writes a cell at once and forgets it; making a styled one for each value takes most of the time.
    """

    def __init__(self, page: "WriteOnlyWorksheet", wanted: str | None) -> None:
        from openpyxl.cell import WriteOnlyCell

        def cell(number_format: str | None) -> "Cell":
            made: Cell = WriteOnlyCell(page)
            if number_format is not None:
                made.number_format = number_format
            return made

        self._text, self._plain = cell(TEXT_FORMAT), cell(wanted)
        self._moment, self._date = cell(wanted or MOMENT_FORMAT), cell(wanted or "yyyy-mm-dd")
        self._bool, self._time = cell(None), cell(wanted or "hh:mm:ss")

    def __call__(self, value: Any) -> "Cell | None":
        value = fitting(value)
        if value is None:
            return None
        if isinstance(value, str):
            self._text.value = value
            self._text.data_type = "s"  # openpyxl takes "=…" for a formula and "#N/A" for an error
            return self._text
        chosen = self._choose(value)
        chosen.value = value
        return chosen

    def _choose(self, value: Any) -> "Cell":
        if isinstance(value, bool):
            return self._bool
        if isinstance(value, datetime):
            return self._moment
        if isinstance(value, date):
            return self._date
        return self._time if isinstance(value, time) else self._plain


def fill(cell: Any, value: Any) -> None:
    """Put a value into an openpyxl cell: text as text, numbers and dates typed where Excel keeps them exactly."""
    value = fitting(value)
    cell.value = value
    if isinstance(value, datetime):
        cell.number_format = MOMENT_FORMAT
    if isinstance(value, str):
        cell.data_type = "s"  # as above
        cell.number_format = TEXT_FORMAT


def fitting(value: Any) -> Any:
    """The value as Excel keeps it exactly: what it cannot keep so becomes text, and text loses what no cell holds."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date) and (value.date() if isinstance(value, datetime) else value) < _EXCEL_BEGINS:
        value = value.isoformat()
    if isinstance(value, int | Decimal) and _digits(value) > _EXACT_DIGITS:
        value = as_text(value)
    if isinstance(value, int | float | Decimal | date | time):
        return value
    text = _ILLEGAL.sub("\ufffd", str(value))
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


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


def _digits(value: int | Decimal) -> int:
    return len(Decimal(value).as_tuple().digits)
