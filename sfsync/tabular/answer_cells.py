"""What an answer says of a row, and where in the row its four cells go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfsync.tabular.answered import WIDTH


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row: its bucket, why, the partner's heading of the field to blame, what to do."""

    result: str
    reason: str = ""
    field: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the four columns go (0-based), whether they are there already, and what they say."""

    column: int
    there: bool
    headings: tuple[str, ...]
    results: Mapping[str, str]
    words: frozenset[str]
    """The results of the earlier answer, in its language."""

    def cells(self, answer: Answer) -> tuple[str, ...]:
        word = self.results.get(answer.result, answer.result)
        return (word, answer.reason, answer.field, answer.suggestion)

    def put(self, row: Sequence[Any], cells: Sequence[Any]) -> list[Any]:
        """A row with the four cells in their place: over those of an earlier answer, else at its end."""
        if not self.there:
            return [*row, *cells]
        return [*row[: self.column], *cells, *row[self.column + WIDTH :]]

    def put_shifted(self, row: Sequence[str], cells: Sequence[str], columns: int) -> list[str]:
        """A row with more fields than the header has: it stays as long as it is, so that it is refused again.

        An earlier answer stands at the end of such a row; no field of the partner is ever overwritten.
        """
        start = len(row) - (columns - self.column)
        if self.there and (not any(row[start : start + WIDTH]) or row[start] in self.words):
            return [*row[:start], *cells, *row[start + WIDTH :]]
        return [*row, *cells]
