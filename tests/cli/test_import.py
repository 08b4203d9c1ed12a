"""`import --plan`: what an import would do, told before it does it; nothing is written anywhere."""

from pathlib import Path

import pytest

from sfsync.tabular.write import write_table
from tests.cli.conftest import CARDS, Shell
from tests.mappings import CUSTOMERS

COLUMNS = CARDS.strip().split(",")


def table(shell: Shell, suffix: str, columns: list[str], rows: list[list[str]]) -> Path:
    path = shell.folder / f"in{suffix}"
    write_table(path, columns, rows)
    return path


def state(shell: Shell) -> list[Path]:
    """All files of the state folder but the journal itself."""
    return sorted(path for path in shell.state.rglob("*") if path.is_file() and "journal" not in path.name)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_plan_of_a_partner_file_is_what_its_import_does(shell: Shell, suffix: str):
    shell("run", "charge_card")
    first, second = shell.orders()[:2]
    rows = [
        [first, "3104000000000000001", "2026-03-02"],
        [second, "3104000000000000002", ""],
        ["NO-SUCH", "3104000000000000003", ""],
        [first, "3104", "2026-03-02"],
    ]
    cards = table(shell, suffix, COLUMNS, rows)
    written, files, runs = shell.org.stats.records_written, state(shell), shell("runs", "list", "--json").json
    plan = shell("import", "allocation", cards, "--plan", "--json")
    assert plan.code == 0
    assert (plan.json["command"], plan.json["flow"]) == ("plan", "charge_card")
    assert (shell.org.stats.records_written, state(shell)) == (written, files)
    assert shell("runs", "list", "--json").json == runs
    done = shell("import", "allocation", cards, "--json").json
    taken, planned = done["steps"][0], plan.json["steps"][0]
    same = ["name", "selected", "applied", "unchanged", "invalid", "not_found", "duplicate", "conflict"]
    assert {name: planned[name] for name in same} == {name: taken[name] for name in same}
    assert planned["applied"]
    assert planned["not_found"]
    assert [step["name"] for step in plan.json["steps"]] == [step["name"] for step in done["steps"]]
    again = shell("import", "allocation", cards, "--plan", "--json").json["steps"][0]
    assert (again["applied"], again["unchanged"]) == (0, planned["applied"])


def test_the_plan_of_a_partner_file_in_words(shell: Shell):
    shell("run", "charge_card")
    order = shell.orders()[0]
    cards = table(
        shell,
        ".csv",
        COLUMNS,
        [[order, "3104000000000000001", "2026-03-02"], ["NO-SUCH", "3104000000000000003", ""]],
    )
    said = shell("import", "allocation", cards, "--plan").out
    assert "allocation_in: create 1 Asset" in said
    assert f"{order}  Asset.SerialNumber: → 3104000000000000001" in said
    assert "Order.Status: Activated → Card Sent" in said  # a step that follows
    assert "1 × not_found: no order has this number" in said


def test_a_plan_that_a_guard_would_refuse_says_so(shell: Shell):
    shell("run", "charge_card")
    strange = [[f"NO-SUCH-{n}", f"31040000000000000{n:02}", ""] for n in range(20)]
    cards = table(shell, ".csv", COLUMNS, [*strange, [shell.orders()[0], "3104000000000000098", ""]])
    written = shell.org.stats.records_written
    plan = shell("import", "allocation", cards, "--plan", "--json")
    assert (plan.code, plan.json["status"]) == (5, "refused")
    assert any("--override rejects" in message for message in plan.json["messages"])
    assert shell("import", "allocation", cards, "--plan", "--override", "rejects").code == 2
    assert shell.org.stats.records_written == written


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_plan_of_a_table_is_what_its_import_does(shell: Shell, suffix: str):
    mapping = shell.file("customers.yaml", CUSTOMERS)
    rows = [["c1", "Volt"], ["c2", ""], ["c3", "Ohm"]]
    path = table(shell, suffix, ["Number", "Name"], rows)
    written = shell.org.stats.records_written
    plan = shell("import", mapping, path, "--plan", "--json").json
    assert shell.org.stats.records_written == written
    step = plan["steps"][0]
    assert (step["applied"], step["invalid"], step["unchanged"]) == (2, 1, 0)
    done = shell("import", mapping, path, "--json").json["steps"][0]
    assert (done["applied"], done["invalid"], done["api_calls"]) == (2, 1, step["api_calls"])
    again = shell("import", mapping, path, "--plan", "--json").json["steps"][0]
    assert (again["applied"], again["unchanged"]) == (0, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("allocation", "gone.csv"), "there is no such file"),
        (("invoices", "gone.csv"), "invoices"),
        (("order_status", "gone.csv"), "order_status"),
    ],
)
def test_a_plan_of_nothing_is_an_error_in_one_sentence(shell: Shell, words: tuple[str, ...], said: str):
    plan = shell("import", *words, "--plan")
    assert plan.code == 2
    assert said in plan.sentence
