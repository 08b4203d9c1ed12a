"""The journal's tables. A change here needs a migration beside the others; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

from sfsync.records import Bucket

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """An aware date-time. SQLite keeps no zones, so UTC goes in and UTC comes out on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# SQLite numbers rows by itself only for a primary key declared exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")


def _run_id() -> Column[str]:
    return Column("run_id", String(40), ForeignKey("runs.id"), nullable=False)


runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("command", String(40), nullable=False),
    Column("flow", String(120), nullable=False),
    Column("org", String(255), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("exit_code", Integer),
    Column("api_calls", Integer, nullable=False),
    Column("api_remaining", Integer),
    Column("seconds", Float),
    Column("messages", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("runs_by_flow", "flow", "started_at"),
)

steps = Table(
    "steps",
    metadata,
    Column("id", Serial, primary_key=True),
    _run_id(),
    Column("name", String(120), nullable=False),
    Column("selected", Integer, nullable=False),
    *(Column(bucket.value, Integer, nullable=False) for bucket in Bucket),
    Column("api_calls", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("steps_by_run", "run_id"),
)

rows = Table(
    "rows",
    metadata,
    Column("id", Serial, primary_key=True),
    _run_id(),
    Column("step", String(120), nullable=False),
    Column("at", Moment, nullable=False),
    Column("key", Text),
    Column("bucket", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("file", Text),
    Column("row_number", Integer),
    Column("record_id", String(18)),
    Column("object", String(80)),
    Column("fields", Text, nullable=False),
    Column("job_id", String(18)),
    Column("request", String(60)),
    Index("rows_by_run", "run_id"),
    Index("rows_by_key", "key"),
    Index("rows_by_record", "record_id"),
    Index("rows_by_file", "file", "row_number"),
    Index("rows_by_job", "job_id"),
)

packs = Table(
    "packs",
    metadata,
    Column("id", Serial, primary_key=True),
    _run_id(),
    Column("step", String(120), nullable=False),
    Column("at", Moment, nullable=False),
    Column("file", Text),
    Column("object", String(80)),
    Column("rows", Integer, nullable=False),
    Column("first_row_number", Integer),
    Column("last_row_number", Integer),
    Column("first_key", Text),
    Column("last_key", Text),
    Column("first_record_id", String(18)),
    Column("last_record_id", String(18)),
    Column("content", LargeBinary, nullable=False),
    Index("packs_by_run", "run_id"),
)

files = Table(
    "files",
    metadata,
    Column("id", Serial, primary_key=True),
    _run_id(),
    Column("name", Text, nullable=False),
    Column("digest", String(128), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("partner_file", String(120), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("mapping", String(140)),
    Index("files_by_run", "run_id"),
    Index("files_by_name", "name"),
    Index("files_by_digest", "digest", "partner_file"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(18), primary_key=True),
    _run_id(),
    Column("api", String(20), nullable=False),
    Column("object", String(80), nullable=False),
    Column("operation", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index("jobs_by_run", "run_id"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", String(40), nullable=False),
    Column("since", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

exported = Table(
    "exported",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("record_id", String(18), primary_key=True),
    Column("stamp", String(40), primary_key=True),
    Column("run_id", String(40), nullable=False),
    Column("done", Boolean, nullable=False),
)
