"""Where the header row is: below title blocks, on one line or on two, and what the headings are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sfsync.cells import fold
from sfsync.errors import FileRefused
from sfsync.tabular.guards import COLUMNS_LIMIT

Merged = Mapping[tuple[int, int], tuple[int, int]]
"""Merged cells: (index of the row in the sample, column) of the top-left cell → its height and width."""

LOOK_AT = 60
"""How many records at the top of a file are searched for the header."""

_DATA = re.compile(r"[\s\d.,:/+\-'%€$£()]*\d[\s\d.,:/+\-'%€$£()]*|\S+@\S+\.\S+|true|false", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """``index`` of the (last) header record in the sample; ``first`` is less than it when there are two."""

    first: int
    index: int
    columns: tuple[str, ...]
    matched: int = 0


def no_header(file: str, row: int, where: str = "") -> FileRefused:
    """The refusal when a setting names a header row that the file does not have."""
    return FileRefused(
        file,
        "no_header",
        f"there is no row {row}{where} that could be the header row.",
        hint="Correct header_row.",
    )


def find_header(
    sample: Sequence[Sequence[str]],
    wanted: frozenset[str] = frozenset(),
    fixed: int | None = None,
    merged: Merged | None = None,
) -> Header | None:
    """The header in the first records of a file; None when the sample holds no text at all.

    With ``wanted`` headings (folded) the row that holds most of them wins, alone or joined with the row above.
    Without, the first row that is about as wide as the table and holds words only. ``fixed`` is an index.
    """
    merged = merged or {}
    sample = [
        record[: COLUMNS_LIMIT + 1] for record in sample
    ]  # a flood of headings is refused, not looked at
    if fixed is not None:
        return _at(sample, fixed, wanted, merged) if 0 <= fixed < len(sample) else None
    if wanted:
        best = _best_match(sample, wanted, merged)
        if best is not None:
            return best
    return _widest(sample, wanted, merged)


def _at(sample: Sequence[Sequence[str]], index: int, wanted: frozenset[str], merged: Merged) -> Header:
    single = _single(sample, index, wanted)
    double = _double(sample, index, wanted, merged)
    if double is not None and (
        double.matched > single.matched or (not wanted and _spans(sample, index, merged))
    ):
        return double
    return single


def _best_match(sample: Sequence[Sequence[str]], wanted: frozenset[str], merged: Merged) -> Header | None:
    best: Header | None = None
    for index in range(len(sample)):
        for candidate in (_single(sample, index, wanted), _double(sample, index, wanted, merged)):
            if candidate is not None and candidate.matched > (best.matched if best else 0):
                best = candidate
    # One match among many cells is a coincidence: a customer may be called "Status".
    if best is not None and best.matched == 1 and len(wanted) > 1:
        filled = sum(bool(fold(cell)) for cell in best.columns)
        return best if filled <= 2 or best.index == _widest_index(sample) else None
    return best


def _widest(sample: Sequence[Sequence[str]], wanted: frozenset[str], merged: Merged) -> Header | None:
    index = _widest_index(sample)
    if index is None:
        return None
    below = index + 1
    if below < len(sample) and _spans(sample, below, merged) and _is_words(sample[below]):
        index = below
    return _at(sample, index, wanted, merged)


def _widest_index(sample: Sequence[Sequence[str]]) -> int | None:
    """The first row of words that fills most of the table's width, or else half of it, or else any wide row."""
    filled = [sum(bool(fold(cell)) for cell in record) for record in sample]
    width = max(filled, default=0)
    if width == 0:
        return None
    for share in (0.6, 0.5):
        wide = (index for index, number in enumerate(filled) if number >= max(1, share * width))
        found = next((index for index in wide if _is_words(sample[index])), None)
        if found is not None:
            return found
    return next(index for index, number in enumerate(filled) if number >= 0.6 * width)


def _is_words(record: Sequence[str]) -> bool:
    """Whether no cell looks like data: a number, a date, an address."""
    return not any(_DATA.fullmatch(fold(cell)) for cell in record if fold(cell))


def _single(sample: Sequence[Sequence[str]], index: int, wanted: frozenset[str]) -> Header:
    columns = tuple(sample[index])
    return Header(index, index, columns, _matches(columns, wanted))


def _matches(columns: Sequence[str], wanted: frozenset[str]) -> int:
    return len({fold(heading) for heading in columns} & wanted)


def _spans(sample: Sequence[Sequence[str]], index: int, merged: Merged) -> bool:
    """Whether the row above groups the headings: several texts, one of them merged over columns."""
    if index == 0:
        return False
    groups = [column for column, cell in enumerate(sample[index - 1]) if fold(cell)]
    wide = [column for column in groups if merged.get((index - 1, column), (1, 1))[1] > 1]
    return len(groups) > 1 and bool(wide)


def _double(
    sample: Sequence[Sequence[str]], index: int, wanted: frozenset[str], merged: Merged
) -> Header | None:
    """The row joined with the one above, or None when the one above cannot be part of a header."""
    if index == 0 or sum(bool(fold(cell)) for cell in sample[index - 1]) < 2:
        return None
    columns = tuple(_joined(sample[index - 1], sample[index], index - 1, merged))
    return Header(index - 1, index, columns, _matches(columns, wanted))


def _joined(upper: Sequence[str], lower: Sequence[str], row: int, merged: Merged) -> list[str]:
    joined = []
    group, group_ends = "", 0
    for column in range(max(len(upper), len(lower))):
        above = upper[column] if column < len(upper) else ""
        below = lower[column] if column < len(lower) else ""
        if fold(above):
            height, width = merged.get((row, column), (1, 1))
            # Text files show no merging: there a group runs up to the next text.
            group, group_ends = above, column + width if merged else max(len(upper), len(lower))
            if height > 1:
                joined.append(above)
                continue
        over = group if column < group_ends else ""
        joined.append(" / ".join(part for part in (over, below) if fold(part)))
    return joined
