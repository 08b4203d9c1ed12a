"""Web forms from a file: qualified, rejected, duplicate; the sample of a thousand as its truth says."""

import json
from pathlib import Path

import pytest

from sfsync.demo.forms import Fate, submissions, write_forms
from sfsync.records import Bucket
from tests.conftest import House, NewHouse
from tests.shared import SAMPLES


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house(0)


def test_forms_end_as_their_truth_says(empty: House, tmp_path: Path) -> None:
    made = submissions(7, 200)
    write_forms(tmp_path / "forms.jsonl", made)
    result = empty.take("web_forms", tmp_path / "forms.jsonl")
    rows = {row.key: row.bucket for row in empty.project.journal.rows(result.run_id)}
    expected = {
        Fate.ORDER: {Bucket.APPLIED},
        Fate.DUPLICATE: {Bucket.DUPLICATE},
        Fate.REFUSED: {Bucket.INVALID},
        Fate.OPEN: {Bucket.APPLIED, Bucket.INVALID},
    }
    wrong = {
        made_.id: (made_.truth.kind, rows[made_.id])
        for made_ in made
        if rows[made_.id] not in expected[made_.truth.fate]
    }
    assert wrong == {}


def test_the_same_file_again_writes_nothing_also_after_conversion(empty: House, tmp_path: Path) -> None:
    write_forms(tmp_path / "forms.jsonl", submissions(3, 60))
    first = empty.take("web_forms", tmp_path / "forms.jsonl")
    for _ in range(2):
        written = empty.written
        again = empty.take("web_forms", tmp_path / "forms.jsonl")
        assert again.steps[0].buckets[Bucket.UNCHANGED] == first.steps[0].buckets[Bucket.APPLIED]
        assert empty.written == written
        empty.run()


def form(**values: object) -> dict[str, object]:
    usual = {
        "submission_id": "WF-1", "submitted_at": "2026-03-01T10:00:00+01:00", "first_name": "Zoë", "last_name": "Kok",
        "customer_type": "private", "email": "zoe@example.org", "phone": "06 12345678", "street": "Kade",
        "house_number": "1", "postcode": "1234 AB", "city": "Dam", "country": "NL", "number_of_cards": 1,
        "subscription_plan": "basic", "consent_terms": True,
    }  # fmt: skip
    return usual | values


def write(path: Path, *forms: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in forms), encoding="utf-8")
    return path


def test_a_person_of_an_earlier_file_is_a_duplicate_within_the_window_only(
    empty: House, tmp_path: Path
) -> None:
    empty.take("web_forms", write(tmp_path / "a.jsonl", form()))
    soon = form(submission_id="WF-2", submitted_at="2026-03-20T10:00:00+01:00", email="ZOE@EXAMPLE.ORG")
    later = form(submission_id="WF-3", submitted_at="2026-06-20T10:00:00+01:00")
    result = empty.take("web_forms", write(tmp_path / "b.jsonl", soon, later))
    rows = {row.key: (row.bucket, row.reason) for row in empty.project.journal.rows(result.run_id)}
    assert rows["WF-2"][0] is Bucket.DUPLICATE
    assert "WF-1" in rows["WF-2"][1]
    assert rows["WF-3"][0] is Bucket.APPLIED


def test_a_changed_form_changes_the_open_lead_but_not_a_converted_one(empty: House, tmp_path: Path) -> None:
    empty.take("web_forms", write(tmp_path / "a.jsonl", form()))
    changed = write(tmp_path / "b.jsonl", form(number_of_cards=3))
    assert empty.take("web_forms", changed).steps[0].buckets == {Bucket.APPLIED: 1}
    empty.run()
    again = write(tmp_path / "c.jsonl", form(number_of_cards=5))
    assert empty.take("web_forms", again).steps[0].buckets == {Bucket.CONFLICT: 1}


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not here")
def test_the_thousand_sample_forms(empty: House) -> None:
    result = empty.take("web_forms", SAMPLES / "web_forms.jsonl")
    truth = json.loads((SAMPLES / "web_forms.truth.json").read_text(encoding="utf-8"))
    rows = {row.key: row.bucket for row in empty.project.journal.rows(result.run_id)}
    assert {key for key, bucket in rows.items() if bucket is Bucket.DUPLICATE} == {
        pair["again"] for pair in truth["resubmissions"]
    }
    refused = (
        "invalid_email",
        "missing_last_name",
        "test_submission",
        "terms_not_accepted",
        "name_over_80_chars",
    )
    assert {key for key, bucket in rows.items() if bucket is Bucket.INVALID} == {
        key for kind in (*refused, "company_without_name") for key in truth["dirt"][kind]
    }
    assert result.steps[0].buckets[Bucket.APPLIED] == 932
    empty.run()
    assert len(empty.records("SELECT Id FROM Order WHERE Status = 'Activated'")) == 932
    companies = [
        {
            row["ConvertedAccountId"]
            for row in empty.records(f"SELECT ConvertedAccountId FROM Lead WHERE {where}")
        }
        for group in truth["same_company_groups"]
        for where in [f"Sfsync_Key__c IN {tuple(group)}"]
    ]
    assert all(len(accounts) == 1 for accounts in companies)
