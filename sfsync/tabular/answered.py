"""Recognises a file that comes in again with an answer of ours: four columns side by side, in any language."""

from collections.abc import Collection, Sequence

from sfsync.cells import fold
from sfsync.languages.heads import HEADS, Head

WIDTH = 4
_OURS = "sfsync "
"""Stands before our headings where the partner's file, or the mapping, knows such a heading already."""


def headings(head: Head, taken: Collection[str] = ()) -> tuple[str, ...]:
    """The headings of an answer; ``taken`` are folded headings that mean something else in this file."""
    if any(fold(heading) in taken for heading in head.columns):
        return tuple(f"{_OURS}{heading}" for heading in head.columns)
    return head.columns


def find_answer(columns: Sequence[str]) -> tuple[int, Head] | None:
    """Where the columns of an answer begin (0-based), and its language; the last ones count, None without any."""
    folded = [fold(column) for column in columns]
    for start in range(len(folded) - WIDTH, -1, -1):
        found = _KNOWN.get(tuple(folded[start : start + WIDTH]))
        if found is not None:
            return start, found
    return None


_KNOWN = {
    tuple(fold(heading) for heading in spelled): head
    for head in HEADS.values()
    for spelled in (head.columns, headings(head, frozenset(map(fold, head.columns))))
}
