"""Formulas saved without a result are told apart from those whose result is an empty text, in every format."""

import shutil
import struct
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cells import Kind
from sfsync.tabular import biff, xlsb
from sfsync.tabular.model import WITHOUT_RESULT, Cell
from sfsync.tabular.table import open_table
from tests.tabular.test_binary import brt, ole, record, wide, xlsb_file
from tests.tabular.workbooks import edited, workbook

ERROR = Cell("#N/A", Kind.ERROR)
EXCEL = struct.pack("<HHI", 0x01C1, 0, 191_029)
"""The body of a RecalcId."""

VALUES = st.one_of(
    st.floats(allow_nan=False).map(lambda number: (struct.pack("<d", number), None, None)),
    st.just((bytes([2, 0, 0x2A, 0, 0, 0, 0xFF, 0xFF]), None, ERROR)),
    st.just((bytes([1, 0, 1, 0, 0, 0, 0xFF, 0xFF]), None, None)),
    st.just((bytes([3, 0, 0, 0, 0, 0, 0xFF, 0xFF]), None, "empty")),
    st.just((bytes([0, 9, 9, 0, 0, 0, 0xFF, 0xFF]), None, WITHOUT_RESULT)),
    st.text("aé", max_size=2).map(
        lambda text: (bytes([0] * 6 + [0xFF] * 2), text, None if text else "empty")
    ),
)
"""The value of a formula, the text in a record behind it, and what is special about it."""


def xls(values: list[tuple[bytes, str | None, object]], *, calculated: bool, pending: bool) -> bytes:
    opening = record(0x0809, b"\0\6\5\0" + bytes(12)) + (record(0x01C1, EXCEL) if calculated else b"")
    bound = struct.pack("<IBBBB", 0, 0, 0, 1, 0) + b"S"
    offset = len(opening) + len(record(0x0085, bound)) + len(record(0x000A))
    sheet = [record(0x0809, b"\0\6\x10\0" + bytes(12)), record(0x005E, bytes(2)) if pending else b""]
    sheet.append(record(0x0204, struct.pack("<HHHH", 0, 0, 0, 3) + b"\0key"))
    sheet.append(record(0x0204, struct.pack("<HHHH", 0, 1, 0, 1) + b"\0v"))
    for row, (value, text, _) in enumerate(values, start=1):
        sheet.append(record(0x0204, struct.pack("<HHHH", row, 0, 0, 1) + b"\0K"))
        sheet.append(record(0x0006, struct.pack("<HHH", row, 1, 0) + value + bytes(6) + b"\3\0\x1e\1\0"))
        if text is not None:
            sheet.append(record(0x0207, struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")))
    sheet.append(record(0x000A))
    return opening + record(0x0085, struct.pack("<I", offset) + bound[4:]) + record(0x000A) + b"".join(sheet)


@settings(max_examples=200)
@given(st.lists(VALUES, max_size=5), st.booleans(), st.booleans())
def test_formulas_of_old_workbooks(
    values: list[tuple[bytes, str | None, object]], calculated: bool, pending: bool
) -> None:
    known = calculated and not pending
    expected = {
        row: {1: WITHOUT_RESULT if special == "empty" else special}
        for row, (_, _, special) in enumerate(values, start=1)
        if special is not None and not (known and special == "empty")
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "old.xls"
        path.write_bytes(ole(xls(values, calculated=calculated, pending=pending)))
        assert biff.special_cells(path, "S") == expected


def calculation(engine: int, *, again: bool) -> bytes:
    """A BrtCalcProp."""
    return brt(157, struct.pack("<IIIdi", engine, 1, 100, 0.001, 1) + bytes([again, 0]))


@settings(max_examples=100)
@given(
    st.lists(st.one_of(st.none(), st.just(ERROR), st.text("aé", max_size=2)), max_size=5),
    st.sampled_from([None, (0, False), (191_029, False), (191_029, True)]),
)
def test_formulas_of_binary_workbooks(
    results: list[Cell | str | None], engine: tuple[int, bool] | None
) -> None:
    records = []
    for row, result in enumerate(results):
        cell, formula = struct.pack("<II", 1, 0), bytes(2) + struct.pack("<I", 3) + b"\x1e\1\0" + bytes(4)
        records.append(brt(0, struct.pack("<I", row) + bytes(13)))
        if result is None:
            records.append(brt(9, cell + struct.pack("<d", 2.5) + formula))
        elif isinstance(result, Cell):
            records.append(brt(11, cell + b"\x2a" + formula))
        else:
            records.append(brt(8, cell + wide(result) + formula))
    known = engine == (191_029, False)
    expected = {
        row: {1: result if isinstance(result, Cell) else WITHOUT_RESULT}
        for row, result in enumerate(results)
        if isinstance(result, Cell) or (result == "" and not known)
    }
    more = calculation(engine[0], again=engine[1]) if engine else b""
    with TemporaryDirectory() as folder:
        path = xlsb_file(Path(folder) / "a.xlsb", *records, more=more)
        assert xlsb.special_cells(path, "S") == expected


@pytest.mark.parametrize("more", [b"", calculation(191_029, again=False)], ids=["written", "calculated"])
def test_a_binary_workbook_is_read(tmp_path: Path, more: bytes) -> None:
    def cell(kind: int, column: int, text: str) -> bytes:
        formula = bytes(2) + struct.pack("<I", 3) + b"\x1e\1\0" + bytes(4) if kind == 8 else b""
        return brt(kind, struct.pack("<II", column, 0) + wide(text) + formula)

    rows = [(6, "key", 6, "v"), (6, "A", 8, ""), (6, "B", 8, "x")]
    records = [brt(129), brt(148, struct.pack("<IIII", 0, 2, 0, 1)), brt(145)]
    for number, (first, key, second, value) in enumerate(rows):
        records += [
            brt(0, struct.pack("<I", number) + bytes(13)),
            cell(first, 0, key),
            cell(second, 1, value),
        ]
    path = xlsb_file(tmp_path / "a.xlsb", *records, brt(146), brt(130), more=more)
    (frame,) = open_table(path).blocks()
    kinds = frame["1#"].to_list() if "1#" in frame.columns else [Kind.TEXT, Kind.TEXT]
    assert kinds == [Kind.TEXT if more else Kind.NO_VALUE, Kind.TEXT]
    assert frame["1"].to_list()[1] == "x"


def test_an_empty_text_is_a_result(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", ("S", [["key", "v"], ["A", "=1"], ["B", "=2"]]))

    def calculate(text: bytes) -> bytes:
        """As Excel and LibreOffice write a formula that gives an empty text."""
        return text.replace(b'<c r="B2">', b'<c r="B2" t="str">').replace(b"<v/>", b"<v></v>")

    path = edited(source, tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", calculate)
    (frame,) = open_table(path).blocks()
    assert frame["1#"].to_list() == [Kind.TEXT, Kind.NO_VALUE]
    assert frame["1"].to_list()[0] is None


SOFFICE = shutil.which("soffice")


@pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice (soffice) is not installed: apt-get install libreoffice-calc"
)
def test_what_libreoffice_calculates(tmp_path: Path) -> None:
    rows = [["key", "v"], ["A", '=IF(A2="A","",1)'], ["B", "=1/0"], ["C", '="x"'], ["D", "=1+1"]]
    source = workbook(tmp_path / "a.xlsx", ("S", rows))
    form = ["--convert-to", "xls:MS Excel 97", "--outdir", str(tmp_path)]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [str(SOFFICE), "--headless", "--norestore", profile, *form, str(source)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    path = tmp_path / "a.xls"
    (frame,) = open_table(path).blocks()
    assert frame["1"].to_list() == [None, "#DIV/0!", "x", "2"]
    assert frame["1#"].to_list() == [Kind.TEXT, Kind.ERROR, Kind.TEXT, Kind.NUMBER]
    data = path.read_bytes()
    assert data.count(b"\xc1\1\x08\0\xc1\1") == 1
    path.write_bytes(data.replace(b"\xc1\1\x08\0\xc1\1", b"\xc2\1\x08\0\xc2\1"))
    (frame,) = open_table(path).blocks()
    assert frame["1#"].to_list() == [Kind.NO_VALUE, Kind.ERROR, Kind.TEXT, Kind.NUMBER]
