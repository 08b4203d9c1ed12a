import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from sfsync.engine.export_model import SCHEMA_FILE, export_schema
from tests.cli.conftest import ROOT, Shell


def test_records_into_a_file_by_name(shell: Shell) -> None:
    assert shell("run", "charge_card", "-q").code in {0, 1}
    out = shell.folder / "orders.xlsx"
    said = shell("export", "open_orders", "-o", out, "--json")
    found = said.json
    assert (said.code, found["flow"], found["files"]) == (0, "open_orders", [str(out)])
    assert found["steps"][0]["applied"] == found["steps"][0]["selected"] == 12
    assert out.is_file()
    shown = shell("runs", "show", "last")
    assert "open_orders" in shown.out


def test_a_view_into_a_file(shell: Shell) -> None:
    for ending in ("xlsx", "csv"):
        out = shell.folder / f"list.{ending}"
        said = shell("export", "aftersales.in_progress", "-o", out, "--json")
        assert (said.code, said.json["files"]) == (0, [str(out)])
        assert "Lead" in shell("files", "inspect", out).out
    assert not list(shell.folder.rglob("outbox/aftersales/*"))


def test_the_ending_of_the_file_decides(shell: Shell) -> None:
    out = shell.folder / "orders.csv"
    assert shell("export", "open_orders", "-o", out).code == 0
    assert out.read_text("utf-8-sig").startswith("Order number,Customer,")


def test_what_changed_and_everything_again(shell: Shell) -> None:
    account = shell.org.insert("Account", {"Name": "A"})
    shell.org.insert("Asset", {"Name": "x", "Sfsync_Key__c": "K-1", "AccountId": account})
    said = [shell("export", "cards", "--json", *words).json for words in ((), (), ("--full",))]
    counts = [found["steps"][0]["applied"] for found in said]
    assert counts == [1, 0, 1]
    assert "Nothing has changed" in shell("export", "cards").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing",), "activation, aftersales, allocation, cards, open_orders"),
        (("nothing.view",), "nothing called 'nothing'"),
        (("cards", "--again"), "--again is for partner files"),
        (("cards", "--batch", "B"), "--batch is for partner files"),
        (("allocation", "--full"), "--full is for exports"),
        (("allocation", "-o", "x.csv"), "--output is not for allocation: its records are marked as sent"),
        (("aftersales.in_progress", "-o", "x.xlsx", "--each-dealer"), "name one dealer"),
        (("aftersales.in_progress", "-o", "x.xlsx", "--dealer", "A", "--dealer", "B"), "name one dealer"),
        (("aftersales.in_progress", "-o", "x.pdf"), "x.pdf: name it .xlsx or .csv"),
        (("cards", "-o", "x.pdf"), "name it .xlsx or .csv"),
        (("cards", "-o", "nowhere/x.csv"), "there is no folder nowhere"),
    ],
)
def test_slips_of_the_fingers(shell: Shell, words: tuple[str, ...], sentence: str) -> None:
    said = shell("export", *words)
    assert said.code == 2
    assert sentence in said.sentence


def test_mistakes_in_an_export_are_named_with_file_and_line(shell: Shell) -> None:
    project = shell.folder / "project"
    assert shell("init", project).code == 0
    (project / "exports" / "bad.yaml").write_text("export: bad\nobject: Order\ncolumns:\n  a: Statsu\n")
    said = shell("export", "bad", "--project", project)
    assert said.code == 2
    assert "bad.yaml:4: Order has no field called 'Statsu'. Did you mean Status?" in said.sentence
    (project / "exports" / "bad.yaml").write_text("export: bad\nobject: Order\ncolumn:\n  a: Status\n")
    said = shell("doctor", "--project", project, "--json")
    (check,) = [found for found in said.json["checks"] if found["name"] == "exports"]
    assert check["state"] == "bad"
    assert "bad.yaml:3" in check["mend"]


def test_the_schema_for_editors_is_fresh(shell: Shell) -> None:
    """``sfsync mapping schema --exports -o exports/export.schema.json`` makes it anew."""
    assert (ROOT / "exports" / SCHEMA_FILE).read_text("utf-8") == export_schema()
    assert shell("mapping", "schema", "--exports").out == export_schema()
    for path in Path(ROOT / "exports").glob("*.yaml"):
        assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")


SCHEMA = json.loads(export_schema())
PLAIN = "export: x\nobject: Order\ncolumns: {Id: Id, B: {field: Account.Name, width: 3}}\nincremental: {}\n"
QUERY = "export: x\nsoql: SELECT Id FROM Order\nfile: {name: a.csv, header: {bold: false}}\n"


def red(text: str) -> list[str]:
    value = YAML(typ="safe", pure=True).load(text)
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(value)]


def test_editors_show_good_exports_green() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for path in Path(ROOT / "exports").glob("*.yaml"):
        assert red(path.read_text("utf-8")) == []
    assert red(PLAIN) == red(QUERY) == []


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("columns", "colums"),
        PLAIN.replace("width", "widht"),
        PLAIN.replace("width: 3", "width: wide"),
        PLAIN.replace("object: Order\n", ""),
        PLAIN.replace("{Id: Id, B: {field: Account.Name, width: 3}}", "{}"),
        PLAIN.replace("incremental: {}", "incremental: {overlap: 3}"),
        PLAIN + "soql: SELECT Id FROM Order\n",
        QUERY + "where: Id != null\n",
        QUERY.replace("bold", "thick"),
        QUERY.replace("name: a.csv", "nam: a.csv"),
    ],
)
def test_editors_show_a_typo_red(text: str) -> None:
    assert red(text)


def test_every_word_of_an_export_has_an_explanation() -> None:
    bare = [
        f"{name}.{word}"
        for name, model in {"Export": SCHEMA, **SCHEMA["$defs"]}.items()
        for word, property_ in model["properties"].items()
        if "description" not in property_ and "$ref" not in property_
    ]
    assert bare == []
