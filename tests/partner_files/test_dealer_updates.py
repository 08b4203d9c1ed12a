"""Dealers' files end to end: buckets, zones, conflicts, answers in the dealer's language, the inbox."""

import os
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_files.aftersales_leads import SELECT, version_of
from partner_files.aftersales_words import NoSaleReasons
from partner_files.aftersales_work import FIELDS
from partner_files.dealer_updates import office
from sfsync.engine.files import held
from sfsync.project import Content
from sfsync.tabular.made import made_at
from tests.conftest import ROOT, House
from tests.flows.test_crash import Killed, killed_at
from tests.partner_files.leads import add_dealer, add_lead, answer, buckets, lead, write_csv

VIN = "ZZ9YLL42AYCJ50217"


@pytest.fixture
def open_leads(garage: House) -> House:
    """A dealer in Paris with leads ASL-000901 to 903, assigned on 2 March 2026 at 9 o'clock there."""
    dealer = add_dealer(garage, "D00042", language="fr")
    for number in (1, 2, 3):
        add_lead(garage, f"ASL-00090{number}", dealer)
    return garage


def row(number: int, **cells: Any) -> dict[str, Any]:
    return {"Lead ID": f"ASL-00090{number}", "Dealer code": "D00042", "Status": "Assigned to Dealer", **cells}


def later(house: House, path: Path) -> Path:
    """The file, made after everything that happened in the org so far."""
    moment = (house.org.core.clock.now() + timedelta(seconds=2)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_every_row_ends_in_its_bucket_and_the_answer_says_why(open_leads: House, tmp_path: Path) -> None:
    rows = [
        row(1, **{"Contact attempt 1": "2026-03-02 15:41"}),
        row(2, Status="Appointment Booked"),
        row(3),
        row(4),
        row(3),
    ]
    result = open_leads.take("dealer_updates", write_csv(tmp_path / "a.csv", rows))
    assert buckets(result) == {"applied": 1, "invalid": 1, "unchanged": 1, "not_found": 1, "duplicate": 1}
    assert [each["Result"] for each in answer(result)][:4] == ["applied", "invalid", "unchanged", "not found"]
    assert (
        answer(result)[1]["Reason"] == "a contact attempt must be recorded before an appointment or a closing"
    )
    assert lead(open_leads, "ASL-000901")["Contact_Attempt_1__c"] == "2026-03-02T14:41:00.000+0000"
    again = open_leads.take("dealer_updates", tmp_path / "a.csv")
    assert again.to_json()["applied"] == 0


def test_two_rows_that_say_different_things_of_a_lead_are_both_invalid(
    open_leads: House, tmp_path: Path
) -> None:
    rows = [row(1, Mileage="1"), row(1, Mileage="2")]
    assert buckets(open_leads.take("dealer_updates", write_csv(tmp_path / "a.csv", rows))) == {"invalid": 2}
    assert open_leads.written == 0


def test_another_dealers_lead_is_not_found(open_leads: House, tmp_path: Path) -> None:
    add_dealer(open_leads, "D00001")
    rows = [{**row(1, **{"Management notes": "Mine?"}), "Dealer code": "D00001"}]
    result = open_leads.take("dealer_updates", write_csv(tmp_path / "a.csv", rows))
    assert buckets(result) == {"not_found": 1}
    assert answer(result)[0]["Reason"] == "the dealer of this row has no lead with this number"
    assert open_leads.written == 0


def test_a_life_in_three_files(open_leads: House, tmp_path: Path) -> None:
    tried = {"Contact attempt 1": "2026-03-02 15:41"}
    booked = {**tried, "Status": "Rendez-vous pris", "Appointment date/time": "2026-03-20 09:00"}
    moved = {**booked, "Appointment date/time": "2026-03-21 10:00", "Contact attempt 2": "2026-03-19 08:00"}
    sold = {**moved, "Status": "Clôturé avec vente", "VIN": VIN}
    for number, cells in enumerate((tried, booked, moved, sold)):
        path = later(open_leads, write_csv(tmp_path / f"{number}.csv", [row(1, **cells)]))
        assert buckets(open_leads.take("dealer_updates", path)) == {"applied": 1}
    found = lead(open_leads, "ASL-000901")
    assert found["Status__c"] == "Closed With Sale"
    assert found["Appointment_At__c"] == "2026-03-21T09:00:00.000+0000"
    assert found["First_Contact_SLA_Met__c"] is True
    assert found["Closed_At__c"] is not None
    path = later(open_leads, write_csv(tmp_path / "late.csv", [row(1, **moved)]))
    result = open_leads.take("dealer_updates", path)
    assert buckets(result) == {"invalid": 1}
    assert "takes no further change" in answer(result)[0]["Reason"]


def test_times_are_on_the_wall_of_the_dealer_and_days_as_its_language_writes_them(
    garage: House, tmp_path: Path
) -> None:
    for code, zone, language, said in (
        ("D1", "America/New_York", "en-US", "03/04/2026 3:41 PM"),
        ("D2", "Asia/Shanghai", "zh", "2026-03-04 15:41"),
        ("D3", "", "fr", "04/03/2026 15:41"),
        ("D4", "Mars/Crater", "en", "04/03/2026 15:41"),
    ):
        add_lead(garage, f"ASL-{code}", add_dealer(garage, code, zone=zone, language=language))
        path = tmp_path / f"{code}.csv"
        write_csv(path, [{"Lead ID": f"ASL-{code}", "Dealer code": code, "Contact attempt 1": said}])
        assert buckets(garage.take("dealer_updates", path)) == {"applied": 1}, code
    assert [lead(garage, f"ASL-D{n}")["Contact_Attempt_1__c"][:16] for n in (1, 2, 3, 4)] == [
        "2026-03-04T20:41",
        "2026-03-04T07:41",
        "2026-03-04T14:41",
        "2026-03-04T14:41",
    ]


def test_a_time_that_the_clock_skipped_is_invalid(open_leads: House, tmp_path: Path) -> None:
    rows = [row(1, **{"Contact attempt 1": "2026-03-29 02:30"})]
    result = open_leads.take("dealer_updates", write_csv(tmp_path / "a.csv", rows))
    assert buckets(result) == {"invalid": 1}
    assert open_leads.written == 0


def test_a_lead_changed_after_the_file_was_made_is_a_conflict(open_leads: House, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [row(n, **{"Contact attempt 1": "2026-03-02 15:41"}) for n in (1, 2)]
    )
    open_leads.org.core.clock.advance(60)
    changed = lead(open_leads, "ASL-000901")["Id"]
    open_leads.org.core.update("Aftersales_Lead__c", changed, {"Management_Notes__c": "From the hotline."})
    result = open_leads.take("dealer_updates", path)
    assert buckets(result) == {"conflict": 1, "applied": 1}
    assert lead(open_leads, "ASL-000901")["Contact_Attempt_1__c"] is None
    assert "changed" in answer(result)[0]["Reason"]
    assert buckets(open_leads.take("dealer_updates", later(open_leads, path))) == {
        "applied": 1,
        "unchanged": 1,
    }


def test_our_own_write_of_the_same_file_is_no_conflict(open_leads: House, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [row(1, **{"Contact attempt 1": "2026-03-02 15:41"})])
    open_leads.take("dealer_updates", path)
    assert buckets(open_leads.take("dealer_updates", path)) == {"unchanged": 1}


def test_a_dealer_reads_the_reason_in_the_language_of_the_file(open_leads: House, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cells = {"Réf. lead": "ASL-000901", "Code concessionnaire": "D00042", "Statut": "Clôturé sans vente"}
    write_csv(path, [{**cells, "Tentative de contact 1": "02/03/2026 15:41", "Motif de non-vente": "Autre"}])
    result = open_leads.take("dealer_updates", path)
    (said,) = answer(result)
    assert said["Résultat"] == "invalide"
    assert said["Motif"] == "Ce motif demande des remarques de gestion."
    assert list(said)[:5] == [*cells, "Tentative de contact 1", "Motif de non-vente"]


def test_waiting_files_are_taken_by_the_flow(open_leads: House) -> None:
    text = "Lead ID;Dealer code;Contact attempt 1\nASL-000901;D00042;2026-03-02 15:41\n"
    open_leads.deliver("dealer_updates", "d00042.csv", text)
    planned, _ = open_leads.plan("aftersales.dealer_updates_in")
    assert planned.steps[0].buckets
    assert open_leads.written == 0
    result = open_leads.run("aftersales.dealer_updates_in")
    assert buckets(result) == {"applied": 1}
    assert list((open_leads.state / "inbox" / "dealer_updates").glob("*.csv")) == []


def test_an_appointment_with_the_e_mail_flag_is_confirmed_at_once(open_leads: House, tmp_path: Path) -> None:
    given = {
        "Customer_Email__c": "lea.blanc@example.org",
        "Customer_Language__c": "fr",
        "Customer_Name__c": "Léa Blanc",
    }
    open_leads.org.core.update("Aftersales_Lead__c", lead(open_leads, "ASL-000901")["Id"], given)
    attempt = datetime.now(UTC) - timedelta(hours=5)
    visit = datetime.now(UTC) + timedelta(days=9)
    cells = {
        "Contact attempt 1": f"{attempt:%Y-%m-%dT%H:%M:%SZ}",
        "Appointment": f"{visit:%Y-%m-%dT%H:00:00Z}",
        "Appointment e-mails": "yes",
        "Status": "Appointment Booked",
    }
    path = later(open_leads, write_csv(tmp_path / "a.csv", [row(1, **cells)]))
    open_leads.take("dealer_updates", path)
    open_leads.take("dealer_updates", path)
    assert [mail.to for mail in open_leads.mails.sent] == ["lea.blanc@example.org"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_import_killed_at_any_request_is_finished_by_the_next(
    open_leads: House, tmp_path: Path, *, after: bool
) -> None:
    number = 0
    while True:
        number += 1
        cells = {"Management notes": f"Round {number}"}
        path = later(open_leads, write_csv(tmp_path / f"{number}.csv", [row(n, **cells) for n in (1, 2, 3)]))
        try:
            with killed_at(open_leads, number, after=after):
                open_leads.take("dealer_updates", path)
        except Killed:
            (open_leads.state / "journal.sqlite").unlink()  # the lease of the dead; the journal is no state
            assert set(buckets(open_leads.take("dealer_updates", path))) <= {"applied", "unchanged"}
            notes = {lead(open_leads, f"ASL-00090{n}")["Management_Notes__c"] for n in (1, 2, 3)}
            assert notes == {f"Round {number}"}
        else:
            break
    assert number > 2


def test_a_reason_that_an_admin_adds_is_understood_offered_and_required_to_be_complete(
    tmp_path: Path,
) -> None:
    for folder in ("mappings", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / "config" / "aftersales.yaml"
    added = "  competitor:\n    requires: [notes]\n    words: {en: [Bought elsewhere], fr: [Concurrence]}\n"
    path.write_text(path.read_text("utf-8") + added, "utf-8")
    found = office(Content(tmp_path))
    assert found.reasons.code("CONCURRENCE") == "competitor"
    assert found.reasons.word("competitor", "zh") == "Bought elsewhere"
    assert found.rules.reasons["competitor"] == ("notes",)


def test_a_workbook_is_as_old_as_its_last_saving(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.save(path)
    saved = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    said = f'<dcterms:modified xsi:type="dcterms:W3CDTF">{saved:%Y-%m-%dT%H:%M:%SZ}</dcterms:modified>'
    core = f'<x xmlns:dcterms="d">{said}</x>'
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("docProps/core.xml", core)
    assert made_at(path) == saved
    path.write_text("no workbook")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert made_at(path) == datetime.fromtimestamp(1_700_000_000, UTC)
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("docProps/core.xml", core.replace("2024", "9999-99"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert made_at(path) == datetime.fromtimestamp(1_700_000_000, UTC)


def test_the_copy_that_is_read_is_as_old_as_the_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [row(1)])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    with held(path) as copy:
        assert copy != path
        assert made_at(copy) == made_at(path)


def test_the_mapping_fills_the_fields_that_the_rules_know() -> None:
    mapping = Content(ROOT).mapping("dealer_updates").mapping
    fields = {field: rule.from_ for field, rule in mapping.fields.items()} | {
        "No_Sale_Reason__c": "no_sale_reason"
    }
    assert {name: field for field, name in fields.items() if name != "lead_ref"} == dict(FIELDS)


def test_every_reason_has_a_word_in_every_language() -> None:
    reasons = Content(ROOT).settings("aftersales", NoSaleReasons, section="no_sale_reasons")
    for code, reason in reasons.root.items():
        assert set(reason.words) == {"en", "fr", "it", "nl", "de", "zh"}, code
        for language in reason.words:
            assert reasons.code(reasons.word(code, language)) == code
    assert reasons.that_require("recontact_date") == ("not_now_contact_again",)


def test_a_word_may_mean_one_reason_only() -> None:
    double = {"a": {"words": {"en": ["Other"]}}, "b": {"words": {"fr": ["OTHER"]}}}
    with pytest.raises(ValueError, match="means both a and b"):
        NoSaleReasons.model_validate(double)


@given(st.dictionaries(st.sampled_from([*FIELDS.values()]), st.sampled_from(["a", "b", "", None, 1.0, True])))
def test_a_version_changes_when_a_field_of_the_list_does(change: dict[str, Any]) -> None:
    record = dict.fromkeys(FIELDS.values(), "a")
    changed = record | change
    plain = {name: value or None for name, value in changed.items()}
    assert (version_of(record) == version_of(changed)) == (plain == record)


def test_a_version_is_the_same_however_the_org_writes_a_moment(open_leads: House) -> None:
    (record,) = open_leads.records(f"{SELECT} WHERE Name = 'ASL-000901'")
    rest = {**record, "Date_Assigned_to_Dealer__c": "2026-03-02T08:00:00.000+0000"}
    bulk = {**record, "Date_Assigned_to_Dealer__c": "2026-03-02T08:00:00Z"}
    assert version_of(rest) == version_of(bulk)
