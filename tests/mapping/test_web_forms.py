"""The form's submissions to Leads: who is rejected and why, and what the others become."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import load_mapping
from sfsync.mapping.rows import MappedRow
from sfsync.tabular.model import Hints
from sfsync.tabular.table import open_table
from tests.shared import SAMPLES

ROOT = Path(__file__).resolve().parents[2]
WEB_FORMS = compile_mapping(load_mapping(ROOT / "mappings" / "charge_card" / "web_forms.yaml"))

REASONS = {
    "email_email": "invalid_email",
    "last_name_missing": "missing_last_name",
    "test_submission": "test_submission",
    "consent_terms_one_of": "terms_not_accepted",
    "last_name_too_long": "name_over_80_chars",
    "company_name_missing": "company_without_name",
}
"""Our rules, in the words of the samples' truth."""

SUBMISSION: dict[str, Any] = {
    "submission_id": "wf-2024000001",
    "submitted_at": "2024-10-27T02:30:00+02:00",
    "first_name": "Zoë",
    "last_name": " van den Berg ",
    "customer_type": "private",
    "company_name": "",
    "vat_number": "",
    "kvk_number": "",
    "email": "Zoe@Example.com\t",
    "phone": "06-12345678",
    "street": "Wattplein",
    "house_number": "12 bis",
    "postcode": "2502 GN",
    "city": "Ampèrehoek",
    "country": "NL",
    "number_of_cards": 3,
    "subscription_plan": "pay_per_use",
    "consent_terms": True,
    "consent_privacy": True,
    "consent_marketing": False,
    "language": "nl",
    "message": "=1+1\r\nGraag snel",
}


def read(path: Path) -> list[MappedRow]:
    table = open_table(path, Hints(wanted=WEB_FORMS.wanted))
    bound = WEB_FORMS.bind(table.columns, file=table.file, sheet=table.sheet, header_row=table.header_row)
    return [row for block in bound.map(table.blocks) for row in block.rows()]


@pytest.fixture
def submit(tmp_path: Path):
    def rows(*given: dict[str, Any]) -> list[MappedRow]:
        path = tmp_path / "forms.jsonl"
        lines = [json.dumps(SUBMISSION | {"submission_id": f"wf-{n}"} | one) for n, one in enumerate(given)]
        path.write_text("\n".join(lines), "utf-8")
        return read(path)

    return rows


def test_a_private_person(submit):
    row = submit({"submission_id": "wf-2024000001"})[0]
    assert row.problem is None
    assert row.key == "WF-2024000001"
    assert row.values == {
        "Sfsync_Key__c": "WF-2024000001",
        "FirstName": "Zoë",
        "LastName": "van den Berg",
        "Company": "Zoë van den Berg",
        "Email": "zoe@example.com",
        "Phone": "+31612345678",
        "Street": "Wattplein 12 bis",
        "PostalCode": "2502 GN",
        "City": "Ampèrehoek",
        "Country": "NL",
        "Number_of_Cards__c": 3,
        "Subscription_Plan__c": "pay_per_use",
        "Customer_Type__c": "private",
        "Registration_Number__c": None,
        "Terms_Accepted__c": True,
        "Privacy_Consent__c": True,
        "Marketing_Consent__c": False,
        "Language__c": "nl",
        "Submitted_At__c": "2024-10-27T00:30:00Z",
        "Description": "=1+1\nGraag snel",
        "LeadSource": "Web",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"customer_type": "company", "company_name": "Acme BV"}, {"Company": "Acme BV"}),
        ({"vat_number": "be 0999.301.223"}, {"Registration_Number__c": "BE0999301223"}),
        ({"kvk_number": "9982 7238"}, {"Registration_Number__c": "KVK99827238"}),
        ({"vat_number": "X1", "kvk_number": "1"}, {"Registration_Number__c": "X1"}),
        ({"phone": "030/23125-935", "country": "DE"}, {"Phone": "+493023125935"}),
        ({"number_of_cards": " 02"}, {"Number_of_Cards__c": 2}),
        ({"first_name": None}, {"FirstName": None, "Company": "van den Berg"}),
        ({"submitted_at": "2024-02-26T12:04:00Z"}, {"Submitted_At__c": "2024-02-26T12:04:00Z"}),
    ],
)
def test_what_the_fields_become(submit, given: dict[str, Any], expected: dict[str, Any]):
    row = submit(given)[0]
    assert row.problem is None
    assert expected.items() <= row.values.items()


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"last_name": " "}, "last_name_missing"),
        ({"last_name": None}, "last_name_missing"),
        ({"last_name": "x" * 81}, "last_name_too_long"),
        ({"email": "a b@example.com"}, "email_email"),
        ({"consent_terms": False}, "consent_terms_one_of"),
        ({"consent_terms": None}, "consent_terms_missing"),
        ({"customer_type": "company"}, "company_name_missing"),
        ({"customer_type": "robot"}, "customer_type_word_unknown"),
        ({"number_of_cards": 41}, "number_of_cards_too_large"),
        ({"number_of_cards": 0}, "number_of_cards_too_small"),
        ({"number_of_cards": 1.5}, "number_of_cards_integer"),
        ({"first_name": "TEST - NIET VERWERKEN", "last_name": "TEST"}, "test_submission"),
        ({"first_name": "asdf", "last_name": "Qwerty"}, "test_submission"),
    ],
)
def test_who_is_rejected(submit, given: dict[str, Any], rule: str):
    row = submit(given)[0]
    assert row.problem is not None
    assert row.problem.full_rule == rule
    assert row.values == {}


def test_people_called_test_are_customers(submit):
    assert [row.problem for row in submit({"last_name": "Tester"}, {"first_name": "Test"})] == [None, None]


def test_a_useless_phone_number_is_left_out_with_a_warning(submit):
    row = submit({"phone": "0000000000"})[0]
    assert row.problem is None
    assert row.values["Phone"] is None
    assert [warning.full_rule for warning in row.warnings] == ["phone_phone"]


def test_a_form_sent_twice_with_one_id_is_a_duplicate(submit):
    rows = submit({"submission_id": "wf-1"}, {"submission_id": "WF-1 "})
    assert [row.problem and row.problem.rule for row in rows] == [None, "duplicate_exact"]


@pytest.mark.skipif(not (SAMPLES / "web_forms.jsonl").exists(), reason="the shared samples are not here")
def test_exactly_the_unusable_thousandth_is_rejected():
    lines = (SAMPLES / "web_forms.jsonl").read_text("utf-8").splitlines()
    ids = [json.loads(line)["submission_id"] for line in lines]
    dirt = json.loads((SAMPLES / "web_forms.truth.json").read_text("utf-8"))["dirt"]
    rejected = defaultdict(list)
    rows = read(SAMPLES / "web_forms.jsonl")
    assert len(rows) == 1000
    for row in rows:
        if row.problem:
            rejected[REASONS.get(row.problem.full_rule, row.problem.full_rule)].append(ids[row.number - 1])
    assert dict(rejected) == {kind: dirt[kind] for kind in REASONS.values()}
