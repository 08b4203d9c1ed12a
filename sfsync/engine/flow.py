"""A flow is a list of steps; a step selects its work from the org, decides with pure functions, and applies.

    select   reads the org (and, for a partner's file, the file): what is there to do?
    decide   pure: one Decision for each row selected, with the changes to write
    expect   pure, for `plan` only: what the next step would find once these decisions were applied
    apply    writes the changes; only steps that also hand over a file or a mail have an `apply` of their own

Nothing is remembered between runs: a run may die anywhere, and the next one selects what is left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from sfsync.clock import Clock
from sfsync.errors import ConfigError, TransportFailed
from sfsync.records import Bucket, Change, Record

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one row.

    ``phases`` are groups of changes; a group is sent only when all earlier groups of the row were done.
    ``bucket`` is where the row ends once its changes are done. A row that ``waits`` is decided again after the
    others of its pass were applied (it depends on them in a way that only the org can settle).
    ``number`` is the row's number in its file, None where there is no file.
    """

    key: str
    bucket: Bucket = Bucket.APPLIED
    reason: str = ""
    phases: tuple[tuple[Change, ...], ...] = ()
    number: int | None = None
    waits: bool = False
    field: str = ""
    suggestion: str = ""

    @property
    def identity(self) -> tuple[str, int | None]:
        return (self.key, self.number)


class Reader(Protocol):
    """The reading half of ``salesforce.org.Org``: all that `plan` may touch."""

    def query(self, soql: str) -> Any: ...
    def query_many(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a step may look at while it selects: the org, the day, nothing it could write with."""

    org: Reader
    clock: Clock
    today: date


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one decision: its final bucket, the reason, and ids the org gave (object → id)."""

    bucket: Bucket
    reason: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    unknown: bool = False
    via: str = ""
    """The request or bulk job that carried its last change, as ``records.Outcome`` names it."""


class Hands(Protocol):
    """What `apply` may do: write to the org, hand a file over, send a mail."""

    look: Look

    def write(self, decisions: Sequence[Decision]) -> list[Result]: ...
    def outbox(self, partner_file: str, name: str, make: Callable[[Path], object]) -> Path: ...
    def result(self, name: str, make: Callable[[Path], object]) -> Path: ...
    def mail(self, message: Any) -> None: ...
    def mails(self, messages: Sequence[Any]) -> list[TransportFailed | None]: ...
    def say(self, text: str) -> None: ...


class Step(Generic[S]):
    """One step of a flow; subclass it and give ``name``, ``about``, ``select`` and ``decide``."""

    name: str = ""
    about: str = ""
    by_hand: bool = False
    """Only run when it is named: `run charge_card` leaves it out."""
    after_all: bool = False
    """Among the steps that follow a partner's file: run once, when no file waits any more."""
    consumes: tuple[type, ...] = ()
    """In `plan`: the kinds of values from earlier steps' ``expect`` that this step takes up."""

    def select(self, look: Look, expected: Sequence[Any]) -> S:
        """Read what there is to do. ``expected`` (in `plan` only) is what earlier steps would have made."""
        raise NotImplementedError

    def decide(self, selected: S) -> list[Decision]:
        """Decide about every row selected; no I/O."""
        raise NotImplementedError

    def expect(self, selected: S, decisions: Sequence[Decision]) -> Sequence[Any]:
        """What the next step would find, were these decisions applied."""
        return ()

    def apply(self, selected: S, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        """Apply the decisions; results in the same order."""
        return hands.write(decisions)


@dataclass(frozen=True, slots=True)
class Inbox:
    """A place in a flow where waiting files of a partner are taken, each by the steps of that partner file."""

    name: str
    partner_file: str
    about: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that are run together under a name of their own: ``family.group``, on a time of its own in cron.

    A step of a group is still called ``family.step``. A group ``by_hand`` only runs when it, or one of its steps,
    is named.
    """

    name: str
    about: str
    steps: tuple["Step[Any] | Inbox", ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """A family's flow. A step is called ``family.step``, a group of steps ``family.group``."""

    name: str
    about: str
    steps: tuple["Step[Any] | Inbox | Group", ...]
    guards: Mapping[str, Any] = field(default_factory=dict)

    def choose(self, name: str | None = None) -> "list[Step[Any] | Inbox]":
        """The steps that ``name`` means, in order: one step, all of a group, or (None) what is not by hand.

        Raises ConfigError for a name that the flow does not have.
        """
        if name is None:
            return [step for part in self.steps if not part.by_hand for step in _automatic(part)]
        for part in self.steps:
            if part.name == name:
                return _automatic(part) if isinstance(part, Group) else [part]
        for step in (step for part in self.steps if isinstance(part, Group) for step in part.steps):
            if step.name == name:
                return [step]
        known = ", ".join(self.names)
        raise ConfigError(f"{self.name} has no step called {name!r}.", hint=f"Its steps are: {known}.")

    @property
    def names(self) -> list[str]:
        """What can be named: steps and groups, each once, in order."""
        found: list[str] = []
        for part in self.steps:
            inner = [step.name for step in part.steps] if isinstance(part, Group) else []
            found += [name for name in (part.name, *inner) if name not in found]
        return found


def _automatic(part: "Step[Any] | Inbox | Group") -> "list[Step[Any] | Inbox]":
    """What runs when ``part`` does: in a group, all but the steps by hand."""
    return [step for step in part.steps if not step.by_hand] if isinstance(part, Group) else [part]


@dataclass(frozen=True, slots=True)
class FileRows:
    """A partner's file, read and mapped: one entry a row, in file order."""

    path: Path
    name: str
    digest: str
    rows: Sequence[Any]
    """``mapping.MappedRow`` values."""
    table: Any
    """The ``tabular`` table it was read from; the answer is written from it."""
    bound: Any
    """The mapping bound to the file's headings."""


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """One kind of file that a partner sends or fetches; lives in ``partner_files/<name>.py``.

    ``take`` makes the step that reconciles a file with the org, ``give`` the step that makes a file from it;
    ``then`` are the steps that follow a file taken, given the keys it touched.
    """

    name: str
    about: str
    family: str
    mapping: str | None = None
    take: Callable[[FileRows], Step[Any]] | None = None
    then: Callable[[FileRows], Sequence[Step[Any]]] | None = None
    give: Callable[[Mapping[str, Any]], Step[Any]] | None = None
    reads_only: bool = False
    """Whether ``give`` changes nothing in the org, so that its file may be put anywhere: `export NAME -o FILE`."""
    views: tuple[str, ...] = ()
    """What ``give`` can make one of at a time: `export NAME.VIEW`. Empty where there is only one file to make."""


def expected_id(number: int) -> str:
    """Stands in a plan for the id of a record that does not exist yet; 15 characters, as ids differ in."""
    return f"(new {number:09d})"


def get(record: Record, path: str) -> Any:
    """A value by its path through parents, ``Account.Name``; None where a parent is missing."""
    value: Any = record
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
