"""The ledger: unknown outcomes are settled by looking, rows wait for others, and every row is accounted for."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.engine.flow import Decision, Hands, Look, Result, Step
from sfsync.engine.guards import Guards
from sfsync.engine.run import PASSES, Ledger, LedgerError
from sfsync.errors import BudgetSpent, GuardRefused
from sfsync.records import Bucket, Change, Create, Outcome, Update
from tests.engine.support import UNKNOWN, ScriptedOrg, ScriptedStep, done, refused, run


def row(key: str, **more: Any) -> Decision:
    return Decision(key, phases=((Create("Order", key, {}),),), **more)


class Lossy:
    """An org whose first ``times`` answers are lost."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, change: Change) -> Outcome:
        self.times -= 1
        return UNKNOWN if self.times >= 0 else done(change)


def test_one_pass_when_everything_is_settled() -> None:
    org, step = ScriptedOrg(), ScriptedStep([row("a"), Decision("b", Bucket.INVALID, "no name")])
    result, ledger, clock = run(step, org)
    assert result.buckets == {Bucket.APPLIED: 1, Bucket.INVALID: 1}
    assert (result.selected, result.api_calls, step.selected, clock.monotonic()) == (2, 1, 1, 0)
    assert ledger.results["b", None].reason == "no name"


def test_an_unknown_row_that_left_the_selection_had_been_written() -> None:
    org = ScriptedOrg(Lossy(1))
    result, ledger, clock = run(ScriptedStep([row("a", reason="was new"), row("b")], []), org)
    assert result.buckets == {Bucket.APPLIED: 2}
    assert ledger.results["a", None].reason == "was new"
    assert len(org.calls) == 1
    assert clock.monotonic() == 2


def test_an_unknown_row_with_nothing_left_to_change_had_been_written() -> None:
    org = ScriptedOrg(Lossy(1))
    again = [Decision("a", Bucket.UNCHANGED), Decision("b", Bucket.UNCHANGED)]
    result, _, _ = run(ScriptedStep([row("a"), row("b")], again), org)
    assert result.buckets == {Bucket.APPLIED: 2}
    assert org.sent == [("create", "Order", "a"), ("create", "Order", "b")]


def test_an_unknown_row_that_is_selected_again_is_sent_again_alone() -> None:
    org = ScriptedOrg(Lossy(1))
    result, _, _ = run(ScriptedStep([row("a"), row("b")]), org)
    assert result.buckets == {Bucket.APPLIED: 2}
    assert [len(call) for call in org.calls] == [2, 1]


def test_an_unknown_row_may_turn_out_to_be_something_else() -> None:
    org = ScriptedOrg(Lossy(1))
    result, ledger, _ = run(ScriptedStep([row("a")], [Decision("a", Bucket.CONFLICT, "taken")]), org)
    assert result.buckets == {Bucket.CONFLICT: 1}
    assert ledger.results["a", None].reason == "taken"


def test_an_outcome_that_stays_unknown_is_failed_with_that_reason() -> None:
    org, step = ScriptedOrg(lambda _: UNKNOWN), ScriptedStep([row("a"), row("b")])
    result, ledger, _ = run(step, org)
    assert result.buckets == {Bucket.FAILED: 2}
    assert {found.reason for found in ledger.results.values()} == {"outcome unknown"}
    assert step.selected == PASSES


def test_the_last_lost_answer_is_looked_at_as_well() -> None:
    """Waiting without looking afterwards would be for nothing."""
    passes = [[row("a")] for _ in range(PASSES - 1)]
    result, _, clock = run(ScriptedStep(*passes, []), ScriptedOrg(lambda _: UNKNOWN))
    assert clock.monotonic() == sum(2**n for n in range(1, PASSES))
    assert result.buckets == {Bucket.APPLIED: 1}


def test_looking_again_waits_longer_each_time() -> None:
    _, _, clock = run(ScriptedStep([row("a")]), ScriptedOrg(Lossy(3)))
    assert clock.monotonic() == 2 + 4 + 8


def test_a_row_that_waits_is_decided_again_after_the_others() -> None:
    org = ScriptedOrg()
    result, _, clock = run(ScriptedStep([row("a"), row("b", waits=True)], [row("b")]), org)
    assert result.buckets == {Bucket.APPLIED: 2}
    assert [len(call) for call in org.calls] == [1, 1]
    assert clock.monotonic() == 0


def test_rows_that_wait_for_nobody_are_left_to_the_next_run() -> None:
    org, step = ScriptedOrg(), ScriptedStep([row("a", waits=True)])
    result, ledger, _ = run(step, org)
    assert result.buckets == {Bucket.UNCHANGED: 1}
    assert ledger.results["a", None].reason == "waits for the next run"
    assert step.selected == 1
    assert org.calls == []


def test_rows_that_wait_behind_a_refused_one_do_not_turn_in_circles() -> None:
    step = ScriptedStep([row("a"), row("b", waits=True)])
    result, _, _ = run(step, ScriptedOrg(lambda _: refused()))
    assert result.buckets == {Bucket.FAILED: 1, Bucket.UNCHANGED: 1}
    assert step.selected == 1


def test_a_row_that_comes_in_while_the_step_runs_is_taken_along() -> None:
    org = ScriptedOrg(Lossy(1))
    result, _, _ = run(ScriptedStep([row("a")], [row("new")]), org)
    assert result.buckets == {Bucket.APPLIED: 2}
    assert result.selected == 2


def test_a_refused_row_is_not_tried_again_in_the_same_run() -> None:
    org = ScriptedOrg(lambda change: refused() if change.key == "a" else Lossy(1)(change))
    _, ledger, _ = run(ScriptedStep([row("a"), row("b")]), org)
    assert ledger.results["a", None].reason == "BAD: no"
    assert [change.key for call in org.calls for change in call].count("a") == 1


def test_deciding_about_a_row_twice_is_an_error_before_anything_is_written() -> None:
    org = ScriptedOrg()
    with pytest.raises(LedgerError, match="twice"):
        run(ScriptedStep([row("a"), row("a")]), org)
    assert org.calls == []


def test_rows_of_a_file_may_share_a_key_but_not_a_number() -> None:
    rows = [Decision("a", Bucket.INVALID, number=2), Decision("a", Bucket.INVALID, number=3)]
    result, _, _ = run(ScriptedStep(rows), ScriptedOrg())
    assert result.buckets == {Bucket.INVALID: 2}
    with pytest.raises(LedgerError):
        run(ScriptedStep([rows[0], rows[0]]), ScriptedOrg())


def test_a_ledger_that_does_not_close_is_an_error() -> None:
    ledger = Ledger()
    ledger.open([row("a")])
    ledger.results["b", None] = Result(Bucket.APPLIED)
    ledger.results["c", None] = Result(Bucket.APPLIED)
    with pytest.raises(LedgerError, match="accounted for"):
        ledger.close()


class Forgetful(Step[list[Decision]]):
    """A step whose ``apply`` loses a row."""

    name = "forgetful"

    def select(self, look: Look, expected: Sequence[Any]) -> list[Decision]:
        return [row("a"), row("b")]

    def decide(self, selected: list[Decision]) -> list[Decision]:
        return selected

    def apply(self, selected: list[Decision], decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        return hands.write(decisions)[1:]


def test_a_step_that_loses_a_row_is_found_out() -> None:
    with pytest.raises((LedgerError, ValueError)):
        run(Forgetful(), ScriptedOrg())


def test_guards_refuse_before_the_first_write_and_can_be_overridden() -> None:
    rows = [Decision(str(n), phases=((Update("Order", str(n), {}),),)) for n in range(3)]
    org, guards = ScriptedOrg(), Guards(changes=2)
    with pytest.raises(GuardRefused, match="scripted was refused before its first write: 3 records"):
        run(ScriptedStep(rows), org, guards=guards)
    assert org.calls == []
    result, _, _ = run(ScriptedStep(rows), org, guards=guards, override=frozenset({"changes"}))
    assert result.buckets == {Bucket.APPLIED: 3}


def test_a_run_that_has_made_its_api_calls_begins_no_step() -> None:
    step, org, guards = ScriptedStep([row("a")]), ScriptedOrg(), Guards(api_calls=5)
    with pytest.raises(BudgetSpent, match="scripted was not begun: this run has made 5 of its 5 API calls"):
        run(step, org, guards=guards, spent=5)
    assert step.selected == 0
    with pytest.raises(BudgetSpent, match="refused before its first write: 2 API calls are needed"):
        run(ScriptedStep([row("a"), row("b")]), org, guards=guards, spent=4)
    assert org.calls == []
    result, _, _ = run(step, org, guards=guards, spent=5, override=frozenset({"api_calls"}))
    assert result.buckets == {Bucket.APPLIED: 1}


def test_a_guard_beside_the_budget_is_no_matter_of_time() -> None:
    with pytest.raises(GuardRefused) as caught:
        run(ScriptedStep([row("a"), row("b")]), ScriptedOrg(), guards=Guards(api_calls=1, changes=1))
    assert not isinstance(caught.value, BudgetSpent)


def test_a_step_whose_calls_come_to_their_end_leaves_the_rest_to_the_next_run() -> None:
    org, later = ScriptedOrg(Lossy(1)), [row(str(n)) for n in range(9)]
    result, ledger, _ = run(ScriptedStep([row("a")], [row("a"), *later]), org, guards=Guards(api_calls=1))
    assert result.buckets == {Bucket.FAILED: 1}
    assert next(iter(ledger.results.values())).reason == "outcome unknown"
    assert len(org.calls) == 1


def test_guards_look_at_the_first_pass_only() -> None:
    """Rows of later passes follow from the first one's; refusing them would leave a run half done."""
    org = ScriptedOrg(Lossy(1))
    later = [row(str(n)) for n in range(9)]
    result, _, _ = run(ScriptedStep([row("a")], [row("a"), *later]), org, guards=Guards(changes=2))
    assert result.buckets == {Bucket.APPLIED: 10}


def test_apply_is_called_also_with_nothing_to_write() -> None:
    """A file in the outbox may have to be renewed."""
    called: list[int] = []

    class Files(ScriptedStep):
        def apply(self, selected: Any, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
            called.append(len(decisions))
            return super().apply(selected, decisions, hands)

    run(Files([]), ScriptedOrg())
    assert called == [0]


class Replica(Step[dict[str, int]]):
    """A step over an org of its own: rows to write until they are written, some refused, some waiting.

    Answers are drawn: done, refused, lost after the write, lost before it.
    """

    name = "replica"

    def __init__(self, keys: Sequence[str], waiting: frozenset[str]) -> None:
        self.open = dict.fromkeys(keys, 0)
        self.waiting = waiting
        self.told: dict[str, list[str]] = {}

    def select(self, look: Look, expected: Sequence[Any]) -> dict[str, int]:
        return dict(self.open)

    def decide(self, selected: dict[str, int]) -> list[Decision]:
        others = any(key not in self.waiting for key in selected)
        return [row(key, waits=others and key in self.waiting) for key in selected]

    def answer(self, change: Change, draw: str) -> Outcome:
        assert isinstance(change, Create)
        self.told.setdefault(change.key, []).append(draw)
        if draw in {"done", "lost after"}:
            assert change.key in self.open, "a row that was applied is applied again"
            del self.open[change.key]
        if draw == "done":
            return done(change)
        return refused() if draw == "refused" else UNKNOWN


@settings(max_examples=80)
@given(
    st.lists(st.sampled_from("abcdefg"), unique=True),
    st.frozensets(st.sampled_from("abcdefg")),
    st.data(),
)
def test_whatever_the_org_answers_the_buckets_add_up_and_nothing_is_applied_twice(
    keys: list[str], waiting: frozenset[str], data: st.DataObject
) -> None:
    step = Replica(keys, waiting)
    draws = st.sampled_from(["done", "refused", "lost after", "lost before"])
    org = ScriptedOrg(lambda change: step.answer(change, data.draw(draws)))
    result, ledger, _ = run(step, org)
    assert sum(result.buckets.values()) == result.selected == len(keys)
    for key in keys:
        bucket, told = ledger.results[key, None].bucket, step.told.get(key, [])
        assert Counter(told)["done"] + Counter(told)["lost after"] <= 1
        if bucket is Bucket.APPLIED:
            assert key not in step.open
        elif bucket is Bucket.UNCHANGED:
            assert told == []  # it waited behind rows that were refused
        elif told[-1] == "refused":
            assert ledger.results[key, None].reason == "BAD: no"
        else:
            assert ledger.results[key, None].reason == "outcome unknown"
            assert len(told) == PASSES
