"""Files that are meant to do harm: each is refused with a sentence, soon, in memory that does not follow its size."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sfsync.errors import FileRefused
from sfsync.tabular.table import open_table
from tests.tabular.workbooks import edited, workbook

ROOT = Path(__file__).resolve().parents[2]
GIGABYTE = 1 << 30

READ = """
import resource, sys
from pathlib import Path
from sfsync.errors import FileRefused
from sfsync.tabular.table import open_table
import polars
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    rows = sum(block.height for block in open_table(Path(sys.argv[1])).blocks())
    print("read", rows)
except FileRefused as error:
    print(error.kind, error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024)
"""


def refusal(path: Path) -> str:
    with pytest.raises(FileRefused) as caught:
        for _ in open_table(path).blocks():
            pass
    return caught.value.kind


def read_apart(path: Path) -> tuple[str, int]:
    """What a process of its own says of the file, and the megabytes it took beyond its imports."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    said, megabytes = done.stdout.strip().splitlines()
    return said, int(megabytes)


@pytest.mark.parametrize(
    ("start", "filling", "kind"),
    [
        (b"a,b\n1,2\n", b"x", "line_too_long"),
        (b'a,b\n1,"2', b"x", "line_too_long"),
        (b'{"a": 1}\n{"a": "', b"x", "line_too_long"),
        (b"", b"x", "line_too_long"),
        (b"a,b\n1,2\n", b"\0", "not_a_table"),
    ],
    ids=["line", "quoted field", "json line", "first line", "nothing but zeros"],
)
def test_a_line_of_a_gigabyte_is_refused_in_little_memory(tmp_path, start, filling, kind):
    """A sparse file has the size without taking the space; it is refused long before its end."""
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        file.write(start)
        if filling == b"\0":
            file.truncate(GIGABYTE)
        else:  # more than any limit; what comes after it is never read
            file.write(filling * (20 << 20))
            file.truncate(GIGABYTE)
    said, megabytes = read_apart(path)
    assert said.startswith(kind), said
    assert "line.csv" in said
    assert megabytes < 300


@pytest.mark.parametrize("columns", [16_384, 1_000_000])
def test_a_flood_of_headings_is_refused(tmp_path, columns):
    path = tmp_path / "wide.csv"
    path.write_text(
        ",".join(f"c{n}" for n in range(columns)) + "\n" + "1," * columns + "\n", encoding="utf-8"
    )
    said, megabytes = read_apart(path)
    assert said.startswith("too_many_columns"), said
    assert "more than 1,000 columns" in said
    assert megabytes < 300


def test_a_flood_of_headings_in_a_workbook_in_json_and_in_a_page_is_refused(tmp_path):
    book = workbook(tmp_path / "wide.xlsx", ("A", [[f"c{n}" for n in range(3000)], list(range(3000))]))
    assert refusal(book) in {"too_many_columns", "too_large"}
    lines = tmp_path / "wide.jsonl"
    lines.write_text(json.dumps({f"c{n}": 1 for n in range(3000)}) + "\n", encoding="utf-8")
    assert refusal(lines) == "too_many_columns"
    page = tmp_path / "wide.html"
    page.write_text("<table><tr>" + "<th>a" * 3000 + "</table>", encoding="utf-8")
    assert refusal(page) == "too_many_columns"


def test_a_row_with_a_million_fields_is_one_bad_row(tmp_path):
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n" + "1,2\n" * 5 + "," * 1_000_000 + "1\n" + "3,4\n", encoding="utf-8")
    table = open_table(path)
    assert sum(block.height for block in table.blocks()) >= 6
    assert [problem.problem for problem in table.problems] == ["ragged_long"]


def test_cells_that_a_page_repeats_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sfsync.tabular.html_table.DENSE_LIMIT", 20_000)
    page = tmp_path / "span.html"
    page.write_text("<table><tr><td>a<td>b" + "<tr><td colspan=900>1" * 100 + "</table>", encoding="utf-8")
    assert refusal(page) == "too_large"


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "ROOM/evil.txt", "xl/../../../evil.txt", "..\\..\\evil.txt", "C:\\evil.txt"]
)
def test_no_path_in_an_archive_leads_anywhere(tmp_path, name):
    """Nothing is ever unpacked: parts are read from the archive, by name."""
    room = tmp_path / "deep" / "er"
    room.mkdir(parents=True)
    book = workbook(room / "good.xlsx", ("A", [["Order", "Card"], ["WF-1", "7"]]))
    evil = room / "evil.xlsx"
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(evil, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part))
        new.writestr(name.replace("ROOM", str(room)), "evil")
    before = set(tmp_path.rglob("*"))
    table = open_table(evil)
    assert [block.height for block in table.blocks()] == [1]
    assert set(tmp_path.rglob("*")) == before


def test_a_sheet_that_a_relationship_puts_elsewhere_is_not_read(tmp_path):
    (tmp_path / "secret.xml").write_text("<secret/>", encoding="utf-8")
    book = workbook(tmp_path / "good.xlsx", ("A", [["Order", "Card"], ["WF-1", "7"]]))

    def elsewhere(xml: bytes) -> bytes:
        return xml.replace(b"/xl/worksheets/sheet1.xml", b"../../secret.xml").replace(
            b"worksheets/sheet1.xml", b"../../secret.xml"
        )

    evil = edited(book, tmp_path / "evil.xlsx", "xl/_rels/workbook.xml.rels", elsewhere)
    assert evil.read_bytes() != book.read_bytes()
    with pytest.raises(FileRefused):
        open_table(evil)


def test_a_part_that_lies_about_its_size_is_refused(tmp_path):
    book = workbook(tmp_path / "good.xlsx", ("A", [["Order", "Card"], ["WF-1", "7"]]))
    data = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    size = part.file_size.to_bytes(4, "little")
    at = data.rindex(size, 0, len(data))  # in the central directory
    data[at : at + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "liar.xlsx"
    path.write_bytes(data)
    assert refusal(path) == "truncated"


def test_a_workbook_bomb_is_refused_before_it_is_expanded(tmp_path):
    """500 MB of zeros in half a megabyte, told by the archive's own list of contents."""
    book = workbook(tmp_path / "good.xlsx", ("A", [["Order", "Card"], ["WF-1", "7"]]))
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(book) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.namelist():
            if not part.endswith("sheet1.xml"):
                new.writestr(part, old.read(part))
        with new.open("xl/worksheets/sheet1.xml", "w") as stream:
            stream.write(old.read("xl/worksheets/sheet1.xml"))
            for _ in range(100):
                stream.write(bytes(1 << 20))
    said, megabytes = read_apart(path)
    assert said.startswith("zip_bomb"), said
    assert megabytes < 50
