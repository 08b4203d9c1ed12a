from datetime import timedelta

import pytest

from sfsync.journal.values import FileRecord, JobRecord, RowRecord, StepRecord
from sfsync.records import Bucket


def run(journal, clock, *, settled=True, rows=2):
    run_id = journal.start_run("import", "cards", org="dev", arguments={})
    journal.record_step(run_id, StepRecord("cards", rows, {Bucket.APPLIED: rows}))
    journal.record_rows(run_id, "cards", [RowRecord(f"K-{n}", Bucket.APPLIED) for n in range(rows)])
    journal.record_file(run_id, FileRecord("a.csv", "d", "in", "cards", 1))
    job = f"750{run_id[-4:]}{clock.now():%H%M%S}"
    journal.record_job(
        JobRecord(run_id, "bulk2", job, "Asset", "upsert", "Open", rows, clock.now(), settled=settled)
    )
    return run_id


@pytest.fixture
def days(clock):
    def later(count):
        clock.sleep(timedelta(days=count).total_seconds())

    return later


def test_old_runs_go_with_all_they_recorded(journal, clock, days):
    run(journal, clock)
    days(10)
    new = run(journal, clock, rows=3)
    gone = journal.forget(clock.now() - timedelta(days=5))
    assert (gone.runs, gone.rows, gone.kept) == (1, 2, 0)
    assert [found.id for found in journal.runs()] == [new]
    assert len(list(journal.rows(new))) == 3
    assert {event.run_id for event in journal.explain("K-0").events} == {new}
    assert journal.file_taken("d", "cards").run_id == new


def test_a_run_whose_jobs_nobody_settled_stays(journal, clock, days):
    open_run = run(journal, clock, settled=False)
    run(journal, clock)
    days(10)
    gone = journal.forget(clock.now())
    assert (gone.runs, gone.kept) == (1, 1)
    assert [job.run_id for job in journal.open_jobs()] == [open_run]


def test_what_exports_remember_stays(journal, clock, days):
    run_id = run(journal, clock)
    memory = journal.exported("orders")
    memory.note(run_id, [("001", "a")])
    memory.keep(run_id, "a", since="")
    days(10)
    journal.forget(clock.now())
    assert memory.watermark() == "a"
    assert memory.told([("001", "a")]) == {("001", "a")}


def test_nothing_old_nothing_gone(journal, clock):
    run(journal, clock)
    assert journal.forget(clock.now() - timedelta(days=1)).runs == 0
    assert len(journal.runs()) == 1


def test_the_file_becomes_smaller(tmp_path, journal, clock, days, url):
    run(journal, clock, rows=20_000)
    days(10)
    before = journal.forget(clock.now() - timedelta(days=20))
    assert before.runs == 0
    if not url.startswith("sqlite"):
        pytest.skip("only SQLite keeps one file")
    path = tmp_path / "state" / "journal.sqlite"
    large = path.stat().st_size + path.with_name("journal.sqlite-wal").stat().st_size
    assert journal.forget(clock.now()).rows == 20_000
    journal.close()
    assert path.stat().st_size < large / 10
