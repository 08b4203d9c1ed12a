"""Answering by columns writes the same bytes as answering record by record, whatever the file holds."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfsync.errors import FileRefused
from sfsync.tabular import answer_lines
from sfsync.tabular.answer import write_answer
from sfsync.tabular.answer_cells import Answer
from sfsync.tabular.table import open_table

FIELDS = st.sampled_from(
    [
        "",
        "a",
        "7",
        "-7",
        "+31 6 12",
        "=1+1",
        "'=1",
        "@x",
        " =2",
        "é",
        "x y",
        '"',
        '"q"',
        '"a\nb"',
        '"a""b"',
        '"a""b#"',
        '"7"',
        '"a#b"',
        '"=1#"',
        '"a\r\nb"',
        '"\na"',
        '"a,\n=b"',
        '"a#\nb"',
        '"\'\r\n-1"',
        '"+5\n"',
        '"+1#a"',
        '"+1#5"',
        '"-2,,"',
        '" \t=1#"',
        '"\'#=1"',
        '"#"',
        '"a\nb\n\nc"',
        "+31",
        "-7,5",
        "-7.",
        "-",
        "+1.a",
        "+" + 31 * "1",
        "'-1",
        " +1",
        "x\x0by",
        "\r",
        "\t",
    ]
)
RECORDS = st.lists(st.lists(FIELDS, min_size=1, max_size=4), max_size=8)


class Some(dict[int, Answer]):
    """Answers that tell those of many rows at once."""

    @property
    def said(self) -> list[Answer]:
        return list(dict.fromkeys(self.values()))

    def numbers(self, rows: pl.Series) -> pl.Series:
        said = self.said
        return pl.Series([said.index(self[row]) if row in self else None for row in rows], dtype=pl.UInt32)


def answered(path: Path, results: dict[int, Answer]) -> bytes:
    out = path.with_name("out.csv")
    write_answer(path, open_table(path), results, out)
    return out.read_bytes()


@settings(max_examples=200)
@example([["", "a", '"#"']], "\n", True, "utf-8", "\t", 1 << 22)
@example([["", "a", '"+1#a"']], "\n", True, "utf-8", ",", 1 << 22)
@example([[""]] * 4 + [['"a\r\nb"'], ['"a\nb\n\nc\x0b"'], ["\r"]], "\n", False, "utf-8", ";", 1 << 22)
@example(
    [[""], [""], ["", '"a\nb\n\nc\x0b"'], ["", "", "a"], ["'=1", '"\na"', '"\na"'], [""]],
    "\n",
    True,
    "utf-8",
    ";",
    24,
)
@given(
    RECORDS,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from([24, 1 << 22]),
)
def test_both_ways_write_the_same(
    records: list[list[str]],
    end: str,
    last: bool,
    encoding: str,
    delimiter: str,
    piece: int,
) -> None:
    """``#`` in a field stands for the delimiter."""
    lines = ["Number;Name;Note".replace(";", delimiter)]
    lines += [delimiter.join(record).replace("#", delimiter) for record in records]
    text = end.join(lines) + (end if last else "")
    results = {
        row: Answer("applied") if row % 3 else Answer("invalid", "no; not so", "Name", '"ask"')
        for row in range(2, 12)
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "in.csv"
        path.write_bytes(text.encode(encoding))
        try:
            slowly = answered(path, results)
        except FileRefused:
            return
        with mock.patch.object(answer_lines, "_PIECE", piece):
            assert answered(path, Some(results)) == slowly


def test_records_that_say_nothing_odd_are_not_read_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.csv"
    path.write_text('Number;Name\n1;a\n2;=b\n3;"c\n\nd"\n4;e\n', encoding="utf-8")
    seen: list[bytes] = []
    inner = answer_lines._Record.fields

    def fields(record: answer_lines._Record, delimiter: str) -> list[str]:
        seen.append(record.text)
        return inner(record, delimiter)

    monkeypatch.setattr(answer_lines._Record, "fields", fields)
    out = answered(path, Some({row: Answer("applied") for row in (2, 3, 4, 7)}))
    assert seen == [b"Number;Name"]
    assert out.splitlines(keepends=True) == [
        b"Number;Name;Result;Reason;Field;Suggestion\r\n",
        b"1;a;applied;;;\r\n",
        b"2;'=b;applied;;;\r\n",
        b'3;"c\n',
        b"\n",
        b'd";applied;;;\r\n',
        b"4;e;applied;;;\r\n",
    ]
