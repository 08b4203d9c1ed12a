"""What a table file looks like to the rest of sfsync, whatever its format: hints going in, a ``Table`` coming out."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from sfsync.cells import CellProblem, Kind, fold

if TYPE_CHECKING:
    import polars as pl

NO_HEADER = 0
"""The header row of a file that has none: JSON names its fields in every record."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a file before it is opened. All optional; what is given wins over what is guessed.

    ``wanted`` holds the headings that a mapping knows, folded by ``cells.fold``: they find the header row below
    a title block, and the right sheet of a workbook. Rows are 1-based.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    wanted: frozenset[str] = frozenset()

    @staticmethod
    def wanting(*headings: str) -> "Hints":
        """Hints with nothing but the headings that are looked for."""
        return Hints(wanted=frozenset(fold(heading) for heading in headings))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row below the header that holds no data. ``why``: blank, total or footer."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that is more than text, as a reader found it."""

    text: str
    kind: Kind


WITHOUT_RESULT = Cell("formula without result", Kind.NO_VALUE)
"""A formula that was saved by a program that did not calculate it."""


@dataclass(slots=True)
class Notes:
    """What is noticed while the rows go by; emptied when the reading starts again."""

    problems: list[CellProblem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    broken: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The rows that the file itself broke: problem and message, whatever their cells say."""

    def tell(self, problem: CellProblem) -> None:
        self.problems.append(problem)
        if problem.severity == "error" and problem.column is None:
            self.broken[problem.row] = (problem.problem, problem.message)

    def add(self, others: "Notes") -> None:
        """Take in what was noticed in the rows that follow."""
        self.problems += others.problems
        self.skipped += others.skipped
        self.broken |= others.broken

    def clear(self) -> None:
        self.problems.clear()
        self.skipped.clear()
        self.broken.clear()


Source = Callable[[Notes], "Iterator[pl.DataFrame]"]
"""Reads the rows below the header, from the first on each call, as frames (see ``cells.Kind``)."""


class Shortcut(Protocol):
    """What some formats can do without reading everything, or in several threads; see the methods of ``Table``."""

    def parts(self, notes: Notes) -> "Iterator[Callable[[], pl.DataFrame]]": ...

    def glance(self, positions: Collection[int]) -> "Iterator[Callable[[], pl.DataFrame]]": ...

    def pick(self, rows: "pl.Series") -> "Iterator[pl.DataFrame]": ...


@dataclass(frozen=True, slots=True)
class Table:
    """A table file that was opened: what it is, its headings, and its rows on demand.

    ``header_row`` is the row of the (last) header line, or ``NO_HEADER``; ``sheet``, ``encoding`` and
    ``delimiter`` are None where the format has none. ``columns`` are the headings as in the file, empty ones
    included. ``problems`` and ``skipped`` grow while ``blocks`` is read.
    """

    file: str
    format: str
    columns: tuple[str, ...]
    header_row: int
    source: Source
    encoding: str | None = None
    bom: bool = False
    delimiter: str | None = None
    sheet: str | None = None
    header_rows: tuple[int, ...] = ()
    date1904: bool = False
    """Whether bare numbers in date columns count from 1904 (Excel for Macintosh); date cells are right already."""
    notes: Notes = field(default_factory=Notes)
    shortcut: Shortcut | None = None

    @property
    def problems(self) -> list[CellProblem]:
        return self.notes.problems

    @property
    def skipped(self) -> list[Skipped]:
        return self.notes.skipped

    @property
    def broken(self) -> Mapping[int, tuple[str, str]]:
        """The rows that the file itself broke, as far as ``blocks`` was read: problem and message."""
        return self.notes.broken

    def blocks(self) -> "Iterator[pl.DataFrame]":
        """The rows as frames by the convention of ``cells.Kind``; reads the file from the start each time.

        Raises FileRefused when the file turns out unreadable further down.
        """
        self.notes.clear()
        return self.source(self.notes)

    def parts(self) -> "Iterator[Callable[[], pl.DataFrame]]":
        """The rows as ``blocks`` gives them, in parts that are read when they are called; some may be empty.

        Each may be called in any thread, but waits for those before it: they must all be called, begun in order.
        """
        self.notes.clear()
        if self.shortcut:
            return self.shortcut.parts(self.notes)
        return (partial(_itself, frame) for frame in self.source(self.notes))

    def glance(self, positions: Collection[int]) -> "Iterator[Callable[[], pl.DataFrame]]":
        """The rows with these columns, perhaps others too, and perhaps rows that ``blocks`` leaves out.

        The blocks are made when they are called for, in any thread.
        Notes nothing. A value may be another than in ``blocks`` only where that is empty, in rows that have shifted.
        """
        if self.shortcut:
            return self.shortcut.glance(positions)
        return (partial(_itself, frame) for frame in self.source(Notes()))

    def pick(self, rows: "pl.Series") -> "Iterator[pl.DataFrame]":
        """The rows of these numbers (UInt32, sorted) as ``blocks`` gives them. Notes nothing."""
        if self.shortcut:
            return self.shortcut.pick(rows)
        return (frame.filter(frame["row"].is_in(rows.implode())) for frame in self.source(Notes()))


def _itself(frame: "pl.DataFrame") -> "pl.DataFrame":
    return frame
