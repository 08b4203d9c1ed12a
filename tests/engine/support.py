"""An org that answers from a script, a step that selects from it, and what runs them without any I/O."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sfsync.clock import ManualClock
from sfsync.engine.apply import write_phases
from sfsync.engine.flow import Decision, Look, Result, Step
from sfsync.engine.guards import Guards
from sfsync.engine.plan import Meter
from sfsync.engine.results import StepResult
from sfsync.engine.run import Ledger, run_step
from sfsync.errors import TransportFailed
from sfsync.records import Change, Create, Outcome, Progress, State, target

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NO_GUARDS = Guards(changes=None, rejects=None, blanks=None, api_floor=0)

Answer = Callable[[Change], Outcome]


def done(change: Change) -> Outcome:
    verb, name, key = target(change)
    return Outcome(State.DONE, id=f"{name}:{key}", created=verb == "create")


def refused(code: str = "BAD", message: str = "no") -> Outcome:
    return Outcome(State.REFUSED, code=code, message=message)


UNKNOWN = Outcome(State.UNKNOWN)


@dataclass
class ScriptedOrg:
    """Answers every change by ``answer``; remembers each call of ``write`` and of ``cost``."""

    answer: Answer = done
    calls: list[list[Change]] = field(default_factory=list)
    costed: list[list[Change]] = field(default_factory=list)

    def write(self, changes: Sequence[Change], *, progress: Progress | None = None) -> list[Outcome]:
        self.calls.append(list(changes))
        if progress:
            progress(len(changes))
        return [self.answer(change) for change in changes]

    def cost(self, changes: Sequence[Change]) -> int:
        self.costed.append(list(changes))
        return len(changes)

    def query(self, soql: str) -> list[Any]:
        raise AssertionError(soql)

    def query_many(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]:
        raise AssertionError(soqls)

    @property
    def sent(self) -> list[tuple[str, str, str]]:
        return [target(change) for call in self.calls for change in call]


@dataclass
class ScriptedHands:
    """The hands of a step: the org's writer, nothing else."""

    look: Look
    org: ScriptedOrg
    said: list[str] = field(default_factory=list)

    def write(self, decisions: Sequence[Decision]) -> list[Result]:
        return write_phases(self.org, decisions)

    def outbox(self, partner_file: str, name: str, make: Callable[[Path], object]) -> Path:
        raise AssertionError(name)

    def result(self, name: str, make: Callable[[Path], object]) -> Path:
        raise AssertionError(name)

    def mail(self, message: Any) -> None:
        raise AssertionError(message)

    def mails(self, messages: Sequence[Any]) -> list[TransportFailed | None]:
        raise AssertionError(messages)

    def say(self, text: str) -> None:
        self.said.append(text)


class ScriptedStep(Step[list[Decision]]):
    """Selects the next of the given passes (the last one again and again)."""

    name = "scripted"

    def __init__(self, *passes: Iterable[Decision]) -> None:
        self._passes = [list(decisions) for decisions in passes]
        self.selected = 0

    def select(self, look: Look, expected: Sequence[Any]) -> list[Decision]:
        self.selected += 1
        return self._passes[min(self.selected, len(self._passes)) - 1]

    def decide(self, selected: list[Decision]) -> list[Decision]:
        return selected


def run(
    step: Step[Any],
    org: ScriptedOrg,
    *,
    guards: Guards = NO_GUARDS,
    override: frozenset[str] = frozenset(),
    remaining: int | None = None,
    spent: int = 0,
) -> tuple[StepResult, Ledger, ManualClock]:
    """Run a step against a scripted org."""
    clock = ManualClock(START)
    look = Look(org, clock, date(2026, 3, 1))
    meter = Meter(lambda: spent + len(org.calls), lambda: remaining)
    result, ledger = run_step(
        step, look, ScriptedHands(look, org), org=org, guards=guards, override=override, meter=meter
    )
    return result, ledger, clock


def row_of(name: str, key: str, **values: Any) -> Decision:
    """A decision that makes one record."""
    return Decision(key, phases=((Create(name, key, values),),))
