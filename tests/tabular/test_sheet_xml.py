"""Only rows that may hold something special are parsed; the result is the same as for the whole sheet."""

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cells import Kind
from sfsync.errors import FileRefused
from sfsync.tabular import sheet_xml
from sfsync.tabular.model import Cell
from sfsync.tabular.table import open_table
from tests.tabular.workbooks import edited, workbook

INSIDES = st.sampled_from(
    [
        "",
        "<v>1</v>",
        "<v/>",
        "<v></v>",
        "<f>A1</f>",
        "<f>A1</f><v>1</v>",
        "<f>A1</f><v/>",
        "<f>A1</f><v></v>",
        "<f>A1</f>\n<v>2</v>",
        '<f t="shared" si="0"/><v>3</v>',
        '<f t="shared" si="0"/>',
        "<is><t>&lt;f&gt;</t></is>",
        "<v>#REF!</v>",
        '<f>A1</f><v xml:space="preserve"> </v>',
    ]
)
CELLS = st.tuples(st.sampled_from(["", ' t="e"', " t='e'", ' t="str"', ' t = "e"']), st.booleans(), INSIDES)
ROWS = st.tuples(st.sampled_from(["r", "r", "r", "", "empty"]), st.lists(CELLS, max_size=3))


def xml(rows: list[tuple[str, list[tuple[str, bool, str]]]], prefix: str) -> bytes:
    parts = [f'<{prefix}worksheet xmlns="m" xmlns:x="m"><{prefix}sheetData>']
    for number, (form, cells) in enumerate(rows, start=3):
        if form == "empty":
            parts.append(f'<{prefix}row r="{number}"/>')
            continue
        parts.append(f'<{prefix}row r="{number}" ht="12">' if form else f"<{prefix}row>")
        for column, (kind, named, inside) in zip("ABC", cells, strict=False):
            at = f' r="{column}{number}"' if named else ""
            parts.append(f"<{prefix}c{at}{kind}>{inside}</{prefix}c>")
        parts.append(f"</{prefix}row>")
    parts.append(f"</{prefix}sheetData></{prefix}worksheet>")
    return "".join(parts).encode()


@settings(max_examples=400)
@given(st.lists(ROWS, max_size=5), st.sampled_from(["", "", "x:"]))
def test_the_rows_in_doubt_tell_all(rows: list[tuple[str, list[tuple[str, bool, str]]]], prefix: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("sheet", xml(rows, prefix))
        with zipfile.ZipFile(path) as archive:
            found = sheet_xml._of_doubtful_rows(archive, "sheet")
            if found is None:
                assert any(not form for form, _ in rows)
            else:
                assert found == sheet_xml._of_all_rows(archive, "sheet")


def test_most_rows_are_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[list[Any]] = [["key", "v"], *([f"K{n}", n] for n in range(2000)), ["X", "=1+1"], ["Y", "#N/A"]]
    path = workbook(tmp_path / "a.xlsx", ("S", rows))
    fed: list[bytes] = []
    inner = sheet_xml._Finder.feed

    def feed(self: sheet_xml._Finder, text: bytes, *, final: bool = False) -> None:
        fed.append(text)
        inner(self, text, final=final)

    monkeypatch.setattr(sheet_xml._Finder, "feed", feed)
    table = open_table(path)
    frame = next(iter(table.blocks())).tail(2)
    assert frame["1#"].to_list() == [Kind.NO_VALUE, Kind.ERROR]
    assert sum(map(len, fed)) < 2_000


def test_rows_without_numbers_are_counted(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", ("S", [["key", "v"], ["A", 1], ["B", "#REF!"]]))
    path = edited(
        source,
        tmp_path / "b.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b'<row r="2"', b"<row").replace(b'<row r="3"', b"<row"),
    )
    assert sheet_xml.special_cells(path, "S", {}) == {2: {1: Cell("#REF!", Kind.ERROR)}}


def test_a_sheet_that_breaks_off_between_rows(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", ("S", [["key", "v"], ["A", "=1"]]))
    path = edited(
        source,
        tmp_path / "b.xlsx",
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"</sheetData>", b""),
    )
    with pytest.raises(FileRefused, match="damaged"):
        sheet_xml.special_cells(path, "S", {})
