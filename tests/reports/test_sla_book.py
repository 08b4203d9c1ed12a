"""The workbook of the SLA report: typed cells, formats, rules of colour, native charts, no formula."""

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from sfsync.reports.sla import SlaReport, sla_report
from sfsync.reports.sla_book import write_book
from tests.reports.sla_samples import NOW, SETTINGS, sample_leads

SHEETS = [
    "Summary", "Dealers", "Lead kinds", "Months", "First contact times", "Month dealer kind", "Leads outside the SLA",
]  # fmt: skip


@pytest.fixture(scope="module")
def report() -> SlaReport:
    leads = sample_leads(900, 12)
    leads.loc[leads["dealer"] == "D00001", "dealer_name"] = "=1+1"
    return sla_report(leads, SETTINGS, NOW)


@pytest.fixture(scope="module")
def book(report: SlaReport, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    path = tmp_path_factory.mktemp("sla") / "sla.xlsx"
    write_book(report, path, title="After-sales", dealer=None)
    return openpyxl.load_workbook(path)


def column(book: Workbook, sheet: str, heading: str) -> list[Any]:
    headings = [cell.value for cell in book[sheet][1]]
    place = headings.index(heading)
    return [row[place] for row in book[sheet].iter_rows(min_row=2)]


def test_sheets_and_charts(book: Workbook):
    assert book.sheetnames == SHEETS
    kinds = [type(chart).__name__ for chart in book["Summary"]._charts]  # type: ignore[attr-defined]
    assert kinds == ["LineChart", "BarChart"]
    for name in SHEETS[1:]:
        assert book[name].freeze_panes == "B2"
        assert book[name].auto_filter.ref.startswith("A1:")


def test_the_summary_says_what_the_report_says(book: Workbook, report: SlaReport):
    summary = book["Summary"]
    assert summary["A5"].value == "First contact"
    assert summary["B5"].value == pytest.approx(report.figures["first_contact_share"])
    assert summary["B5"].number_format == "0.0%"
    assert summary["C7"].value == 0.9
    assert summary["F5"].number_format == "[h]:mm"
    assert summary["G6"].value == report.figures["management_met"]
    assert "last 60 days" in summary["A2"].value


def test_figures_are_numbers_with_formats(book: Workbook, report: SlaReport):
    shares = column(book, "Dealers", "First contact")
    assert [cell.value for cell in shares] == pytest.approx(list(report.dealers["first_contact_share"]))
    assert {cell.number_format for cell in shares} == {"0.0%"}
    assert {cell.number_format for cell in column(book, "Months", "Management: mean time")} == {'0.0" d"'}
    assert sum(cell.value for cell in column(book, "Lead kinds", "Leads")) == report.figures["leads"]
    assert (
        sum(cell.value for cell in column(book, "First contact times", "All leads"))
        == report.figures["leads"]
    )
    assert book["Month dealer kind"].max_row == len(report.cube) + 1


def test_shares_are_coloured_by_their_targets(book: Workbook):
    rules = book["Dealers"].conditional_formatting
    formulas = {rule.formula[0] for area in rules for rule in area.rules}
    assert "AND(ISNUMBER(C2),C2>=0.699999999)" not in formulas
    assert "AND(ISNUMBER(D2),D2>=0.699999999)" in formulas
    assert "AND(ISNUMBER(N2),N2<0.899999999)" in formulas


def test_leads_outside_are_typed(book: Workbook, report: SlaReport):
    assert book["Leads outside the SLA"].max_row == len(report.outside) + 1
    assert isinstance(column(book, "Leads outside the SLA", "Assigned (dealer's time)")[0].value, datetime)
    taken = [cell.value for cell in column(book, "Leads outside the SLA", "Time taken")]
    assert "not yet" in taken
    assert any(isinstance(value, timedelta | time | datetime) for value in taken)


def test_nothing_is_a_formula(book: Workbook):
    assert "=1+1" in [cell.value for cell in column(book, "Dealers", "Name")]
    for sheet in book.worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_no_leads(tmp_path: Path):
    path = tmp_path / "empty.xlsx"
    write_book(sla_report(sample_leads(0, 1), SETTINGS, NOW), path, title="None", dealer="D00001")
    empty = openpyxl.load_workbook(path)
    assert empty["Summary"]["B5"].value is None
    assert not empty["Summary"]._charts  # type: ignore[attr-defined]
    assert empty["Dealers"].max_row == 1
