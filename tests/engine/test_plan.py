"""A plan: what would be written, some fields of it, why rows are left out, and what it would cost."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sfsync.clock import ManualClock
from sfsync.engine.apply import write_phases
from sfsync.engine.flow import Decision, Look
from sfsync.engine.guards import Guards
from sfsync.engine.plan import SAMPLES, Meter, cost_of, plan_step
from sfsync.engine.results import Sample, StepPlan
from sfsync.records import Bucket, ConvertLead, Create, Update, target
from sfsync.salesforce import lanes
from tests.engine.support import NO_GUARDS, START, ScriptedOrg, ScriptedStep, done


def planned(
    decisions: Sequence[Decision], guards: Guards = NO_GUARDS, remaining: int | None = None, ahead: int = 0
) -> StepPlan:
    org = ScriptedOrg()
    look = Look(org, ManualClock(START), date(2026, 3, 1))
    calls = iter([100, 103])
    meter = Meter(lambda: next(calls), lambda: remaining)
    plan, _, _ = plan_step(
        ScriptedStep(decisions), look, (), org=org, guards=guards, meter=meter, ahead=ahead
    )
    assert org.calls == []
    return plan


ACCOUNT = Create("Account", "ACC-1", {"Name": "Volt"})
ROWS = [
    Decision("a", phases=((ACCOUNT,), (ConvertLead("l1", "Done", account_key="ACC-1"),))),
    Decision("b", phases=((ACCOUNT,), (ConvertLead("l2", "Done"),))),
    Decision("c", phases=((Update("Order", "801", {"Status": "x"}, {"Status": "y"}),),)),
    Decision("d", Bucket.UNCHANGED, "in the file since 2026"),
    Decision("e", Bucket.INVALID, "no name"),
    Decision("f", Bucket.INVALID, "no name"),
    Decision("g", Bucket.CONFLICT, "taken"),
]


def test_a_plan_counts_records_and_not_changes() -> None:
    plan = planned(ROWS)
    assert plan.writes == {("create", "Account"): 1, ("convert", "Lead"): 2, ("update", "Order"): 1}
    assert plan.result.buckets == {
        Bucket.APPLIED: 3, Bucket.UNCHANGED: 1, Bucket.INVALID: 2, Bucket.CONFLICT: 1,
    }  # fmt: skip
    assert plan.result.selected == len(ROWS)
    assert plan.reasons == {"invalid: no name": 2, "conflict: taken": 1}


def test_a_plan_costs_what_reading_cost_and_writing_would() -> None:
    assert planned(ROWS).result.api_calls == 3 + 2 + 2
    assert planned([]).result.api_calls == 3


def test_samples_show_some_rows_before_and_after() -> None:
    rows = [Decision("d", Bucket.UNCHANGED), ROWS[2], ROWS[0], ROWS[1]]
    assert planned(rows).samples == [
        Sample("c", "Order", "Status", "y", "x"),
        Sample("a", "Account", "Name", None, "Volt"),
        Sample("a", "Lead", "conversion", "open", "Done, into an existing account"),
    ]
    many = [Decision(str(n), phases=((Create("Order", str(n), {"A": 1, "B": 2}),),)) for n in range(9)]
    assert {sample.key for sample in planned(many).samples} == {str(n) for n in range(SAMPLES)}
    new = planned([Decision("b", phases=((ConvertLead("l2", "Done"),),))])
    assert new.samples[0].after == "Done, into a new account"


def test_a_plan_tells_what_the_guards_would_refuse() -> None:
    (refusal,) = planned(ROWS, Guards(changes=3)).refusals
    assert "4 records" in refusal
    assert planned(ROWS, Guards(changes=4)).refusals == []
    (refusal,) = planned(ROWS, Guards(changes=None, blanks=None, rejects=None), remaining=1000).refusals
    assert "API calls" in refusal


def test_a_plan_counts_the_calls_of_the_steps_before_it() -> None:
    free = Guards(changes=None, blanks=None, rejects=None, api_floor=0, api_calls=200)
    cost = planned(ROWS, free).cost
    assert planned(ROWS, free, ahead=97 - cost).refusals == []
    (refusal,) = planned(ROWS, free, ahead=98 - cost).refusals
    assert f"{cost} API calls are needed, this run has made {201 - cost}" in refusal
    floor = Guards(changes=None, blanks=None, rejects=None, api_floor=50)
    assert planned(ROWS, floor, remaining=100, ahead=50 - cost).refusals == []
    assert planned(ROWS, floor, remaining=100, ahead=51 - cost).refusals != []


CHANGE = st.one_of(
    st.builds(lambda name, key: Create(name, key, {}), st.sampled_from("AB"), st.sampled_from("1234")),
    st.builds(lambda name, key: Update(name, key, {}), st.sampled_from("AB"), st.sampled_from("1234")),
    st.builds(lambda key: ConvertLead(key, "Done"), st.sampled_from("1234")),
)
DECISIONS = st.lists(
    st.lists(st.lists(CHANGE, max_size=3).map(tuple), max_size=3).map(tuple), max_size=8
).map(lambda rows: [Decision(str(n), phases=phases) for n, phases in enumerate(rows)])


@given(DECISIONS)
def test_the_cost_is_that_of_the_very_calls_that_a_run_makes(decisions: list[Decision]) -> None:
    org = ScriptedOrg(done)
    cost = cost_of(org, decisions)
    write_phases(org, decisions)
    costed: list[Any] = [list(map(target, changes)) for changes in org.costed if changes]
    assert costed == [list(map(target, changes)) for changes in org.calls]
    assert cost == sum(map(len, org.calls))


@given(DECISIONS)
def test_the_writes_of_a_plan_are_the_records_that_a_run_touches(decisions: list[Decision]) -> None:
    org = ScriptedOrg(done)
    write_phases(org, decisions)
    assert sum(planned(decisions).writes.values()) == len(set(org.sent))


def test_a_phase_without_changes_costs_nothing() -> None:
    class Lanes(ScriptedOrg):
        def cost(self, changes: Sequence[Any]) -> int:
            return len(lanes.steps(changes))

    assert cost_of(Lanes(), [Decision("a", phases=((), (ACCOUNT,), ()))]) == 1
    assert cost_of(Lanes(), []) == 0


def test_an_account_that_the_phase_before_makes_is_not_looked_up_again() -> None:
    org = ScriptedOrg()
    cost_of(org, [ROWS[0]])
    assert org.costed[1][0].account_id
