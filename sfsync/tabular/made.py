"""When a file was made: what a workbook says of itself, else the file's own time.

A copy, a mail or a download gives a text file a new time, so for text files it is the latest that it can be. A
workbook carries the time of its last saving inside (ECMA-376 part 2, Core Properties: ``dcterms:modified``).
"""

import re
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_PROPERTIES = "docProps/core.xml"
_MOST = 64 * 1024
"""Bytes of properties that are looked at; real ones have about one thousand."""
_MODIFIED = re.compile(rb"<dcterms:modified[^>]*>\s*([0-9T:.Z+-]{10,40})\s*</dcterms:modified>")


def made_at(path: Path) -> datetime:
    """When a file was last saved by its program, in UTC; never later than the file's own time."""
    own = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    said = _saved(path)
    return min(own, said) if said else own


def _saved(path: Path) -> datetime | None:
    if not zipfile.is_zipfile(path):
        return None
    with suppress(KeyError, ValueError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        with zipfile.ZipFile(path) as parts, parts.open(_PROPERTIES) as part:
            found = _MODIFIED.search(part.read(_MOST))
        if found:
            moment = datetime.fromisoformat(found[1].decode("ascii"))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
