"""The changes of the schema, oldest first. A published one is never edited."""
