"""A mapping tied to the headings of one file: which column holds which name, and the blocks mapped one by one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sfsync.cells import clean, fold
from sfsync.errors import FileRefused
from sfsync.mapping.block import LookedUp, map_block
from sfsync.mapping.duplicates import find_duplicates
from sfsync.mapping.plan import Lookup, Plan
from sfsync.mapping.rows import MappedBlock

Blocks = Iterable[pl.DataFrame] | Callable[[], Iterable[pl.DataFrame]]
"""Table blocks (see ``sfsync.cells.Kind``), or what gives them anew each time it is called."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A mapping that knows the columns of one file.

    ``columns``: our name → position of its column; names that are not there are absent from the file.
    """

    plan: Plan
    columns: Mapping[str, int]
    headings: tuple[str, ...]
    file: str

    @property
    def unused(self) -> tuple[str, ...]:
        """Headings that no name of the mapping matches; they are ignored."""
        used = set(self.columns.values())
        return tuple(heading for n, heading in enumerate(self.headings) if n not in used and clean(heading))

    @property
    def absent(self) -> tuple[str, ...]:
        """Our names for which the file has no column."""
        return tuple(item.name for item in self.plan.names if item.name not in self.columns)

    def heading(self, name: str) -> str:
        """The partner's own heading of one of our names, without outer blanks; empty when it is absent."""
        return clean(self.headings[self.columns[name]]) if name in self.columns else ""

    def map(
        self, blocks: Blocks, *, lookups: Mapping[Lookup, LookedUp] | None = None
    ) -> Iterator[MappedBlock]:
        """Map the blocks of the file, in order.

        Where the mapping says ``unique``, the file is read two times, and a third time when something stands
        twice: give a function that returns the blocks (``table.blocks``), and memory stays flat. A list works too;
        an iterator that can be walked only once is held in memory.

        ``lookups``: what was found in the org, value → wanted value, for each of ``CompiledMapping.lookups``;
        without it, fields that need a lookup are left out.
        """
        again = _repeatable(blocks, needed=bool(self.plan.unique))
        doubles = find_duplicates(self, again) if self.plan.unique else None
        for block in again():
            yield map_block(self, block, doubles=doubles, lookups=lookups)


def _repeatable(blocks: Blocks, *, needed: bool) -> Callable[[], Iterable[pl.DataFrame]]:
    if callable(blocks):
        return blocks
    if needed and iter(blocks) is blocks:
        held = list(blocks)
        return lambda: held
    return lambda: blocks


def bind(plan: Plan, headings: Sequence[str], *, file: str, sheet: str | None, header_row: int) -> Bound:
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
        found = ", ".join(clean(heading) or "(no heading)" for heading in headings) or "none"
        raise FileRefused(
            file,
            "missing_column",
            f"{where}: there is no column for {wanted}. Columns found: {found}.",
            hint=f"Add the heading to {plan.mapping.path}, or ask the partner for the column.",
        )
    return Bound(plan, columns, tuple(headings), file)


def _column(position: int) -> str:
    """A column as a spreadsheet calls it, with its number: ``column C (3)``."""
    letters, rest = "", position + 1
    while rest:
        rest, last = divmod(rest - 1, 26)
        letters = chr(ord("A") + last) + letters
    return f"column {letters}"
