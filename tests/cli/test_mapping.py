"""`sfsync mapping` on the command line: exit codes, the JSON contract, files that appear whole or not at all."""

import csv
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sfsync.cli.mapping import command
from sfsync.errors import ConfigError, FileRefused
from sfsync.mapping.schema import mapping_schema
from tests.cli.conftest import Shell

MAPPING = """
mapping: cards
object: Asset
key: Key__c
file:
  dates: dmy
  headers:
    card_key: [Order]
    card_id: [Card]
    shipped: [Shipped]
fields:
  Key__c: {from: card_key, type: key, required: true, unique: true}
  Card__c: {from: card_id, type: digits, length: 4}
  Day__c: {from: shipped, type: date}
  Status: {value: Shipped}
"""
CARDS = "Order;Card;Shipped;Note\na1;0012;31-01-2024;=1+1\na2;12;01-02-2024;=2+2\nA1;0012;31-01-2024;=1+1\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "cards.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "cards.csv").write_text(CARDS, "utf-8")
    return str(tmp_path / "cards.yaml"), str(tmp_path / "cards.csv")


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words, help_option_names=["-h", "--help"])


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def test_apply_writes_what_was_taken_and_what_not(files: tuple[str, str], tmp_path: Path):
    out, left = tmp_path / "out.csv", tmp_path / "left.csv"
    done = run("apply", *files, "-o", str(out), "--rejects", str(left), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"rows_read": 3, "applied": 1, "invalid": 1, "duplicate": 1}
    assert table(out) == [["Key__c", "Card__c", "Day__c", "Status"], ["A1", "0012", "2024-01-31", "Shipped"]]
    headings, invalid, double = table(left)
    assert headings == ["row", "Order", "Card", "Shipped", "Note", "result", "column", "rule", "reason"]
    assert invalid[:8] == ["3", "a2", "12", "01-02-2024", "'=2+2", "invalid", "Card", "length"]
    assert double[5:8] == ["duplicate", "Order", "duplicate_exact"]


def test_apply_says_it_to_people_too(files: tuple[str, str], tmp_path: Path):
    done = run("apply", *files, "-o", str(tmp_path / "out.csv"), "--rejects", str(tmp_path / "left.csv"))
    assert "3 rows read: 1 applied, 1 invalid, 1 duplicate." in done.stdout
    assert "1 × Card: length" in done.stdout


def test_apply_ends_well_when_all_rows_were_taken(files: tuple[str, str], tmp_path: Path):
    Path(files[1]).write_text("Order\na1\n", "utf-8")
    done = run("apply", *files, "-o", str(tmp_path / "out.csv"), "-q")
    assert (done.exit_code, done.stdout) == (0, "")
    assert table(tmp_path / "out.csv") == [["Key__c", "Status"], ["A1", "Shipped"]]


def test_no_text_in_the_output_runs_as_a_formula_unless_it_is_raw(files: tuple[str, str], tmp_path: Path):
    Path(files[0]).write_text(MAPPING.replace("  Status: {value: Shipped}", "  Note__c: shipped"), "utf-8")
    Path(files[0]).write_text(Path(files[0]).read_text("utf-8").replace("type: date", "max: 99"), "utf-8")
    Path(files[1]).write_text("Order;Shipped\na1;=1+1\na2;+31612345678\na3;-5\na4;plain\n", "utf-8")
    out = tmp_path / "out.csv"
    assert run("apply", *files, "-o", str(out)).exit_code == 0
    assert [row[1] for row in table(out)[1:]] == ["'=1+1", "+31612345678", "-5", "plain"]
    assert run("apply", *files, "-o", str(out), "--raw").exit_code == 0
    assert table(out)[1][1] == "=1+1"


def test_a_file_that_is_refused_leaves_nothing_behind(files: tuple[str, str], tmp_path: Path):
    Path(files[1]).write_text("Bestelling;Kaart\n1;2\n", "utf-8")
    done = run("apply", *files, "-o", str(tmp_path / "out.csv"))
    assert isinstance(done.exception, FileRefused)
    assert done.exception.kind == "missing_column"
    assert not list(tmp_path.glob("*out*"))


def test_a_row_that_the_file_broke_is_invalid(files: tuple[str, str], tmp_path: Path):
    Path(files[1]).write_text("Order;Card\na1;0012\na;2;0012;x\na3;0013\n", "utf-8")
    done = run("apply", *files, "-o", str(tmp_path / "out.csv"), "--json")
    assert json.loads(done.stdout) == {"rows_read": 3, "applied": 2, "invalid": 1, "duplicate": 0}


def test_preview_shows_before_and_after(files: tuple[str, str]):
    body = json.loads(run("preview", *files, "--json").stdout)
    assert [row["row"] for row in body["rows"]] == [2]
    assert body["rows"][0]["before"] == {"Order": "a1", "Card": "0012", "Shipped": "31-01-2024"}
    assert body["rows"][0]["after"]["Day__c"] == "2024-01-31"
    assert [(reject["row"], reject["problem"]["rule"]) for reject in body["rejects"]] == [
        (3, "length"),
        (4, "duplicate_exact"),
    ]
    assert body["unused"] == ["Note"]
    assert body["sources"] == {"Key__c": ["Order"], "Card__c": ["Card"], "Day__c": ["Shipped"], "Status": []}
    text = run("preview", *files).stdout
    lines = [line.split() for line in text.splitlines()]
    assert ["Shipped", "31-01-2024", "→", "Day__c", "2024-01-31"] in lines, "a field stands beside its column"
    assert ["(always)", "→", "Status", "Shipped"] in lines
    assert ["3", "Card", "12", "It", "must", "have", "exactly", "4", "digits;"] in [
        line[:9] for line in lines
    ]
    assert "3 rows read: 1 applied, 1 invalid, 1 duplicate." in text


def test_check_tells_every_mistake_and_exits_with_2(files: tuple[str, str]):
    assert run("check", files[0]).exit_code == 0
    Path(files[0]).write_text(MAPPING.replace("type: digits", "type: digit"), "utf-8")
    done = run("check", files[0], "--json")
    assert done.exit_code == 2
    (problem,) = json.loads(done.stdout)["mappings"][0]["problems"]
    assert problem["line"] == 13
    assert problem["suggestion"] == "Did you mean digits?"


def test_check_finds_the_mappings_of_the_project():
    done = run("check", "--json", "--project", str(Path(__file__).resolve().parents[2]))
    assert done.exit_code == 0
    names = {Path(found["file"]).stem for found in json.loads(done.stdout)["mappings"]}
    assert {"web_forms", "allocation", "activation"} <= names


def test_check_against_a_saved_describe(files: tuple[str, str], tmp_path: Path):
    describe = tmp_path / "describe.json"
    describe.write_text('{"name": "Asset", "fields": [{"name": "Key__c", "type": "string"}]}', "utf-8")
    done = run("check", files[0], "--describe", str(describe))
    assert done.exit_code == 2
    assert "Asset has no field Card__c." in done.stdout
    describe.write_text("[]", "utf-8")
    assert isinstance(run("check", files[0], "--describe", str(describe)).exception, ConfigError)


def test_a_mapping_by_name_that_is_unknown_lists_the_known(files: tuple[str, str]):
    done = run("preview", "nowhere", files[1], "--project", str(Path(__file__).resolve().parents[2]))
    assert isinstance(done.exception, ConfigError)
    assert "web_forms" in str(done.exception)


def test_schema_goes_to_stdout_or_a_file(tmp_path: Path):
    assert run("schema").stdout == mapping_schema()
    assert run("schema", "-o", str(tmp_path / "s.json")).exit_code == 0
    assert (tmp_path / "s.json").read_text("utf-8") == mapping_schema()


def test_check_tells_what_changed_in_the_org(shell: Shell):
    shell.file("leads.yaml", "mapping: leads\nobject: Lead\nkey: Sfsync_Key__c\nfile: {headers: {a: [A], b: [B]}}\n"
               "fields: {Sfsync_Key__c: {from: a, required: true}, LastName: a, Company: a}\n")  # fmt: skip
    (shell.folder / "config").mkdir()
    shell.file(
        "config/sfsync.yaml",
        "orgs:\n  mock: {login: access_token, access_token: 'env:SF_ACCESS_TOKEN',"
        f" instance_url: '{os.environ['SF_INSTANCE_URL']}'}}\n",
    )
    shell.setenv("SFSYNC_PROJECT", str(shell.folder))
    first = shell("mapping", "check", "leads.yaml", "--org", "mock", "--json")
    assert first.json["mappings"][0] == {"file": "leads.yaml", "problems": [], "changed": [], "unused": ["b"]}
    kept = shell.state / "describes" / "mock" / "Lead.json"
    body = json.loads(kept.read_text("utf-8"))
    for one in body["fields"]:
        if one["name"] == "Company":
            one["length"] = 40
    shell.file("saved.json", json.dumps(body))
    kept.write_text(json.dumps(body), "utf-8")
    told = ["Company: its length was 40 and is 255."]
    by_file = shell("mapping", "check", "leads.yaml", "--org", "mock", "--json", "--describe", "saved.json")
    assert by_file.json["mappings"][0]["changed"] == told
    assert (
        shell("mapping", "check", "leads.yaml", "--org", "mock", "--json").json["mappings"][0]["changed"]
        == told
    )
    assert (
        shell("mapping", "check", "leads.yaml", "--org", "mock", "--json").json["mappings"][0]["changed"]
        == []
    )
