"""Changes and outcomes: what differs as an org sees it, which writes are the same, how an outcome is told."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.records import (
    KEY_FIELD,
    Bucket,
    ConvertLead,
    Create,
    Outcome,
    State,
    Update,
    changed,
    same,
    target,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**400)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)", fullmatch=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON)
def test_comparing_any_two_values_gives_an_answer(left: Any, right: Any) -> None:
    assert same(left, right) in {True, False}
    assert same(left, left)
    if not isinstance(left, dict) and not isinstance(right, dict):
        assert same(left, right) is same(right, left)


RECORD = st.dictionaries(st.sampled_from("ABC"), JSON, max_size=3)


@given(RECORD, RECORD)
def test_after_writing_what_changed_nothing_is_left_to_write(desired: dict, existing: dict) -> None:
    first = changed(desired, existing)
    assert first == {name: desired[name] for name in first}
    assert changed(desired, existing | first) == {}
    assert changed(existing, existing) == {}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (None, ""),
        (3, 3.0),
        (9007199254740993, 9007199254740992.0),  # an org keeps numbers as doubles
        (True, True),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00.000+0000"),
        ("2024-01-31T10:00Z", "2024-01-31T11:00:00+01:00"),
        (datetime(2024, 1, 31, 10, tzinfo=UTC), "2024-01-31T10:00:00.000+0000"),
        (datetime(2024, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2024-01-31T10:00:00Z"),
        (date(2024, 1, 31), "2024-01-31"),
        (["a"], ["a"]),
        ({"Order": {KEY_FIELD: "A-1"}}, {"Order": {KEY_FIELD: "A-1", "Id": "801"}}),
        ({KEY_FIELD: None}, {KEY_FIELD: ""}),
    ],
)
def test_what_an_org_takes_for_the_same(left: Any, right: Any) -> None:
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (None, 0),
        (None, False),
        ("", False),
        ("3", 3),
        ("a", "A"),
        (3, 4),
        pytest.param(10**400, 1, id="a number no org holds"),
        (False, True),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:01Z"),
        ("2024-01-31T10:00:00", "2024-01-31T10:00:00Z"),
        ("2024-13-31T10:00:00Z", "2024-12-31T10:00:00Z"),
        ("0001-01-01T00:00+14:00", "0001-01-01T00:00Z"),
        ("9999-12-31T23:59:59-14:00", None),
        ({KEY_FIELD: "A-1"}, None),
        ({KEY_FIELD: "A-1"}, {KEY_FIELD: "A-2"}),
        (None, {KEY_FIELD: "A-2"}),
    ],
)
def test_what_differs(left: Any, right: Any) -> None:
    assert not same(left, right)
    assert changed({"Field__c": left}, {"Field__c": right}) == {"Field__c": left}


def test_a_field_the_org_did_not_give_differs_unless_nothing_is_desired() -> None:
    assert changed({"A": 1, "B": None, "C": ""}, {}) == {"A": 1}


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1700, 1, 1), max_value=datetime(4000, 1, 1)))  # noqa: DTZ001  hypothesis adds the zone
def test_an_instant_is_the_same_in_every_notation(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, fold=0)
    as_org = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}+0000"
    as_org = as_org.zfill(len("2024-01-31T10:00:00.000+0000"))
    assert same(moment, as_org)
    if moment.utcoffset().total_seconds() % 60 == 0:
        assert same(moment.isoformat(), as_org)
    assert not same(moment + timedelta(seconds=1), as_org)


def test_two_changes_are_the_same_write_when_they_aim_at_the_same_record() -> None:
    assert target(Create("Order", "A", {"x": 1})) == target(Create("Order", "A", {"x": 2}))
    assert target(ConvertLead("00Q1", "Done")) == target(ConvertLead("00Q1", "Done", account_id="001"))
    different = [
        Create("Order", "A", {}),
        Create("Asset", "A", {}),
        Create("Order", "B", {}),
        Update("Order", "A", {}),
        Update("Order", "B", {}),
        ConvertLead("A", ""),
        Update("Lead", "A", {}),
    ]
    assert len({target(change) for change in different}) == len(different)
    assert ConvertLead("A", "").object == "Lead"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome(State.DONE), ""),
        (Outcome(State.UNKNOWN, code="X", message="lost"), "outcome unknown"),
        (
            Outcome(State.REFUSED, code="REQUIRED_FIELD_MISSING", message="Fill in", fields=("LastName",)),
            "REQUIRED_FIELD_MISSING: Fill in (LastName)",
        ),
        (
            Outcome(State.REFUSED, code="BAD", message="A: wrong", fields=("A", "B", "C")),
            "BAD: A: wrong (B, C)",
        ),
        (Outcome(State.REFUSED, message="not sent"), "not sent"),
    ],
)
def test_reasons(outcome: Outcome, reason: str) -> None:
    assert outcome.reason == reason


def test_the_buckets_are_the_words_of_the_contract() -> None:
    assert [bucket.value for bucket in Bucket] == [
        "applied", "unchanged", "invalid", "not_found", "duplicate", "conflict", "failed",
    ]  # fmt: skip
