"""Every sample of partners' files against what it is known to hold."""

import json
import unicodedata
from typing import Any

import pytest

from sfsync.cells import ZERO_WIDTH, CellProblem, Kind, fold
from sfsync.errors import FileRefused
from sfsync.tabular.model import Hints, Table
from sfsync.tabular.table import open_table
from tests.shared import SAMPLES

TRUTHS = sorted(SAMPLES.glob("*.*.truth.json")) if SAMPLES.is_dir() else []
pytestmark = pytest.mark.skipif(not TRUTHS, reason="the shared samples are not here")

TEXTS = {"customer_name", "email", "address", "postcode", "city", "country", "remarks", "notes"}
KEYS = {"order_key", "lead_ref", "dealer_code", "tracking_code"}
MAPPINGS_JOB = {"duplicate_column", "missing_column"}


def load(name: str) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return truth


def name_of(path: Any) -> str:
    return str(path.name).removesuffix(".truth.json")


def is_readable(truth: dict[str, Any]) -> bool:
    return bool(truth.get("readable")) and name_of_truth(truth) != "b16_export_web.xlsb"


def name_of_truth(truth: dict[str, Any]) -> str:
    return str(truth["file"])


READABLE = [name_of(path) for path in TRUTHS if "file" in load(path.name) and is_readable(load(path.name))]
REFUSED = [
    name_of(path)
    for path in TRUTHS
    if not load(path.name).get("readable", True) and load(path.name)["error_kind"] not in MAPPINGS_JOB
]


def read(name: str, hints: Hints | None = None) -> tuple[Table, list[dict[str, Any]]]:
    table = open_table(SAMPLES / name, hints or Hints())
    return table, [row for block in table.blocks() for row in block.iter_rows(named=True)]


def wanted(truth: dict[str, Any]) -> Hints:
    return Hints.wanting(*truth["columns"].values())


@pytest.mark.parametrize("known", [False, True], ids=["headings unknown", "headings known"])
@pytest.mark.parametrize("name", READABLE)
def test_what_the_file_is(name: str, known: bool) -> None:
    truth = load(f"{name}.truth.json")
    table, rows = read(name, wanted(truth) if known else None)
    assert table.file == name
    assert (table.encoding, table.delimiter, table.sheet, table.header_row) == (
        truth["encoding"],
        truth["delimiter"],
        truth["sheet"],
        truth["header_row"],
    )
    assert table.bom == truth.get("bom", False)
    assert list(table.header_rows) == truth.get("header_rows", [truth["header_row"]])
    for canonical, position in truth["column_index"].items():
        assert table.columns[position] == truth["columns"][canonical]
    assert len(table.columns) == len(truth["columns"]) + len(truth["ignored_columns"])
    assert table.date1904 == (name == "b08_mac_1904.xlsx")
    if "row_numbers" in truth:
        assert [row["row"] for row in rows] == truth["row_numbers"]
    else:
        assert len(rows) == truth["row_count"]
    skipped = [{"row": skipped.row, "why": skipped.why} for skipped in table.skipped]
    assert skipped == truth.get("skipped_rows", [])


def canonical(text: str | None, column: str) -> str:
    """The README's canonical form of texts and keys, written down once more and independently."""
    value = (text or "").replace("\r\n", "\n")
    for character in ZERO_WIDTH:
        value = value.replace(character, "")
    if column in KEYS:
        value = unicodedata.normalize("NFKC", value).upper()
    return value.strip()


@pytest.mark.parametrize("name", [name for name in READABLE if not name.startswith("a11")])
def test_texts_and_keys_of_every_row(name: str) -> None:
    truth = load(f"{name}.truth.json")
    _, rows = read(name, wanted(truth))
    places = {column: str(n) for column, n in truth["column_index"].items() if column in TEXTS | KEYS}
    assert places
    for row, expected in zip(rows, truth["rows"], strict=True):
        for column, place in places.items():
            if expected[column] is not None:
                assert canonical(row[place], column) == expected[column], (row["row"], column)


@pytest.mark.parametrize("name", READABLE)
def test_problems_that_the_reader_can_see(name: str) -> None:
    truth = load(f"{name}.truth.json")
    table, rows = read(name, wanted(truth))
    ours = {"ragged_short", "ragged_long"}
    expected = [
        (p["row"], p["problem"], p["severity"]) for p in truth["row_problems"] if p["problem"] in ours
    ]
    assert [(p.row, p.problem, p.severity) for p in table.problems] == expected
    kinds = {"error_cell": Kind.ERROR, "formula_no_value": Kind.NO_VALUE, "card_id_numeric_cell": Kind.NUMBER}
    by_row = {row["row"]: row for row in rows}
    for problem in truth["row_problems"]:
        if problem["problem"] in kinds:
            place = truth["column_index"][problem["column"]]
            row = by_row[problem["row"]]
            assert row[f"{place}#"] == kinds[problem["problem"]]
            assert problem["problem"] != "error_cell" or row[str(place)] == problem["value"]
    special = [
        (row["row"], column)
        for row in rows
        for column, kind in row.items()
        if column.endswith("#") and kind in {Kind.ERROR, Kind.NO_VALUE}
    ]
    seen = [p for p in truth["row_problems"] if p["problem"] in {"error_cell", "formula_no_value"}]
    assert len(special) == len(seen)


def test_a_row_whose_values_have_shifted_keeps_its_key_only() -> None:
    table, rows = read("a04_export_ragged.csv")
    shifted = next(row for row in rows if row["row"] == 17)
    assert shifted.pop("0") == "CC-2024-000484"
    shifted.pop("row")
    assert set(shifted.values()) == {None}
    assert CellProblem(17, None, "ragged_long", "error", table.problems[-1].message) == table.problems[-1]
    assert "semicolon" in table.problems[-1].message


MENTIONED = {"file name": "{file}", "XML entity / DTD not allowed": "XML entity / DTD not allowed"}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence_that_says_why(name: str) -> None:
    truth = load(f"{name}.truth.json")
    with pytest.raises(FileRefused) as caught:
        list(open_table(SAMPLES / name).blocks())
    assert caught.value.kind == truth["error_kind"]
    for words in truth["message_should_mention"]:
        assert fold(MENTIONED.get(words, words).format(file=name)) in fold(str(caught.value))
    assert str(SAMPLES) not in str(caught.value)


def test_short_cell_records_are_refused_not_read_as_empty() -> None:
    with pytest.raises(FileRefused, match=r"b16_export_web\.xlsb.*columns missing or not readable"):
        open_table(SAMPLES / "b16_export_web.xlsb")


@pytest.mark.parametrize("name", ["a24_colonne_en_double.csv", "b11_no_reference_column.xlsx"])
def test_files_that_only_a_mapping_refuses_are_opened(name: str) -> None:
    table, rows = read(name)
    assert table.columns
    assert rows


def test_the_entity_of_a_workbook_is_never_resolved(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "geheim.txt").write_text("TOP SECRET", encoding="utf-8")
    copy = tmp_path / "a23.xlsx"
    copy.write_bytes((SAMPLES / "a23_xml_entiteit.xlsx").read_bytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileRefused) as caught:
        open_table(copy)
    assert "SECRET" not in str(caught.value)


def test_a_thousand_web_forms() -> None:
    table, rows = read("web_forms.jsonl")
    assert (table.format, table.encoding, table.header_row, len(rows)) == ("jsonl", "utf-8", 0, 1000)
    truth = load("web_forms.truth.json")
    column = str(table.columns.index("last_name"))
    ids = str(table.columns.index("submission_id"))
    blank = {row[ids] for row in rows if not (row[column] or "").strip()}
    assert blank == set(truth["dirt"]["missing_last_name"])
