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


def byte_by_byte(data: bytes) -> tuple[object, ...] | None:
    """What ``cut`` finds, by the words of its module: where the last whole record before anything odd ends."""
    data = data[: data.rfind(b"\n") + 1]
    within, regular, opened, lines, silent = False, True, 0, 0, 0
    found: tuple[object, ...] | None = None
    ends: list[int] = []
    rows = [1]
    for n, byte in enumerate(data):
        before, after = data[n - 1 : n] if n else b"\n", data[n + 1 : n + 2]
        if byte == ord('"') and not within:
            within, silent = True, silent + (before != b'"' or n != opened)
            if before not in {b";", b"\n", b'"'}:
                regular = False
        elif byte == ord('"'):
            within, opened, silent = False, n + 1, silent + 1
            if after not in {b";", b"\n", b'"'} and data[n + 1 : n + 3] != b"\r\n":
                regular = False
        elif byte == ord("\r"):
            regular = after == b"\n"
        elif byte == ord("\n"):
            lines += 1
            if not within:
                silent += before == b"\r"
                ends.append(n)
                found = data[: n + 1], lines, silent, ends[:], rows[:]
                rows.append(lines + 1)
        if not regular:
            break
    return None if found is None else (*found, regular)


@settings(max_examples=500)
@given(
    st.one_of(
        st.lists(st.sampled_from([*'a";\n\r', '""', "\r\n", '"\n']), max_size=90)
        .map("".join)
        .map(str.encode),
        st.tuples(RECORDS, st.sampled_from(["\n", "\r\n"]), st.integers(0, 100)).map(
            lambda made: written(*made[:2])[: made[2]] + b'a"b' + written(*made[:2])
        ),
    )
)
def test_a_cut_is_what_a_walk_through_the_bytes_finds(data):
    found, regular = cut(data, 1, ord(";"))
    walked = byte_by_byte(data)
    if walked is None:
        assert found is None
        return
    assert found is not None
    ends, rows = found.record_ends().tolist(), found.first_lines().tolist()
    assert (found.data, found.lines, found.silent, ends, rows, regular) == walked


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
