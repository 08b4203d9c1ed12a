"""Recognises a file that comes in again with an answer of ours: four columns side by side, in any language."""

from collections.abc import Collection, Sequence

from sfsync.cells import fold
from sfsync.languages.heads import HEADS, Head
from sfsync.tabular.model import Notes, Table

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


def earlier_answer(table: Table) -> tuple[int, Head] | None:
    """Where an earlier answer of ours stands: the headings alone do not tell, a partner may use such words too."""
    found = find_answer(table.columns)
    if found is None:
        return None
    column, head = found
    words = {fold(word) for word in head.results.values()}
    seen = {
        fold(str(word))
        for frame in table.source(Notes())
        for word in frame[str(column)].drop_nulls().unique()
    }
    return found if seen and seen <= words else None


def partner_columns(table: Table) -> tuple[str, ...]:
    """The headings in their places, those of an earlier answer of ours left empty."""
    return columns_without(table, earlier_answer(table))


def columns_without(table: Table, earlier: tuple[int, Head] | None) -> tuple[str, ...]:
    """The headings without those of ``earlier_answer``."""
    if earlier is None:
        return table.columns
    return (*table.columns[: earlier[0]], *[""] * WIDTH, *table.columns[earlier[0] + WIDTH :])


_KNOWN = {
    tuple(fold(heading) for heading in spelled): head
    for head in HEADS.values()
    for spelled in (head.columns, headings(head, frozenset(map(fold, head.columns))))
}
