"""What each guard refuses, what overrides it, and how limits are written."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sfsync.engine.flow import Decision
from sfsync.engine.guards import Calls, Guards, refusals, spent_up
from sfsync.records import Bucket, ConvertLead, Create, Update

FREE = {"changes": None, "rejects": None, "blanks": None, "api_floor": 0}


def refused(
    decisions: Sequence[Decision],
    cost: int = 1,
    remaining: int | None = None,
    spent: int = 0,
    override: Sequence[str] = (),
    **limits: object,
) -> list[str]:
    guards = Guards.model_validate(FREE | limits)
    return list(
        refusals(guards, decisions, Calls(cost, spent, remaining), override=frozenset(override)).values()
    )


def writes(count: int) -> list[Decision]:
    return [Decision(str(n), phases=((Create("Order", str(n), {}),),)) for n in range(count)]


def rejects(count: int, bucket: Bucket = Bucket.INVALID) -> list[Decision]:
    return [Decision(f"r{n}", bucket) for n in range(count)]


def blanks(count: int) -> list[Decision]:
    return [
        Decision(str(n), phases=((Update("Lead", str(n), {"A": None}, {"A": "x"}),),)) for n in range(count)
    ]


@pytest.mark.parametrize("limit", [3, "3"])
def test_changes(limit: object) -> None:
    assert refused(writes(3), changes=limit) == []
    (sentence,) = refused(writes(4), changes=limit)
    assert sentence.startswith("4 records would be written, the guard allows 3")
    assert "--override changes" in sentence
    assert refused(writes(4), changes=limit, override=["changes"]) == []
    assert refused(writes(4), changes=limit, override=["rejects"]) != []


def test_a_record_that_several_rows_or_phases_write_is_one_record() -> None:
    shared = Create("Account", "ACC-1", {})
    rows = [Decision(key, phases=((shared,), (ConvertLead(key, "Done"),))) for key in "abc"]
    rows.append(Decision("d", phases=((Create("Order", "d", {}),), (Create("Order", "d", {"Status": "x"}),))))
    assert refused(rows, changes=5) == []
    assert refused(rows, changes=4) != []


@pytest.mark.parametrize("bucket", [Bucket.INVALID, Bucket.NOT_FOUND, Bucket.CONFLICT])
def test_rejects_as_a_share(bucket: Bucket) -> None:
    assert refused(writes(16) + rejects(4, bucket), rejects="20%") == []
    (sentence,) = refused(writes(15) + rejects(5, bucket), rejects="20%")
    assert sentence.startswith("5 of 20 rows would be refused, the guard allows 4")
    assert refused(writes(15) + rejects(5, bucket), rejects="20%", override=["rejects"]) == []


@pytest.mark.parametrize("bucket", [Bucket.UNCHANGED, Bucket.DUPLICATE, Bucket.APPLIED])
def test_rows_that_end_well_are_no_rejects(bucket: Bucket) -> None:
    assert refused(writes(1) + rejects(50, bucket), rejects=0) == []


def test_a_share_of_a_handful_of_rows_says_nothing_but_a_number_does() -> None:
    assert refused(writes(1) + rejects(8), rejects="20%") == []
    assert refused(writes(1) + rejects(1), rejects=0) != []
    assert refused(writes(1) + rejects(1), rejects="0") != []


def test_blanks() -> None:
    assert refused(blanks(2), blanks=2) == []
    (sentence,) = refused(blanks(3), blanks=2)
    assert sentence.startswith("3 filled fields would be emptied, the guard allows 2")
    assert refused(blanks(3), blanks=2, override=["blanks"]) == []


@pytest.mark.parametrize(
    ("values", "before", "emptied"),
    [
        ({"A": ""}, {"A": "x"}, True),
        ({"A": {}}, {"A": {"B": 1}}, True),
        ({"A": None}, {"A": 0}, True),
        ({"A": None}, {"A": False}, True),
        ({"A": None}, {"A": None}, False),
        ({"A": None}, {"A": ""}, False),
        ({"A": None}, {}, False),
        ({"A": 0}, {"A": 5}, False),
        ({"A": False}, {"A": True}, False),
        ({"A": "y"}, {"A": "x"}, False),
    ],
)
def test_what_counts_as_emptied(values: dict, before: dict, emptied: bool) -> None:
    rows = [Decision("a", phases=((Update("Lead", "1", values, before),),))]
    assert bool(refused(rows, blanks=0)) is emptied
    created = [Decision("a", phases=((Create("Lead", "1", values),),))]
    assert refused(created, blanks=0) == []


def test_the_api_floor() -> None:
    assert refused(writes(1), cost=10, remaining=1010, api_floor=1000) == []
    (sentence,) = refused(writes(1), cost=10, remaining=1009, api_floor=1000)
    assert sentence.startswith("10 API calls are needed and 1,009 are left today; 1,000 are kept")
    assert refused(writes(1), cost=10, remaining=1009, api_floor=1000, override=["api_floor"]) == []
    assert refused(writes(1), cost=10, remaining=None, api_floor=1000) == []


def test_the_api_calls_of_a_run() -> None:
    assert refused(writes(1), cost=10, spent=20, api_calls=30) == []
    (sentence,) = refused(writes(1), cost=11, spent=20, api_calls=30)
    assert sentence == (
        "11 API calls are needed, this run has made 20, and may make 30 in all (--override api_calls to go ahead)"
    )
    assert refused(writes(1), cost=11, spent=20, api_calls=30, override=["api_calls"]) == []
    assert refused(writes(1), cost=10**9, api_calls=None) == []
    with pytest.raises(ValidationError):
        Guards.model_validate({"api_calls": -1})


def test_a_run_that_has_made_its_calls_begins_nothing() -> None:
    guards = Guards(api_calls=30)
    assert spent_up(guards, 29, override=frozenset()) == ""
    assert "30 of its 30 API calls (--override api_calls" in spent_up(guards, 30, override=frozenset())
    assert spent_up(guards, 30, override=frozenset({"api_calls"})) == ""
    assert spent_up(Guards(), 10**6, override=frozenset()) == ""


def test_a_plan_that_writes_nothing_is_never_refused() -> None:
    everything = {"changes": 0, "rejects": 0, "blanks": 0, "api_floor": 1000}
    assert refused(rejects(50), cost=0, remaining=0, **everything) == []
    assert refused([], cost=0, remaining=0, **everything) == []


def test_every_guard_that_is_broken_has_its_sentence() -> None:
    rows = blanks(12) + rejects(20)
    limits = {"changes": 1, "rejects": "1%", "blanks": 0, "api_floor": 1000}
    found = refused(rows, cost=1, remaining=5, **limits)
    assert [text.split("--override ")[1].split()[0] for text in found] == [
        "changes", "rejects", "blanks", "api_floor",
    ]  # fmt: skip
    assert len(refused(rows, cost=1, remaining=5, override=["blanks", "changes"], **limits)) == 2


def test_no_limit_at_all() -> None:
    assert refused(writes(500) + rejects(500) + blanks(50), remaining=1) == []


@given(st.integers(20, 500), st.integers(0, 100), st.data())
def test_a_share_never_allows_more_than_it_says(rows: int, share: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, rows - 1))
    found = refused(writes(rows - bad) + rejects(bad), rejects=f"{share}%")
    assert bool(found) is (bad * 100 > rows * share)


@pytest.mark.parametrize(
    "value", ["", "%", "20 percent", "-1", -1, "1.5", 0.2, True, "²%", "1000%", [], "1e3"]
)
@pytest.mark.parametrize("name", ["changes", "rejects", "blanks"])
def test_a_limit_that_is_none_is_refused_with_an_example(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match="such as 20%"):
        Guards.model_validate({name: value})


@pytest.mark.parametrize("value", [None, 0, "0", "20%", "12.5%", " 20% ", 50_000])
def test_limits_as_admins_write_them(value: object) -> None:
    Guards.model_validate({"rejects": value, "changes": value, "blanks": value})


def test_the_usual_guards_stop_a_mass_change_a_broken_file_and_any_blank() -> None:
    usual = Guards().model_dump()
    assert refused(writes(50_000), **usual) == []
    assert refused(writes(50_001), **usual) != []
    assert refused(writes(10) + rejects(10), **usual) == []
    assert refused(writes(10) + rejects(11), **usual) != []
    assert refused(blanks(1), **usual) != []
    assert refused(writes(1), cost=1, remaining=1000, **usual) != []


def test_unknown_guards_are_refused() -> None:
    with pytest.raises(ValidationError):
        Guards.model_validate({"change": 5})
