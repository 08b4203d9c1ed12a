"""The first sheet of the SLA workbook: the three levels against their targets, charts, remarks."""

from math import isnan
from typing import TYPE_CHECKING, Any

from sfsync.reports import sla_words as words
from sfsync.reports.book import DARK, RULE, SHARE, WHOLE, dress_heading, font, legal, set_page
from sfsync.reports.sla import SlaReport, rows_of
from sfsync.reports.sla_book_sheets import POINTS, TIMES, colour
from sfsync.reports.sla_settings import SLAS
from sfsync.reports.svg import span_of

if TYPE_CHECKING:
    from openpyxl.chart import BarChart, LineChart
    from openpyxl.worksheet.worksheet import Worksheet

_HEADINGS = ("Level", "Share", "Target", "", "Points", "Mean time", "Met", "Of", "Open", "What it takes")
_WIDTHS = (18, 11, 10, 11, 11, 12, 11, 11, 11, 62)
_LINES = ("1F5FA8", "1B7F5C", "8A5BA6")


def fill_summary(
    sheet: "Worksheet",
    report: SlaReport,
    months: "Worksheet",
    times: "Worksheet",
    *,
    title: str,
    dealer: str | None,
) -> None:
    """Fill the sheet; ``months`` and ``times`` hold the figures of its charts."""
    sheet["A1"], sheet["A2"] = title, legal(words.heading(report, words.as_of(report), dealer))
    sheet["A1"].font = font(size=18, bold=True, color=DARK)
    sheet["A2"].font = font(size=10, italic=True, color="666666")
    _levels(sheet, report)
    for place, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHIJ"[place]].width = width
    if report.months["leads"].any():
        sheet.add_chart(_trend(months, report), "A10")
    if report.figures["leads"]:
        sheet.add_chart(_columns(times, report), "G10")
    row = 32
    for remark in words.remarks(report):
        sheet.cell(row, 1, legal(remark)).font = font(size=10, color="666666")
        row += 1
    sheet.sheet_view.showGridLines = False
    set_page(sheet)


def _levels(sheet: "Worksheet", report: SlaReport) -> None:
    from openpyxl.styles import Alignment, Border, Side

    for column, heading in enumerate(_HEADINGS, 1):
        sheet.cell(4, column, heading)
    dress_heading(sheet, 4, len(_HEADINGS))
    sheet.cell(4, 4).alignment = sheet.cell(4, 10).alignment = Alignment(horizontal="left", indent=1)
    formats = ("", SHARE, "0%", "", POINTS, "", WHOLE, WHOLE, WHOLE, "")
    for number, sla in enumerate(SLAS):
        row = 5 + number
        for column, value in enumerate(_level(report, sla), 1):
            cell = sheet.cell(row, column, value)
            cell.font = font(bold=column <= 2, size=12 if column <= 2 else 11)
            cell.border = Border(bottom=Side(style="thin", color=RULE))
            left = column in {1, 4, 10}
            cell.alignment = Alignment(
                horizontal="left" if left else "right", vertical="center", indent=int(column in {4, 10})
            )
            cell.number_format = formats[column - 1] or "General"
        sheet.cell(row, 6).number_format = TIMES[sla]
        sheet.row_dimensions[row].height = 22
        colour(sheet, f"B{row}:B{row}", report.settings.targets[sla])


def _level(report: SlaReport, sla: str) -> list[Any]:
    row, aim = report.figures, report.settings.targets[sla]
    good = words.met(float(row[f"{sla}_share"]), aim)
    figures = [row[f"{sla}_share"], row[f"{sla}_trend"], row[f"{sla}_hours"] / 24]
    share, trend, time = (None if isnan(value) else value for value in figures)
    verdict = "" if good is None else "on target" if good else "below"
    counts = [row[f"{sla}_{part}"] for part in ("met", "n", "open")]
    return [words.NAMES[sla], share, aim, verdict, trend, time, *counts, words.rule(sla, report.settings)]


def _trend(months: "Worksheet", report: SlaReport) -> "LineChart":
    """The shares of the three levels by month."""
    from openpyxl.chart import LineChart, Reference, Series

    chart = LineChart()
    chart.title = _title("Month by month")
    last = len(report.months) + 1
    headings = [cell.value for cell in months[1]]
    for sla, ink in zip(SLAS, _LINES, strict=True):
        column = headings.index(words.NAMES[sla]) + 1
        aim = words.target(report.settings.targets[sla])
        series = Series(
            Reference(months, min_col=column, min_row=2, max_row=last),
            title=f"{words.NAMES[sla]} (target {aim})",
        )
        series.graphicalProperties.line.solidFill = ink
        series.graphicalProperties.line.width = 28_000  # in English metric units, 12,700 to the point
        series.marker.symbol, series.marker.size, series.smooth = "circle", 7, False
        series.marker.graphicalProperties.solidFill = ink
        series.marker.graphicalProperties.line.solidFill = ink
        chart.series.append(series)
    chart.set_categories(Reference(months, min_col=1, min_row=2, max_row=last))
    shares = [float(row[f"{sla}_share"]) for _, row in rows_of(report.months) for sla in SLAS]
    low, high = span_of([*shares, *report.settings.targets.values()])
    chart.y_axis.numFmt, chart.y_axis.scaling.min, chart.y_axis.scaling.max = "0%", low, high
    chart.y_axis.majorUnit = 0.2
    _finish(chart, 17.5)
    return chart


def _columns(times: "Worksheet", report: SlaReport) -> "BarChart":
    """Leads by the time to their first contact, a colour for each kind."""
    from openpyxl.chart import BarChart, Reference

    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 40
    chart.title = _title("Time to first contact, leads")
    kinds, last = len(report.times.columns), len(report.times) + 1
    chart.add_data(
        Reference(times, min_col=2, max_col=kinds + 1, min_row=1, max_row=last), titles_from_data=True
    )
    chart.set_categories(Reference(times, min_col=1, min_row=2, max_row=last))
    for series, ink in zip(chart.series, ("1F5FA8", "9DBBDD", "8A97A8") * 4, strict=False):
        series.graphicalProperties.solidFill = ink
        series.graphicalProperties.line.solidFill = ink
    chart.y_axis.numFmt = WHOLE
    _finish(chart, 20.5)
    return chart


def _finish(chart: Any, width: float) -> None:
    """Axes that are shown, thin lines, a title no louder than the table's."""
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.drawing.line import LineProperties

    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E3E7EC"))
    chart.y_axis.delete = chart.x_axis.delete = False
    chart.legend.position = "b"
    chart.width, chart.height = width, 10


def _title(text: str) -> Any:
    from openpyxl.chart.text import RichText, Text
    from openpyxl.chart.title import Title
    from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun

    looks = CharacterProperties(sz=1300, b=True, solidFill=DARK)
    line = Paragraph(pPr=ParagraphProperties(defRPr=looks), r=[RegularTextRun(rPr=looks, t=text)])
    return Title(tx=Text(rich=RichText(p=[line])), overlay=False)
