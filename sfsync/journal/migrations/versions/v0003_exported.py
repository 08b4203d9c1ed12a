"""Records that incremental exports have told of, so that looking back does not tell of them twice."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "exported",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("record_id", sa.String(18), primary_key=True),
        sa.Column("stamp", sa.String(40), primary_key=True),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )
