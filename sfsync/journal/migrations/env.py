"""What Alembic runs to apply migrations, on the connection and in the transaction of migrate.py."""

from alembic import context

from sfsync.journal.migrate import VERSION_TABLE
from sfsync.journal.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
