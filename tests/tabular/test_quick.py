"""The quick way to read a text file gives the same as the csv module does, for any bytes and any size of blocks."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfsync.errors import FileRefused
from sfsync.tabular.cuts import Stream
from sfsync.tabular.model import Hints
from sfsync.tabular.text import open_text
from tests.effort import EFFORT

PLAIN = st.text("ab9 é\u2028\ufeff'=", max_size=6)
QUOTED = st.text('ab9;,\n "é', max_size=8).map(lambda text: '"' + text.replace('"', '""') + '"')
RETURNS = st.sampled_from(['"x\r\ny"', '"\r\n"'])
WILD = st.text('a;"\n\r', max_size=4)
RECORD = st.one_of(
    st.lists(st.one_of(PLAIN, QUOTED, RETURNS), min_size=3, max_size=3),
    st.lists(st.one_of(PLAIN, QUOTED), min_size=3, max_size=3),
    st.lists(st.one_of(PLAIN, PLAIN, QUOTED, WILD), max_size=5),
)
SOUND = st.lists(st.one_of(PLAIN, QUOTED), min_size=3, max_size=3)


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_small():
    """Small files go to the csv module, as numpy would have to be imported for them; not here."""
    with patch("sfsync.tabular.cuts.SMALL", 0), patch("sfsync.tabular.quick.SMALL", 0):
        yield


def texts(record: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    rows = st.lists(record.map(";".join), max_size=25)
    return st.builds(
        lambda rows, end, header, last: header + end + end.join(rows) + last * end,
        rows,
        st.sampled_from(["\n", "\r\n", "\n", "\r"]),
        st.sampled_from(["k;v;w", "k;v;w", "k;v;w;", 'k;"v\nx";w', "k"]),
        st.booleans(),
    )


def outcome(path: Path, block: int, encoding: str) -> tuple[object, ...]:
    """Everything that reading a file gives."""
    try:
        table = open_text(path, Hints(encoding=encoding, delimiter=";", header_row=1), block=block)
        rows = [row for part in table.blocks() for row in part.iter_rows()]
    except FileRefused as refusal:
        return refusal.kind, str(refusal)
    return table.columns, rows, table.problems, table.skipped


@settings(max_examples=200 * EFFORT)
@given(
    st.one_of(texts(RECORD), texts(SOUND), st.text('a;"\n\r\ufeffé', max_size=40)),
    st.sampled_from([1, 7, 40, 300, 1 << 20]),
    st.sampled_from(["utf-8", "utf-8", "utf-16-le", "windows-1252"]),
)
@example("k;v;w\n1;2\n3;4;5;6\n7;8;9\n\n\ufeff1;2;3\n", 1 << 20, "utf-8")
@example('k;v;w\na;b"c;d\n"e\nf";g;h\n', 1 << 20, "utf-8")
@example('k;v;w\r\na;"b\r\nc";d\r\n"e";"";f\r\n', 1 << 20, "utf-8")
def test_both_ways_give_the_same(tmp_path, text, block, encoding):
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding, "replace"))
    quick = outcome(path, block, encoding)
    with patch.object(Stream, "cut", lambda *_: None):
        assert quick == outcome(path, block, encoding)


@settings(max_examples=100 * EFFORT)
@given(
    st.one_of(texts(RECORD), texts(SOUND)),
    st.sampled_from([1, 40, 300, 1 << 20]),
    st.sampled_from([{0}, {1}, {0, 2}]),
    st.sets(st.integers(1, 40)),
    st.booleans(),
)
def test_a_glance_and_picked_rows_show_what_the_blocks_hold(tmp_path, text, block, positions, some, alone):
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode())
    try:
        table = open_text(path, Hints(encoding="utf-8", delimiter=";", header_row=1), block=block)
        rows = {row["row"]: row for part in table.blocks() for row in part.iter_rows(named=True)}
    except FileRefused:
        return
    positions = {position for position in positions if position < len(table.columns)}
    seen = {row["row"]: row for part in table.glance(positions) for row in part().iter_rows(named=True)}
    for number, row in rows.items():
        for position in positions:
            value = row[str(position)]
            assert value is None or seen[number][str(position)] == value
    wanted = pl.Series("row", sorted(some), dtype=pl.UInt32)
    limits = {"SMALL": 0, "_MOST_ODD": 1} if alone else {}  # whether rows of such small blocks are read alone
    with patch.multiple("sfsync.tabular.quick", **limits) if limits else nullcontext():
        picked = [row for part in table.pick(wanted) for row in part.iter_rows(named=True)]
    assert picked == [row for number, row in rows.items() if number in some]


def test_a_file_that_was_replaced_between_two_passes_is_read_as_it_is(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('k;v\n1;"a"\n2;b\n')
    table = open_text(path, Hints())
    assert sum(part().height for part in table.glance({0})) == 2
    path.write_text('k;v\n3;"a\nb"\n4;"c"\n5;d')
    rows = [row for part in table.blocks() for row in part.iter_rows()]
    assert rows == [(2, "3", "a\nb"), (4, "4", "c"), (5, "5", "d")]
    assert rows == [row for part in table.blocks() for row in part.iter_rows()]


def test_small_files_need_no_numpy(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('k;v\r\n1;"a"\r\n1;b\r\n')
    code = f"""
import sys
from pathlib import Path
from sfsync.tabular.text import open_text
from sfsync.tabular.model import Hints
assert [part.height for part in open_text(Path({str(path)!r}), Hints()).blocks()] == [2]
assert "numpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
