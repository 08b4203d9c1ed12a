"""Which character separates the fields of a text file: its own ``sep=`` line, or the one that gives even rows."""

import csv
from collections import Counter
from collections.abc import Sequence

from sfsync.cells import fold

CANDIDATES = (";", ",", "\t", "|")
_ENOUGH = 60


def sep_line(first_line: str) -> str | None:
    """The delimiter that a first line such as ``sep=;`` declares (Excel writes and obeys it); None without one."""
    text = first_line.rstrip("\r\n").strip('"')
    if text[:4].casefold() != "sep=":
        return None
    rest = text[4:]
    return "\t" if rest in {"\\t", "\t", ""} else rest if len(rest) == 1 else None


def guess(lines: Sequence[str], wanted: frozenset[str] = frozenset()) -> str:
    """The delimiter of a text whose first lines (with their ends) are given; a comma when nothing tells."""
    return max(CANDIDATES, key=lambda delimiter: _score(lines, delimiter, wanted))


def _score(lines: Sequence[str], delimiter: str, wanted: frozenset[str]) -> tuple[float, ...]:
    records = []
    try:
        for record in csv.reader(lines, delimiter=delimiter):
            if any(record):
                records.append(record)
            if len(records) == _ENOUGH:
                break
    except csv.Error:
        return (0.0,)
    widths = Counter(len(record) for record in records)
    widths.pop(1, None)
    if not widths:
        return (0.0, 0.0, 0.0, float(delimiter == ","))
    width, number = max(widths.items(), key=lambda item: (item[1], item[0]))
    known = max(sum(fold(cell) in wanted for cell in record) for record in records)
    even = number / len(records)
    return (known, round(even, 1), width, even)
