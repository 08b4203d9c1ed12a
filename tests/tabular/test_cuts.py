"""A text file in blocks: the same records, lines and counts, however small the pieces are that are looked at."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.tabular import cuts
from sfsync.tabular.cuts import Cut, Stream, cut, joined
from sfsync.tabular.encoding import Encoding

CELL = st.text(alphabet='ab;"\n é', max_size=6)
RECORDS = st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=40)


def written(records: list[list[str]], end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator=end).writerows(records)
    return text.getvalue().encode()


def told(found: Cut) -> tuple[object, ...]:
    ends, rows = found.record_ends().tolist(), found.first_lines().tolist()
    return found.data, found.row, found.lines, found.silent, found.records, ends, rows


@settings(max_examples=200)
@given(RECORDS, st.sampled_from(["\n", "\r\n"]), st.integers(0, 40))
def test_cuts_that_are_joined_are_the_cut_of_the_whole(records, end, place):
    data = written(records, end)
    whole, regular = cut(data, 1, ord(";"))
    assert regular
    assert whole is not None
    first, _ = cut(written(records[:place], end), 1, ord(";"))
    if first is None or place >= len(records):
        return
    second, _ = cut(data[len(first.data) :], 1 + first.lines, ord(";"))
    assert second is not None
    assert told(joined([first, second])) == told(whole)


@settings(max_examples=60)
@given(RECORDS, st.sampled_from(["\n", "\r\n"]), st.integers(20, 200))
def test_blocks_hold_the_whole_file(tmp_path, monkeypatch, records, end, piece):
    monkeypatch.setattr(cuts, "_PIECE", piece)
    monkeypatch.setattr(cuts, "SMALL", 0)
    path = tmp_path / "file.csv"
    path.write_bytes(data := written(records, end))
    stream, blocks = Stream(Path(path), Encoding("utf-8", 0), 3 * piece), []
    while stream.more():
        found = stream.cut(";")
        assert found is not None
        blocks.append(found)
    assert b"".join(block.data for block in blocks) == data
    whole, _ = cut(data, 1, ord(";"))
    assert whole is not None
    assert [row for block in blocks for row in block.first_lines()] == whole.first_lines().tolist()
    assert sum(block.silent for block in blocks) == whole.silent


@pytest.mark.parametrize("data", [b"", b"no line end"])
def test_nothing_whole_is_no_cut(data):
    assert cut(data, 1, ord(";"))[0] is None
