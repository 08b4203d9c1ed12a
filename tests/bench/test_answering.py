"""Both sides of the import's benchmark do all of their work against the server that only answers."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from sfsync.clock import SystemClock
from sfsync.journal.journal import open_journal
from sfsync.records import Bucket
from tests.bench.importing import make_table, with_sfsync, with_simple_salesforce, write_mapping
from tests.bench.measure import side

ROWS = 20_000
"""Enough that an import counts the records instead of asking for each of its keys."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    make_table(str(path), str(ROWS))()
    return path


def test_our_side_accounts_for_every_row(table: Path, tmp_path: Path):
    told = side(with_sfsync, table, write_mapping(tmp_path), tmp_path / "ours", "answers")().value
    state = tmp_path / "ours.state"
    (answer,) = state.glob("results/*/*.csv")
    with answer.open(encoding="utf-8-sig", newline="") as file:
        answers = [row["Result"] for row in csv.DictReader(file)]
    (journal,) = state.glob("*.sqlite")
    with open_journal(f"sqlite:///{journal}", clock=SystemClock()) as opened:
        (run,) = opened.runs()
        kept = list(opened.rows(run.id))
        (job,) = opened.run().jobs
    assert len(kept) == ROWS
    assert Counter(answers) == Counter(row.bucket.value for row in kept)
    done = [row for row in kept if row.bucket is Bucket.APPLIED]
    assert told["applied"] == job.rows == len(done) > ROWS * 0.9
    assert job.settled
    assert {row.via for row in done} == {job.job_id}
    assert len({row.record_id for row in done}) == len(done)
    assert {len(row.record_id or "") for row in done} == {18}


def test_the_other_side_finds_an_outcome_for_every_record(table: Path, tmp_path: Path):
    assert (
        ROWS * 0.9
        < side(with_simple_salesforce, table, tmp_path / "theirs", "answers")().value["applied"]
        < ROWS
    )
