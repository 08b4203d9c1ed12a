"""The answer to a workbook is the partner's own workbook: everything that is not of the answer stays as it was."""

import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from sfsync.tabular.answer import write_answer
from sfsync.tabular.answer_cells import Answer
from sfsync.tabular.answer_sheet import column_name
from sfsync.tabular.answer_styles import Styles
from sfsync.tabular.extent import column_index
from sfsync.tabular.table import open_table
from tests.tabular.workbooks import edited, workbook

SHEET = "xl/worksheets/sheet1.xml"
HEAD = ["Result", "Reason", "Field", "Suggestion"]
GOOD, BAD = Answer("applied"), Answer("invalid", "no <b> & \r\n=1", "Note", "ask")


def answered(source: Path, results: dict[int, Answer] | None = None, name: str = "out.xlsx") -> Path:
    table = open_table(source)
    rows = [row for block in table.blocks() for row in block["row"]]
    results = {row: BAD if row % 2 else GOOD for row in rows} if results is None else results
    write_answer(source, table, results, source.with_name(name))
    return source.with_name(name)


def looks(cell: Any) -> tuple[str, ...]:
    return (repr(cell.font), repr(cell.border), repr(cell.alignment), cell.number_format, repr(cell.fill))


CELLS = st.one_of(
    st.none(),
    st.text("aé <&>'\"\n=", max_size=6),
    st.integers(-5, 10**6),
    st.floats(0, 1),
    st.booleans(),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["#N/A", "=1+1"]),
)


@settings(max_examples=60)
@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5),
    st.integers(0, 2),
    st.booleans(),
    st.lists(st.integers(0, 9), max_size=4),
)
def test_only_the_answer_is_new(
    tmp_path: Path, rows: list[list[Any]], above: int, wide: bool, styled: list[int]
) -> None:
    def change(book: Any) -> None:
        page = book.active
        for place in styled:
            cell = page.cell(above + 2 + place // 3, place % 3 + 1)
            cell.font, cell.number_format = Font(bold=True, size=10 + place), "0.00"
        if wide:
            page.cell(above + 3, 9).font = Font(italic=True)  # a format far right, in the way of nothing
            page.column_dimensions.group("C", "J", hidden=False)
        page.merge_cells("A1:B1") if above else None

    data = [*([["Title"]] * above), ["Key", "Note", "More"], *([f"K{n}", *row] for n, row in enumerate(rows))]
    source = workbook(Path(mkdtemp(dir=tmp_path)) / "in.xlsx", ("S", data), change=change)
    before = openpyxl.load_workbook(source, data_only=True)["S"]
    for number in (1, 2):  # an answer is answered like any other file
        source = answered(source, name=f"out{number}.xlsx")
        page = openpyxl.load_workbook(source)["S"]
        for row in before.iter_rows(max_col=3):
            for cell in row:
                now = page.cell(cell.row, cell.column)
                assert now.value == cell.value or (now.value == "#N/A" and cell.value is None)
                blamed = cell.column == 2 and cell.row % 2 and cell.row > above + 1
                assert looks(now)[: 4 if blamed else 5] == looks(cell)[: 4 if blamed else 5]
        for line in range(len(rows)):
            at = above + 2 + line
            said = [page.cell(at, 4 + n).value for n in range(4)]
            expected = BAD if at % 2 else GOOD
            assert said == [
                expected.result,
                expected.reason or None,
                expected.field or None,
                expected.suggestion or None,
            ]
        assert [page.cell(above + 1, 4 + n).value for n in range(4)] == HEAD


def test_pictures_rules_and_lists_stay(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        page = book["S"]
        chart = BarChart()
        chart.add_data(Reference(page, min_col=2, min_row=1, max_row=3))
        page.add_chart(chart, "H2")
        page.conditional_formatting.add(
            "B2:B9", CellIsRule("greaterThan", ["1"], fill=PatternFill("solid", "FF0000"))
        )
        rule = DataValidation("list", '"a,b"')
        rule.add("A2:A9")
        page.add_data_validation(rule)
        page.auto_filter.ref = "A1:B3"
        page.freeze_panes = "A2"
        book["Other"]["A1"] = "=1+1"

    source = workbook(
        tmp_path / "in.xlsx", ("S", [["Key", "Note"], ["A", 1], ["B", 2]]), ("Other", [["x"]]), change=change
    )
    out = answered(source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out) as new:
        assert set(new.namelist()) == set(old.namelist())
        changed = {name for name in old.namelist() if old.read(name) != new.read(name)}
        assert changed == {SHEET, "xl/worksheets/sheet2.xml", "xl/styles.xml"}
        assert b"<f>" not in new.read("xl/worksheets/sheet2.xml")
        behind = [archive.read(SHEET).split(b"</sheetData>")[1] for archive in (old, new)]
        assert behind[0] == behind[1]


def as_calculated(text: bytes) -> bytes:
    """Formulas as Excel writes them: in an array, shared, with a text or a number for a result."""
    cells = iter(
        [
            b'<c r="B2" cm="1"><f t="array" ref="B2">1+1</f><v>2</v></c>',
            b'<c r="B3" t="str"><f t="shared" si="0"/><v>x</v></c>',
            b'<c r="B4"><f>1+1</f><v>7</v></c>',
        ]
    )
    return re.sub(rb"<c [^>]*><f>.*?</c>", lambda _: next(cells), text)


def test_formulas_become_their_values(tmp_path: Path) -> None:
    rows = [["Key", "Note"], *[[f"K{n}", "=1+1"] for n in range(3)]]
    source = workbook(tmp_path / "a.xlsx", ("S", rows))
    source = edited(source, tmp_path / "b.xlsx", SHEET, as_calculated)
    chain = tmp_path / "c.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(chain, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "[Content_Types].xml":
                text = text.replace(
                    b"</Types>", b'<Override PartName="/xl/calcChain.xml" ContentType="c"/></Types>'
                )
            new.writestr(name, text)
        new.writestr("xl/calcChain.xml", "<calcChain/>")
    out = answered(chain)
    page = openpyxl.load_workbook(out)["S"]
    assert [page.cell(row, 2).value for row in (2, 3, 4)] == [2, "x", 7]
    with zipfile.ZipFile(out) as archive:
        assert "xl/calcChain.xml" not in archive.namelist()
        assert b"calcChain" not in archive.read("[Content_Types].xml")
        assert not re.search(rb"<f[\s>]|cm=", archive.read(SHEET))


def prefixed(text: bytes) -> bytes:
    text = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", text)
    return text.replace(b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x=")


def without_places(text: bytes) -> bytes:
    return re.sub(rb'(<(?:c|row)\b[^>]*?) r="\w+"', rb"\1", text)


@pytest.mark.parametrize("form", [prefixed, without_places, lambda text: text.replace(b"<cols", b"\n<cols")])
def test_sheets_of_other_programs(tmp_path: Path, form: Callable[[bytes], bytes]) -> None:
    rows = [["Key", "Note"], ["A", None], ["B", "=1+1"], ["C", "x"], ["D", 1]]
    source = workbook(tmp_path / "a.xlsx", ("S", rows))
    source = edited(source, tmp_path / "b.xlsx", SHEET, form)
    page = openpyxl.load_workbook(answered(source))["S"]
    assert [cell.value for cell in page["C"]] == ["Result", "applied", "invalid", "applied", "invalid"]
    assert [cell.value for cell in page["B"]] == ["Note", None, "#N/A", "x", 1]
    assert page["B3"].fill.fgColor.rgb == page["C3"].fill.fgColor.rgb == "FFFFF2CC"
    assert page["C2"].fill.fill_type is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b"<sheetData>", b"<sheetData><!-- rows -->"),
        lambda text: b'<?xml version="1.0" encoding="windows-1252"?>' + text,
        lambda text: text.replace(b"</row>", b"<extLst/></row>", 1),
        lambda text: text.replace(b' r="A1"', b' r = "A1"'),
        lambda text: text.replace(b' r="2"', b' r = "2"'),
        lambda text: text.replace(b"</worksheet>", b""),
    ],
)
def test_what_is_too_unusual_is_answered_plainly(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    source = workbook(tmp_path / "a.xlsx", ("S", [["Key", "Note"], ["A", "x"]]), ("Other", [["y"]]))
    book = openpyxl.load_workbook(answered(edited(source, tmp_path / "b.xlsx", SHEET, spoil)))
    assert book.sheetnames == ["S"]
    assert [cell.value for cell in book["S"][2]] == ["A", "x", "applied", None, None, None]
    assert not list(tmp_path.glob("*.partial"))


def test_macros_stay_only_in_a_file_for_them(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", ("S", [["Key", "Note"], ["A", "x"]]))
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "in.xlsm", "w") as new:
        for name in old.namelist():
            text = old.read(name).replace(kind, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
            vba = b'<Relationship Id="rIdV" Type="http://x/vbaProject" Target="vbaProject.bin"/></Relationships>'
            new.writestr(
                name, text.replace(b"</Relationships>", vba) if "workbook.xml.rels" in name else text
            )
        new.writestr("xl/vbaProject.bin", "run")
    with zipfile.ZipFile(answered(tmp_path / "in.xlsm", name="out.xlsm")) as archive:
        assert archive.read("xl/vbaProject.bin") == b"run"
        assert b"macroEnabled" in archive.read("[Content_Types].xml")
    with zipfile.ZipFile(answered(tmp_path / "in.xlsm", name="out.xlsx")) as archive:
        assert "xl/vbaProject.bin" not in archive.namelist()
        assert b"vbaProject" not in archive.read("xl/_rels/workbook.xml.rels")
        assert b"macroEnabled" not in archive.read("[Content_Types].xml")


def test_columns_and_merged_cells_in_our_way(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        page = book.active
        page.merge_cells("A1:F1")
        page.merge_cells("C3:D3")
        page.merge_cells("A4:B4")

    source = workbook(
        tmp_path / "a.xlsx", ("S", [["Title"], ["Key", "Note"], ["A", "x"], ["B"]]), change=change
    )
    wide = b'<cols><col min="1" max="1" width="9"/><col min="2" max="16384" width="5" hidden="1"/></cols><sheetData>'
    source = edited(source, tmp_path / "b.xlsx", SHEET, lambda text: text.replace(b"<sheetData>", wide))
    out = answered(source)
    page = openpyxl.load_workbook(out)["S"]
    assert sorted(map(str, page.merged_cells.ranges)) == ["A1:F1", "A4:B4"]
    with zipfile.ZipFile(out) as archive:
        text = archive.read(SHEET)
    columns = [[int(n) for n in found] for found in re.findall(rb'<col [^>]*?min="(\d+)" max="(\d+)"', text)]
    assert columns == [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6], [7, 16384]]
    assert re.findall(rb"<dimension ref=\"A1:([A-Z]+)\d+", text) == [b"F"]


def test_a_workbook_without_styles_gets_none() -> None:
    assert Styles(b"").like(3, attention=True) == 3
    assert Styles(b"<styleSheet/>").xml() == b"<styleSheet/>"


def test_names_of_columns() -> None:
    for index in (0, 25, 26, 701, 702, 16_383):
        assert column_name(index).decode() == get_column_letter(index + 1)
        assert column_index(column_name(index)) == index
