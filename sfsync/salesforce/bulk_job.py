"""What the bulk lanes share: a job as it is reported, and patience while the org works on it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sfsync.clock import Clock
from sfsync.records import Outcome


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk job at one moment. ``api`` is "bulk2", "bulk2_query" or "bulk1"; ``state`` is the org's own word.

    ``settled`` is True once the results of all its rows were read; until then a later run must look at it.
    """

    api: str
    id: str
    object: str
    operation: str
    state: str
    rows: int
    created_at: datetime
    settled: bool = False
    batches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A job that an earlier run left: its last state, and the outcomes that the org tells, by key (or Id)."""

    job: Job
    outcomes: Mapping[str, Outcome]


OnJob = Callable[[Job], None]
"""Told of a job before its data go up, and of each new state."""


_FASTEST = 20_000
"""Rows that an org does in a second at the very best: before that a look at a job tells nothing."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Pauses between two looks at a job: a ``share`` of the time it has taken, from ``first`` to ``longest`` seconds.

    So a short job is soon seen to end, and a long one costs few calls: 18 looks in its first minute, 25 in its first
    five, then one a minute. ``total`` seconds in all.
    """

    first: float = 1.0
    share: float = 0.25
    longest: float = 60.0
    total: float = 6 * 3600.0

    def pauses(self, clock: Clock, rows: int = 0) -> Iterator[None]:
        """Yield for each look; wait in between; end when the time is up. ``rows``: how many the job has, if known."""
        started = clock.monotonic()
        ahead = min(rows / _FASTEST, self.longest, self.total)
        if ahead >= self.first:
            clock.sleep(ahead)
        while True:
            yield
            taken = clock.monotonic() - started
            if taken >= self.total:
                return
            pause = min(self.longest, max(self.first, taken * self.share))
            clock.sleep(min(pause, self.total - taken))


PATIENCE = Patience()
"""For loads of hours."""
