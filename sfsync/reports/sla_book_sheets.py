"""Sheets of the SLA workbook that are tables: dealers, kinds, months, all by each other, times, leads that missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isnan
from typing import TYPE_CHECKING, Any

from sfsync.reports import sla_words as words
from sfsync.reports.book import SHARE, WHOLE, dress_heading, legal, set_page
from sfsync.reports.sla import SlaReport, rows_of
from sfsync.reports.sla_settings import FIRST_CONTACT, FULLY_MANAGED, MANAGEMENT, SLAS

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet


POINTS, HOURS, DAYS, WHEN = '+0.0%;-0.0%;"="0.0%', "[h]:mm", '0.0" d"', "yyyy-mm-dd hh:mm"
TIMES = {FIRST_CONTACT: HOURS, MANAGEMENT: DAYS, FULLY_MANAGED: DAYS}
_GOOD, _BAD = ("1B7F5C", "E3F3EC"), ("B34E14", "FBEADF")


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    format: str = ""
    width: float = 12
    target: float | None = None


def add_dealers(book: "Workbook", report: SlaReport) -> None:
    columns = [_Column("Dealer"), _Column("Name", width=30), *_columns(report, trend=True)]
    rows = ([str(code), str(row["dealer_name"]), *_figures(row)] for code, row in rows_of(report.dealers))
    _sheet(book, "Dealers", columns, rows)


def add_kinds(book: "Workbook", report: SlaReport) -> None:
    columns = [_Column("Lead kind", width=20), *_columns(report, trend=True)]
    _sheet(book, "Lead kinds", columns, ([str(kind), *_figures(row)] for kind, row in rows_of(report.kinds)))


def add_months(book: "Workbook", report: SlaReport) -> "Worksheet":
    columns = [_Column("Month"), *_columns(report, trend=False)]
    rows = ([str(month), *_figures(row)] for month, row in rows_of(report.months))
    return _sheet(book, "Months", columns, rows)


def add_cube(book: "Workbook", report: SlaReport) -> None:
    """Every month, dealer and kind by each other, to filter and pivot."""
    columns = [
        _Column("Month"),
        _Column("Dealer"),
        _Column("Lead kind", width=20),
        *_columns(report, trend=False),
    ]
    rows = ([*map(str, names), *_figures(row)] for names, row in rows_of(report.cube))
    _sheet(book, "Month dealer kind", columns, rows)


def _columns(report: SlaReport, *, trend: bool) -> list[_Column]:
    found = [_Column("Leads", WHOLE)]
    for sla in SLAS:
        name = words.NAMES[sla]
        found.append(_Column(name, SHARE, 14, target=report.settings.targets[sla]))
        found += [_Column(f"{name}: points", POINTS, 14)] if trend else []
        found += [_Column(f"{name}: mean time", TIMES[sla], 14), _Column(f"{name}: met", WHOLE, 14)]
        found += [_Column(f"{name}: of", WHOLE, 14)]
    return found


def _figures(row: dict[str, Any]) -> list[Any]:
    found: list[Any] = [row["leads"]]
    for sla in SLAS:
        found.append(_number(row[f"{sla}_share"]))
        found += [_number(row[f"{sla}_trend"])] if f"{sla}_trend" in row else []
        found += [_number(row[f"{sla}_hours"] / 24), row[f"{sla}_met"], row[f"{sla}_n"]]
    return found


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def add_times(book: "Workbook", report: SlaReport) -> "Worksheet":
    kinds = [str(kind) for kind in report.times.columns]
    columns = [
        _Column("First contact", width=16),
        *(_Column(kind, WHOLE, 18) for kind in kinds),
        _Column("All leads", WHOLE),
    ]
    rows = [[str(step), *row.values(), sum(row.values())] for step, row in rows_of(report.times)]
    return _sheet(book, "First contact times", columns, rows)


def add_outside(book: "Workbook", report: SlaReport) -> None:
    """A row for each lead and level that it missed."""
    hour = timedelta(hours=1)
    columns = [
        _Column("Lead", width=14),
        _Column("Dealer"),
        _Column("Name", width=30),
        _Column("Lead kind", width=20),
        _Column("Level", width=16),
        _Column("Assigned (dealer's time)", WHEN, 20),
        _Column("Time taken", HOURS, 14),
        _Column("Over the limit by", HOURS, 16),
    ]
    rows = (
        [
            row["lead"],
            row["dealer"],
            row["dealer_name"],
            row["kind"],
            words.NAMES[row["sla"]],
            row["assigned_local"].to_pydatetime(),
            "not yet" if isnan(row["taken"] / hour) else row["taken"].to_pytimedelta(),
            row["over"].to_pytimedelta(),
        ]
        for _, row in rows_of(report.outside)
    )
    _sheet(book, "Leads outside the SLA", columns, rows)


def _sheet(
    book: "Workbook", name: str, columns: Sequence[_Column], rows: Iterable[Sequence[Any]]
) -> "Worksheet":
    """A sheet with a heading that stays in sight, filters, and a format for each column."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    sheet: Worksheet = book.create_sheet(name)
    for number, column in enumerate(columns, 1):
        sheet.cell(1, number, column.heading)
    dress_heading(sheet, 1, len(columns), left=sum(not column.format for column in columns))
    sheet.row_dimensions[1].height = 32
    right, last = Alignment(horizontal="right"), 1
    for last, row in enumerate(rows, 2):
        # Only what differs from the book's own style is set: there may be a hundred thousand rows.
        for number, (value, column) in enumerate(zip(row, columns, strict=True), 1):
            if isinstance(value, str):
                cell = sheet.cell(last, number, legal(value))
                if column.format:
                    cell.alignment = right
            elif value is not None:
                sheet.cell(last, number, value).number_format = column.format
    for number, column in enumerate(columns, 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        if column.target is not None and last > 1:
            colour(sheet, f"{letter}2:{letter}{last}", column.target)
    sheet.freeze_panes = "B2"
    if last > 1:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"
    set_page(sheet, repeat="1:1")
    return sheet


def colour(sheet: "Worksheet", cells: str, target: float) -> None:
    """Green from the target on, orange below; empty cells stay as they are."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import Font, PatternFill

    first = cells.partition(":")[0]
    # Shares are quotients: a target that is met exactly may be a hair below it in floating point.
    for sign, (ink, paper) in ((">=", _GOOD), ("<", _BAD)):
        formula = f"AND(ISNUMBER({first}),{first}{sign}{target - 1e-9!r})"
        fill = PatternFill("solid", bgColor=paper)
        rule = FormulaRule([formula], font=Font(color=ink), fill=fill)  # type: ignore[no-untyped-call]  # its stubs
        sheet.conditional_formatting.add(cells, rule)
