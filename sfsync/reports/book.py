"""What the workbooks of all reports have in common: fonts, colours, printing, and that text stays text."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

DARK, LIGHT, RULE = "1F3A5F", "EEF3F9", "B8C4D6"
WHOLE, MONEY, SHARE = "#,##0", "#,##0.00", "0.0%"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def legal(text: str) -> str:
    """A text without the characters that no workbook may hold."""
    return _ILLEGAL.sub("", text)


def font(**features: Any) -> "Font":
    """One family everywhere: a font without a name is shown in whatever the reader's program likes."""
    from openpyxl.styles import Font

    return Font(**{"name": "Calibri", "size": 11, **features})


def dress_heading(sheet: "Worksheet", row: int, columns: int, *, left: int = 1) -> None:
    """White on dark; the first ``left`` headings stand left, figures right."""
    from openpyxl.styles import Alignment, Border, PatternFill

    for column in range(1, columns + 1):
        cell = sheet.cell(row, column)
        cell.font = font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=DARK)
        cell.border = Border()
        side = "left" if column <= left else "right"
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
    sheet.row_dimensions[row].height = 20


def set_page(sheet: "Worksheet", *, repeat: str = "") -> None:
    """A4 across, as wide as the paper; the rows ``repeat`` stand on every page."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if repeat:
        sheet.print_title_rows = repeat


def keep_text(sheet: "Worksheet") -> None:
    """What somebody typed somewhere never becomes a formula."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
