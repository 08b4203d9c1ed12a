"""The SLA report as a workbook: a summary with charts, then a sheet each for dealers, kinds, months, all of them by
each other, the times to first contact, and the leads that missed a level.

Figures are numbers with formats, times are durations, shares are coloured against their targets by rules, so that
sorting, filtering and calculating on go on working.
"""

from pathlib import Path

from sfsync.reports import sla_book_sheets as sheets
from sfsync.reports.book import keep_text
from sfsync.reports.sla import SlaReport
from sfsync.reports.sla_book_summary import fill_summary


def write_book(report: SlaReport, path: Path, *, title: str, dealer: str | None) -> None:
    """Write the report to ``path`` (.xlsx)."""
    from openpyxl import Workbook

    book = Workbook()
    summary = book.worksheets[0]
    summary.title = "Summary"
    sheets.add_dealers(book, report)
    sheets.add_kinds(book, report)
    months = sheets.add_months(book, report)
    times = sheets.add_times(book, report)
    sheets.add_cube(book, report)
    sheets.add_outside(book, report)
    fill_summary(summary, report, months, times, title=title, dealer=dealer)
    for sheet in book.worksheets:
        keep_text(sheet)
    book.properties.title = title
    book.properties.creator = "sfsync"
    book.save(path)
