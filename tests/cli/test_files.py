import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sfsync.cli.files import command
from sfsync.cli.root import root
from tests.tabular.workbooks import workbook

PROJECT = Path(__file__).resolve().parents[2]


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(
        command, [str(word) for word in words], standalone_mode=False, help_option_names=["-h", "--help"]
    )
    if isinstance(result.exception, click.ClickException):
        return result.exception.exit_code, result.exception.format_message()
    assert result.exception is None, result.exception
    return result.return_value or 0, result.output


@pytest.fixture
def cards(tmp_path):
    path = tmp_path / "cards.csv"
    rows = "".join(f"CC-{n};00{n};Zoë\x1b[31m {n}\n" for n in range(30))
    path.write_text("Bestelnummer;Pasnummer;Opmerkingen;\n" + rows + "CC-30\n;;\n", encoding="utf-8")
    return path


def test_inspect_as_json_gives_all_rows(cards):
    code, output = run("inspect", "--json", cards)
    found = json.loads(output)
    assert code == 0
    assert (found["encoding"], found["delimiter"], found["header_row"], found["rows_total"]) == (
        "utf-8",
        ";",
        1,
        31,
    )
    assert found["columns"] == ["Bestelnummer", "Pasnummer", "Opmerkingen"]
    assert len(found["rows"]) == 31
    assert found["rows"][0]["Pasnummer"] == "000"
    assert [problem["problem"] for problem in found["problems"]] == ["ragged_short"]
    assert len(json.loads(run("inspect", "--json", "--rows", "2", cards)[1])["rows"]) == 2


def test_inspect_for_people(cards):
    _, output = run("inspect", cards)
    assert "semicolon" in output
    assert "row 1" in output
    assert "CC-9" in output
    assert "CC-10" not in output
    assert "and 21 more rows (--rows 31)" in output
    assert "row 33 (blank)" in output
    assert "1 fields where the header has 3" in output
    assert "\x1b[31m" not in output, "a file must not steer the terminal"


def test_inspect_takes_hints(tmp_path):
    path = workbook(
        tmp_path / "book.xlsx", ("One", [["a", "b"], ["c", "d"], ["1", "2"]]), ("Two", [["x", "y"]])
    )
    assert json.loads(run("inspect", "--json", "--sheet", "two", path)[1])["sheet"] == "Two"
    assert json.loads(run("inspect", "--json", "--header-row", "2", path)[1])["columns"] == ["c", "d"]
    text = tmp_path / "text.csv"
    text.write_bytes("a,b|é\n1,2|3\n".encode("cp1252"))
    found = json.loads(run("inspect", "--json", "--delimiter", "|", "--encoding", "cp1252", text)[1])
    assert (found["columns"], found["encoding"]) == (["a,b", "é"], "windows-1252")
    assert run("inspect", "--delimiter", "ab", text)[0] == 2


def test_a_refused_file_is_a_sentence_and_exit_code_2(tmp_path, capsys, monkeypatch):
    from sfsync.cli.common import run_guarded

    path = tmp_path / "empty.csv"
    path.touch()
    monkeypatch.setattr("sys.argv", ["sfsync", "files", "inspect", str(path)])
    assert run_guarded(root) == 2
    assert capsys.readouterr().err.startswith("Error: empty.csv: the file is empty.")


def test_recognise_by_the_project(cards):
    code, output = run("recognise", "--json", "--project", PROJECT, cards)
    found = json.loads(output)
    assert (code, found["partner_file"]) == (0, "allocation")
    others = {candidate["name"]: candidate for candidate in found["candidates"]}
    assert "result" in others["activation"]["missing"]
    _, output = run("recognise", "--project", PROJECT, cards)
    assert "cards.csv is a file of kind allocation" in output
    assert "Not activation: no column for result" in output


def test_an_answer_is_recognised_as_what_it_answers(cards, tmp_path):
    from sfsync.tabular.answer import write_answer
    from sfsync.tabular.answer_cells import Answer
    from sfsync.tabular.table import open_table

    out = tmp_path / "answer.csv"
    write_answer(cards, open_table(cards), {n: Answer("applied") for n in range(2, 33)}, out)
    found = json.loads(run("recognise", "--json", "--project", PROJECT, out)[1])
    assert found["partner_file"] == "allocation"
    assert not next(c for c in found["candidates"] if c["name"] == "activation")["fits"]


def test_a_file_that_nobody_knows(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("colour;size\nred;1\n", encoding="utf-8")
    code, output = run("recognise", "--project", PROJECT, path)
    assert code == 1
    assert "none of this project's partner files" in output
    assert "last_name (headed 'last_name', for one), and 6 more." in output
    assert "goes into the mapping" in output
