"""Every mistake of a person or a partner is one sentence, without a traceback, and has the promised exit code."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfsync.clock import SystemClock
from sfsync.journal.journal import open_journal
from tests.cli.conftest import CARDS, Shell

FLOWS = (("plan", "charge_card"), ("run", "charge_card"))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("run", "solar"), 2, ("no flow called 'solar'", "charge_card")),
        (("plan", "charge_card.paint"), 2, ("no step called 'paint'", "convert", "order")),
        (("export", "invoices"), 2, ("nothing called 'invoices' to export", "allocation")),
        (("export", "web_forms"), 2, ("web_forms files are only taken",)),
        (("import", "invoices", "x.csv"), 2, ("no mapping called 'invoices'", "allocation")),
        (("run", "charge_card", "--org", "moon"), 2, ("no org called 'moon'", "config/sfsync.yaml")),
        (("run", "charge_card", "--project", "nowhere"), 2, ("is not a project", "sfsync init")),
        (("run", "charge_card", "--override", "all"), 2, ("'all' is not one of", "rejects")),
        (("run",), 2, ("Missing argument 'FLOW'",)),
        (("run", "charge_card", "now"), 2, ("unexpected extra argument",)),
        (("paint",), 2, ("No such command 'paint'",)),
        (("run", "charge_card", "--fast"), 2, ("No such option", "--fast")),
        (("runs", "show", "nonsense"), 2, ("no run nonsense", "sfsync runs list")),
        (("report", "solar"), 2, ("no report called 'solar'", "aftersales.sla", "charge_card.orders")),
        (("import", "allocation", "gone.csv"), 2, ("gone.csv", "no such file")),
        (("files", "inspect", "gone.csv"), 2, ("gone.csv", "no such file")),
        (("mapping", "apply", "allocation", "gone.csv", "-o", "out.csv"), 2, ("gone.csv", "no such file")),
        (("mapping", "apply", "allocation", "gone.csv", "-o", "no/out.csv"), 2, ("there is no folder no",)),
        (("mapping", "schema", "-o", "no/schema.json"), 2, ("there is no folder no",)),
        (("mapping", "preview", "nothing.yaml", "gone.csv"), 2, ("nothing.yaml cannot be read",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_name_that_is_not_known(shell: Shell, words: tuple[str, ...], code: int, told: tuple[str, ...]):
    said = shell(*words)
    assert said.code == code
    for part in told:
        assert part in said.sentence
    assert said.out == ""
    assert shell.org.stats.records_written == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ("the file is empty",)),
        (
            "colour\nred\n",
            ("there is no column for", "Order number", "Columns found: colour", "allocation.yaml"),
        ),
        (CARDS.replace("Ship date", "Card ID") + "A,1,2\n", ("Card ID", "two columns")),
        ("\x00\x01\x02\x03" * 50, ()),
    ],
    ids=["empty file", "unknown column", "a column twice", "no table"],
)
def test_a_file_that_is_not_what_it_should_be(shell: Shell, text: str, told: tuple[str, ...]):
    said = shell("import", "allocation", shell.file("cards.csv", text))
    assert said.code == 2
    assert "cards.csv" in said.sentence
    for part in told:
        assert part in said.sentence
    assert said.out == ""


def test_a_folder_is_no_file(shell: Shell):
    said = shell("import", "allocation", shell.folder)
    assert (said.code, "folder" in said.sentence) == (2, True)


BAD_MAPPING = """\
mapping: cards
object: Asset
key: Sfsync_Key__c
file:
  headers:
    card: {type: digitz}
fields:
  SerialNumber: kard
"""


@pytest.mark.parametrize("command", [("import",), ("mapping", "preview")], ids=" ".join)
def test_mistakes_in_a_mapping_are_told_with_file_and_line(shell: Shell, command: tuple[str, ...]):
    mapping = shell.file("cards.yaml", BAD_MAPPING)
    said = shell(*command, mapping, shell.file("cards.csv", "card\n1\n"))
    assert said.code == 2
    assert f"{mapping}:6:" in said.sentence
    assert "'digitz' is not known" in said.sentence
    assert f"{mapping}:8:" in said.sentence


def test_yaml_that_is_none_is_told_with_file_and_line(shell: Shell):
    mapping = shell.file("cards.yaml", "mapping: cards\nobject: [Asset\n")
    said = shell("mapping", "preview", mapping, shell.file("cards.csv", "card\n1\n"))
    assert said.code == 2
    assert f"{mapping}:" in said.sentence
    assert "Not valid YAML" in said.sentence


def test_mapping_check_lists_the_mistakes_as_its_result(shell: Shell):
    mapping = shell.file("cards.yaml", BAD_MAPPING)
    said = shell("mapping", "check", mapping)
    assert (said.code, said.err) == (2, "")
    assert f"{mapping}:6:" in said.out


@pytest.mark.parametrize("words", FLOWS, ids=" ".join)
def test_wrong_credentials(shell: Shell, words: tuple[str, ...]):
    shell.setenv("SF_ACCESS_TOKEN", "wrong-0123456789")
    said = shell(*words)
    assert said.code == 3
    assert "SF_ACCESS_TOKEN" in said.sentence
    assert "wrong-0123456789" not in said.err


def test_half_a_login(shell: Shell):
    shell.setenv("SF_ACCESS_TOKEN", "")
    said = shell("run", "charge_card")
    assert said.code == 2
    assert "SF_ACCESS_TOKEN is not set" in said.sentence


@pytest.mark.parametrize("words", [*FLOWS, ("org", "limits")], ids=" ".join)
def test_an_org_that_does_not_answer(shell: Shell, words: tuple[str, ...], closed_port: int):
    shell.setenv("SF_INSTANCE_URL", f"http://127.0.0.1:{closed_port}")
    said = shell(*words)
    assert said.code == 4
    assert f"127.0.0.1:{closed_port}" in said.sentence
    assert shell.waited, "it is tried again first"


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine on which nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_an_org_that_is_out_of_order(shell: Shell):
    shell.org.faults.script("unavailable", times=None)
    said = shell("run", "charge_card")
    assert said.code == 4
    assert shell.org.stats.records_written == 0


def test_the_days_calls_are_used_up(shell: Shell):
    shell.org.faults.script("limit", times=None)
    said = shell("run", "charge_card")
    assert said.code == 4
    assert "limit" in said.sentence.lower()


@pytest.mark.parametrize("address", ["http://example.com", "http://10.0.0.1:8080", "ftp://127.0.0.1"])
def test_a_session_is_never_sent_unprotected(shell: Shell, address: str):
    shell.setenv("SF_INSTANCE_URL", address)
    said = shell("run", "charge_card")
    assert said.code == 2
    assert "https://" in said.sentence


def test_no_project(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    shell.setenv("SFSYNC_PROJECT", str(shell.folder))
    said = shell("plan", "charge_card")
    assert said.code == 2
    assert "is not a project: it holds no config/sfsync.yaml" in said.sentence


@pytest.mark.parametrize(
    "words", [("run", "charge_card"), ("export", "allocation"), ("runs", "list")], ids=" ".join
)
def test_a_state_folder_that_cannot_be_made(shell: Shell, words: tuple[str, ...]):
    shell.setenv("SFSYNC_STATE", str(shell.file("in-the-way", "") / "state"))
    said = shell(*words)
    assert said.code == 4
    assert "in-the-way" in said.sentence
    assert shell.org.stats.records_written == 0


@pytest.mark.skipif(os.name != "posix" or not os.geteuid(), reason="root may write everywhere")
def test_a_state_folder_that_may_not_be_written_to(shell: Shell):
    shell.state.mkdir(mode=0o500)
    said = shell("run", "charge_card")
    assert said.code == 4
    assert str(shell.state) in said.sentence


def test_a_journal_that_is_none(shell: Shell):
    shell.state.mkdir()
    (shell.state / "journal.sqlite").write_text("this is no database, and never was one", encoding="utf-8")
    said = shell("run", "charge_card")
    assert said.code == 4
    assert "journal.sqlite is another kind of file" in said.sentence
    assert shell.org.stats.records_written == 0


def test_a_second_run_while_the_first_is_at_work(shell: Shell):
    journal = open_journal(f"sqlite:///{shell.state / 'journal.sqlite'}", clock=SystemClock())
    with journal, journal.lease("charge_card", holder="elsewhere:1", ttl_seconds=600):
        said = shell("run", "charge_card", "--json")
    assert said.code == 75
    assert "elsewhere:1" in said.sentence
    assert said.json["status"] == "locked"
    assert shell.org.stats.records_written == 0
    assert shell("run", "charge_card").code == 0


def test_doctor_has_the_exit_code_of_the_first_thing_to_mend(shell: Shell, closed_port: int):
    assert shell("doctor").code == 0
    shell.setenv("SF_INSTANCE_URL", f"http://127.0.0.1:{closed_port}")
    assert shell("doctor").code == 4
    shell.setenv("SF_INSTANCE_URL", "http://example.com")
    said = shell("doctor", "--json")
    assert (said.code, said.json["status"]) == (2, "failed")
    shell.setenv("SFSYNC_PROJECT", str(Path("nowhere")))
    said = shell("doctor")
    assert said.code == 2
    assert said.out.count("sfsync init") == 1
