"""The request that carried a row, and the mapping that read a file."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; older rows and files have nothing in them."""
    op.add_column("rows", sa.Column("request", sa.String(60)))
    op.add_column("files", sa.Column("mapping", sa.String(140)))
