from datetime import date, datetime, time, timedelta

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from sfsync.cells import Kind
from sfsync.errors import FileRefused
from sfsync.tabular.model import Hints
from sfsync.tabular.table import open_table
from sfsync.tabular.workbook import plain_number
from tests.tabular.workbooks import edited, workbook

ALMOST_TEN = datetime.fromisoformat("2024-01-31T09:59:59.999999")


def rows_of(table):
    return [row for block in table.blocks() for row in block.iter_rows(named=True)]


def test_cells_keep_what_they_were(tmp_path):
    values = [
        "0089",
        45135,
        12.50,
        1e18,
        True,
        date(2024, 1, 31),
        ALMOST_TEN,
        time(8, 30),
    ]
    path = workbook(tmp_path / "a.xlsx", ("S", [[f"c{n}" for n in range(8)], values]))
    (row,) = rows_of(open_table(path))
    texts = [row[str(n)] for n in range(8)]
    assert texts == [
        "0089", "45135", "12.5", "1000000000000000000", "true", "2024-01-31", "2024-01-31T10:00:00", "08:30:00",
    ]  # fmt: skip
    assert [row.get(f"{n}#") for n in range(8)] == [
        None, Kind.NUMBER, Kind.NUMBER, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATE, Kind.TIME,
    ]  # fmt: skip


def test_durations_are_times(tmp_path):
    path = workbook(tmp_path / "a.xlsx", ("S", [["key", "d"], ["x", timedelta(hours=30, minutes=5)]]))
    assert [(row["1"], row["1#"]) for row in rows_of(open_table(path))] == [("30:05:00", Kind.TIME)]


def test_serial_60_is_a_day_that_never_was(tmp_path):
    def change(book):
        book.active["B2"] = 60
        book.active["B2"].number_format = "yyyy-mm-dd"

    path = workbook(tmp_path / "a.xlsx", ("S", [["key", "day"], ["x", 1]]), change=change)
    assert rows_of(open_table(path))[0]["1"] == "1900-02-29"


def test_days_counted_from_1904(tmp_path):
    def change(book):
        book.epoch = CALENDAR_MAC_1904

    path = workbook(tmp_path / "a.xlsx", ("S", [["key", "day"], ["x", date(2022, 4, 21)]]), change=change)
    table = open_table(path)
    assert table.date1904
    assert rows_of(table)[0]["1"] == "2022-04-21"


def test_the_sheet_with_the_wanted_headings(tmp_path):
    data = [["Order", "Card"], ["1", "2"]]
    path = workbook(tmp_path / "a.xlsx", ("Info", [["a", "b", "c"], ["1", "2", "3"]]), ("Data", data))
    assert open_table(path).sheet == "Info"
    assert open_table(path, Hints.wanting("order", "card")).sheet == "Data"
    assert open_table(path, Hints(sheet="DATA")).columns == ("Order", "Card")


def test_hidden_sheets_only_when_named(tmp_path):
    def change(book):
        book["Old"].sheet_state = "hidden"
        book["Older"].sheet_state = "veryHidden"

    data = [["Order", "Card"], ["1", "2"]]
    path = workbook(tmp_path / "a.xlsx", ("Old", data), ("Older", data), ("New", data), change=change)
    assert open_table(path, Hints.wanting("order", "card")).sheet == "New"
    assert open_table(path, Hints(sheet="old")).sheet == "Old"
    with pytest.raises(FileRefused, match="the visible ones are: New") as caught:
        open_table(path, Hints(sheet="Other"))
    assert caught.value.kind == "no_sheet"


def test_two_sheets_that_could_be_meant_are_named(tmp_path):
    data = [["Order", "Card"], ["1", "2"]]
    path = workbook(tmp_path / "a.xlsx", ("One", data), ("Two", data), ("Empty", data[:1]))
    with pytest.raises(FileRefused, match="'One' and 'Two'") as caught:
        open_table(path, Hints.wanting("order", "card"))
    assert caught.value.kind == "ambiguous_sheet"
    path = workbook(tmp_path / "b.xlsx", ("Empty", data[:1]), ("Two", data))
    assert open_table(path, Hints.wanting("order", "card")).sheet == "Two"


def test_an_empty_workbook(tmp_path):
    with pytest.raises(FileRefused, match="empty") as caught:
        open_table(workbook(tmp_path / "a.xlsx", ("S", [])))
    assert caught.value.kind == "empty_file"


def test_rows_are_numbered_as_on_the_sheet(tmp_path):
    rows = [["Title"], [], ["key", "name", "city"], ["A", "x", "p"], [], ["B", "y", "q"], ["Total", 2]]
    table = open_table(workbook(tmp_path / "a.xlsx", ("S", rows)))
    assert (table.header_row, [row["row"] for row in rows_of(table)]) == (3, [4, 6])


def test_errors_and_formulas_without_result_are_not_empty(tmp_path):
    rows = [["key", "v", "w"], ["A", "=1+1", "#N/A"], ["B", None, "=1/0"], ["C", "=2", "x"]]
    table = open_table(workbook(tmp_path / "a.xlsx", ("S", rows)))
    found = {row["row"]: (row["1"], row["1#"], row["2"], row["2#"]) for row in rows_of(table)}
    assert found[2][1:] == (Kind.NO_VALUE, "#N/A", Kind.ERROR)
    assert found[3][:2] == (None, Kind.TEXT)
    assert found[3][3] == Kind.NO_VALUE


def test_errors_in_cells_without_reference(tmp_path):
    source = workbook(tmp_path / "a.xlsx", ("S", [["key", "v"], ["A", "#REF!"]]))
    path = edited(
        source, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b' r="B2"', b"")
    )
    (row,) = rows_of(open_table(path))
    assert (row["1"], row["1#"]) == ("#REF!", Kind.ERROR)


def test_a_stray_cell_far_out_is_refused_before_it_costs_memory(tmp_path):
    def change(book):
        book.active["XFD1048576"] = "x"

    path = workbook(tmp_path / "a.xlsx", ("S", [["a", "b"], ["1", "2"]]), change=change)
    with pytest.raises(FileRefused, match="1,048,576") as caught:
        open_table(path)
    assert caught.value.kind == "too_large"


@pytest.mark.parametrize("reference", [b"r = 'ZZ900000'", b'r="ZZ900000"', b'r="ABCDEF2"', b'r="B999999999"'])
def test_stray_cells_in_any_notation(tmp_path, reference):
    source = workbook(tmp_path / "a.xlsx", ("S", [["a", "b"], ["1", "2"]]))
    path = edited(
        source, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", lambda x: x.replace(b'r="B2"', reference)
    )
    with pytest.raises(FileRefused, match="far beyond") as caught:
        open_table(path)
    assert caught.value.kind == "too_large"


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize(
    "spoil", [lambda xml: xml[:-9], lambda xml: b'<?xml version="1.0" encoding="x"?>' + xml]
)
def test_parts_that_are_no_xml(tmp_path, part, spoil):
    source = workbook(tmp_path / "a.xlsx", ("S", [["a", "b"], ["1", "=1"]]))
    with pytest.raises(FileRefused) as caught:
        open_table(edited(source, tmp_path / "b.xlsx", part, spoil))
    assert caught.value.kind == "truncated"


def test_a_header_row_that_is_not_there(tmp_path):
    path = workbook(tmp_path / "a.xlsx", ("S", [["a", "b"], ["1", "2"]]))
    assert open_table(path, Hints(header_row=2)).columns == ("1", "2")
    with pytest.raises(FileRefused, match="row 99 on sheet 'S'"):
        open_table(path, Hints(header_row=99))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (8.562368391170807e18, "8562368391170807000"),
        (100.0, "100"),
        (1234.50, "1234.5"),
    ],
)
def test_plain_number(number, text):
    assert plain_number(number) == text
