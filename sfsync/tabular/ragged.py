"""Rows with more or fewer fields than the header: harmless, or values that have shifted into wrong columns?"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sfsync.cells import CellProblem
from sfsync.languages.reason import Reason

_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
_COUNTED = "The row has {fields} fields where the header has {columns}"
_TORN = "probably a {sign} inside a value that is not in quotes."
_SPOKEN = {
    ";": Reason("semicolon", "semicolon"),
    ",": Reason("comma", "comma"),
    "\t": Reason("tab", "tab"),
    "|": Reason("bar", "bar"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How many columns a table has and how the values of each usually look (None where they vary)."""

    columns: int
    looks: tuple[str | None, ...]

    @staticmethod
    def of(records: Sequence[Sequence[str]], columns: int) -> "Shape":
        """Learn the looks from some records; only columns of codes, numbers, dates and addresses have one."""
        looks: list[str | None] = []
        for column in range(columns):
            seen = Counter(_look(r[column]) for r in records if len(r) == columns and r[column].strip())
            look, number = seen.most_common(1)[0] if seen else ("", 0)
            certain = number >= 3 and number >= 0.8 * seen.total() and ("9" in look or "@" in look)
            looks.append(look if certain else None)
        return Shape(columns, tuple(looks))

    def shifted(self, record: Sequence[str]) -> bool:
        """Whether values stand in wrong columns: there are values beyond the last column, or the row fits its
        columns better when some neighbours are taken for one value that was torn apart by a delimiter.
        """
        extra = len(record) - self.columns
        if extra <= 0:
            return False
        if any(field.strip() for field in record[self.columns :]):
            return True
        strange = self._strange(record)
        return strange > 0 and any(
            self._strange([*record[:at], " ".join(record[at : at + torn + 1]), *record[at + torn + 1 :]])
            < strange
            for torn in range(1, min(extra, 3) + 1)
            for at in range(self.columns - 1)
        )

    def _strange(self, record: Sequence[str]) -> int:
        return sum(
            look is not None and bool(value.strip()) and _look(value) != look
            for value, look in zip(record, self.looks, strict=False)
        )

    def problem(self, row: int, record: Sequence[str], delimiter: str) -> CellProblem:
        """What to tell about a row that is too short or too long."""
        fields, columns = len(record), self.columns
        if fields < columns:
            told = Reason(
                "ragged_short", f"{_COUNTED}; the missing ones are empty.", fields=fields, columns=columns
            )
            return CellProblem(row, None, "ragged_short", "warn", told)
        if self.shifted(record):
            sign = _SPOKEN.get(delimiter) or repr(delimiter)
            told = Reason("ragged_long", f"{_COUNTED}: {_TORN}", fields=fields, columns=columns, sign=sign)
            return CellProblem(row, None, "ragged_long", "error", told)
        told = Reason(
            "ragged_extra", f"{_COUNTED}; the extra ones are empty.", fields=fields, columns=columns
        )
        return CellProblem(row, None, "ragged_long", "warn", told)


def _look(value: str) -> str:
    if "@" in value:
        return "@"
    return _LETTERS.sub("a", _DIGITS.sub("9", value.strip()))
