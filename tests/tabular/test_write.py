import csv
import errno
import io
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.tabular.injection import harmless
from sfsync.tabular.table import open_table
from sfsync.tabular.write import NotWritten, write_table

PLAIN_NUMBER = re.compile(r"[+-][\d.,]+")
DANGEROUS = [
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "  =1",
    "=cmd|' /C calc'!A0",
    "＝1+1",
    '=HYPERLINK("http://x.invalid")',
]


def test_csv_as_excel_opens_it(tmp_path):
    path = tmp_path / "out.csv"
    assert write_table(path, ["Näme", "n"], [["Zoë", 1.50], ["a;b", None]], delimiter=";") == 2
    assert path.read_bytes() == '\ufeffNäme;n\r\nZoë;1.5\r\n"a;b";\r\n'.encode()


def test_csv_in_another_encoding(tmp_path):
    path = tmp_path / "out.csv"
    write_table(path, ["a"], [["é"]], encoding="windows-1252")
    assert path.read_bytes() == b"a\r\n\xe9\r\n"
    write_table(path, ["a"], [["é"]], encoding="utf-16-le")
    assert open_table(path).encoding == "utf-16-le"
    write_table(path, ["a"], [["é"]], bom=False)
    assert path.read_bytes() == "a\r\né\r\n".encode()


def test_values_as_text(tmp_path):
    path = tmp_path / "out.csv"
    values = [
        1e20,
        Decimal("0.10"),
        True,
        date(2024, 1, 2),
        datetime(2024, 1, 2, 3, 4, tzinfo=UTC),
        time(8, 0),
        10**20,
    ]
    write_table(path, list("abcdefg"), [values], bom=False)
    assert path.read_text().splitlines()[1].split(",") == [
        "100000000000000000000", "0.10", "true", "2024-01-02", "2024-01-02T03:04:00+00:00", "08:00:00", str(10**20),
    ]  # fmt: skip


@pytest.mark.parametrize("text", DANGEROUS)
def test_nothing_that_a_spreadsheet_runs(tmp_path, text):
    write_table(tmp_path / "out.csv", ["a", text], [["x", text]])
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row[1] for row in csv.reader(stream)] == [f"'{text}"] * 2
    write_table(tmp_path / "out.xlsx", ["a", text], [["x", text]])
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [(page.cell(row, 2).data_type, page.cell(row, 2).value.strip()) for row in (1, 2)] == [
        ("s", text.strip())
    ] * 2
    assert page.cell(2, 2).number_format == "@"
    assert page.cell(2, 2).hyperlink is None


@given(
    st.text(st.characters(codec="utf-8"), max_size=12)
    | st.text(st.sampled_from("=+-@\t\r\n ＝'\"1,.()A"), max_size=8)
)
def test_no_text_at_all_begins_as_a_formula(text):
    written = harmless(text)
    start = written.lstrip(" \t\r\n\x0b\x0c\x00\xa0")[:1]
    assert start not in set("=+-@＝＋－＠") or PLAIN_NUMBER.fullmatch(written)
    assert not written.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("text", ["-5", "+31201234567", "-1.234,50", "x=1", "", "a@b.example", "'=1", "0089"])
def test_harmless_text_stays(text):
    assert harmless(text) == text


def test_the_text_guard_of_excel_is_unwrapped():
    assert harmless('="0089"') == "0089"
    assert harmless('="-x"') == "'-x"
    assert harmless('="a"&B1').startswith("'")


def test_programs_get_exact_values(tmp_path):
    write_table(tmp_path / "out.csv", ["a"], [["=1"]], bom=False, escape=False)
    assert (tmp_path / "out.csv").read_text() == "a\n=1\n"


def test_a_workbook_for_people(tmp_path):
    path = tmp_path / "out.xlsx"
    moment = datetime(2024, 1, 2, 3, 4, tzinfo=UTC)
    rows = [["0089", 12.5, date(2024, 1, 2), moment, 10**18, None, date(1899, 1, 1), "http://x.example"]]
    assert write_table(path, [f"column {n}" for n in range(8)], rows, sheet="Cards") == 1
    page = openpyxl.load_workbook(path)["Cards"]
    values = [cell.value for cell in page[2]]
    assert values[:3] == ["0089", 12.5, datetime(2024, 1, 2)]  # noqa: DTZ001  as openpyxl gives dates
    assert values[3:] == ["2024-01-02T03:04:00Z", str(10**18), None, "1899-01-01", "http://x.example"]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:H2"
    assert all(cell.font.bold for cell in page[1])
    assert page.column_dimensions["A"].width > 8
    assert not page._hyperlinks


def test_what_excel_cannot_hold_is_marked(tmp_path):
    path = tmp_path / "out.xlsx"
    write_table(path, ["a"], [["bell\x07"], ["x" * 40_000], ["\ud800"]])
    page = openpyxl.load_workbook(path).active
    assert page["A2"].value == "bell\ufffd"
    assert len(page["A3"].value) == 32_767
    assert page["A3"].value.endswith("…")


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def rows():
        yield ["1"]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_table(path, ["a"], rows())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x1e\ue00d\ufeff"), max_size=12)


@settings(max_examples=150)
@given(
    st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=8),
    st.sampled_from(["utf-8", "utf-16-le", "gb18030"]),
    st.sampled_from(",;\t|"),
)
def test_what_is_written_is_read(tmp_path, rows, encoding, delimiter):
    path = tmp_path / "file.csv"
    rows = [[f"K{n}", *row] for n, row in enumerate(rows)]
    write_table(path, ["key", "one", "two"], rows, encoding=encoding, delimiter=delimiter, escape=False)
    from sfsync.tabular.model import Hints

    table = open_table(path, Hints(encoding=encoding, delimiter=delimiter, header_row=1))
    read = [list(row[1:]) for block in table.blocks() for row in block.iter_rows()]
    assert read == [[value or None for value in row] for row in rows]


@settings(max_examples=100)
@given(st.text(max_size=20))
def test_csv_cells_never_begin_with_a_formula_sign(text):
    stream = io.StringIO()
    csv.writer(stream).writerow([harmless(text)])
    (cell,) = next(csv.reader(io.StringIO(stream.getvalue(), newline="")), [""]) or [""]
    assert cell[:1] not in {"=", "@", "\t", "\r"}
    assert cell[:1] not in {"+", "-"} or cell[1:].replace(",", "").replace(".", "").isdecimal()
    assert harmless(harmless(text)) == harmless(text)


def test_a_folder_that_is_not_there_is_told_by_the_name_of_the_file(tmp_path):
    path = tmp_path / "none" / "out.xlsx"
    with pytest.raises(NotWritten, match=r"none/out\.xlsx cannot be written: No such file or directory"):
        write_table(path, ["a"], [["b"]])


def test_a_full_disk_leaves_the_older_file(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("older")

    def rows():
        yield ["a"]
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NotWritten, match=r"out\.csv cannot be written: No space left.*Free some space"):
        write_table(path, ["a"], rows())
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "older"


def test_trouble_with_another_file_is_not_this_ones(tmp_path):
    def rows():
        yield ["a"]
        (tmp_path / "source").read_text()

    with pytest.raises(FileNotFoundError):
        write_table(tmp_path / "out.csv", ["a"], rows())
