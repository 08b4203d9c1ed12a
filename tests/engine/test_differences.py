"""Columns are compared as single records are: the same differences, creates and blanks."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sfsync.engine.differences import compare
from sfsync.records import changed

INSTANTS = [
    "2024-01-31T10:00:00Z",
    "2024-01-31T10:00:00.000+0000",
    "2024-01-31T11:00:00+01:00",
    "2024-01-31T10:00:01Z",
]
TEXTS = st.sampled_from([None, "", "a", "A", "é", " a", *INSTANTS, "2024-01-31Txx:00:00"])
NUMBERS = st.sampled_from([None, 0, 1, -1, 2.5, 3.0, 1e15])
FLAGS = st.sampled_from([None, True, False])
ROW = st.tuples(TEXTS, NUMBERS, FLAGS)
TYPES = {"Text": pl.String, "Number": pl.Float64, "Flag": pl.Boolean}


def frame(rows: list[tuple[Any, ...]], **more: list[Any]) -> pl.DataFrame:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(TYPES)}
    return pl.DataFrame({**more, **columns}, schema_overrides=TYPES)


@given(st.lists(st.tuples(ROW, st.none() | ROW), min_size=1, max_size=12))
def test_as_single_records_are_compared(pairs: list[tuple[Any, Any]]) -> None:
    numbers = list(range(len(pairs)))
    wanted = frame([pair[0] for pair in pairs], row=numbers, key=[f"k{n}" for n in numbers])
    there = [(number, pair[1]) for number, pair in enumerate(pairs) if pair[1] is not None]
    held = frame([row for _, row in there], key=[f"k{n}" for n, _ in there], Id=[f"id{n}" for n, _ in there])
    held = held.with_columns(pl.col("key").cast(pl.String), pl.col("Id").cast(pl.String))
    found = compare(wanted, held, {name: name for name in TYPES})

    expected, blanks = {}, 0
    for number, (new, old) in enumerate(pairs):
        if old is not None:
            differing = changed(dict(zip(TYPES, new, strict=True)), dict(zip(TYPES, old, strict=True)))
            expected[number] = set(differing)
            blanks += sum(value in (None, "") for value in differing.values())
    assert found.new["row"].to_list() == [number for number, pair in enumerate(pairs) if pair[1] is None]
    assert found.same["row"].to_list() == [number for number, names in expected.items() if not names]
    told = {
        row: {name for name, mask in masks.items() if mask}
        for row, masks in zip(found.differing["row"], found.changed.iter_rows(named=True), strict=True)
    }
    assert told == {number: names for number, names in expected.items() if names}
    assert found.blanks == blanks


def test_numbers_and_texts_of_numbers_are_the_same() -> None:
    wanted = pl.DataFrame({"row": [1, 2, 3], "key": ["a", "b", "c"], "Size": ["5", "six", "7"]})
    held = pl.DataFrame({"key": ["a", "b", "c"], "Id": ["1", "2", "3"], "Size": [5.0, 6.0, None]})
    assert compare(wanted, held, {"Size": "Size"}).differing["key"].to_list() == ["b", "c"]
