"""What the journal costs, against the database with nothing around it."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import Plan, Row, Work, alternate, side

_FULL = 100_000


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    pair = alternate(
        plan.runs(3),
        side(with_sfsync, plan.scratch / "ours.sqlite", count),
        side(with_sqlite, plan.scratch / "theirs.sqlite", count),
    )
    yield Row(
        "journal rows",
        "sqlite3 executemany, same table and indexes",
        pair.time,
        f"{count:,} rows; memory {pair.memory:.2f} ×",
    )


def with_sfsync(path: str, count: str) -> Work:
    from sfsync.clock import SystemClock
    from sfsync.journal.journal import open_journal
    from sfsync.journal.values import RowRecord
    from sfsync.records import Bucket

    journal = open_journal(f"sqlite:///{path}", clock=SystemClock())
    run_id = journal.start_run("run", "bench", org="https://bench.example", arguments={})

    def record(number: int) -> RowRecord:
        return RowRecord(
            key=f"WF-{number}",
            bucket=Bucket.APPLIED,
            reason="the order was activated",
            file="forms.csv",
            row_number=number,
            record_id=f"801{number:015}",
            object="Order",
        )

    return lambda: journal.record_rows(run_id, "order", map(record, range(int(count))))


def with_sqlite(path: str, count: str) -> Work:
    """The journal's own tables, filled by hand."""
    from sfsync.clock import SystemClock
    from sfsync.journal.journal import open_journal

    with open_journal(f"sqlite:///{path}", clock=SystemClock()) as journal:
        run_id = journal.start_run("run", "bench", org="https://bench.example", arguments={})
    at = datetime.now(UTC).isoformat(" ")
    names = "run_id, step, at, key, bucket, reason, file, row_number, record_id, object, fields, job_id"
    places = ", ".join("?" * 12)

    def record(number: int) -> tuple[object, ...]:
        place = ("forms.csv", number, f"801{number:015}", "Order", "", None)
        return (run_id, "order", at, f"WF-{number}", "applied", "the order was activated", *place)

    def work() -> None:
        database = sqlite3.connect(Path(path))
        with database:
            database.executemany(
                f"INSERT INTO rows ({names}) VALUES ({places})", map(record, range(int(count)))
            )
        database.close()

    return work
