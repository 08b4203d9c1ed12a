"""Frames become the files that single rows become, cut into parts, and every row is accounted for."""

import csv
import io
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.salesforce import csv_rows
from sfsync.salesforce.bulk_frames import FrameParts, cells

TEXTS = st.none() | st.text(max_size=6) | st.sampled_from(["#N/A", 'q"', "a,b", "x\ny", "x\ry", " "])
NUMBERS = st.none() | st.floats() | st.sampled_from([1.0, 0.1, 1e22, 1e-7, -0.0])
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, st.none() | st.booleans()), min_size=1, max_size=8)


def frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "place": pl.Series(range(len(rows)), dtype=pl.UInt32),
            "Key": [f"k{number}" for number in range(len(rows))],
            "Text": pl.Series([row[0] for row in rows], dtype=pl.String),
            "Number": pl.Series([row[1] for row in rows], dtype=pl.Float64),
            "Flag": pl.Series([row[2] for row in rows], dtype=pl.Boolean),
        }
    )


def written(parts: FrameParts) -> list[dict[str, str]]:
    found = []
    for part in parts.parts:
        part.file.seek(0)
        found += list(csv_rows.read_dicts(io.BytesIO(part.file.read())))
    parts.close()
    return found


def spoken(value: Any) -> str:
    return "" if value in (None, "") else csv_rows.cell(value)


def refusal(value: Any) -> str:
    try:
        spoken(value)
    except ValueError as error:
        return str(error)
    return ""


@given(ROWS)
def test_cells_are_those_of_single_rows(rows: list[tuple[Any, ...]]) -> None:
    sendable, broken = cells(frame(rows))
    parts = FrameParts("Key")
    parts.add(sendable)
    lines = {line["Key"]: line for line in written(parts)}
    for number, row in enumerate(rows):
        why = [why for value in row if (why := refusal(value))]
        if why:
            assert any(each in broken[number] for each in why)
            assert f"k{number}" not in lines
            continue
        expected = [spoken(value) for value in row]
        line = lines[f"k{number}"]
        assert line["Text"] == expected[0]
        assert line["Flag"] == expected[2]
        assert line["Number"] == expected[1] or float(line["Number"]) == float(expected[1])


def test_changed_cells_are_sent_and_cleared() -> None:
    rows = [("a", 1.0, True), (None, None, None), ("#N/A", 2.0, False)]
    changed = pl.DataFrame(
        {"Text": [True, True, False], "Number": [False, True, False], "Flag": [False, False, True]}
    )
    sendable, broken = cells(frame(rows), changed)
    assert not broken
    assert sendable.select("Text", "Number", "Flag").rows() == [
        ("a", None, None), ("#N/A", "#N/A", None), (None, None, "false"),
    ]  # fmt: skip


@pytest.mark.parametrize("most", [40, 100, 10_000])
def test_parts_are_cut(most: int) -> None:
    given_ = pl.DataFrame(
        {"place": pl.Series(range(50), dtype=pl.UInt32), "Key": [f"k{n}" for n in range(50)]}
    )
    parts = FrameParts("Key", part_bytes=most)
    parts.add(given_[:30])
    parts.add(given_[30:])
    assert all(part.size <= most for part in parts.parts)
    assert parts.rows == 50
    places = [place for part in parts.parts for keys in part.keys for place in keys["place"]]
    assert places == list(range(50))
    assert [line["Key"] for line in written(parts)] == given_["Key"].to_list()


def test_rows_that_cannot_be_sent_are_refused() -> None:
    keys = ["a", None, "A", "", "b", "a"]
    parts = FrameParts("Key")
    parts.add(pl.DataFrame({"place": pl.Series(range(6), dtype=pl.UInt32), "Key": keys}))
    assert {place: outcome.code for place, outcome in parts.refused.items()} == {
        1: "NOT_SENDABLE", 3: "NOT_SENDABLE", 2: "DUPLICATE_IN_JOB", 5: "DUPLICATE_IN_JOB",
    }  # fmt: skip
    assert [line["Key"] for line in written(parts)] == ["a", "b"]


def test_the_csv_is_that_of_the_csv_module() -> None:
    text = 'one, "two"\r\nthree'
    parts = FrameParts("Key")
    parts.add(pl.DataFrame({"place": pl.Series([1], dtype=pl.UInt32), "Key": ["k"], "Text": [text]}))
    parts.parts[0].file.seek(0)
    rows = list(csv.reader(io.StringIO(parts.parts[0].file.read().decode(), newline="")))
    assert rows == [["Key", "Text"], ["k", text]]
    parts.close()
