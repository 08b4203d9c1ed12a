"""Every row of a table has one line in the ledger; nothing counts as done that is not known to be."""

import polars as pl
import pytest

from sfsync.engine.run import LedgerError
from sfsync.engine.table_ledger import (
    LEDGER,
    UNKNOWN,
    accounted,
    buckets,
    line,
    looked_at,
    settled,
    unsettled,
)
from sfsync.records import Bucket, Outcome, State
from sfsync.salesforce.bulk2_frames import OUTCOMES, frame_of

DONE = Outcome(State.DONE, id="001")
REFUSED = Outcome(State.REFUSED, code="STRING_TOO_LONG", message="City")
LOST = Outcome(State.UNKNOWN)


def waiting(*rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"row": rows, "key": [f"K{row}" for row in rows], "fields": "City"},
        schema={"row": pl.UInt32, "key": pl.String, "fields": pl.String},
    )


@pytest.mark.parametrize(
    "given", [[DONE], [REFUSED], [LOST], [DONE, REFUSED, LOST], [DONE, DONE], [LOST, DONE]]
)
def test_outcomes_become_lines_or_are_looked_at_again(given: list[Outcome]) -> None:
    again, lines = settled(waiting(*range(len(given))), frame_of(dict(enumerate(given))))
    assert again["row"].to_list() == [row for row, one in enumerate(given) if one is LOST]
    ledger = pl.concat([LEDGER.to_frame(), *lines]).sort("row")
    expected = {
        row: ("applied", "001", "") if one is DONE else ("failed", None, "org:STRING_TOO_LONG")
        for row, one in enumerate(given)
        if one is not LOST
    }
    assert {
        row: tuple(more) for row, *more in ledger.select("row", "bucket", "Id", "code").iter_rows()
    } == expected


def test_a_row_without_an_outcome_is_looked_at_again() -> None:
    again, lines = settled(waiting(1, 2), frame_of({1: DONE}))
    assert again["row"].to_list() == [2]
    assert [one["row"].to_list() for one in lines] == [[1], []]
    again, lines = settled(waiting(1, 2), OUTCOMES.to_frame())
    assert again["row"].to_list() == [1, 2]
    assert all(one.is_empty() for one in lines)


def test_a_row_that_met_a_lock_is_sent_again() -> None:
    locked = frame_of({1: REFUSED, 2: REFUSED}).with_columns(locked=pl.Series([True, False]))
    again, lines = settled(waiting(1, 2), locked)
    assert again["row"].to_list() == [1]
    assert buckets(pl.concat(lines)) == {Bucket.FAILED: 1}


def test_what_was_unknown_and_needs_nothing_now_had_been_written() -> None:
    again, _ = settled(waiting(1, 2), frame_of({1: LOST, 2: DONE}))
    told = line(waiting(1, 3), bucket=Bucket.UNCHANGED)
    assert looked_at(told, again)["bucket"].to_list() == ["applied", "unchanged"]


def test_rows_that_stay_unknown_are_failed() -> None:
    again, _ = settled(waiting(1, 2), frame_of({1: LOST, 2: LOST}))
    left = unsettled(waiting(2), again)
    assert left.select("row", "bucket", "code").rows() == [(2, "failed", UNKNOWN)]


def test_a_ledger_that_does_not_close_is_an_error() -> None:
    some = line(waiting(1, 2), bucket=Bucket.UNCHANGED)
    assert accounted([some[1:], some[:1]], 2)["row"].to_list() == [1, 2]
    for lines, rows in (([some], 3), ([some, some], 4), ([some, some[:1]], 2)):
        with pytest.raises(LedgerError):
            accounted(lines, rows)
