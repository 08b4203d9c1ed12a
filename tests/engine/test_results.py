"""Status, exit code, and the JSON that machines read: its key names are a contract."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.engine.results import RunResult, StepResult, merge
from sfsync.records import Bucket

SEVEN = ["applied", "unchanged", "invalid", "not_found", "duplicate", "conflict", "failed"]


def step(name: str = "convert", **buckets: int) -> StepResult:
    counts = {Bucket(bucket): count for bucket, count in buckets.items()}
    return StepResult(name, sum(counts.values()), counts, 10, 1.2345)


def run(*steps: StepResult, **more: object) -> RunResult:
    usual = {
        "run_id": "20260301-0900-0001", "command": "run", "flow": "charge_card", "api_calls": 31,
        "api_remaining": 14969, "seconds": 4.444,
    }  # fmt: skip
    return RunResult(steps=steps, **(usual | more))


@pytest.mark.parametrize("bucket", ["applied", "unchanged"])
def test_rows_that_are_done_make_a_run_ok(bucket: str) -> None:
    result = run(step(), step(**{bucket: 5}))
    assert (result.status, result.exit_code) == ("ok", 0)


@pytest.mark.parametrize("bucket", ["invalid", "not_found", "duplicate", "conflict", "failed"])
def test_one_row_that_is_not_applied_makes_it_partial(bucket: str) -> None:
    result = run(step(applied=99), step(applied=5, **{bucket: 1}), step(applied=1))
    assert (result.status, result.exit_code) == ("partial", 1)
    assert run(step(applied=1, **{bucket: 0})).status == "ok"


@pytest.mark.parametrize(("status", "code"), [("failed", 4), ("refused", 5), ("locked", 75)])
def test_a_status_that_is_given_wins(status: str, code: int) -> None:
    result = run(step(applied=1), status_override=status)
    assert (result.status, result.exit_code) == (status, code)


def test_the_json_of_a_run() -> None:
    result = run(step(applied=990, invalid=10), files=("a.csv",), messages=("hello",))
    assert json.loads(json.dumps(result.to_json())) == {
        "run_id": "20260301-0900-0001",
        "command": "run",
        "flow": "charge_card",
        "status": "partial",
        "steps": [
            {
                "name": "convert", "selected": 1000, "applied": 990, "unchanged": 0, "invalid": 10, "not_found": 0,
                "duplicate": 0, "conflict": 0, "failed": 0, "api_calls": 10, "seconds": 1.23,
            }
        ],
        "api_calls": 31,
        "api_remaining": 14969,
        "seconds": 4.44,
        "files": ["a.csv"],
        "messages": ["hello"],
    }  # fmt: skip


def test_an_import_adds_the_buckets_of_its_file() -> None:
    body = run(step(applied=2, conflict=1), step("order_status", applied=7), rows_read=3).to_json()
    assert body["rows_read"] == 3
    assert {name: body[name] for name in SEVEN} == dict.fromkeys(SEVEN, 0) | {"applied": 2, "conflict": 1}
    assert sum(body[name] for name in SEVEN) == body["rows_read"]


def test_an_import_that_ended_before_its_first_step_has_no_buckets_filled() -> None:
    body = run(rows_read=3, status_override="failed").to_json()
    assert {name: body[name] for name in SEVEN} == dict.fromkeys(SEVEN, 0)


def test_other_commands_have_no_rows_read() -> None:
    assert not {"rows_read", *SEVEN} & run(step(applied=1)).to_json().keys()


def test_what_the_org_did_not_tell_is_null() -> None:
    assert run(api_remaining=None).to_json()["api_remaining"] is None


COUNTS = st.dictionaries(st.sampled_from(list(Bucket)), st.integers(0, 99))
STEPS = st.builds(
    lambda counts, calls: StepResult("any", sum(counts.values()), counts, calls), COUNTS, st.integers(0, 9)
)


@given(st.lists(STEPS, max_size=5))
def test_merged_ledgers_add_up(parts: list[StepResult]) -> None:
    merged = merge("allocation_in", parts)
    assert merged.name == "allocation_in"
    assert merged.selected == sum(merged.buckets.values()) == sum(part.selected for part in parts)
    assert merged.api_calls == sum(part.api_calls for part in parts)
    for bucket in Bucket:
        assert merged.buckets.get(bucket, 0) == sum(part.buckets.get(bucket, 0) for part in parts)
