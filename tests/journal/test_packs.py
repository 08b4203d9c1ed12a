"""Packed rows are found as others are: by key, by record id, by file and row, in stories and in lists."""

from datetime import timedelta

import polars as pl
import pytest

from sfsync.clock import ManualClock
from sfsync.journal import packs
from sfsync.journal.journal import Journal
from sfsync.journal.values import RowPack, RowRecord
from sfsync.records import Bucket

JOB = "750P0000006HoS1IAK"
IDS = ["00Q000000000001EAA", "00Q00000000000BEAQ", None]


def pack(file: str = "leads.csv", start: int = 2) -> RowPack:
    frame = pl.DataFrame(
        {
            "row_number": pl.Series(range(start, start + 3), dtype=pl.UInt32),
            "key": ["WF-3", "WF-1", "WF-2"],
            "bucket": ["applied", "applied", "unchanged"],
            "record_id": IDS,
            "fields": ["", "Name,City", ""],
            "via": pl.Series([JOB, JOB, ""], dtype=pl.Categorical),
        }
    )
    return RowPack(file, "Lead", frame)


@pytest.fixture
def run(journal: Journal) -> str:
    return journal.start_run("import", "leads", org="https://org", arguments={})


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "ROWS", 2)


def test_rows_are_listed(journal: Journal, run: str) -> None:
    assert journal.record_pack(run, "import", pack()) == 3
    second = RowRecord("WF-1", Bucket.APPLIED, "", "leads.csv", 3, IDS[1], "Lead", ("Name", "City"), JOB)
    rows = list(journal.rows(run))
    assert [(row.key, row.row_number) for row in rows] == [("WF-3", 2), ("WF-1", 3), ("WF-2", 4)]
    assert rows[1] == second
    assert [row.key for row in journal.rows(run, buckets={Bucket.UNCHANGED})] == ["WF-2"]
    assert list(journal.rows(run, step="another")) == []


def test_packs_of_an_older_journal_are_read(journal: Journal, run: str) -> None:
    old = pack()
    journal.record_pack(run, "import", RowPack(old.file, old.object, old.frame.drop("via")))
    assert [(row.key, row.via) for row in journal.rows(run)] == [("WF-3", ""), ("WF-1", ""), ("WF-2", "")]


@pytest.mark.parametrize("text", ["WF-1", "wf-1", IDS[1], str(IDS[1])[:15], "leads.csv:3", "in/leads.csv:3"])
def test_a_row_is_found(journal: Journal, run: str, text: str) -> None:
    journal.record_pack(run, "import", pack())
    story = journal.explain(text)
    assert [(event.flow, event.step, event.row.row_number) for event in story.events if event.row] == [
        ("leads", "import", 3)
    ]


@pytest.mark.parametrize(
    "text", ["WF-4", "A", "00Q00000000000ZAAA", "leads.csv:1", "leads.csv:9", "other.csv:3"]
)
def test_nothing_else_is_found(journal: Journal, run: str, text: str) -> None:
    journal.record_pack(run, "import", pack())
    assert journal.explain(text).events == ()


def test_the_story_is_in_order_over_runs(journal: Journal, run: str, clock: ManualClock) -> None:
    journal.record_pack(run, "import", pack())
    clock.sleep(timedelta(days=1).total_seconds())
    later = journal.start_run("import", "leads", org="https://org", arguments={})
    journal.record_rows(later, "import", [RowRecord("WF-1", Bucket.FAILED, "no", "leads.csv", 3)])
    clock.sleep(60)
    journal.record_pack(later, "import", pack("more.csv"))
    story = journal.explain("WF-1")
    assert [(event.row.file, event.row.bucket) for event in story.events if event.row] == [
        ("leads.csv", Bucket.APPLIED), ("leads.csv", Bucket.FAILED), ("more.csv", Bucket.APPLIED),
    ]  # fmt: skip
