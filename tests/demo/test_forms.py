"""The made-up web forms are the same every time, of the promised kinds, and true to their truth."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo import dirt
from sfsync.demo.forms import Fate, Submission, submissions, truth_table, write_forms

FORMS = submissions(1, 1000)
FIELDS = [
    "submission_id",
    "submitted_at",
    "first_name",
    "last_name",
    "customer_type",
    "company_name",
    "vat_number",
    "kvk_number",
    "email",
    "phone",
    "street",
    "house_number",
    "postcode",
    "city",
    "country",
    "number_of_cards",
    "subscription_plan",
    "consent_terms",
    "consent_privacy",
    "consent_marketing",
    "language",
    "message",
]


def kind(name: str) -> list[Submission]:
    return [form for form in FORMS if form.truth.kind == name]


def moment(submission: Submission) -> datetime:
    return datetime.fromisoformat(submission.form["submitted_at"])


@given(st.integers(), st.integers(0, 150))
def test_same_arguments_same_forms(seed: int, n: int):
    forms = submissions(seed, n)
    assert forms == submissions(seed, n)
    assert len(forms) == n
    assert len({form.id for form in forms}) == n


def test_another_seed_gives_other_people():
    assert submissions(2, 50) != submissions(3, 50)


def test_every_kind_of_dirt_has_its_share():
    counted = Counter(form.truth.kind for form in FORMS)
    promised = {each.name: each.share for each in (*dirt.SPOTS, *dirt.REPEATS)}
    promised |= {group.name: group.share * group.size for group in dirt.GROUPS}
    assert {name: counted[name] for name in promised} == promised


def test_countries_fields_and_cards_are_as_on_the_website():
    assert {form.form["country"] for form in FORMS} == {"NL", "BE", "FR", "DE", "IT", "PL"}
    for form in FORMS:
        absent = set(FIELDS) - set(form.form)
        assert absent <= ({"last_name"} if form.truth.kind == "missing_last_name" else set())
        assert 1 <= int(form.form["number_of_cards"]) <= 40


def test_telephone_numbers_are_numbers_of_their_country():
    for form in FORMS:
        number = phonenumbers.parse(form.form["phone"], form.form["country"])
        assert phonenumbers.is_valid_number(number), form.form["phone"]
        assert phonenumbers.region_code_for_number(number) == form.form["country"]


def test_a_duplicate_repeats_an_earlier_form_of_the_same_person():
    by_id = {form.id: form for form in FORMS}
    repeats = [form for form in FORMS if form.truth.fate is Fate.DUPLICATE]
    assert len(repeats) == 20
    for again in repeats:
        first = by_id[again.truth.of]
        assert first.truth.fate is Fate.ORDER
        assert moment(first) < moment(again)
        assert again.form["postcode"] == first.form["postcode"]


def test_some_repeats_stand_before_their_original_in_the_file():
    place = {form.id: position for position, form in enumerate(submissions(1, 20_000))}
    repeats = [form for form in submissions(1, 20_000) if form.truth.fate is Fate.DUPLICATE]
    assert any(place[form.id] < place[form.truth.of] for form in repeats)


def test_people_who_share_something_are_not_one_person():
    for name in ("colleagues", "shared_email", "couple_with_one_email", "namesakes"):
        group = kind(name)
        assert len({form.form["phone"] for form in group}) == len(group)
        assert {form.truth.fate for form in group} == {Fate.ORDER}
    assert len({form.form["email"] for form in kind("shared_email")}) == len(kind("shared_email")) / 2
    assert len({form.form["last_name"] for form in kind("couple_with_one_email")}) == 1
    assert max(Counter(form.truth.company for form in kind("colleagues")).values()) == 3


@pytest.mark.parametrize("name", ["invalid_email", "missing_last_name", "test", "terms_not_accepted"])
def test_unusable_forms_are_refused(name: str):
    assert kind(name)
    assert {form.truth.fate for form in kind(name)} == {Fate.REFUSED}


def test_long_names_are_longer_than_the_org_takes():
    assert all(len(form.form["last_name"]) > 80 for form in kind("name_too_long"))


def test_one_local_time_happens_twice_when_the_clock_goes_back():
    before, after = sorted(kind("doubled_hour"), key=moment)
    assert (moment(after) - moment(before)).total_seconds() == 3600


@given(st.integers(0, 1000))
def test_no_two_people_by_accident(seed: int):
    clean = [form.form for form in submissions(seed, 300) if not form.truth.kind]
    assert len({form["email"] for form in clean}) == len(clean)
    homes = [(form["last_name"], form["postcode"], form["house_number"]) for form in clean]
    assert len(set(homes)) == len(homes)


def test_the_file_holds_the_forms_as_they_are(tmp_path: Path):
    path = tmp_path / "forms.jsonl"
    write_forms(path, FORMS[:50])
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines if line] == [form.form for form in FORMS[:50]]


def test_the_truth_can_be_kept_beside_the_file():
    table = truth_table(FORMS)
    assert len(table) == len(FORMS)
    assert json.loads(json.dumps(table)) == table
