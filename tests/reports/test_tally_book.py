"""The tally's workbook opens, reads well and runs nothing."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from sfsync.reports.tally import FormOutcome, tally
from sfsync.reports.tally_book import write_tally

DAY = date(2026, 3, 1)


def book(path: Path, outcomes: list[FormOutcome]) -> Workbook:
    write_tally(tally(outcomes), path, title="Charge card", day=DAY, note="March")
    return openpyxl.load_workbook(path)


@pytest.fixture
def written(tmp_path: Path) -> Workbook:
    return book(
        tmp_path / "tally.xlsx",
        [
            FormOutcome("NL", "pay_per_use", "applied", ordered=True, cards=2, amount=1234.5),
            FormOutcome("=1+1", "plus", "invalid", '=HYPERLINK("//evil.invalid")'),
            FormOutcome("BE\x01", "plus", "duplicate"),
        ],
    )


def test_sheets_headings_and_figures(written: Workbook):
    assert written.sheetnames == ["Summary", "By country", "By plan", "Revenue", "Reasons"]
    assert written["Summary"]["A1"].value == "Charge card"
    assert written["Summary"]["A2"].value == "2026-03-01 · March"
    headings = [cell.value for cell in written["By country"][1]]
    assert headings[:4] == ["Country", "Submissions", "Good", "Duplicates"]
    assert headings[-1] == "Revenue"
    assert "Waiting" not in headings
    assert written["Revenue"]["B1"].value == "Pay per use"
    assert written["By country"].cell(2, len(headings)).value == 1234.5


def test_headers_stay_in_sight_and_numbers_have_formats(written: Workbook):
    for name in written.sheetnames[1:]:
        assert written[name].freeze_panes == "B2"
    assert written["Revenue"]["B2"].number_format == "#,##0.00"
    assert written["By plan"]["B2"].number_format == "#,##0"
    assert written["Summary"]["C5"].number_format == "0.0%"


def test_there_is_one_chart_on_the_summary(written: Workbook):
    assert len(written["Summary"]._charts) == 1


def test_nothing_is_a_formula(written: Workbook):
    for sheet in written.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    assert '=HYPERLINK("//evil.invalid")' in [cell.value for cell in written["Reasons"]["A"]]


def test_a_month_without_submissions(tmp_path: Path):
    empty = book(tmp_path / "empty.xlsx", [])
    assert empty["Summary"]["B5"].value == 0
    assert not empty["Summary"]._charts
