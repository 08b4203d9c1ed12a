"""What is looked up in the binary and packed formats: .xls, .xlsb and .ods."""

import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cells import Kind
from sfsync.errors import FileRefused
from sfsync.tabular import biff, ods, xlsb
from sfsync.tabular.model import Cell
from sfsync.tabular.table import open_table


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def xls_stream(*, date1904: bool = False, name: str = "Blätter", wide: bool = False) -> bytes:
    letters = name.encode("utf-16-le" if wide else "latin-1")
    bound = struct.pack("<IBBBB", 0, 0, 0, len(name), wide) + letters
    opening = record(0x0809, bytes(16)) + record(0x0022, struct.pack("<H", date1904))
    offset = len(opening) + len(record(0x0085, bound)) + len(record(0x000A))
    bound = struct.pack("<I", offset) + bound[4:]
    sheet = [
        record(0x0809, bytes(16)),
        record(0x0205, struct.pack("<HHHBB", 4, 2, 0, 0x2A, 1)),
        record(0x0205, struct.pack("<HHHBB", 5, 2, 0, 1, 0)),
        record(0x0006, struct.pack("<HHH", 6, 1, 0) + bytes([2, 0, 0x07, 0, 0, 0, 0xFF, 0xFF]) + bytes(8)),
        record(0x0006, struct.pack("<HHHd", 7, 1, 0, 1.5) + bytes(8)),
        record(0x000A),
    ]
    return opening + record(0x0085, bound) + record(0x000A) + b"".join(sheet)


def ole(stream: bytes, *, small: bool = False) -> bytes:
    """An OLE file with a Workbook stream: header, allocation table, directory, stream, in sectors of 512."""
    data = stream if small else stream.ljust(4096, b"\0")
    padded = data.ljust(-(-len(data) // 512) * 512, b"\0")
    count = len(padded) // 512
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    chain = [*range(4, 3 + count), end]
    minis = -(-len(data) // 64)
    table = [0xFFFFFFFD, end, end, *chain]
    mini_table = [*range(1, minis), end]
    header = (
        bytes.fromhex("d0cf11e0a1b11ae1")
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(10)
    )
    header += struct.pack("<IIIIIIII", 1, 1, 0, 4096, 2 if small else end, 1, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)

    def entry(name: str, start: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return (
            text.ljust(64, b"\0")
            + struct.pack("<H", len(text))
            + bytes(50)
            + struct.pack("<III", start, size, 0)
        )

    directory = entry("Root Entry", 3 if small else end, len(padded)) + entry(
        "Workbook", 0 if small else 3, len(data)
    )
    return (
        header
        + struct.pack("<128I", *table, *[free] * (128 - len(table)))
        + directory.ljust(512, b"\0")
        + struct.pack("<128I", *mini_table, *[free] * (128 - len(mini_table)))
        + padded
    )


EXPECTED = {4: {2: Cell("#N/A", Kind.ERROR)}, 6: {1: Cell("#DIV/0!", Kind.ERROR)}}


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    "wrap", [bytes, ole, lambda stream: ole(stream, small=True)], ids=["bare", "ole", "small stream"]
)
def test_errors_in_old_workbooks(tmp_path, wrap, wide):
    path = tmp_path / "old.xls"
    path.write_bytes(wrap(xls_stream(wide=wide)))
    assert biff.special_cells(path, "Blätter") == EXPECTED
    assert biff.special_cells(path, "Other") == {}
    assert not biff.date1904(path)
    path.write_bytes(wrap(xls_stream(date1904=True)))
    assert biff.date1904(path)


@pytest.mark.parametrize(
    "far",
    [
        record(0x0205, struct.pack("<HHHBB", 65535, 999, 0, 1, 0)),
        record(0x00BD, struct.pack("<HHIH", 65535, 0, 0, 999)),
        record(0x0200, struct.pack("<IIHHH", 0, 1 << 20, 0, 255, 0)),
    ],
    ids=["a cell", "a run of cells", "the declared size"],
)
def test_old_workbooks_too_large_to_lay_out(tmp_path, far):
    path = tmp_path / "old.xls"
    path.write_bytes(ole(xls_stream() + far))
    with pytest.raises(FileRefused, match="far beyond") as caught:
        open_table(path)
    assert caught.value.kind == "too_large"


def test_binary_workbooks_too_large_to_lay_out(tmp_path):
    cell = brt(1, struct.pack("<II", 999, 0))
    path = xlsb_file(tmp_path / "a.xlsb", brt(0, struct.pack("<I", 1 << 20) + bytes(13)), cell)
    with pytest.raises(FileRefused, match="far beyond"):
        xlsb.special_cells(path, "S")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8), st.booleans())
def test_a_spoilt_old_workbook_ends_in_cells_or_a_refusal(tmp_path, changes, small):
    data = bytearray(ole(xls_stream(), small=small))
    for at, byte in changes:
        data[at % len(data)] = byte
    path = tmp_path / "old.xls"
    path.write_bytes(data)
    for look in (
        lambda: biff.special_cells(path, "Blätter"),
        lambda: biff.date1904(path),
        lambda: open_table(path),
    ):
        try:
            found = look()
        except FileRefused as refusal:
            found = refusal.kind
        assert found is not None


def brt(kind: int, body: bytes = b"") -> bytes:
    """A record of an .xlsb part; sizes in these tests fit into one byte."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(body)]) + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_file(path, *records: bytes, date1904: bool = False, more: bytes = b""):
    sheet = brt(156, bytes(8) + wide("rId1") + wide("S"))
    workbook = brt(153, bytes([date1904, 0, 0, 0])) + brt(143) + sheet + brt(144) + more + brt(132)
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="worksheets/sheet1.bin" Type="t"/></Relationships>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", workbook)
        archive.writestr("xl/_rels/workbook.bin.rels", relations)
        archive.writestr("xl/worksheets/sheet1.bin", b"".join(records))
    return path


def test_errors_and_epoch_of_binary_workbooks(tmp_path):
    error = brt(3, struct.pack("<II", 2, 0) + b"\x17")
    formula = brt(11, struct.pack("<II", 1, 0) + b"\x2a" + bytes(6))
    path = xlsb_file(
        tmp_path / "a.xlsb", brt(0, struct.pack("<I", 4) + bytes(13)), error, formula, date1904=True
    )
    assert xlsb.special_cells(path, "S") == {4: {2: Cell("#REF!", Kind.ERROR), 1: Cell("#N/A", Kind.ERROR)}}
    assert xlsb.special_cells(path, "Other") == {}
    assert xlsb.date1904(path)
    assert not xlsb.date1904(xlsb_file(tmp_path / "b.xlsb"))


@pytest.mark.parametrize("kind", range(12, 19))
def test_short_cell_records_are_refused(tmp_path, kind):
    with pytest.raises(FileRefused, match="columns missing or not readable") as caught:
        xlsb.special_cells(xlsb_file(tmp_path / "a.xlsb", brt(kind, bytes(8))), "S")
    assert caught.value.kind == "unreadable_columns"


def test_a_record_that_breaks_off(tmp_path):
    with pytest.raises(FileRefused) as caught:
        xlsb.special_cells(xlsb_file(tmp_path / "a.xlsb", brt(3, b"\0")), "S")
    assert caught.value.kind == "truncated"


SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def text(value: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{value}</text:p></table:table-cell>'


def ods_file(path, *rows: str):
    body = "".join(
        row if row.startswith("<table:table-row") else f"<table:table-row>{row}</table:table-row>"
        for row in rows
    )
    content = (
        f"<office:document-content {SPACES}><office:body><office:spreadsheet>"
        f'<table:table table:name="Old"><table:table-row>{text("x")}</table:table-row></table:table>'
        f'<table:table table:name="S">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", '<!DOCTYPE manifest SYSTEM "Manifest.dtd"><manifest/>')
    return path


WIDE = text("x", 'table:number-columns-repeated="900"')
EMPTY = '<table:table-cell table:number-columns-repeated="16000"/>'


def test_errors_of_open_documents(tmp_path):
    error = text("#N/A", 'calcext:value-type="error"')
    path = ods_file(tmp_path / "a.ods", text("key") + text("v") + EMPTY, EMPTY, text("A") + error + EMPTY)
    assert ods.special_cells(path) == {"S": {2: {1: Cell("#N/A", Kind.ERROR)}}}


def test_an_open_document_is_read(tmp_path):
    error = text("#N/A", 'calcext:value-type="error"')
    path = ods_file(tmp_path / "a.ods", text("key") + text("v"), text("A") + error, text("B") + text("x"))
    table = open_table(path)
    rows = [row for block in table.blocks() for row in block.iter_rows(named=True)]
    assert (table.format, table.sheet) == ("ods", "S")
    assert [(row["row"], row["0"], row["1"], row["1#"]) for row in rows] == [
        (2, "A", "#N/A", Kind.ERROR),
        (3, "B", "x", Kind.TEXT),
    ]


@pytest.mark.parametrize(
    "row",
    [
        text("x", 'table:number-columns-repeated="16000"'),
        '<table:table-row table:number-rows-repeated="1000000">' + WIDE + "</table:table-row>",
        EMPTY + text("far out"),
    ],
)
def test_cells_repeated_without_bounds_are_refused_before_they_cost_memory(tmp_path, row):
    with pytest.raises(FileRefused, match="far beyond what can be data") as caught:
        open_table(ods_file(tmp_path / "a.ods", text("key") + text("v"), row))
    assert caught.value.kind == "too_large"
