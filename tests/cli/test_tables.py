"""Tables of reports on screens of any width: figures are never cut, columns that can be spared make way."""

import io

import pytest
from rich.console import Console

from sfsync.cli.tables import fitting, show_table
from sfsync.reports.report import BAD, Cell, Column, TextTable
from sfsync.reports.sla import sla_report
from sfsync.reports.sla_view import tables
from tests.reports.sla_samples import NOW, SETTINGS, sample_leads

SMALL = TextTable(
    "Small",
    [Column("name", right=False), Column("one"), Column("two", spare=True), Column("three", spare=True)],
    [[Cell("Alpha"), Cell("1,000"), Cell("70.0 %", BAD), Cell("x")]],
)


def printed(table: TextTable, width: int) -> str:
    out = io.StringIO()
    show_table(Console(file=out, width=width, highlight=False), table)
    return out.getvalue()


@pytest.mark.parametrize(
    ("width", "places"), [(80, [0, 1, 2, 3]), (27, [0, 1, 2, 3]), (26, [0, 1, 2]), (19, [0, 1]), (5, [0, 1])]
)
def test_spare_columns_make_way_last_ones_first(width: int, places: list[int]):
    assert fitting(SMALL, width) == places


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_figures_of_the_sla_report_are_never_cut(width: int):
    shown = tables(sla_report(sample_leads(2_000, 40), SETTINGS, NOW), None)
    assert [table.title for table in shown][-1] == "The 10 dealers with the worst"
    for table in shown:
        text = printed(table, width)
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width
        for row in table.rows:
            assert row[1].text in text


def test_one_dealer_is_not_listed_among_dealers():
    shown = tables(sla_report(sample_leads(20, 1), SETTINGS, NOW), "D00001")
    assert [table.title for table in shown] == ["", "By lead kind", "By month of assignment"]
