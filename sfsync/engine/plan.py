"""Plans: what a run would do, as a value. Reads the org, writes nothing."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sfsync.engine.flow import Decision, Look, Step, expected_id
from sfsync.engine.guards import Calls, Guards, refusals
from sfsync.engine.results import Sample, StepPlan, StepResult
from sfsync.records import Bucket, Change, ConvertLead, Update, target

SAMPLES = 2
"""Rows shown before → after for each step."""


@dataclass(frozen=True, slots=True)
class Meter:
    """API calls as one run sees them: those it has made so far, and those that the org has left today."""

    spent: Callable[[], int]
    remaining: Callable[[], int | None]


class Estimator(Protocol):
    """What planning needs to know of an org beside its records."""

    def cost(self, changes: Sequence[Change]) -> int: ...


def plan_step(
    step: Step[Any],
    look: Look,
    expected: Sequence[Any],
    *,
    org: Estimator,
    guards: Guards,
    meter: Meter,
    ahead: int = 0,
) -> tuple[StepPlan, Sequence[Any], Sequence[Decision]]:
    """Plan one step on what the org holds and on what earlier steps would have made.

    ``ahead`` is the API calls that the writes of earlier steps would have made.
    """
    before = meter.spent()
    selected = step.select(look, expected)
    decisions = step.decide(selected)
    cost = cost_of(org, decisions)
    counts = Counter(decision.bucket for decision in decisions)
    spent, remaining = meter.spent(), meter.remaining()
    result = StepResult(step.name, len(decisions), dict(counts), spent - before + cost)
    calls = Calls(cost, spent + ahead, None if remaining is None else remaining - ahead)
    plan = StepPlan(
        result,
        step.about,
        _writes(decisions),
        _samples(decisions),
        _reasons(decisions),
        list(refusals(guards, decisions, calls, override=frozenset()).values()),
        cost,
    )
    return plan, step.expect(selected, decisions), decisions


def cost_of(org: Estimator, decisions: Sequence[Decision]) -> int:
    """API calls that writing these decisions takes: each phase is sent on its own."""
    depth = max((len(decision.phases) for decision in decisions), default=0)
    phases = (
        [c for d in decisions if len(d.phases) > phase for c in d.phases[phase]] for phase in range(depth)
    )
    return sum(org.cost(_as_sent(changes)) for changes in phases)


def _as_sent(changes: Sequence[Change]) -> list[Change]:
    """Each write once, its account resolved by the phase before (see ``apply.write_phases``)."""
    return [
        replace(change, account_id=expected_id(0))
        if isinstance(change, ConvertLead) and change.account_key
        else change
        for change in {target(change): change for change in changes}.values()
    ]


def _writes(decisions: Sequence[Decision]) -> dict[tuple[str, str], int]:
    targets = {target(c) for decision in decisions for phase in decision.phases for c in phase}
    return dict(Counter((verb, name) for verb, name, _ in targets))


def _samples(decisions: Sequence[Decision]) -> list[Sample]:
    samples: list[Sample] = []
    shown = 0
    for decision in decisions:
        if shown >= SAMPLES or not decision.phases:
            continue
        shown += 1
        for phase in decision.phases:
            for change in phase:
                samples.extend(samples_of(decision.key, change))
    return samples


def samples_of(key: str, change: Change) -> list[Sample]:
    """The fields of one change, before and after."""
    if isinstance(change, ConvertLead):
        into = "an existing account" if change.account_id or change.account_key else "a new account"
        return [Sample(key, "Lead", "conversion", "open", f"{change.converted_status}, into {into}")]
    before = change.before if isinstance(change, Update) else {}
    return [
        Sample(key, change.object, name, before.get(name), value) for name, value in change.values.items()
    ]


def _reasons(decisions: Sequence[Decision]) -> dict[str, int]:
    kept = (Bucket.APPLIED, Bucket.UNCHANGED)
    return dict(
        Counter(f"{d.bucket.value}: {d.reason}" for d in decisions if d.bucket not in kept).most_common()
    )
