"""The simulator itself: a few schedules on every change, the same each time, and able to see what it is there for.

Each safeguard of the product is taken away once; the simulator must find a schedule in which that shows.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sfsync.engine import apply, run
from sfsync.engine.flow import Decision, Result, Step
from sfsync.journal import journal as journals
from sfsync.journal.leases import Lease
from sfsync.mockorg.faults import Fault, Faults
from sfsync.mockorg.problems import Refused
from sfsync.records import Bucket, ConvertLead, Create, Outcome, State
from sfsync.salesforce import composite, writing
from sfsync.transports.folder import FolderClaimed, FolderInbox
from tests.effort import EFFORT
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.schedule import Aim
from tests.simulation.simulate import Simulator, Verdict

SCHEDULES = 55 * EFFORT
PLACE = {scenario.name: place for place, scenario in enumerate(SCENARIOS)}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def step(simulator: Simulator, name: str) -> type[Step[Any]]:
    """The class of a step as the flow has loaded it."""
    (found,) = (found for found in simulator.world.flow.steps if found.name == name)
    return type(found)


def seeds(scenario: str, most: int) -> Iterator[int]:
    """The first seeds of a scenario."""
    return iter(range(PLACE[scenario], most * len(SCENARIOS), len(SCENARIOS)))


def caught(
    simulator: Simulator, scenario: str, words: str, most: int = 30, aim: Aim | None = None
) -> Verdict:
    """The first schedule whose problem has these words; fails when none of ``most`` has."""
    others = []
    for seed in seeds(scenario, most):
        verdict = simulator.play(seed, aim=aim)
        if words in verdict.problem:
            return verdict
        others.append(verdict.problem[-200:])
    pytest.fail(f"not caught in {most} schedules; {[problem for problem in others if problem][:3]}")


def test_every_promise_holds_in_some_schedules_of_all_scenarios(simulator: Simulator) -> None:
    verdicts = [simulator.play(seed) for seed in range(SCHEDULES)]
    assert [(verdict.seed, verdict.problem) for verdict in verdicts if verdict.problem] == []
    assert {verdict.scenario for verdict in verdicts} == set(PLACE)
    assert sum(bool(verdict.struck) for verdict in verdicts) > SCHEDULES / 2


def test_a_seed_gives_the_same_schedule_every_time(simulator: Simulator) -> None:
    for seed in range(1000, 1009):
        first, second = simulator.play(seed), simulator.play(seed)
        assert (first.log, first.outcomes, first.found) == (second.log, second.outcomes, second.found)


def test_the_order_of_sets_does_not_matter() -> None:
    program = (
        "from tests.simulation.simulate import SCENARIOS, Simulator\n"
        "seeds = (1000, 1002, 1005)\n"
        "with Simulator([SCENARIOS[seed % len(SCENARIOS)] for seed in seeds]) as simulator:\n"
        "    for seed in seeds:\n"
        "        verdict = simulator.play(seed)\n"
        "        print(verdict.log, verdict.found, verdict.problem)\n"
    )
    told = set()
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": hashing},
            cwd=Path(__file__).resolve().parents[2],
        )
        told.add(sha256(done.stdout).hexdigest())
    assert len(told) == 1


def test_keys_of_order_lines_must_not_be_random(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, real = count(), apply._resolve

    def resolve(change: Any, ids: Any) -> Any:
        if isinstance(change, Create) and change.object == "OrderItem":
            return replace(change, key=f"{change.key}#{next(number)}")
        return real(change, ids)

    monkeypatch.setattr(apply, "_resolve", resolve)
    caught(
        simulator,
        "forms to orders",
        "lines of an order for a product, more than one",
        aim=("crash after", "composite", 11),
    )


def test_orders_are_selected_while_there_is_none(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[step(simulator, "order").__module__]
    monkeypatch.setattr(module, "_NOT_ORDERED", "(SELECT OpportunityId FROM Order WHERE Status = 'None')")
    assert simulator.play(PLACE["forms to orders"]).problem


def test_colleagues_need_the_account_of_their_company_first(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert = step(simulator, "convert")
    real = convert.decide

    def decide(self: Any, selected: Any) -> list[Decision]:
        return [
            replace(decision, phases=((), tuple(_alone(change) for change in decision.phases[-1])))
            if decision.phases
            else decision
            for decision in real(self, selected)
        ]

    monkeypatch.setattr(convert, "decide", decide)
    caught(simulator, "forms to orders", "accounts of a company, more than one")


def _alone(change: Any) -> Any:
    return replace(change, account_key=None) if isinstance(change, ConvertLead) else change


def test_a_lost_answer_is_not_a_success(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    real = apply._result

    def result(decision: Decision, trouble: Any, ids: Any) -> Result:
        found = real(decision, trouble, ids)
        return replace(found, bucket=Bucket.APPLIED, unknown=False) if found.unknown else found

    monkeypatch.setattr(apply, "_result", result)
    caught(simulator, "forms to orders", "as applied", aim=("answer lost before", "Soap", 1))


def test_a_lost_answer_is_not_a_failure(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.Ledger, "settle", lambda *_: None)
    caught(simulator, "forms to orders", "as failed", aim=("answer lost after", "Soap", 1))


def test_a_conversion_is_not_sent_again_unlooked(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is refused by the org, and the row that was done is reported as failed."""
    real = apply.write_phases

    def write_phases(org: Any, decisions: Any, progress: Any = None) -> list[Result]:
        results = real(org, decisions, progress)
        if any(result.unknown for result in results):
            results = real(org, decisions, progress)
        return results

    monkeypatch.setattr("sfsync.engine.running.write_phases", write_phases)
    caught(simulator, "forms to orders", "as failed", aim=("answer lost after", "Soap", 1))


def test_cards_are_claimed_before_the_mail_goes(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = step(simulator, "activation_out")

    def send(self: Any, selected: Any, decisions: Any, hands: Any) -> list[Result]:
        if not decisions:
            return []
        if trouble := self._mail(selected, [decision.key for decision in decisions], hands):
            return [Result(Bucket.FAILED, str(trouble)) for _ in decisions]
        self._over = True
        return hands.write(decisions)

    monkeypatch.setattr(sending, "apply", send)
    caught(simulator, "activation mail", "mails per card that are not one", aim=("crash after", "mail", 1))


def test_unsettled_batches_are_not_mailed_again(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = step(simulator, "activation_out")
    real = sending.select

    def select(self: Any, look: Any, expected: Any) -> Any:
        found = real(self, look, expected)
        return real(self, look, expected) if not found.unsettled else _whole(self, look, found)

    def _whole(self: Any, look: Any, found: Any) -> Any:
        self._batch, name = next(iter(found.unsettled)), self._batch
        try:
            return real(self, look, ())
        finally:
            self._batch = name

    monkeypatch.setattr(sending, "select", select)
    caught(simulator, "activation mail", "mails per card that are not one", aim=("crash after", "mail", 1))


def test_two_exports_at_once_need_the_lease(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    names = count()

    def lease(self: Any, name: str, *, holder: str, ttl_seconds: float) -> Lease:
        own = f"{name}-{next(names)}"
        return journals.leases.take(self._engine, self._where, self._clock, own, holder, ttl_seconds)

    monkeypatch.setattr(journals.Journal, "lease", lease)
    caught(
        simulator, "activation mail", "mails per card that are not one", aim=("second run", "composite", 2)
    )


def test_a_file_is_archived_after_it_was_applied(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FolderInbox.claim

    def claim(self: FolderInbox) -> Iterator[FolderClaimed]:
        for claimed in real(self):
            kept = self.keep(claimed.path, self.folder / "archive" / self.day(), claimed.name)
            yield replace(claimed, path=kept)

    monkeypatch.setattr(FolderInbox, "claim", claim)
    monkeypatch.setattr(FolderClaimed, "archive", lambda _: None)
    caught(simulator, "allocation answers", "the org differs", aim=("crash before", "composite", 1))


def test_records_are_written_by_key_not_inserted(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The org's unique key lets nothing in twice; but what was there already is refused in every later run."""
    real = composite._part

    def part(version: str, number: int, collection: Any) -> Any:
        made = real(version, number, collection)
        if collection.key_field is None:
            return made
        return replace(made, method="POST", path=f"/services/data/v{version}/composite/sobjects")

    monkeypatch.setattr(composite, "_part", part)
    caught(simulator, "forms to orders", "the org differs")


def test_records_have_their_keys(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    real = composite._part

    def part(version: str, number: int, collection: Any) -> Any:
        made = real(version, number, collection)
        if collection.key_field is None:
            return made
        for record in made.body["records"]:
            record.pop(collection.key_field, None)
        return replace(made, method="POST", path=f"/services/data/v{version}/composite/sobjects")

    monkeypatch.setattr(composite, "_part", part)
    caught(simulator, "import web forms", "the org differs")


def test_a_file_imported_by_hand_is_read_from_a_copy(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulation.world.held", nullcontext)
    caught(simulator, "import web forms", "the answer is about other rows", aim=("file replaced", "", 2))


def test_rows_of_a_locked_parent_end_in_a_serial_job(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial: list[str] = []
    real = writing.Writing._serial
    monkeypatch.setattr(
        writing.Writing,
        "_serial",
        lambda self, load, progress: serial.append("") or real(self, load, progress),
    )
    for seed in seeds("allocation answers, by Bulk", 12):
        verdict = simulator.play(seed, aim=("parent locked", "/jobs/ingest", 1))
        assert not verdict.problem
    assert serial


@pytest.mark.parametrize(
    "trouble",
    [
        "crash before",
        "crash after",
        "answer lost before",
        "answer lost after",
        "half an answer",
        "session expired",
    ],
)
def test_troubles_of_serial_jobs(simulator: Simulator, monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    """Everything is locked for Bulk API 2.0, so that the rows go by jobs of Bulk API 1.0, where trouble strikes."""
    scenarios = ("web leads to orders, by Bulk", "allocation answers, by Bulk")
    real, struck = Faults.row, 0

    def row(self: Faults, route: str, *others: Any) -> Refused | None:
        if not route.startswith("bulk2") or next(locks) > 40:
            return real(self, route, *others)
        return Fault("lock").refusal()

    monkeypatch.setattr(Faults, "row", row)
    monkeypatch.setattr(Faults, "row_by_row", property(lambda _: True))
    for place in (1, 4, 7):
        for scenario in scenarios:
            locks = count()
            verdict = simulator.play(PLACE[scenario], aim=(trouble, "/async/", place))
            struck += any(trouble in line and "/async/" in line for line in verdict.log)
            assert verdict.problem == ""
    assert struck > 3


def test_rows_that_met_a_lock_are_not_done(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    real = writing.Writing._settle

    def settle(self: Any, places: Any, outcomes: Any, *via: str) -> None:
        done = [Outcome(State.DONE) if writing._is_locked(one) else one for one in outcomes]
        real(self, places, done, *via)

    monkeypatch.setattr(writing.Writing, "_settle", settle)
    caught(simulator, "forms to orders", "as applied", aim=("row lock", "Soap", 1))


@pytest.mark.parametrize("scenario", PLACE)
def test_an_undisturbed_schedule_needs_no_second_look(simulator: Simulator, scenario: str) -> None:
    verdict = simulator.play(PLACE[scenario], calm=True)
    assert not verdict.problem
    assert not verdict.struck
