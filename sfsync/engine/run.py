"""Runs steps: what happens, in order.

    for each step:  select → decide → guards → apply
    then, while some outcome is unknown or some row waits for others:  select again, and look
    at the end:     the ledger closes (rows selected = sum of the buckets) or the run fails loudly

After a lost answer nobody knows whether the org committed. Such a row is selected again: if it is gone from the
selection, or nothing is left to change, the write had happened; else it is decided and sent anew.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sfsync.engine.flow import Decision, Hands, Look, Result, Step
from sfsync.engine.guards import BUDGET, Calls, Guards, refusals, spent_up
from sfsync.engine.plan import Estimator, Meter, cost_of
from sfsync.engine.results import StepResult
from sfsync.errors import BudgetSpent, GuardRefused, SfsyncError
from sfsync.languages.reason import Reason
from sfsync.records import Bucket

PASSES = 8
"""How often a step selects again before it leaves the rest to the next run."""
PAUSE = 2.0
"""Seconds before looking again after a lost answer; doubled each time."""

Identity = tuple[str, int | None]


@dataclass(slots=True)
class Ledger:
    """Every row of a step with what became of it, over all passes."""

    decisions: dict[Identity, Decision] = field(default_factory=dict)
    results: dict[Identity, Result] = field(default_factory=dict)

    def settle(self, decisions: Sequence[Decision]) -> None:
        """Rows whose outcome was unknown and that need nothing now: the write had happened."""
        now = {decision.identity: decision for decision in decisions}
        for identity, result in self.results.items():
            decision = now.get(identity)
            if result.unknown and (decision is None or decision.bucket is Bucket.UNCHANGED):
                reason = self.decisions[identity].reason
                self.results[identity] = Result(Bucket.APPLIED, reason, via=result.via)

    def open(self, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions that are still to be acted upon."""
        seen = Counter(decision.identity for decision in decisions)
        twice = [key for (key, _), count in seen.items() if count > 1]
        if twice:
            raise LedgerError(f"The step decided about {twice[0]} twice.")
        todo = []
        for decision in decisions:
            self.decisions.setdefault(decision.identity, decision)
            result = self.results.get(decision.identity)
            if result is None or result.unknown:
                todo.append(decision)
        return todo

    def enter(self, decisions: Sequence[Decision], results: Sequence[Result]) -> None:
        for decision, result in zip(decisions, results, strict=True):
            if not decision.waits:
                self.decisions[decision.identity] = decision
                self.results[decision.identity] = result

    def close(self) -> dict[Bucket, int]:
        """The bucket counts; rows that still wait are left to the next run."""
        waits = Reason("waits", "waits for the next run")
        for identity in self.decisions:
            self.results.setdefault(identity, Result(Bucket.UNCHANGED, waits))
        buckets = Counter(result.bucket for result in self.results.values())
        if sum(buckets.values()) != len(self.decisions):
            raise LedgerError(
                f"{len(self.decisions)} rows were selected, {sum(buckets.values())} are accounted for."
            )
        return dict(buckets)


class LedgerError(SfsyncError):
    """The rows read and the rows accounted for differ: a bug, so the run stops instead of reporting success."""


def run_step(
    step: Step[Any],
    look: Look,
    hands: Hands,
    *,
    org: Estimator,
    guards: Guards,
    override: frozenset[str],
    meter: Meter,
) -> tuple[StepResult, Ledger]:
    """Run one step to its end. Raises GuardRefused, or its kind BudgetSpent, before the first write.

    When the run's API calls come to their end later, the step ends there, and leaves the rest to the next run.
    """
    started, calls = look.clock.monotonic(), meter.spent()
    if reason := spent_up(guards, calls, override=override):
        raise BudgetSpent(f"{step.name} was not begun: {reason}.")
    ledger = Ledger()
    pause = PAUSE
    for turn in range(PASSES):
        selected = step.select(look, ())
        decisions = step.decide(selected)
        ledger.settle(decisions)
        if turn == PASSES - 1 or (turn and spent_up(guards, meter.spent(), override=override)):
            break  # a last look; nothing more is sent
        todo = ledger.open(decisions)
        if turn == 0:
            _guard(step, todo, org, guards, override, meter)
        results = step.apply(
            selected, todo, hands
        )  # also with nothing to write: a file may have to be renewed
        ledger.enter(todo, results)
        unknown = any(result.unknown for result in results)
        waiting = any(decision.waits for decision in todo)
        progress = any(result.ids for result in results)
        if not unknown and not (waiting and progress):
            break
        if unknown:
            look.clock.sleep(pause)
            pause *= 2
    buckets = ledger.close()
    seconds = look.clock.monotonic() - started
    return StepResult(step.name, len(ledger.decisions), buckets, meter.spent() - calls, seconds), ledger


def _guard(
    step: Step[Any],
    decisions: Sequence[Decision],
    org: Estimator,
    guards: Guards,
    override: frozenset[str],
    meter: Meter,
) -> None:
    calls = Calls(cost_of(org, decisions), meter.spent(), meter.remaining())
    found = refusals(guards, decisions, calls, override=override)
    if found:
        kind = BudgetSpent if BUDGET.issuperset(found) else GuardRefused
        raise kind(f"{step.name} was refused before its first write: {'; '.join(found.values())}.")
