"""Recorded HTTP exchanges: how they are read, scrubbed, written, matched and compared. See ``../recording.py``."""
