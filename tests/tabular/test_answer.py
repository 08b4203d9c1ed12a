import csv
import re
from pathlib import Path
from tempfile import mkdtemp

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font, PatternFill

from sfsync.tabular.answer import answer_suffix, write_answer
from sfsync.tabular.answer_cells import Answer
from sfsync.tabular.answered import partner_columns
from sfsync.tabular.model import Hints
from sfsync.tabular.table import open_table
from tests.shared import SAMPLES
from tests.tabular.workbooks import workbook

DONE = Answer("applied")
ANSWER = ("Result", "Reason", "Field", "Suggestion")
BAD = Answer("invalid", "the card id has 18 digits", "Pasnummer", "Send it with 19 digits.")


def test_csv_comes_back_in_its_own_clothes(tmp_path):
    source = tmp_path / "in.csv"
    text = 'sep=;\r\nTitle;;\r\nkey;Name;n\r\nA;"Zoë;\r\nx";1\r\n\r\nB;=1+1;2\r\nTotal;;3\r\n'
    source.write_bytes(text.encode("cp1252"))
    table = open_table(source)
    list(table.blocks())
    out = tmp_path / "out.csv"
    write_answer(source, table, {4: DONE, 7: Answer("invalid", "no ł in this code page")}, out)
    assert out.read_bytes().decode("cp1252") == (
        "sep=;\r\nTitle;;\r\nkey;Name;n;Result;Reason;Field;Suggestion\r\n"
        'A;"Zoë;\r\nx";1;applied;;;\r\n\r\nB;\'=1+1;2;invalid;no ? in this code page;;\r\nTotal;;3\r\n'
    )
    assert len(table.skipped) == 2, "writing an answer does not disturb what was noted while reading"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_the_encoding_stays(tmp_path, encoding):
    source = tmp_path / "in.csv"
    source.write_bytes("编号,状态\r\nA,已预约\r\n".encode(encoding))
    table = open_table(source, Hints(encoding=None if encoding != "gb18030" else encoding))
    write_answer(source, table, {2: DONE}, tmp_path / "out.csv")
    assert (
        tmp_path / "out.csv"
    ).read_bytes() == "编号,状态,Result,Reason,Field,Suggestion\r\nA,已预约,applied,,,\r\n".encode(encoding)


def test_a_row_whose_values_shifted_is_refused_again(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("key;name\n" + "K1;x\n" * 3 + "K2;a;b\nK3;y;\n", encoding="utf-8")
    write_answer(
        source, open_table(source), {2: DONE, 3: DONE, 4: DONE, 5: BAD, 6: DONE}, tmp_path / "out.csv"
    )
    again = open_table(tmp_path / "out.csv")
    rows = {row[0]: row[1:] for block in again.blocks() for row in block.iter_rows()}
    assert rows[5] == ("K2", *[None] * 5)
    assert rows[6] == ("K3", "y", "applied", None, None, None)
    assert [(p.row, p.problem, p.severity) for p in again.problems] == [(5, "ragged_long", "error")]


def test_a_second_answer_overwrites_the_first(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("key;name\nA;=1\n", encoding="utf-8")
    write_answer(source, open_table(source), {2: BAD}, tmp_path / "one.csv")
    first = open_table(tmp_path / "one.csv")
    assert first.columns == ("key", "name", *ANSWER)
    assert partner_columns(first) == ("key", "name", "", "", "", "")
    write_answer(tmp_path / "one.csv", first, {2: DONE}, tmp_path / "two.csv")
    assert (tmp_path / "two.csv").read_text() == "key;name;Result;Reason;Field;Suggestion\nA;'=1;applied;;;\n"


def test_a_result_column_of_the_partner_is_left_alone(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("card;Result;Reason\n1;Active;\n2;Refused;lost\n", encoding="utf-8")
    table = open_table(source)
    assert partner_columns(table) == table.columns
    write_answer(source, table, {2: DONE, 3: BAD}, tmp_path / "out.csv")
    again = open_table(tmp_path / "out.csv")
    assert again.columns == ("card", "Result", "Reason", *(f"sfsync {heading}" for heading in ANSWER))
    assert partner_columns(again) == (*table.columns, "", "", "", "")


def partners_book(tmp_path):
    def change(book):
        page = book["Data"]
        for cell in page[2]:
            cell.font, cell.fill = Font(bold=True, color="FF0000"), PatternFill("solid", fgColor="00FF00")
        page.column_dimensions["A"].width = 33
        page["C4"].value, page["C4"].data_type = "=1+1", "s"
        page.merge_cells("A1:F1")

    rows = [["Title"], ["key", "Pasnummer", "note"], ["A", "0089", "=2+2"], ["B", 12, None], ["Total", 2]]
    return workbook(tmp_path / "in.xlsx", ("Info", [["read me"]]), ("Data", rows), change=change)


def test_a_workbook_keeps_sheets_styles_and_order(tmp_path):
    source = partners_book(tmp_path)
    table = open_table(source)
    out = tmp_path / "out.xlsx"
    write_answer(source, table, {3: DONE, 4: BAD}, out)
    book = openpyxl.load_workbook(out)
    page = book["Data"]
    assert book.sheetnames == ["Info", "Data"]
    assert [cell.value for cell in page[2]][:7] == ["key", "Pasnummer", "note", *ANSWER]
    assert page["D2"].font.bold
    assert page["D2"].fill.fgColor.rgb == page["A2"].fill.fgColor.rgb
    assert [page["D3"].value, page["D4"].value] == ["applied", "invalid"]
    assert [cell.value for cell in page[4]][4:7] == [BAD.reason, BAD.field, BAD.suggestion]
    assert page["B4"].fill.fgColor.rgb.endswith("FFF2CC")
    assert page["B3"].fill.fill_type is None
    assert page["A5"].value == "Total"
    assert page["D5"].value is None
    assert page.column_dimensions["A"].width == 33
    assert not [cell for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    assert page["C4"].value == "=1+1"
    assert page["C3"].value == "#N/A", "a formula without result stays a value that is not there"
    again = open_table(out)
    assert again.columns == ("key", "Pasnummer", "note", *ANSWER)


def test_a_workbook_that_somebody_named_csv(tmp_path):
    source = workbook(tmp_path / "in.xlsx", ("Sheet", [["key"], ["A"]])).rename(tmp_path / "in.csv")
    write_answer(source, open_table(source), {2: DONE}, tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["B2"].value == "applied"


def test_reasons_are_text_in_a_workbook(tmp_path):
    source = partners_book(tmp_path)
    write_answer(source, open_table(source), {3: Answer("failed", '=HYPERLINK("x")')}, tmp_path / "out.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "out.xlsx")["Data"]["E3"]
    assert (cell.data_type, cell.number_format) == ("s", "@")


def test_csv_as_a_workbook_when_asked(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("key;n\n=1;0089\n", encoding="utf-8")
    write_answer(source, open_table(source), {2: DONE}, tmp_path / "out.xlsx")
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [[cell.value for cell in row] for row in page] == [
        ["key", "n", *ANSWER],
        ["=1", "0089", "applied", None, None, None],
    ]
    assert page["A2"].data_type == "s"


@pytest.mark.parametrize("name", ["in.html", "in.txt", "in.csv"])
def test_the_answer_stands_where_it_was_asked_for(tmp_path, name):
    source = tmp_path / name
    contents = {
        "in.html": b"<table><tr><th>key<th>n<tr><td>A<td>=1</table>",
        "in.txt": b'{"key": "A", "n": "=1"}',
        "in.csv": partners_book(tmp_path).read_bytes(),
    }
    source.write_bytes(contents[name])
    table = open_table(source)
    out = tmp_path / f"out-{name}"
    write_answer(source, table, {1: DONE, 2: DONE, 3: DONE}, out)
    again = open_table(out)
    assert (again.format, again.columns) == ("csv", (*table.columns, *ANSWER))


def test_json_comes_back_as_a_typed_workbook(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(
        '{"id": "A", "n": 2.5, "ok": true}\n{"id": "B", "n": 12345678901234567890}\n', encoding="utf-8"
    )
    table = open_table(source)
    assert answer_suffix(table) == ".xlsx"
    write_answer(source, table, {1: DONE, 2: BAD}, tmp_path / "out.xlsx")
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [cell.value for cell in page[2]] == ["A", 2.5, True, "applied", None, None, None]
    assert page["B3"].value == "12345678901234567890"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
@pytest.mark.parametrize(
    "name",
    [
        "a01_kaartretour_week12.csv",
        "a03_unicode_text_export.txt",
        "a05_retour_met_kop_en_totaal.csv",
        "a08_formules.csv",
        "a16_card_ids_as_numbers.xlsx",
        "a18_retour_macro.xlsm",
        "b07_deux_lignes_entete.xlsx",
        "b10_entetes_sales.xlsx",
    ],
)
def test_answers_come_in_again_as_they_were(tmp_path, name):
    source = SAMPLES / name
    table = open_table(source)
    before = [row for block in table.blocks() for row in block.iter_rows(named=True)]
    results = {row["row"]: BAD if row["row"] % 3 else DONE for row in before}
    out = tmp_path / f"out{answer_suffix(table)}"
    write_answer(source, table, results, out)
    again = open_table(out)
    assert again.columns[:-4] == table.columns
    after = [row for block in again.blocks() for row in block.iter_rows(named=True)]
    assert [{key: row.get(key) for key in old} for old, row in zip(before, after, strict=True)] == before
    assert [row[str(len(table.columns))] for row in after] == [results[row["row"]].result for row in before]


TRICKY = st.text(st.sampled_from("'=+-@\t 1aé;,\"\u00a0"), max_size=5)


@settings(max_examples=150)
@example([["", '=""'], ['="1"', '="-é"']])
@given(st.lists(st.lists(TRICKY, min_size=2, max_size=2), min_size=1, max_size=6))
def test_no_value_changes_however_often_the_answer_comes_in(tmp_path, records):
    folder = Path(mkdtemp(dir=tmp_path))
    path = folder / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([["key", "a", "b"], *(["K", *row] for row in records)])

    def values(path):
        table = open_table(path, Hints(delimiter=";"))
        return table, [[*map(read, row[:4])] for block in table.blocks() for row in block.iter_rows()]

    def read(cell):
        """A cell as mappings read it: Excel's guard ="…" is no part of the value, and answers leave it out."""
        guarded = re.fullmatch(r'="([\w .-]*)"', cell) if isinstance(cell, str) else None
        return guarded[1] or None if guarded else cell

    table, first = values(path)
    for number in (1, 2, 3):
        out = folder / f"out-{number}.csv"
        write_answer(path, table, {row[0]: DONE for row in first}, out)
        path = out
        table, again = values(path)
        assert again == first
