"""Alembic's folder: one file per change of the schema, run by ``migrate.py`` when a journal opens."""
