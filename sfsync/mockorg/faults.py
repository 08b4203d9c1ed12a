"""Scripted trouble: what goes wrong, on which route, how often.

Kinds for a whole request: ``lost_before`` and ``lost_after`` (the line is cut before anything happened, or
after the org has committed), ``expired`` (401), ``limit`` and ``concurrent`` (403), ``error`` (500),
``unavailable`` (503), ``slow``. Kinds for rows: ``lock`` (UNABLE_TO_LOCK_ROW), ``reject`` (any code). Kinds for
Bulk jobs: ``job_failed`` (nothing processed), ``unprocessed`` (the last ``rows`` rows are left).

    org.faults.script("lost_after", route="composite")          # the next one commits, its answer never comes
    org.faults.script("unavailable", route="query*", times=3)   # three times 503, then all is well
    org.faults.script("lock", sobject="Asset", rate=0.1, times=None, seed=7)   # every tenth row, repeatable
    org.faults.script("lock", parent=account_id, times=200)     # rows of one parent, 200 times
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from sfsync.mockorg.problems import Refused

REQUEST_KINDS = (
    "lost_before",
    "lost_after",
    "expired",
    "limit",
    "concurrent",
    "error",
    "unavailable",
    "slow",
)
ROW_KINDS = ("lock", "reject")
JOB_KINDS = ("job_failed", "unprocessed")
KINDS = (*REQUEST_KINDS, *ROW_KINDS, *JOB_KINDS)

REFUSALS = {
    "expired": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "limit": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "concurrent": (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
    "error": (
        500,
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId: 20240101-1 (1)",
    ),
    "unavailable": (503, "SERVER_UNAVAILABLE", "Server is too busy, please try again later"),
    "lock": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "reject": (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Refused by a scripted fault"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One piece of scripted trouble."""

    kind: str
    route: str = "*"
    """Name of a kind of request as in the statistics (``collections``), or ``METHOD path``; ``*`` and ``?`` as
    in file names.
    """
    times: int | None = 1
    """How often it strikes; None for ever."""
    skip: int = 0
    """How many requests (rows, jobs) pass before the first one it may strike."""
    rate: float = 1.0
    """The share of requests (rows, jobs) it strikes, drawn with ``seed``."""
    seed: int = 0
    status: int | None = None
    code: str | None = None
    message: str | None = None
    seconds: float = 0.0
    """How long ``slow`` waits."""
    sobject: str = "*"
    """Row faults: the object."""
    parent: str = ""
    """Row faults: only rows that name this record, by its id or by its key; empty: any row."""
    rows: int = 1
    """``unprocessed``: how many rows are left."""
    state: str = "Failed"
    """``unprocessed``: the state in which the job ends."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"A fault's rate is a share between 0 and 1, not {self.rate}.")

    def refusal(self) -> Refused:
        """The refusal that the client gets to see."""
        status, code, message = REFUSALS[self.kind]
        return Refused(self.code or code, self.message or message, status=self.status or status)


@dataclass(slots=True)
class Scripted:
    """A fault and how far it has come."""

    fault: Fault
    seen: int = 0
    struck: int = 0
    dice: random.Random = field(default_factory=random.Random)

    def strikes(self) -> bool:
        """Whether it strikes now; counts the occasion."""
        fault = self.fault
        if fault.times is not None and self.struck >= fault.times:
            return False
        self.seen += 1
        if self.seen <= fault.skip or self.dice.random() >= fault.rate:
            return False
        self.struck += 1
        return True


class Faults:
    """The script: faults in the order in which they were given; the first that strikes wins."""

    def __init__(self) -> None:
        self._scripted: list[Scripted] = []

    def script(self, kind: str, *, route: str = "*", times: int | None = 1, **options: Any) -> Fault:
        """Add a fault; ``options`` are the other fields of ``Fault``.

        Raises:
            ValueError: no such kind or option, with the ones there are.

        """
        known = {entry.name for entry in fields(Fault)}
        if strange := sorted(set(options) - known):
            raise ValueError(f"A fault has no {', '.join(strange)}; it has {', '.join(sorted(known))}.")
        fault = Fault(kind, route=route, times=times, **options)
        self._scripted.append(Scripted(fault, dice=random.Random(fault.seed)))  # noqa: S311  repeatable on purpose
        return fault

    def clear(self) -> None:
        """Forget all faults."""
        self._scripted.clear()

    def request(self, kinds: Iterable[str], route: str, line: str) -> Fault | None:
        """The fault of one of ``kinds`` that strikes a request, if any. ``line`` is ``METHOD path``."""
        wanted = set(kinds)
        for entry in self._scripted:
            pattern = entry.fault.route
            aimed = fnmatchcase(route, pattern) or fnmatchcase(line, pattern)
            if entry.fault.kind in wanted and aimed and entry.strikes():
                return entry.fault
        return None

    def row(self, route: str, sobject: str, names: Callable[[str], bool]) -> Refused | None:
        """The refusal that strikes a row, if any; ``names`` tells whether the row names a parent."""
        for entry in self._scripted:
            fault = entry.fault
            aimed = fnmatchcase(route, fault.route) and fnmatchcase(sobject.lower(), fault.sobject.lower())
            aimed = aimed and fault.kind in ROW_KINDS and (not fault.parent or names(fault.parent))
            if aimed and entry.strikes():
                return fault.refusal()
        return None

    @property
    def row_by_row(self) -> bool:
        """Whether a row might be struck, so that each must be looked at."""
        return bool(self._scripted) and any(
            entry.fault.kind in ROW_KINDS and (entry.fault.times is None or entry.struck < entry.fault.times)
            for entry in self._scripted
        )

    def as_json(self) -> list[dict[str, Any]]:
        """The script and how often each fault struck, for ``GET /__mock/faults``."""
        return [{**asdict(entry.fault), "struck": entry.struck} for entry in self._scripted]
