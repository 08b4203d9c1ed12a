"""The digest of a file: how one that was already taken is known again."""

import hashlib
from pathlib import Path


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
