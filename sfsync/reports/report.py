"""What a report is: content names it, says what can be asked, and makes its figures; the command shows them.

A module in ``flows/`` that has ``report(content) -> Report`` adds one to `sfsync report`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sfsync.clock import Clock

if TYPE_CHECKING:
    from sfsync.journal.journal import Journal

OPTIONS = ("since", "until", "month", "dealer")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person asks for. ``month`` is its first day."""

    since: date | None = None
    until: date | None = None
    month: date | None = None
    dealer: str | None = None

    @property
    def given(self) -> list[str]:
        """The options that were given."""
        return [name for name in OPTIONS if getattr(self, name) is not None]


class Reader(Protocol):
    """What a report may do with an org: read."""

    @property
    def url(self) -> str: ...
    def query_many(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]: ...
    def extract(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Where figures come from. ``zone`` is the project's."""

    org: Reader
    open_journal: "Callable[[], Journal]"
    clock: Clock
    zone: str


GOOD, BAD, QUIET, STRONG = "good", "bad", "quiet", "strong"


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table, and how it is meant: GOOD, BAD, QUIET, STRONG or nothing."""

    text: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading. Figures stand on the right; ``spare`` columns make way on a narrow screen, last ones first."""

    heading: str
    right: bool = True
    spare: bool = False


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table for a screen."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report found: as plain values, as tables with a line above and lines below, and how it writes files."""

    json: Mapping[str, Any]
    tables: Sequence[TextTable]
    writers: Mapping[str, Callable[[Path], object]]
    """By suffix."""
    heading: str = ""
    remarks: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Report:
    """A report by its name, ``family.name``. ``options`` are those of OPTIONS that it understands, ``formats`` the
    suffixes of the files it writes.
    """

    name: str
    title: str
    options: frozenset[str]
    formats: tuple[str, ...]
    make: Callable[[Sources, Asked], Findings]
