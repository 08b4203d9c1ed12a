"""Which column of a file holds which of our names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sfsync.cells import clean, fold
from sfsync.errors import FileRefused
from sfsync.languages.heads import DEFAULT
from sfsync.mapping.plan import FieldItem, Plan

_LONGEST, _DIGITS = 60, 5
"""What no heading has: more characters than the one, as many digits as the other."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A plan that knows the columns of one file.

    ``positions``: our name → position of its column; names that are not there are absent from the file.
    """

    plan: Plan
    positions: Mapping[str, int]
    headings: tuple[str, ...]

    @property
    def unused(self) -> tuple[str, ...]:
        """Headings that no name of the mapping matches; they are ignored."""
        used = set(self.positions.values())
        return tuple(heading for n, heading in enumerate(self.headings) if n not in used and clean(heading))

    @property
    def absent(self) -> tuple[str, ...]:
        """Our names for which the file has no column."""
        return tuple(item.name for item in self.plan.names if item.name not in self.positions)

    def fills(self, item: FieldItem) -> bool:
        """Whether the file can say anything about a field; a field it is silent about must not be cleared."""
        needs = item.needs()
        defaults = {name.name for name in self.plan.names if name.rule.default is not None}
        return (
            not needs or item.rule.default is not None or not needs.isdisjoint({*self.positions, *defaults})
        )

    @property
    def language(self) -> str:
        """The language that most of the headings found are in, English when nothing tells."""
        found: Counter[str] = Counter()
        for name, position in self.positions.items():
            spoken = self.plan.mapping.file.headers[name].spoken
            heading = fold(self.headings[position])
            found.update(language for language, words in spoken.items() if heading in map(fold, words))
        most = max(found.values(), default=0)
        leading = [language for language, count in found.items() if count == most]
        return DEFAULT if DEFAULT in leading or not leading else leading[0]

    def heading(self, name: str) -> str:
        """The partner's own heading of one of our names, without outer blanks; empty when it is absent."""
        return clean(self.headings[self.positions[name]]) if name in self.positions else ""


def find_columns(
    plan: Plan, headings: Sequence[str], *, file: str, sheet: str | None, header_row: int
) -> Columns:
    """Find the column of every name. Raises FileRefused: duplicate_column, missing_column."""
    columns: dict[str, int] = {}
    where = f'sheet "{sheet}", header row {header_row}' if sheet else f"header row {header_row}"
    for position, heading in enumerate(headings):
        name = plan.headings.get(fold(heading))
        if name is None:
            continue
        if name in columns:
            first, second = columns[name], position
            raise FileRefused(
                file,
                "duplicate_column",
                f"{where}: two columns are headed as {name}: {_column(first)} ({clean(headings[first])}) "
                f"and {_column(second)} ({clean(heading)}).",
                hint="Remove one of them, or rename the heading of the one that is not meant.",
            )
        columns[name] = position
    missing = [name for name in plan.required if name not in columns]
    if missing:
        headers = plan.mapping.file.headers
        wanted = "; ".join(
            f'{name} (headed "{(*headers[name].headings, name)[0]}", for one)' for name in missing
        )
        found = _told(headings)
        raise FileRefused(
            file,
            "missing_column",
            f"{where}: there is no column for {wanted}. Columns found: {found}.",
            hint=f"Add the heading to {plan.mapping.path}, or ask the partner for the column.",
        )
    return Columns(plan, columns, tuple(headings))


def _told(headings: Sequence[str]) -> str:
    """The headings as a message may name them; rows of data that stand where headings should are not quoted."""
    texts = [clean(heading) for heading in headings]
    if any("@" in text or len(text) > _LONGEST or sum(map(str.isdigit, text)) >= _DIGITS for text in texts):
        return f"{len(texts)}, and they look like data: the row of headings is missing"
    return ", ".join(text or "(no heading)" for text in texts) or "none"


def _column(position: int) -> str:
    """A column as a spreadsheet calls it, with its number: ``column C ``."""
    letters, rest = "", position + 1
    while rest:
        rest, last = divmod(rest - 1, 26)
        letters = chr(ord("A") + last) + letters
    return f"column {letters}"
