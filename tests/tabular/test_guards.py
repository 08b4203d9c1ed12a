import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import FileRefused
from sfsync.tabular import guards
from sfsync.tabular.table import open_table
from tests.tabular.workbooks import edited, workbook


def refusal(path):
    with pytest.raises(FileRefused) as caught:
        list(open_table(path).blocks())
    assert str(caught.value).startswith(f"{path.name}: ")
    assert str(path.parent) not in str(caught.value) or caught.value.kind == "missing_file"
    return caught.value.kind


@pytest.fixture
def book(tmp_path):
    return workbook(tmp_path / "book.xlsx", ("S", [["key", "name"], ["A", "x"], ["B", "y"]]))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n", "not_a_table"),
        (b'<?xml version="1.0"?><order/>', "not_a_table"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "not_a_table"),
        (b"PK\x03\x04 cut off", "truncated"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off", "truncated"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "truncated"),
        (b"<html><body>no table</body></html>", "not_a_table"),
        (b"[]", "not_a_table"),
    ],
)
def test_refused_by_content(tmp_path, content, kind):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert refusal(path) == kind


def test_missing_files_and_folders(tmp_path):
    assert refusal(tmp_path / "none.csv") == "missing_file"
    assert refusal(tmp_path) == "missing_file"


def test_a_zip_that_is_no_workbook(tmp_path):
    path = tmp_path / "data.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.csv", "a,b\n")
    assert refusal(path) == "not_a_table"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_off(tmp_path, book, share):
    data = book.read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path) == "truncated"


def test_a_damaged_part_is_found(tmp_path, book):
    data = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    at = info.header_offset + 30 + len(info.filename) + 40
    data[at] ^= 0xFF
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(data)
    assert refusal(path) == "truncated"


@pytest.mark.parametrize(
    "doctype", [b'<!DOCTYPE x [<!ENTITY a "b">]>', b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">']
)
@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"]
)
def test_a_dtd_in_any_part(tmp_path, book, part, doctype):
    def change(xml: bytes) -> bytes:
        at = xml.find(b"?>") + 2 if xml.startswith(b"<?xml") else 0
        return xml[:at] + b"<!-- " + b" " * 5000 + b"-->" + doctype + xml[at:]

    assert refusal(edited(book, tmp_path / "dtd.xlsx", part, change)) == "external_entity"


def test_a_part_that_expands_too_much(tmp_path, book, monkeypatch):
    monkeypatch.setattr(guards, "RATIO_FROM", 100_000)
    path = edited(
        book, tmp_path / "bomb.xlsx", "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * 5_000_000
    )
    assert refusal(path) == "zip_bomb"
    monkeypatch.setattr(guards, "RATIO_LIMIT", 100_000)
    monkeypatch.setattr(guards, "EXPANDED_LIMIT", 1_000_000)
    assert refusal(path) == "zip_bomb"


def test_too_many_parts(tmp_path, book, monkeypatch):
    monkeypatch.setattr(guards, "PARTS_LIMIT", 3)
    assert refusal(book) == "zip_bomb"


def test_files_that_must_fit_into_memory(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    path.write_text(json.dumps([{"a": 1}] * 10), encoding="utf-8")
    monkeypatch.setattr("sfsync.tabular.jsonl.JSON_LIMIT", 20)
    assert refusal(path) == "too_large"


def test_an_encrypted_entry(tmp_path, book):
    data = bytearray(book.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path = tmp_path / "locked.xlsx"
    path.write_bytes(data)
    assert refusal(path) == "encrypted"


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_spoilt_workbook_is_a_table_or_refused(tmp_path, book, changes):
    data = bytearray(book.read_bytes())
    for at, byte in changes:
        data[at % len(data)] = byte
    path = tmp_path / "spoilt.xlsx"
    path.write_bytes(data)
    try:
        columns = open_table(path).columns
    except FileRefused:
        columns = ("refused",)
    assert columns


@pytest.mark.parametrize("name", ["~$book.xlsx", ".~lock.book.xlsx#"])
def test_the_mark_of_an_open_workbook_is_none(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x08Somebody")
    with pytest.raises(FileRefused, match=r"mark by which Excel.*Save and close book\.xlsx, and give that"):
        open_table(path)
