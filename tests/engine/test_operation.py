"""A run from lease to last line: what the journal tells of it, however it ends, and what becomes of files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sfsync.demo.partners import card_id
from sfsync.engine.flow import Flow, Group, Inbox
from sfsync.engine.operation import plan, run_flow
from sfsync.engine.running import Nobody
from sfsync.errors import BudgetSpent, ConfigError, GuardRefused, LeaseHeld, LoginFailed, OrgError
from sfsync.journal.values import Run
from sfsync.records import Bucket
from tests.conftest import House, NewHouse
from tests.engine.support import ScriptedStep, row_of
from tests.partner_files.support import allocation, order_keys


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house(0)


@pytest.fixture
def small(new_house: NewHouse) -> House:
    return new_house(4)


@pytest.fixture
def ordered(small: House) -> House:
    small.run()
    return small


def last(house: House) -> Run:
    return house.project.journal.run("last")


def operate(house: House, *steps: Any, guards: dict[str, Any] | None = None) -> Any:
    flow = Flow("scripted", "for tests", steps, guards or {})
    return run_flow(house.project.ports(Nobody(), mail=house.mails), flow, None)


def test_a_run_is_in_the_journal_as_it_was_reported(small: House) -> None:
    result = small.run()
    found = last(small)
    assert found.run.id == result.run_id
    assert (found.run.command, found.run.flow, found.run.status) == ("run", "charge_card", "ok")
    assert (found.run.exit_code, found.run.api_calls) == (0, result.api_calls)
    assert found.run.api_remaining == result.api_remaining
    assert found.run.finished_at is not None
    told = {step.name: (step.selected, {b: n for b, n in step.buckets.items() if n}) for step in found.steps}
    for step in result.steps:
        if step.name in told:
            assert told[step.name] == (step.selected, {b: n for b, n in step.buckets.items() if n})
    assert {step.name for step in result.steps} - told.keys() == {"allocation_in", "activation_in"}


def test_every_row_is_in_the_journal_with_the_record_it_became(small: House) -> None:
    result = small.run()
    rows = list(small.project.journal.rows(result.run_id, step="order"))
    assert len(rows) == 4
    ids = {
        order["Sfsync_Key__c"]: order["Id"] for order in small.records("SELECT Id, Sfsync_Key__c FROM Order")
    }
    assert {row.key: row.record_id for row in rows} == ids
    assert {(row.bucket, row.object) for row in rows} == {(Bucket.APPLIED, "Order")}
    assert {str(row.request).partition(" ")[2] for row in rows} == {"POST composite"}
    converted = list(small.project.journal.rows(result.run_id, step="convert"))
    assert {str(row.request).partition(" ")[2] for row in converted} == {"POST convert"}


def test_a_request_in_the_journal_is_found_in_the_log(small: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "sfsync")
    result = small.run()
    rows = small.project.journal.rows(result.run_id, step="order")
    (request,) = {row.request for row in rows}
    logged = [record.fields for record in caplog.records if record.getMessage() == "salesforce.request"]
    assert [f"#{one['request']} {one['method']} {one['kind']}" for one in logged].count(str(request)) == 1


def test_files_in_and_out_are_recorded_with_their_digest(ordered: House, tmp_path: Path) -> None:
    key = order_keys(ordered)[0]
    path = allocation(tmp_path / "a.csv", [(key, card_id(key))])
    result = ordered.take("allocation", path)
    files = {(file.name, file.direction) for file in last(ordered).files}
    assert files == {("a.csv", "in"), ("a-result.csv", "out"), ("still-missing.csv", "out")}
    assert last(ordered).run.arguments == {"step": "allocation", "file": "a.csv"}
    (row,) = ordered.project.journal.rows(result.run_id, step="allocation_in")
    assert (row.file, row.row_number, row.object) == ("a.csv", 2, "Asset")
    assert all(Path(name).is_file() for name in result.files)


class Broken(ScriptedStep):
    """A step that ends with an error after an earlier one was done."""

    name = "broken"

    def __init__(self, error: Exception) -> None:
        super().__init__([])
        self._error = error

    def select(self, look: Any, expected: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    "error", [OrgError("The org said no."), ZeroDivisionError("a bug"), KeyboardInterrupt()], ids=type
)
def test_a_run_that_ended_early_is_failed_and_keeps_what_was_done(empty: House, error: Exception) -> None:
    account = row_of("Account", "a", Name="Volt")
    with pytest.raises(type(error)):
        operate(empty, ScriptedStep([account]), Broken(error))
    found = last(empty)
    assert (found.run.status, found.run.exit_code) == ("failed", 4)
    assert found.run.finished_at is not None
    assert [step.name for step in found.steps] == ["scripted"]
    assert len(empty.records("SELECT Id FROM Account")) == 1
    assert ("The org said no." in found.run.messages) is isinstance(error, OrgError)


def test_the_exit_code_in_the_journal_is_that_of_the_command(empty: House) -> None:
    with pytest.raises(LoginFailed):
        operate(empty, Broken(LoginFailed("Not allowed.")))
    assert last(empty).run.exit_code == 3


def test_a_refused_run_is_refused_in_the_journal(empty: House) -> None:
    rows = [row_of("Account", key, Name=key) for key in "abc"]
    with pytest.raises(GuardRefused):
        operate(empty, ScriptedStep(rows), guards={"changes": 2})
    assert (last(empty).run.status, last(empty).run.exit_code) == ("refused", 5)
    assert "3 records" in last(empty).run.messages[0]
    assert empty.written == 0


def test_the_lease_is_free_again_after_a_failed_run(empty: House) -> None:
    with pytest.raises(OrgError):
        operate(empty, Broken(OrgError("no")))
    assert operate(empty, ScriptedStep([])).status == "ok"


def test_a_run_beside_another_does_nothing_and_leaves_no_trace(empty: House) -> None:
    operate(empty, ScriptedStep([]))
    before = last(empty).run.id
    with (
        empty.project.journal.lease("scripted", holder="another:1", ttl_seconds=600),
        pytest.raises(LeaseHeld, match="another"),
    ):
        operate(empty, ScriptedStep([row_of("Account", "a", Name="a")]))
    assert last(empty).run.id == before
    assert empty.written == 0


def test_another_flow_may_run_beside_it(empty: House) -> None:
    with empty.project.journal.lease("charge_card", holder="another:1", ttl_seconds=600):
        assert operate(empty, ScriptedStep([])).status == "ok"


def test_steps_are_chosen_by_name_and_by_hand_steps_only_so() -> None:
    class ByHand(ScriptedStep):
        name = "by_hand_step"
        by_hand = True

    flow = Flow("f", "", (ScriptedStep([]), ByHand([]), Inbox("in", "allocation")))
    assert [step.name for step in flow.choose()] == ["scripted", "in"]
    assert [step.name for step in flow.choose("by_hand_step")] == ["by_hand_step"]
    with pytest.raises(ConfigError, match="no step called 'scripte'") as caught:
        flow.choose("scripte")
    assert "scripted, by_hand_step, in" in caught.value.hint


def test_a_group_is_run_by_its_name_and_its_steps_by_theirs(empty: House) -> None:
    class Early(ScriptedStep):
        name = "early"

    class Rare(ScriptedStep):
        name = "rare"
        by_hand = True

    nightly = Group("nightly", "at night", (Early([]), Rare([]), ScriptedStep([])), by_hand=True)
    flow = Flow("f", "", (Group("daily", "by day", (Early([]), Rare([]))), nightly))
    assert [step.name for step in flow.choose()] == ["early"]
    assert [step.name for step in flow.choose("nightly")] == ["early", "scripted"]
    assert [step.name for step in flow.choose("rare")] == ["rare"]
    assert [step.name for step in flow.choose("scripted")] == ["scripted"]
    assert flow.names == ["daily", "early", "rare", "nightly", "scripted"]
    with pytest.raises(ConfigError, match="no step called 'monthly'") as caught:
        flow.choose("monthly")
    assert "nightly" in caught.value.hint
    result = run_flow(empty.project.ports(Nobody(), mail=empty.mails), flow, "nightly")
    assert [step.name for step in result.steps] == ["early", "scripted"]
    assert last(empty).run.arguments == {"step": "nightly", "file": ""}


def inbox(house: House, place: str) -> list[str]:
    folder = house.state / "inbox" / "allocation"
    return sorted(path.name for path in folder.glob(f"{place}/*") if path.is_file())


def test_files_of_an_inbox_are_one_line_and_each_has_its_answer(ordered: House) -> None:
    one, two = order_keys(ordered)[:2]
    for name, key in (("one.csv", one), ("two.csv", two)):
        ordered.deliver("allocation", name, f"Order number;Card number\n{key};{card_id(key)}\n")
    result = ordered.run("charge_card.allocation_in")
    step = next(step for step in result.steps if step.name == "allocation_in")
    assert step.buckets == {Bucket.APPLIED: 2}
    assert [Path(name).name for name in result.files if name.endswith("-result.csv")] == [
        "one-result.csv", "two-result.csv",
    ]  # fmt: skip
    assert inbox(ordered, "archive/*") == ["one.csv", "two.csv"]
    assert inbox(ordered, ".taken") == []


def test_a_file_that_a_dead_run_had_taken_is_taken_again(ordered: House) -> None:
    key = order_keys(ordered)[0]
    path = ordered.deliver("allocation", "left.csv", f"Order number;Card number\n{key};{card_id(key)}\n")
    (path.parent / ".taken").mkdir(exist_ok=True)
    path.rename(path.parent / ".taken" / "left.csv")
    result = ordered.run("charge_card.allocation_in")
    assert result.steps[0].buckets == {Bucket.APPLIED: 1}
    assert inbox(ordered, "archive/*") == ["left.csv"]


def test_a_file_that_a_guard_refuses_goes_to_quarantine_and_the_next_is_taken(ordered: House) -> None:
    key = order_keys(ordered)[0]
    good = f"{key};{card_id(key)}"
    bad = "\n".join(f"WF-{n};{card_id(str(n))}" for n in range(30))
    ordered.deliver("allocation", "a-bad.csv", f"Order number;Card number\n{good}\n{bad}\n")
    ordered.deliver("allocation", "b-good.csv", f"Order number;Card number\n{good}\n")
    result = ordered.run("charge_card.allocation_in")
    assert (result.status, result.exit_code) == ("refused", 5)
    assert result.steps[0].buckets == {Bucket.APPLIED: 1}
    assert inbox(ordered, "quarantine") == ["a-bad.csv", "a-bad.csv.reason.txt"]
    assert inbox(ordered, "archive/*") == ["b-good.csv"]
    assert any("a-bad.csv" in message and "--override rejects" in message for message in result.messages)


def test_a_file_that_cannot_be_read_is_told_by_the_exit_code_and_the_journal(ordered: House) -> None:
    ordered.deliver("allocation", "a.csv", "%PDF-1.4 no table")
    result = ordered.run("charge_card.allocation_in")
    assert (result.status, result.exit_code) == ("partial", 1)
    (event,) = ordered.project.journal.explain("a.csv").events
    assert (event.file.name, event.file.direction, event.file.partner_file) == (
        "a.csv",
        "bad",
        "allocation_in",
    )
    assert ordered.project.journal.file_taken(event.file.digest, "allocation_in") is None
    assert ordered.run("charge_card.allocation_in").exit_code == 0


def test_steps_that_ran_once_a_file_are_one_line_of_the_run(ordered: House) -> None:
    for name, key in zip("ab", order_keys(ordered), strict=False):
        ordered.deliver("allocation", f"{name}.csv", f"Order number;Card number\n{key};{card_id(key)}\n")
    result = ordered.run("charge_card.allocation_in")
    steps = {step.name: step for step in last(ordered).steps}
    assert len(steps) == len(last(ordered).steps)
    assert steps["allocation_in"].selected == 2
    assert steps["allocation_in"].api_calls == result.steps[0].api_calls


def test_a_file_for_which_no_api_calls_are_left_stays_and_the_next_run_takes_it(ordered: House) -> None:
    key = order_keys(ordered)[0]
    ordered.deliver("allocation", "good.csv", f"Order number;Card number\n{key};{card_id(key)}\n")
    ports = ordered.project.ports(Nobody(), mail=ordered.mails)
    flow = ordered.project.content.flow("charge_card")
    with pytest.raises(BudgetSpent, match="--override api_calls"):
        run_flow(ports, replace(flow, guards={**flow.guards, "api_calls": 1}), "allocation_in")
    assert (last(ordered).run.status, last(ordered).run.exit_code) == ("refused", 5)
    assert (inbox(ordered, ".taken"), inbox(ordered, "quarantine")) == (["good.csv"], [])
    assert ordered.run("charge_card.allocation_in").steps[0].buckets == {Bucket.APPLIED: 1}


def test_a_plan_is_refused_for_the_api_calls_of_all_its_steps(small: House) -> None:
    ports = small.project.ports(Nobody(), mail=small.mails)
    flow = small.project.content.flow("charge_card")
    free, _ = plan(ports, flow, None)
    enough = replace(flow, guards={**flow.guards, "api_calls": free.api_calls})
    assert plan(ports, enough, None)[0].status == "ok"
    result, _ = plan(ports, replace(flow, guards={**flow.guards, "api_calls": free.api_calls // 2}), None)
    assert result.status == "refused"
    assert all("--override api_calls" in message for message in result.messages)
    assert run_flow(ports, enough, None).status == "ok"


def test_a_run_with_a_refused_file_is_refused_in_the_journal_as_well(ordered: House) -> None:
    key = order_keys(ordered)[0]
    bad = "\n".join(f"WF-{n};{card_id(str(n))}" for n in range(30))
    ordered.deliver("allocation", "bad.csv", f"Order number;Card number\n{key};{card_id(key)}\n{bad}\n")
    result = ordered.run("charge_card.allocation_in")
    assert result.status == "refused"
    assert (last(ordered).run.status, last(ordered).run.exit_code) == ("refused", 5)


def test_a_plan_goes_on_past_a_file_that_cannot_be_read(ordered: House) -> None:
    ordered.deliver("allocation", "bad.csv", "Colour;Size\nred;XL\n")
    planned, _ = ordered.plan()
    assert any("bad.csv" in message for message in planned.messages)


def test_two_files_of_one_name_have_two_answers(ordered: House) -> None:
    one, two = order_keys(ordered)[:2]
    path = ordered.deliver("allocation", "retour.csv", f"Order number;Card number\n{one};{card_id(one)}\n")
    (path.parent / ".taken").mkdir(exist_ok=True)
    path.rename(path.parent / ".taken" / "retour.csv")  # a dead run had taken it; meanwhile the next came
    ordered.deliver("allocation", "retour.csv", f"Order number;Card number\n{two};{card_id(two)}\n")
    result = ordered.run("charge_card.allocation_in")
    assert result.steps[0].buckets == {Bucket.APPLIED: 2}
    answers = [Path(name).read_text(encoding="utf-8-sig") for name in result.files if "-result" in name]
    assert one in "".join(answers)
    assert two in "".join(answers)


def test_messages_carry_no_personal_data(ordered: House) -> None:
    key = order_keys(ordered)[0]
    ordered.deliver("allocation", "x.csv", f"Order number;Card number\n{key};{card_id(key)}\nWF-0;nonsense\n")
    ordered.run()
    found = last(ordered)
    names = {contact["LastName"] for contact in ordered.records("SELECT LastName FROM Contact")}
    emails = {contact["Email"] for contact in ordered.records("SELECT Email FROM Contact")}
    rows = ordered.project.journal.rows(found.run.id)
    text = " ".join([*found.run.messages, *(f"{row.reason} {row.fields}" for row in rows)])
    assert not [word for word in {*names, *emails} if word and word in text]
