"""The standard objects as data: one table per family of objects, read by ``table.py``."""
