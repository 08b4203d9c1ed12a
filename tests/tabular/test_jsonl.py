import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cells import Kind
from sfsync.errors import FileRefused
from sfsync.tabular.table import open_table


def read(tmp_path, text, name="file.jsonl"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    table = open_table(path)
    return table, [row for block in table.blocks() for row in block.iter_rows(named=True)]


def test_json_lines(tmp_path):
    text = '{"id": "A", "n": 2.50, "ok": true, "tags": ["x", 1.10, null]}\n\n'
    text += '{"extra": {"é": 1}, "id": "B", "n": null, "ok": ""}\n'
    table, rows = read(tmp_path, text)
    assert (table.format, table.columns, table.header_row) == ("jsonl", ("id", "n", "ok", "tags", "extra"), 0)
    assert [row["row"] for row in rows] == [1, 3]
    assert [rows[0][str(n)] for n in range(5)] == ["A", "2.5", "true", '["x", 1.1, null]', None]
    assert [rows[1][str(n)] for n in range(5)] == ["B", None, None, None, '{"é": 1}']
    assert (rows[0]["1#"], rows[0]["2#"]) == (Kind.NUMBER, Kind.BOOLEAN)


def test_an_array_of_objects(tmp_path):
    table, rows = read(tmp_path, ' [ {"a": 1},\n {"b": "x"}, 7 ]', "file.json")
    assert (table.format, table.columns) == ("json", ("a", "b"))
    assert [(row["row"], row["0"], row["1"]) for row in rows] == [
        (1, "1", None),
        (2, None, "x"),
        (3, None, None),
    ]
    assert [(p.row, p.problem, p.severity) for p in table.problems] == [(3, "json_unreadable", "error")]


@pytest.mark.parametrize(
    "line", ["{broken", "[1, 2]", "NaN", '{"a": NaN}', "1", "[" * 5000, '{"a": 1e999999999}']
)
def test_a_line_that_is_no_object_is_a_row_with_an_error(tmp_path, line):
    table, rows = read(tmp_path, f'{{"a": 1}}\n{line}\n{{"a": 2}}\n')
    assert [row["0"] for row in rows] == ["1", None, "2"]
    assert [(p.row, p.severity) for p in table.problems] == [(2, "error")]


@pytest.mark.parametrize("digits", ["12345678901234567890123", "0.12345678901234567890123", "-7"])
def test_numbers_keep_all_their_digits(tmp_path, digits):
    _, rows = read(tmp_path, f'{{"a": {digits}}}')
    assert rows[0]["0"] == digits


@pytest.mark.parametrize("text", ['[{"a": 1}', "{}broken", "[]"])
def test_what_holds_no_object_is_refused(tmp_path, text):
    with pytest.raises(FileRefused) as caught:
        read(tmp_path, text)
    assert caught.value.kind == "not_a_table"


SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=10)


@settings(max_examples=100)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), SCALARS, min_size=1), min_size=1, max_size=8))
def test_what_json_writes_is_read(tmp_path, records):
    path = tmp_path / "file.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    table = open_table(path)
    rows = [row for block in table.blocks() for row in block.iter_rows(named=True)]
    for record, row in zip(records, rows, strict=True):
        for n, column in enumerate(table.columns):
            value = record.get(column)
            text = json.dumps(value) if isinstance(value, bool | int) else value or None
            assert row[str(n)] == text
