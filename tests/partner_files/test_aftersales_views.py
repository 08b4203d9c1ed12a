"""Lists of leads: what stands in each view, and that a list comes back as it went out, or with what a dealer did."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from partner_files.aftersales import VIEWS, partner_file
from sfsync.cells import fold
from sfsync.cli.root import root
from sfsync.errors import ConfigError
from sfsync.project import Content
from tests.conftest import ROOT, House
from tests.partner_files.leads import add_dealer, add_lead, buckets, lead, text

LANGUAGES = ["en", "fr", "it", "de", "nl", "zh"]


@pytest.fixture
def stocked(garage: House) -> House:
    """A house with dealers of all languages and leads in every status."""
    garage.org.seed("aftersales", 60)
    return garage


def files(house: House, view: str, **options: Any) -> list[Path]:
    return [Path(path) for path in house.give("aftersales", view=view, **options).files]


def sheet(path: Path) -> list[dict[str, Any]]:
    rows = list(openpyxl.load_workbook(path)["Leads"].iter_rows(values_only=True))
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


def numbers(paths: list[Path]) -> set[str]:
    book = [openpyxl.load_workbook(path)["Leads"] for path in paths]
    return {str(page.cell(row, 1).value) for page in book for row in range(2, page.max_row + 1)}


def test_each_view_holds_the_leads_of_its_kind(stocked: House) -> None:
    for view in VIEWS:
        found = numbers(files(stocked, view))
        for record in stocked.records(
            "SELECT Name, Status__c, Contact_Attempt_1__c, No_Sale_Reason__c FROM Aftersales_Lead__c"
        ):
            status, tried = record["Status__c"], bool(record["Contact_Attempt_1__c"])
            expected = {
                "not_yet_managed": status == "Assigned to Dealer" and not tried,
                "in_progress": status == "Assigned to Dealer" and tried,
                "closed_by_sale": status in {"Closed With Sale", "Appointment Booked"},
                "closed_no_sale": bool(record["No_Sale_Reason__c"]),
                "lost_sale": status == "Lost Sale",
            }
            assert (record["Name"] in found) == expected[view], (view, record)


def test_a_list_that_comes_back_as_it_went_out_changes_nothing_in_the_dealers_language(
    stocked: House,
) -> None:
    stocked.run("aftersales.confirmations")
    written = stocked.written
    for view in VIEWS:
        for path in files(stocked, view, dealers=["D00001", "D00005", "D00007"]):
            result = stocked.take("dealer_updates", path)
            assert set(buckets(result)) <= {"unchanged"}, path.name
    assert stocked.written == written


def test_every_dealer_gets_a_list_where_that_is_asked_for(stocked: House) -> None:
    lists = {path.name: len(sheet(path)) for path in files(stocked, "in_progress", each_dealer=True)}
    (together,) = files(stocked, "in_progress")
    assert sum(lists.values()) == len(sheet(together))
    assert set(lists) <= {f"in_progress-D0000{number}.xlsx" for number in range(1, 9)}
    assert all(lists.values())


def test_a_list_for_all_dealers_comes_back_too_each_row_in_its_dealers_zone(stocked: House) -> None:
    (path,) = files(stocked, "in_progress")
    assert set(buckets(stocked.take("dealer_updates", path))) == {"unchanged"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_dealer_enters_is_applied(garage: House, language: str, tmp_path: Path) -> None:
    dealer = add_dealer(garage, "D00042", zone="America/New_York", language=language)
    assigned = datetime.now(UTC) - timedelta(days=3)
    add_lead(garage, "ASL-000900", dealer, Date_Assigned_to_Dealer__c=text(assigned))
    (path,) = files(garage, "not_yet_managed", dealers=["D00042"])
    book = openpyxl.load_workbook(path)
    page = book["Leads"]
    office = Content(ROOT).mapping("dealer_updates").mapping.file.headers
    headings = {name: header.spoken[language][0] for name, header in office.items()}
    place = {cell.value: cell.column for cell in page[1]}
    rules = page.data_validations.dataValidation
    status, reasons = (
        [cell.value for (cell,) in book["Lists"][rule.formula1.partition("!")[2].replace("$", "")]]
        for rule in rules
    )
    attempt = (datetime.now(UTC) - timedelta(days=2)).replace(tzinfo=None, microsecond=0) - timedelta(
        hours=12
    )
    page.cell(2, int(place[headings["attempt_1"]] or 0)).value = attempt
    page.cell(2, int(place[headings["status"]] or 0)).value = status[3]
    page.cell(2, int(place[headings["no_sale_reason"]] or 0)).value = reasons[8]
    page.cell(2, int(place[headings["recontact_date"]] or 0)).value = date(2027, 5, 4)
    edited = tmp_path / "edited.xlsx"
    book.save(edited)
    result = garage.take("dealer_updates", edited)
    assert buckets(result) == {"applied": 1}, result
    found = lead(garage, "ASL-000900")
    assert found["Status__c"] == "Closed Without Sale"
    assert found["No_Sale_Reason__c"] == "not_now_contact_again"
    assert found["Recontact_Date__c"] == "2027-05-04"
    hours = {attempt + timedelta(hours=4), attempt + timedelta(hours=5)}  # summer or winter
    assert datetime.fromisoformat(found["Contact_Attempt_1__c"]).replace(tzinfo=None) in hours
    assert buckets(garage.take("dealer_updates", edited)) == {"unchanged": 1}


def test_a_lead_that_changed_after_the_list_was_made_is_a_conflict(garage: House, tmp_path: Path) -> None:
    dealer = add_dealer(garage, "D00042")
    ids = [add_lead(garage, f"ASL-00090{n}", dealer) for n in (1, 2, 3)]
    (path,) = files(garage, "not_yet_managed", dealers=["D00042"])
    garage.org.core.update("Aftersales_Lead__c", ids[0], {"Management_Notes__c": "Called head office."})
    garage.org.core.update(
        "Aftersales_Lead__c", ids[1], {"Model__c": "Aria", "Customer_Reminded_For__c": None}
    )
    book = openpyxl.load_workbook(path)
    page = book["Leads"]
    column = next(cell.column for cell in page[1] if cell.value == "Mileage")
    for row in (2, 3, 4):
        page.cell(row, column).value = 1000.5
    book.save(tmp_path / "edited.xlsx")
    result = garage.take("dealer_updates", tmp_path / "edited.xlsx")
    assert buckets(result) == {"conflict": 1, "applied": 2}
    assert [lead(garage, f"ASL-00090{n}")["Mileage__c"] for n in (1, 2, 3)] == [None, 1000.5, 1000.5]


def test_a_time_that_the_wall_shows_twice_comes_back_as_the_same_moment(garage: House) -> None:
    dealer = add_dealer(garage, "D00042", zone="Europe/Paris")
    for number, moment in enumerate(("2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"), 1):
        given = {"Date_Assigned_to_Dealer__c": "2025-10-25T00:00:00Z", "Contact_Attempt_1__c": moment}
        add_lead(garage, f"ASL-00090{number}", dealer, **given)
    (path,) = files(garage, "in_progress", dealers=["D00042"])
    walls = [row["Contact attempt 1"] for row in sheet(path)]
    assert walls == [datetime.fromisoformat("2025-10-26T02:30:00"), "2025-10-26T02:30:00+01:00"]
    assert buckets(garage.take("dealer_updates", path)) == {"unchanged": 2}


def test_a_dealer_without_leads_gets_an_empty_list_and_an_unknown_one_is_refused(garage: House) -> None:
    add_dealer(garage, "D00042")
    (path,) = files(garage, "lost_sale", dealers=["D00042"])
    assert sheet(path) == []
    with pytest.raises(ConfigError, match="D00099"):
        files(garage, "lost_sale", dealers=["D00099"])


def test_a_column_that_nobody_knows_is_refused_when_the_project_is_read(tmp_path: Path) -> None:
    content = Content(tmp_path)
    for folder in ("config", "mappings"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    partner_file(content)
    (tmp_path / "config").unlink()
    (tmp_path / "config").mkdir()
    for path in (ROOT / "config").iterdir():
        (tmp_path / "config" / path.name).symlink_to(path)
    broken = (
        (ROOT / "config" / "aftersales.yaml")
        .read_text("utf-8")
        .replace("columns: [lead_ref", "columns: [colour")
    )
    (tmp_path / "config" / "aftersales.yaml").unlink()
    (tmp_path / "config" / "aftersales.yaml").write_text(broken, "utf-8")
    with pytest.raises(ConfigError, match="colour"):
        partner_file(content)


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_that_are_only_read_are_no_headings_of_the_mapping(language: str) -> None:
    content = Content(ROOT)
    wanted = content.mapping("dealer_updates").wanted
    from partner_files.aftersales import ViewSettings

    settings = content.settings("aftersales", ViewSettings, section="views")
    assert {fold(words[language]) for words in settings.headings.values()}.isdisjoint(wanted)


def test_the_command_names_the_views_there_are() -> None:
    for name in ("aftersales", "aftersales.open"):
        result = CliRunner().invoke(root, ["export", name])
        assert result.exit_code == 2
        assert "aftersales.in_progress" in result.output
