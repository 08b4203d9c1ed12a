"""What machines and scripts rely on: the keys of --json, the exit codes, and what --quiet leaves."""

import json
from pathlib import Path

import click
import pytest

from sfsync.cli.front import COMMANDS
from sfsync.cli.root import root
from sfsync.errors import FileRefused, GuardRefused, LeaseHeld
from sfsync.records import Bucket
from tests.cli.conftest import CARDS, Shell

RESULT = [
    "run_id",
    "command",
    "flow",
    "status",
    "steps",
    "api_calls",
    "api_remaining",
    "seconds",
    "files",
    "messages",
]
BUCKETS = ["applied", "unchanged", "invalid", "not_found", "duplicate", "conflict", "failed"]
STEP = ["name", "selected", *BUCKETS, "api_calls", "seconds"]
ERROR = [*RESULT, "error", "message", "hint", "problems", "exit_code"]


def all_commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, part) for part in command.commands]
    return found


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help(shell: Shell, option: str):
    for words in [(), *all_commands()]:
        said = shell(*words, option)
        assert (words, said.code, said.err) == (words, 0, "")
        assert said.out.startswith(f"Usage: {' '.join(('sfsync', *words))} ")


@pytest.mark.parametrize(
    "words", [words for words in all_commands() if words != ("mock", "serve")], ids=" ".join
)
def test_every_command_takes_the_common_options(words: tuple[str, ...]):
    command: click.Command | None = root
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command
    if not isinstance(command, click.Group):
        known = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--project", "--org", "-v", "-q"} <= known


def test_the_words_of_the_buckets_are_the_contract():
    assert [bucket.value for bucket in Bucket] == BUCKETS


def test_plan_and_run_as_json(shell: Shell):
    for command in ("plan", "run"):
        said = shell(command, "charge_card", "--json")
        body = said.json
        assert (said.code, said.err) == (0, "")
        assert list(body) == RESULT
        assert (body["command"], body["flow"], body["status"]) == (command, "charge_card", "ok")
        assert all(list(step) == STEP for step in body["steps"])
        assert all(step["selected"] == sum(step[name] for name in BUCKETS) for step in body["steps"])
        assert sum(step["applied"] for step in body["steps"]) > 0
        assert body["api_calls"] == sum(step["api_calls"] for step in body["steps"])
        assert isinstance(body["api_remaining"], int)
        assert bool(body["run_id"]) == (command == "run")
    assert all(Path(path).is_file() for path in body["files"])


def test_export_as_json(shell: Shell):
    shell("run", "charge_card")
    said = shell("export", "allocation", "--json")
    assert said.code == 0
    assert list(said.json) == RESULT
    assert said.json["command"] == "export"


def test_import_as_json_and_a_file_taken_twice(shell: Shell):
    shell("run", "charge_card")
    first, second = shell.orders()[:2]
    cards = shell.file(
        "cards.csv", CARDS + f"{first},3104000000000000001,2026-03-02\nNO-SUCH,3104000000000000002,\n"
    )
    said = shell("import", "allocation", cards, "--json")
    body = said.json
    assert said.code == 1
    assert list(body) == [*RESULT, "rows_read", *BUCKETS]
    assert (body["status"], body["rows_read"], body["applied"], body["not_found"]) == ("partial", 2, 1, 1)
    assert body["rows_read"] == sum(body[name] for name in BUCKETS)
    written = shell.org.stats.records_written
    again = shell("import", "allocation", cards, "--json").json
    assert (again["applied"], again["unchanged"], again["not_found"]) == (0, 1, 1)
    assert shell.org.stats.records_written == written

    issued = shell.file("stolen.csv", CARDS + f"{second},3104000000000000001,2026-03-02\n")
    said = shell("import", "allocation", issued, "--json")
    assert (said.code, said.json["status"], said.json["conflict"]) == (1, "partial", 1)
    assert shell.org.stats.records_written == written


def test_a_guard_refuses_and_an_operator_may_overrule_it(shell: Shell):
    """One sound row among twenty that fit no order: more likely another customer's file than ours."""
    shell("run", "charge_card")
    strange = "".join(f"NO-SUCH-{n},31040000000000000{n:02},2026-03-02\n" for n in range(20))
    sound = f"{shell.orders()[0]},3104000000000000099,2026-03-02\n"
    path = shell.file("cards.csv", CARDS + strange + sound)
    written = shell.org.stats.records_written
    said = shell("import", "allocation", path, "--json")
    assert said.code == 5
    assert "20 of 21 rows would be refused" in said.sentence
    assert "--override rejects" in said.sentence
    assert said.json["status"] == "refused"
    assert shell.org.stats.records_written == written
    assert shell("import", "allocation", path, "--override", "rejects").code == 1
    assert shell.org.stats.records_written > written


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("run", "solar"), 2, "ConfigError"),
        (("plan", "charge_card.paint"), 2, "ConfigError"),
        (("import", "allocation", "gone.csv"), 2, "FileRefused"),
        (("export", "invoices"), 2, "ConfigError"),
        (("run",), 2, "MissingParameter"),
        (("paint",), 2, "NoSuchCommand"),
        (("runs", "show", "nonsense"), 2, "ConfigError"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_errors_are_an_object_with_the_same_keys(shell: Shell, words: tuple[str, ...], code: int, error: str):
    said = shell(*words, "--json")
    body = said.json
    assert said.code == body["exit_code"] == code
    assert list(body) == ERROR
    assert (body["status"], body["steps"], body["files"]) == ("failed", [], [])
    assert body["error"] == error
    assert body["message"]
    assert body["messages"] == [f"{body['message']} {body['hint']}".strip()]
    assert body["command"] in {words[0], "show", ""}
    assert said.sentence


def test_the_flow_of_an_error_is_its_family(shell: Shell):
    body = shell("run", "charge_card.paint", "--json").json
    assert (body["command"], body["flow"]) == ("run", "charge_card")


def test_mistakes_of_a_mapping_are_listed(shell: Shell):
    mapping = shell.file(
        "cards.yaml", "mapping: cards\nobject: Asset\nfile: {headers: {a: }}\nfields: {B: c}\n"
    )
    body = shell("import", mapping, shell.file("cards.csv", "a\n1\n"), "--json").json
    assert body["problems"]
    assert all(problem.startswith(f"{mapping}:") for problem in body["problems"])


def test_json_is_one_object_and_quiet_is_quiet(shell: Shell):
    shell("run", "charge_card")
    for line in (
        "org check",
        "org limits",
        "runs list",
        "runs show last",
        "runs explain WF-1",
        "mapping check",
        "schedule",
        "doctor",
        "report charge_card.orders",
        "report aftersales.sla",
        "plan charge_card",
        "run charge_card",
        "export allocation",
    ):
        assert shell(*line.split(), "--json").json, line
        said = shell(*line.split(), "-q")
        assert (line, said.out, said.err) == (line, "", "")


def test_quiet_still_says_errors(shell: Shell):
    said = shell("run", "solar", "-q")
    assert (said.code, said.out) == (2, "")
    assert "no flow called 'solar'" in said.sentence


def test_the_demo_as_json_is_one_object(shell: Shell):
    said = shell("demo", "--forms", "30", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json["complete"] is True
    assert json.loads(said.out)["forms"] == 30


def test_ctrl_c_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sfsync.project.open_project", stop)
    said = shell("run", "charge_card", "--json")
    assert (said.code, said.json["exit_code"], said.err.strip()) == (130, 130, "Stopped.")


def test_a_mistake_of_our_own_is_never_taken_for_a_result(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("while writing to someone@example.com")

    monkeypatch.setattr("sfsync.project.open_project", fail)
    said = shell("run", "charge_card", "--json")
    assert (said.code, said.json["status"], said.json["error"]) == (4, "failed", "ZeroDivisionError")
    assert "test_contract.py" in said.err, "where it happened"
    assert "someone@example.com" not in said.err + said.out


def test_exit_codes_of_the_errors_are_the_contract():
    assert FileRefused("x", "empty_file", "x").exit_code == 2
    assert (GuardRefused.exit_code, LeaseHeld.exit_code) == (5, 75)
