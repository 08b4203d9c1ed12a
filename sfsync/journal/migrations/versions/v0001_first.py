"""The first schema: runs, steps, rows, files, jobs, leases, watermarks.

Written out rather than made from tables.py: a migration must stay what it was when tables.py moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BUCKETS = ("applied", "unchanged", "invalid", "not_found", "duplicate", "conflict", "failed")


def upgrade() -> None:
    """Make the seven tables and their indexes."""
    moment = sa.DateTime(timezone=True)
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    def run_id() -> sa.Column[str]:
        return sa.Column("run_id", sa.String(40), sa.ForeignKey("runs.id"), nullable=False)

    op.create_table(
        "runs",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("command", sa.String(40), nullable=False),
        sa.Column("flow", sa.String(120), nullable=False),
        sa.Column("org", sa.String(255), nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("api_calls", sa.Integer, nullable=False),
        sa.Column("api_remaining", sa.Integer),
        sa.Column("seconds", sa.Float),
        sa.Column("messages", sa.Text, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("finished_at", moment),
    )
    op.create_index("runs_by_flow", "runs", ["flow", "started_at"])
    op.create_table(
        "steps",
        sa.Column("id", serial, primary_key=True),
        run_id(),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("selected", sa.Integer, nullable=False),
        *(sa.Column(bucket, sa.Integer, nullable=False) for bucket in BUCKETS),
        sa.Column("api_calls", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_index("steps_by_run", "steps", ["run_id"])
    op.create_table(
        "rows",
        sa.Column("id", serial, primary_key=True),
        run_id(),
        sa.Column("step", sa.String(120), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("bucket", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("file", sa.Text),
        sa.Column("row_number", sa.Integer),
        sa.Column("record_id", sa.String(18)),
        sa.Column("object", sa.String(80)),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("job_id", sa.String(18)),
    )
    op.create_index("rows_by_run", "rows", ["run_id"])
    op.create_index("rows_by_key", "rows", ["key"])
    op.create_index("rows_by_record", "rows", ["record_id"])
    op.create_index("rows_by_file", "rows", ["file", "row_number"])
    op.create_index("rows_by_job", "rows", ["job_id"])
    op.create_table(
        "files",
        sa.Column("id", serial, primary_key=True),
        run_id(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("partner_file", sa.String(120), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    op.create_index("files_by_run", "files", ["run_id"])
    op.create_index("files_by_name", "files", ["name"])
    op.create_index("files_by_digest", "files", ["digest", "partner_file"])
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(18), primary_key=True),
        run_id(),
        sa.Column("api", sa.String(20), nullable=False),
        sa.Column("object", sa.String(80), nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("jobs_by_run", "jobs", ["run_id"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
    )
    op.create_table(
        "watermarks",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
    )
