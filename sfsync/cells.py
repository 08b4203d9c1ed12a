"""Words that readers of files and mappings share: what a cell was, and how headings are compared."""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Kind(IntEnum):
    """What a cell was before it became text. Text files hold TEXT only; workbooks and JSON know more.

    A table block is a polars frame: ``row`` (UInt32, 1-based as the partner sees it), then for the column at
    position n the text ``str(n)`` (String; null = the cell is absent or empty) and, only where some cell of the
    column is not TEXT, its kinds ``f"{n}#"`` (UInt8).
    Numbers are plain decimals, dates ISO 8601 (``2024-01-31`` or ``2024-01-31T10:00:00``), booleans true/false.
    """

    TEXT = 0
    NUMBER = 1
    DATE = 2
    BOOLEAN = 3
    ERROR = 4
    """An error cell such as #N/A; its text is the error."""
    NO_VALUE = 5
    """A formula that was saved without its result."""
    TIME = 6
    """A time of day without a date, as text HH:MM:SS."""


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Something to tell about a row or a cell while reading. ``severity``: error, duplicate or warn."""

    row: int
    column: int | None
    problem: str
    severity: str
    message: str


ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Without zero-width characters and outer white space (no-break spaces too), composed (NFC)."""
    return unicodedata.normalize("NFC", text.translate(dict.fromkeys(map(ord, ZERO_WIDTH)))).strip()


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A heading or a word as it is compared: case, kinds of spaces and line breaks, apostrophes, dashes folded."""
    text = (
        unicodedata.normalize("NFKC", clean(text)).replace("’", "'").replace("–", "-").replace("_x000d_", " ")
    )
    return _SPACES.sub(" ", text).strip().casefold()
