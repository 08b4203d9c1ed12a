"""A partner reads the answer in their own language, and may send it in again as it is."""

import csv
from pathlib import Path

import openpyxl
import pytest

from sfsync.engine.files import read_file
from sfsync.engine.flow import Flow, PartnerFile
from sfsync.engine.operation import import_file
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.engine.upsert import UpsertRows
from sfsync.languages.heads import HEADS
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.records import Bucket
from sfsync.tabular.answered import partner_columns
from sfsync.tabular.table import open_table
from sfsync.tabular.write import write_table
from tests.conftest import House, NewHouse

HEADINGS = {
    "en": ("Number", "Client name", "Kind", "Since"),
    "fr": ("Numéro", "Nom du client", "Genre", "Depuis"),
    "it": ("Numero", "Nome cliente", "Tipo", "Dal"),
    "nl": ("Nummer", "Naam klant", "Soort", "Sinds"),
    "de": ("Nummer", "Name des Kunden", "Art", "Seit"),
    "zh": ("编号", "客户名称", "类型", "开始日期"),
}
NAMES = ("number", "title", "kind", "since")
MAPPING = (
    "mapping: customers\nobject: Account\nkey: Sfsync_Key__c\nfile:\n  dates: dmy\n  headers:\n"
    + "".join(
        f"    {name}:\n      headings: {{{', '.join(f'{lang}: {row[n]}' for lang, row in HEADINGS.items())}}}\n"
        for n, name in enumerate(NAMES)
    )
    + """
fields:
  Sfsync_Key__c: {from: number, type: key, required: true, unique: true}
  Name: {from: title, type: text, required: true, max: 20}
  Type: {from: kind, map: {Prospect: [possible], Customer - Direct: [direct]}}
  Description: {from: since, type: date}
"""
)
ROWS = [
    ["c1", "Volt BV", "direct", "31-12-2025"],
    ["c2", "=1+1", "possible", "01-02-2026"],
    ["c3", "Ampère", "posible", "01-02-2026"],
    ["c4", "", "direct", "01-02-2026"],
    ["c5", "Ohm", "direct", "soon"],
    ["c6", "Watt", "direct", "01-02-2026"],
    ["c6", "Watt", "direct", "01-02-2026"],
]
REFUSED = {"c3", "c4", "c5"}


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house(0)


def take(house: House, path: Path) -> tuple[RunResult, Path]:
    """`sfsync import customers FILE`, and the answer."""
    rows = read_file(path, compile_mapping(parse_mapping(MAPPING)))
    partner_file = PartnerFile("customers", "", "", mapping="customers", take=UpsertRows)
    ports = house.project.ports(Nobody(), ("rejects", "changes", "blanks"))
    result = import_file(ports, Flow("customers", "", ()), partner_file, rows)
    return result, Path(result.files[0])


def cells(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    page = openpyxl.load_workbook(path).active
    assert page is not None
    return [["" if cell is None else str(cell) for cell in row] for row in page.iter_rows(values_only=True)]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("language", HEADINGS)
def test_the_answer_comes_in_again_as_it_is(empty: House, tmp_path: Path, language: str, ending: str):
    path = tmp_path / f"in.{ending}"
    write_table(path, HEADINGS[language], ROWS)
    first, answer = take(empty, path)
    buckets = {Bucket.APPLIED: 3, Bucket.INVALID: 3, Bucket.DUPLICATE: 1}
    assert first.steps[0].buckets == buckets
    head = HEADS[language]
    heading, *rows = cells(answer)
    assert heading == [*HEADINGS[language], *head.columns]
    words = {row[0]: row[4] for row in rows}
    assert words["c1"] == head.results["applied"]
    assert {key for key, word in words.items() if word == head.results["invalid"]} == REFUSED
    assert rows[0][:4] == ROWS[0], "what the partner wrote stays what it was"
    by_key = {row[0]: row for row in rows}
    assert [by_key[key][6] for key in ("c3", "c4", "c5")] == [HEADINGS[language][n] for n in (2, 1, 3)]
    assert "possible" in by_key["c3"][7]
    assert "31-12-2026" in by_key["c5"][7]
    if language != "en":
        assert "The value is missing." not in by_key["c4"][5]

    written = empty.written
    again, second = take(empty, answer)
    assert again.steps[0].buckets == {Bucket.UNCHANGED: 3, Bucket.INVALID: 3, Bucket.DUPLICATE: 1}
    assert empty.written == written
    assert cells(second)[0] == heading, "the columns of the first answer are written over"
    assert {row[0]: row[4] for row in cells(second)[1:]}["c1"] == head.results["unchanged"]
    assert [row[:4] for row in cells(second)] == [row[:4] for row in cells(answer)]


def test_reasons_are_said_in_the_partners_language(empty: House, tmp_path: Path):
    path = tmp_path / "in.csv"
    write_table(path, HEADINGS["fr"], ROWS)
    _, answer = take(empty, path)
    rows = cells(answer)[1:]
    assert rows[2][4:] == ["invalide", "Ce mot n'est pas connu.", "Genre", "Vouliez-vous dire « possible » ?"]
    assert rows[3][4:] == ["invalide", "La valeur manque.", "Nom du client", ""]
    assert rows[6][4:6] == ["en double", "La même ligne figure déjà dans le fichier : ligne 7."]


def test_the_journal_keeps_english(empty: House, tmp_path: Path):
    path = tmp_path / "in.csv"
    write_table(path, HEADINGS["de"], ROWS)
    result, _ = take(empty, path)
    reasons = [row.reason for row in empty.project.journal.rows(result.run_id)]
    assert "title: The value is missing." in reasons


def test_a_mended_answer_is_taken(empty: House, tmp_path: Path):
    """The partner mends the refused rows in our answer, adds one, and puts a column of their own behind."""
    path = tmp_path / "in.csv"
    write_table(path, HEADINGS["it"], ROWS)
    _, answer = take(empty, path)
    heading, *rows = cells(answer)
    mended = {"c3": (2, "possible"), "c4": (1, "Faraday"), "c5": (3, "1-2-2026")}
    for row in rows:
        if row[0] in mended:
            place, value = mended[row[0]]
            row[place] = value
    rows.append(["c7", "Galvani", "direct", "1-2-2026", "", "", "", ""])
    write_table(tmp_path / "again.csv", [*heading, "Note"], [[*row, "x"] for row in rows])
    result, second = take(empty, tmp_path / "again.csv")
    assert result.steps[0].buckets == {Bucket.UNCHANGED: 3, Bucket.APPLIED: 4, Bucket.DUPLICATE: 1} | {
        Bucket.UNCHANGED: 3
    }
    assert cells(second)[0] == [*heading, "Note"]
    assert {row[8] for row in cells(second)[1:]} == {"x"}


def test_the_mapping_may_say_the_language(tmp_path: Path):
    mapping = compile_mapping(parse_mapping(MAPPING.replace("dates: dmy", "dates: dmy\n  language: nl")))
    assert mapping.bind(HEADINGS["fr"], file="x").language == "nl"


def test_shared_headings_count_for_all_their_languages():
    mapping = compile_mapping(parse_mapping(MAPPING))
    assert mapping.bind(["Nummer", "Naam klant", "Soort"], file="x").language == "nl"
    assert mapping.bind(["Nummer", "Name des Kunden"], file="x").language == "de"
    assert mapping.bind(["number", "title"], file="x").language == "en", "our own names tell nothing"


def test_columns_of_a_partner_that_look_like_ours(tmp_path: Path):
    """Four such headings are ours only with our words below them."""
    head = HEADS["nl"]
    write_table(tmp_path / "in.csv", ["key", *head.columns], [["A", "geslaagd", "", "", ""]])
    table = open_table(tmp_path / "in.csv")
    assert partner_columns(table) == table.columns
    write_table(tmp_path / "in.csv", ["key", *head.columns], [["A", "verwerkt", "", "", ""], ["B"]])
    assert partner_columns(open_table(tmp_path / "in.csv")) == ("key", "", "", "", "")


def test_a_heading_that_the_mapping_knows_is_not_used(empty: House, tmp_path: Path):
    """Else a partner who deletes one of our four columns would send us our own words as their data."""
    mapping = compile_mapping(
        parse_mapping(
            "mapping: cards\nobject: Account\nkey: Sfsync_Key__c\n"
            "file: {headers: {number: [Number], status: [Status, Result]}}\n"
            "fields: {Sfsync_Key__c: {from: number, type: key}, Type: status}\n"
        )
    )
    path = tmp_path / "in.csv"
    path.write_text("Number;Status\nA;x\n", encoding="utf-8")
    rows = read_file(path, mapping)
    ports = empty.project.ports(Nobody(), ())
    partner_file = PartnerFile("cards", "", "", mapping="cards", take=UpsertRows)
    result = import_file(ports, Flow("cards", "", ()), partner_file, rows)
    answer = Path(result.files[0])
    assert open_table(answer).columns[2:] == tuple(f"sfsync {word}" for word in HEADS["en"].columns)
    assert read_file(answer, mapping).rows[0].named == {"number": "A", "status": "x"}
