"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): the right sheet, typed cells, and what calamine cannot tell.

calamine gives an error cell, and a formula saved without its result, as an empty cell. Both are looked up in the
sheet's own part (``sheet_xml``, ``xlsb``, ``biff``, ``ods``): an empty cell and an unknown value are not the same.
Hidden sheets are read only when named; hidden rows and columns are data. Macros are never run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cells import Kind, fold
from sfsync.errors import FileRefused
from sfsync.tabular.calm import calm
from sfsync.tabular.collector import no_collecting
from sfsync.tabular.extent import Extent
from sfsync.tabular.frames import Value
from sfsync.tabular.guards import Form, check_columns
from sfsync.tabular.header import LOOK_AT, Header, Merged, find_header, no_header
from sfsync.tabular.model import Cell, Hints, Table
from sfsync.tabular.sheet_columns import Special, blocks
from sfsync.tabular.skipping import without_skipped

if TYPE_CHECKING:
    import polars as pl
    from python_calamine import CalamineWorkbook

_LAST_DAY_IN_DOUBT = date(1900, 2, 28)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that could be meant: its rows from the top (0-based), and its header."""

    name: str
    rows: list[list[Any]]
    header: Header


def open_workbook(path: Path, form: Form, hints: Hints, extents: Mapping[str, Extent]) -> Table:
    """Open a workbook; ``extents``: how far the sheets of an .xlsx reach, as ``recognise_form`` found it.

    Raises FileRefused: encrypted, truncated, no_sheet, ambiguous_sheet, unreadable_columns.
    """
    specials: dict[str, Special] = {}
    if form is Form.ODS:
        from sfsync.tabular.ods import special_cells

        specials.update(special_cells(path))
    elif form is Form.XLS:
        from sfsync.tabular.biff import check_sheets

        check_sheets(path)
    book = _load(path)
    names = _candidates(path, book, hints)
    found: list[Sheet] = []
    for name in names:
        if form is not Form.ODS:
            specials[name] = _special(path, form, name, extents)
        sheet = _sheet(path, book, name, hints, specials.get(name, {}), repair=form is Form.XLS)
        if sheet is not None:
            found.append(sheet)
    if not found and hints.header_row is not None:
        raise no_header(
            path.name, hints.header_row, f" on sheet {names[0]!r}" if len(names) == 1 else " on any sheet"
        )
    if not found:
        raise FileRefused(path.name, "empty_file", "the workbook is empty: no visible sheet holds anything.")
    sheet = _chosen(path, found)
    check_columns(path.name, len(sheet.header.columns))
    first = sheet.header.index + 1

    special = specials.get(sheet.name, {})
    held: list[pl.DataFrame] = []

    def frames() -> "Iterator[pl.DataFrame]":
        """The frames, made once; from then on they are held and the rows are not."""
        if sheet.rows:
            made = blocks(
                sheet.rows, first, columns, special, lambda one: _cell(one, epoch_1900=form is not Form.ODS)
            )
            with no_collecting():
                held.extend(made)
            sheet.rows.clear()
        return iter(held)

    columns = len(sheet.header.columns)
    return Table(
        file=path.name,
        format=_format(path, form),
        columns=sheet.header.columns,
        header_row=sheet.header.index + 1,
        header_rows=tuple(range(sheet.header.first + 1, sheet.header.index + 2)),
        source=lambda notes: without_skipped(frames(), columns, notes),
        sheet=sheet.name,
        date1904=_date1904(path, form),
    )


def _date1904(path: Path, form: Form) -> bool:
    if form is Form.XLSX:
        from sfsync.tabular.sheet_xml import date1904

        return date1904(path)
    if form is Form.XLSB:
        from sfsync.tabular.xlsb import date1904 as date1904_of_xlsb

        return date1904_of_xlsb(path)
    if form is Form.XLS:
        from sfsync.tabular.biff import date1904 as date1904_of_xls

        return date1904_of_xls(path)
    return False


def _format(path: Path, form: Form) -> str:
    return "xlsm" if form is Form.XLSX and path.suffix.lower() in {".xlsm", ".xltm"} else form.value


def _load(path: Path) -> "CalamineWorkbook":
    import python_calamine

    with calm(path):
        return python_calamine.load_workbook(path)


def _candidates(path: Path, book: "CalamineWorkbook", hints: Hints) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    if hints.sheet is not None:
        named = [sheet.name for sheet in sheets if fold(sheet.name) == fold(hints.sheet)]
        if not named:
            visible = ", ".join(s.name for s in sheets if s.visible is SheetVisibleEnum.Visible)
            raise FileRefused(
                path.name, "no_sheet", f"there is no sheet {hints.sheet!r}; the visible ones are: {visible}."
            )
        return named
    return [sheet.name for sheet in sheets if sheet.visible is SheetVisibleEnum.Visible]


def _special(path: Path, form: Form, name: str, extents: Mapping[str, Extent]) -> Special:
    if form is Form.XLSX:
        from sfsync.tabular.sheet_xml import special_cells

        return special_cells(path, name, extents)
    if form is Form.XLSB:
        from sfsync.tabular.xlsb import special_cells as special_cells_of_xlsb

        return special_cells_of_xlsb(path, name)
    from sfsync.tabular.biff import special_cells as special_cells_of_xls

    return special_cells_of_xls(path, name)


def _sheet(
    path: Path, book: "CalamineWorkbook", name: str, hints: Hints, special: Special, *, repair: bool
) -> Sheet | None:
    with calm(path), no_collecting():
        sheet = book.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
        ranges = sheet.merged_cell_ranges or []
    if repair:
        _repair(path, rows)
    top = [
        [
            cell.text if isinstance(cell, Cell) else cell or ""
            for cell in _cells(index, row, special, epoch_1900=False)
        ]
        for index, row in enumerate(rows[:LOOK_AT])
    ]
    fixed = None if hints.header_row is None else hints.header_row - 1
    merged: Merged = {
        (top_row, left): (bottom - top_row + 1, right - left + 1)
        for (top_row, left), (bottom, right) in ranges
        if top_row < LOOK_AT
    }
    header = find_header(top, hints.wanted, fixed, merged)
    if header is None:
        return None
    return Sheet(name, rows, _trimmed(header, rows))


def _trimmed(header: Header, rows: Sequence[Sequence[Any]]) -> Header:
    """The header without columns at the right that have neither heading nor values (only a format, often)."""
    columns = list(header.columns)
    while len(columns) > 1 and not columns[-1].strip():
        position = len(columns) - 1
        if any(position < len(row) and row[position] != "" for row in rows[header.index + 1 :]):
            break
        columns.pop()
    return Header(header.first, header.index, tuple(columns), header.matched)


def _chosen(path: Path, sheets: Sequence[Sheet]) -> Sheet:
    """The sheet that holds most of the wanted headings; without those, the one with most cells."""
    best = max(sheet.header.matched for sheet in sheets)
    if not best:
        return max(
            sheets, key=lambda sheet: len(sheet.header.columns) * (len(sheet.rows) - sheet.header.index)
        )
    matching = [sheet for sheet in sheets if sheet.header.matched == best]
    with_rows = [sheet for sheet in matching if len(sheet.rows) > sheet.header.index + 1]
    if len(with_rows) > 1 and best > 1:
        names = " and ".join(repr(sheet.name) for sheet in with_rows)
        raise FileRefused(
            path.name,
            "ambiguous_sheet",
            f"the sheets {names} have the same headings, and both hold rows; only one can be meant.",
            hint="Leave one of them in the file, or name the sheet in the mapping.",
        )
    return (with_rows or matching)[0]


def _repair(path: Path, rows: list[list[Any]]) -> None:
    """Undo a mistake of calamine with some .xls files: UTF-16 text read as one character per byte."""
    if not any(isinstance(value, str) and "\0" in value for row in rows for value in row):
        return
    for row in rows:
        for position, value in enumerate(row):
            if isinstance(value, str) and value:
                row[position] = _widened(path, value)


def _widened(path: Path, text: str) -> str:
    if "\0" not in text and text.isascii() and text.isprintable():
        return text
    for codec in ("cp1252", "latin-1"):
        try:
            return text.encode(codec).decode("utf-16-le")
        except UnicodeError:
            continue
    raise FileRefused(
        path.name,
        "unreadable_text",
        "some texts of this old .xls file cannot be read safely.",
        hint="Open it in Excel and save it as .xlsx.",
    )


def _cells(index: int, row: Sequence[Any], special: Special, *, epoch_1900: bool) -> list[Value]:
    cells = [_cell(value, epoch_1900=epoch_1900) for value in row]
    for column, cell in special.get(index, {}).items():
        cells.extend([None] * (column + 1 - len(cells)))
        if cells[column] is None or cell.kind is Kind.ERROR:  # calamine gives some errors as text
            cells[column] = cell
    return cells


def _cell(value: Any, *, epoch_1900: bool) -> Value:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return Cell("true" if value else "false", Kind.BOOLEAN)
    if isinstance(value, int | float):
        return Cell(plain_number(value), Kind.NUMBER)
    if isinstance(value, datetime):
        return Cell(_rounded(value).isoformat(), Kind.DATE)
    if isinstance(value, date):
        # Excel's serial 60 is 29 February 1900, a day that never was; calamine gives the day before.
        text = "1900-02-29" if epoch_1900 and value == _LAST_DAY_IN_DOUBT else value.isoformat()
        return Cell(text, Kind.DATE)
    if isinstance(value, time):
        return Cell(value.replace(microsecond=0).isoformat(), Kind.TIME)
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return Cell(f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}", Kind.TIME)
    return str(value)


def plain_number(value: float | Decimal) -> str:
    """A number in plain decimals: no exponent, no zeros after the point, as many digits as it really has."""
    text = format(Decimal(repr(value) if isinstance(value, float) else value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text


def _rounded(moment: datetime) -> datetime:
    """To the second: a serial is a float, and 10:00 may come as 09:59:59.999."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
