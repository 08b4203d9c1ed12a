"""The tally as one workbook: a summary with a chart, then a sheet each for countries, plans and reasons.

Text is written as text: what somebody typed into a form never becomes a formula.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.reports.book import (
    DARK,
    LIGHT,
    MONEY,
    RULE,
    SHARE,
    WHOLE,
    dress_heading,
    font,
    keep_text,
    legal,
    set_page,
)
from sfsync.reports.tally import TOTAL, VERDICTS, Tally

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.worksheet.worksheet import Worksheet

_HEADINGS: Mapping[str, str] = {
    "country": "Country",
    "plan": "Plan",
    "reason": "Reason",
    "step": "Step",
    "number": "Number",
    "share": "Share",
    "submissions": "Submissions",
    **{verdict: verdict.capitalize() for verdict in VERDICTS},
    "orders": "Orders",
    "cards": "Cards ordered",
    "cards_sent": "Cards sent",
    "cards_active": "Cards active",
    "revenue": "Revenue",
}
_PLANS: Mapping[str, str] = {
    "pay_per_use": "Pay per use",
    "basic": "Basic",
    "plus": "Plus",
    "business": "Business",
}
_RARE = ("Failed", "Waiting", "Waiting for intake")
_COLOURS = ("1F3A5F", "3E8E7E", "E0A030", "B5533C", "7A6C9D", "8A97A8")


def write_tally(tally: Tally, path: Path, *, title: str, day: date, note: str = "") -> None:
    """Write the tally to ``path`` (.xlsx). ``note`` says under the title what the figures are of."""
    import pandas as pd

    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        tables = {
            "By country": _readable(tally.countries),
            "By plan": _readable(tally.plans),
            "Revenue": _readable(tally.revenue),
            "Reasons": _readable(tally.reasons),
        }
        _put(writer, "Summary", _readable(tally.funnel), row=4)
        for name, table in tables.items():
            _put(writer, name, table, row=1)
        summary = writer.sheets["Summary"]
        _summary(summary, tally, f"{title}", f"{day.isoformat()}{' · ' if note else ''}{note}")
        for name, table in tables.items():
            sheet = writer.sheets[name]
            sheet.freeze_panes = "B2"
            _dress_table(sheet, 1, table)
            _widths(sheet)
            set_page(sheet, repeat="1:1")
        _chart(summary, writer.sheets["Revenue"], tally.revenue)
        for sheet in writer.sheets.values():
            keep_text(sheet)
        writer.book.properties.title = title
        writer.book.properties.creator = "sfsync"


def _readable(table: "pd.DataFrame") -> "pd.DataFrame":
    shown = table.rename(columns=lambda name: _HEADINGS.get(str(name), _PLANS.get(str(name), str(name))))
    shown = shown.rename(index=lambda name: legal(_PLANS.get(str(name), str(name))))
    columns = [heading for heading in _RARE if heading in shown and not shown[heading].any()]
    rows = [step for step in _RARE if step in shown.index and not shown.loc[step].any()]
    return shown.drop(columns=columns, index=rows).rename_axis(
        index=_HEADINGS.get(str(table.index.name), ""), columns=None
    )


def _put(writer: "pd.ExcelWriter[Any]", sheet: str, table: "pd.DataFrame", *, row: int) -> None:
    table.to_excel(writer, sheet_name=sheet, startrow=row - 1)


def _summary(sheet: "Worksheet", tally: Tally, title: str, note: str) -> None:
    from openpyxl.styles import Alignment

    sheet["A1"], sheet["A2"] = title, note
    sheet["A1"].font = font(size=18, bold=True, color=DARK)
    sheet["A2"].font = font(size=10, italic=True, color="666666")
    shown = _readable(tally.funnel)
    _dress_table(sheet, 4, shown)
    total = tally.countries.loc[TOTAL].to_dict()
    facts = (
        ("Cards ordered", total["cards"], WHOLE),
        ("Cards sent", total["cards_sent"], WHOLE),
        ("Cards active", total["cards_active"], WHOLE),
        ("Revenue", total["revenue"], MONEY),
        ("Revenue per order", total["revenue"] / max(total["orders"], 1), MONEY),
    )
    start = 4 + len(shown) + 2
    for place, (label, figure, form) in enumerate(facts):
        sheet.cell(start + place, 1, label).font = font()
        cell = sheet.cell(start + place, 2, float(figure) if form == MONEY else int(figure))
        cell.number_format = form
        cell.font = font(bold=True)
        cell.alignment = Alignment(horizontal="right")
    sheet.column_dimensions["A"].width = 24
    sheet.column_dimensions["B"].width = 14
    sheet.column_dimensions["C"].width = 10
    sheet.column_dimensions["D"].width = 4
    sheet.sheet_view.showGridLines = False
    sheet.freeze_panes = "A5"
    set_page(sheet)


def _dress_table(sheet: "Worksheet", header: int, table: "pd.DataFrame") -> None:
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    line = Side(style="thin", color=RULE)
    formats = [_format(str(heading), table[heading]) for heading in table.columns]
    dress_heading(sheet, header, len(formats) + 1)
    for row in range(header + 1, header + len(table) + 1):
        is_total = sheet.cell(row, 1).value == TOTAL
        for column in range(1, len(formats) + 2):
            cell = sheet.cell(row, column)
            cell.font = font(bold=is_total)
            cell.border = Border(top=line) if is_total else Border(bottom=line)
            cell.alignment = Alignment(
                horizontal="left" if column == 1 else "right", wrap_text=column == 1, vertical="top"
            )
            if is_total:
                cell.fill = PatternFill("solid", fgColor=LIGHT)
            if column > 1:
                cell.number_format = formats[column - 2]


def _format(heading: str, values: "pd.Series[Any]") -> str:
    if heading == _HEADINGS["share"]:
        return SHARE
    return MONEY if values.dtype.kind == "f" else WHOLE


def _widths(sheet: "Worksheet") -> None:
    from openpyxl.utils import get_column_letter

    for column in range(1, sheet.max_column + 1):
        texts = [str(sheet.cell(row, column).value or "") for row in range(1, sheet.max_row + 1)]
        longest = max((len(text) for text in texts), default=0)
        sheet.column_dimensions[get_column_letter(column)].width = min(max(longest + 3, 13), 70)


def _chart(summary: "Worksheet", figures: "Worksheet", revenue: "pd.DataFrame") -> None:
    """Revenue by country, a colour for each plan; nothing where nothing was sold."""
    from openpyxl.chart import BarChart, Reference

    countries, plans = len(revenue) - 1, len(revenue.columns) - 1
    if countries < 1 or plans < 1 or not float(revenue.loc[TOTAL, TOTAL]):  # type: ignore[arg-type]  # one figure
        return
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 60
    chart.title = "Revenue by country and plan"
    chart.add_data(
        Reference(figures, min_col=2, max_col=plans + 1, min_row=1, max_row=countries + 1),
        titles_from_data=True,
    )
    chart.set_categories(Reference(figures, min_col=1, min_row=2, max_row=countries + 1))
    chart.y_axis.numFmt, chart.y_axis.delete, chart.x_axis.delete = WHOLE, False, False
    chart.legend.position = "b"
    chart.width, chart.height = 19, 10.5
    for series, colour in zip(chart.series, _COLOURS * 4, strict=False):
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.solidFill = colour
    summary.add_chart(chart, "E4")
