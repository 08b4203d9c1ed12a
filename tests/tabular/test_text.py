import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import FileRefused
from sfsync.tabular.model import Hints, Table
from sfsync.tabular.table import open_table
from sfsync.tabular.text import open_text


def table_of(tmp_path: Path, text: str | bytes, hints: Hints | None = None, block: int = 8 << 20) -> Table:
    path = tmp_path / "file.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_text(path, hints or Hints(), block=block)


def rows_of(table: Table) -> list[tuple[object, ...]]:
    return [row for block in table.blocks() for row in block.iter_rows()]


def test_rows_are_lines_and_empty_is_null(tmp_path):
    table = table_of(tmp_path, 'key,text\r\nA,"one\r\ntwo"\r\nB,\r\n\r\nC,"say ""hi"""\r\n')
    assert table.columns == ("key", "text")
    assert rows_of(table) == [(2, "A", "one\r\ntwo"), (4, "B", None), (6, "C", 'say "hi"')]
    assert [(s.row, s.why) for s in table.skipped] == [(5, "blank")]


def test_blocks_are_frames_by_the_convention(tmp_path):
    (block,) = table_of(tmp_path, "a;b\n1;\n").blocks()
    assert block.schema == {"row": pl.UInt32, "0": pl.String, "1": pl.String}


def test_a_table_can_be_read_again(tmp_path):
    table = table_of(tmp_path, "a;b\n1\n")
    assert rows_of(table) == rows_of(table)
    assert len(table.problems) == 1


@pytest.mark.parametrize("block", [1, 3, 7, 64, 1000])
def test_blocks_end_where_records_end(tmp_path, block):
    text = 'k;v\r\nA;1\r\nB;"x\r\ny;z"\r\nC;3\r\nD;4\r\nE;"5"\r\nF;6'
    expected = [
        (2, "A", "1"),
        (3, "B", "x\r\ny;z"),
        (5, "C", "3"),
        (6, "D", "4"),
        (7, "E", "5"),
        (8, "F", "6"),
    ]
    assert rows_of(table_of(tmp_path, text, block=block)) == expected


def test_memory_stays_flat_because_blocks_are_small(tmp_path):
    text = "key;value\n" + "".join(f"K{n};{n}\n" for n in range(5000))
    blocks = list(table_of(tmp_path, text, block=4096).blocks())
    assert len(blocks) > 10
    assert max(block.height for block in blocks) < 1000
    assert sum(block.height for block in blocks) == 5000


def test_sep_line_counts_as_a_line(tmp_path):
    table = table_of(tmp_path, "sep=|\na|b\n1|2\n")
    assert (table.delimiter, table.header_row, rows_of(table)) == ("|", 2, [(3, "1", "2")])


def test_a_lone_cr_is_text_but_ends_lines_of_an_old_macintosh(tmp_path):
    assert rows_of(table_of(tmp_path, 'a;b\n1\r2;"x\ry"\n3;4\n')) == [(2, "1\r2", "x\ry"), (3, "3", "4")]
    assert rows_of(table_of(tmp_path, "a;b\r1;2\r3;4\r")) == [(2, "1", "2"), (3, "3", "4")]


def test_other_unicode_line_ends_are_text(tmp_path):
    assert rows_of(table_of(tmp_path, "a;b\n1\u2028\x85;2\n")) == [(2, "1\u2028\x85", "2")]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ('a;b\n1;"open\n2;3\n', "open_quote", "line 2"),
        ("a;b\n" + "x" * 200_000 + ";1\n", "open_quote", "line 2"),
        (b"a;b\n\x00\x01\x02;\n", "not_a_table", "binary"),
    ],
)
def test_refusals(tmp_path, text, kind, words):
    with pytest.raises(FileRefused, match=words) as caught:
        rows_of(table_of(tmp_path, text))
    assert caught.value.kind == kind


def test_an_open_quote_far_down_is_found_while_reading(tmp_path):
    table = table_of(tmp_path, "a;b\n" + "1;2\n" * 1000 + '3;"4\n' + "5;6\n" * 10)
    with pytest.raises(FileRefused, match="line 1002"):
        rows_of(table)


def test_trailing_delimiters_are_no_problem(tmp_path):
    table = table_of(tmp_path, "a;b;\n1;2;\n3;4;\n")
    assert (table.columns, rows_of(table), table.problems) == (("a", "b"), [(2, "1", "2"), (3, "3", "4")], [])
    table = table_of(tmp_path, "a;b\n1;2;\n3;4;\n")
    assert (table.columns, rows_of(table), table.problems) == (("a", "b"), [(2, "1", "2"), (3, "3", "4")], [])


def test_a_value_behind_the_last_column_is_an_error(tmp_path):
    for text in ("a;b;\n1;2;\n" + "1;2;\n" * 80 + "3;4;5\n", "a;b\n" + "1;2\n" * 81 + '3;4;"5"\n'):
        table = table_of(tmp_path, text)
        assert rows_of(table)[-1] == (83, "3", None)
        assert [(p.row, p.problem, p.severity) for p in table.problems] == [(83, "ragged_long", "error")]


def test_unnamed_columns_with_values_are_columns(tmp_path):
    table = table_of(tmp_path, "a;;b;\n1;x;2;y\n")
    assert (table.columns, rows_of(table)) == (("a", "", "b", ""), [(2, "1", "x", "2", "y")])


def test_a_fixed_header_row_wins_and_must_exist(tmp_path):
    table = table_of(tmp_path, "x;y\nk;v\n1;2\n", Hints(header_row=2))
    assert (table.columns, rows_of(table)) == (("k", "v"), [(3, "1", "2")])
    with pytest.raises(FileRefused, match="row 9"):
        table_of(tmp_path, "a;b\n1;2\n", Hints(header_row=9))


def test_one_column_is_a_table(tmp_path):
    table = table_of(tmp_path, "email\na@x.example\n\nb@x.example\n")
    assert (table.columns, rows_of(table)) == (("email",), [(2, "a@x.example"), (4, "b@x.example")])


def test_too_many_columns(tmp_path):
    with pytest.raises(FileRefused, match="1,000") as caught:
        table_of(tmp_path, ";".join(f"c{n}" for n in range(1001)) + "\n")
    assert caught.value.kind == "too_many_columns"


def test_answers_of_our_own_lose_their_apostrophes(tmp_path):
    head = "key;name;Result;Reason;Field;Suggestion"
    text = f"{head}\nA;'=1+1;applied;;;\nB;'0089;applied;;;\nC;'-x;invalid;'=bad;;\n"
    assert [row[2] for row in rows_of(table_of(tmp_path, text))] == ["=1+1", "'0089", "-x"]
    assert rows_of(table_of(tmp_path, "key;name\nA;'=1+1\n")) == [(2, "A", "'=1+1")]


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x1e\ue00d\ufeff"), max_size=12)


@settings(max_examples=150)
@given(
    st.lists(st.lists(FIELDS, min_size=3, max_size=3), min_size=1, max_size=12),
    st.sampled_from(";,\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([5, 50, 1 << 20]),
)
def test_reads_what_the_csv_module_writes(tmp_path, records, delimiter, quoting, block):
    records = [[f"K{n}", *record] for n, record in enumerate(records)]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=quoting).writerows(
        [["key", "one", "two", "three"], *records]
    )
    path = tmp_path / "file.csv"
    path.write_bytes(stream.getvalue().encode())
    table = open_text(path, Hints(encoding="utf-8", delimiter=delimiter, header_row=1), block=block)
    assert [list(row[1:]) for row in rows_of(table)] == [[field or None for field in r] for r in records]


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(str.encode),
        st.text('a;,"\n\r\t|=\x00', max_size=80).map(str.encode),
    )
)
def test_any_bytes_are_a_table_or_refused(tmp_path, content):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    try:
        blocks = list(open_table(path).blocks())
    except FileRefused as refusal:
        blocks = []
        message = str(refusal)
    else:
        message = "file.csv: "
    assert message.startswith("file.csv: ")
    assert all(block.columns[0] == "row" for block in blocks)
