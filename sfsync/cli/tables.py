"""Tables of reports on a screen, as wide as the screen is."""

from typing import TYPE_CHECKING, Literal

from sfsync.reports.report import BAD, GOOD, QUIET, STRONG, TextTable

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {GOOD: "green", BAD: "red", QUIET: "dim", STRONG: "bold", "": ""}
_GAP = 2


def show_table(console: "Console", table: TextTable) -> None:
    """Print the table; where it is too wide its spare columns stay away, last ones first."""
    from rich.table import Table
    from rich.text import Text

    shown = fitting(table, console.width)
    grid = Table(
        title=table.title or None, title_justify="left", title_style="bold", box=None, pad_edge=False,
        header_style="bold",
    )  # fmt: skip
    for place in shown:
        column = table.columns[place]
        # The first column gives way when even that is not enough: names may break, figures may not.
        side: Literal["right", "left"] = "right" if column.right else "left"
        grid.add_column(column.heading, justify=side, no_wrap=place > 0, overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(row[place].text, style=_STYLES[row[place].mood]) for place in shown))
    console.print(grid)


def fitting(table: TextTable, width: int) -> list[int]:
    """The places of the columns that a screen of so many characters has room for."""
    widths = [_width(table, place) for place in range(len(table.columns))]
    shown = list(range(len(table.columns)))
    for place in reversed(range(len(table.columns))):
        if sum(widths[each] for each in shown) + _GAP * (len(shown) - 1) <= width:
            break
        if table.columns[place].spare:
            shown.remove(place)
    return shown


def _width(table: TextTable, place: int) -> int:
    from rich.cells import cell_len

    texts = [table.columns[place].heading, *(row[place].text for row in table.rows)]
    return max(cell_len(text) for text in texts)
