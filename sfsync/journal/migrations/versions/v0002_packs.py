"""Rows of large tables that went well are kept in packs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of packs."""
    op.create_table(
        "packs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("run_id", sa.String(40), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("step", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.Text),
        sa.Column("object", sa.String(80)),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("first_row_number", sa.Integer),
        sa.Column("last_row_number", sa.Integer),
        sa.Column("first_key", sa.Text),
        sa.Column("last_key", sa.Text),
        sa.Column("first_record_id", sa.String(18)),
        sa.Column("last_record_id", sa.String(18)),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("packs_by_run", "packs", ["run_id"])
