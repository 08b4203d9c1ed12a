"""Names of files that partners chose: which are left alone, which are safe, and what to do when one is taken."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from sfsync.errors import TransportFailed

TAKEN, ARCHIVE, QUARANTINE = ".taken", "archive", "quarantine"
_TEMPORARY = re.compile(
    r"^[.~]|\.(tmp|temp|part|partial|filepart|crdownload|download|swp|upload|uploading|lock|~.*)$|~$|^~\$",
    re.IGNORECASE,
)
_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]')
_LONGEST = 150  # characters; file systems hold 255 bytes, and answers and copies add to a name


def temporary(name: str) -> bool:
    """Whether programs give such a name to a file that they are still writing, or hide."""
    return bool(_TEMPORARY.search(name))


def safe_name(name: str) -> str:
    """The name, if it is nothing but a file name. Raises TransportFailed for paths and hidden names."""
    if not name or name.startswith(".") or _UNSAFE.search(name):
        raise TransportFailed(f"{name!r} is not a plain file name.", hint="Correct the name of the export.")
    return name


def tame(name: str) -> str:
    """A partner's name made a plain file name: no path, nothing hidden, nothing that a terminal would obey."""
    plain = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip().lstrip(".").strip()
    if not plain:
        return "unnamed"
    suffix = PurePosixPath(plain).suffix[:20]
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - len(suffix)] + suffix


def free(name: str, taken: Callable[[str], bool]) -> str:
    """The name, or with -2, -3 … before its suffix while ``taken`` says that something is there."""
    path = PurePosixPath(name)
    number, found = 1, name
    while taken(found):
        number += 1
        found = f"{path.stem}-{number}{path.suffix}"
    return found
