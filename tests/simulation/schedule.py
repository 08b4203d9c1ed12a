"""Seeded trouble: which boundary it strikes, and what it does there."""

import errno
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sfsync.errors import JournalError, TransportFailed
from sfsync.mockorg.faults import Faults
from sfsync.mockorg.http import Request, Response


class Crash(BaseException):
    """The process dies: no handler of the code under test may run after it."""


HTTP = (
    "crash before",
    "crash after",
    "answer lost before",
    "answer lost after",
    "session expired",
    "server unavailable",
    "server error",
    "request limit",
    "concurrent limit",
    "half an answer",
    "row lock",
    "rival run",
    "clock forward",
)
BULK = ("job failed", "rows unprocessed")
JOURNAL = ("crash before", "crash after", "disk full")
FILES = ("crash before", "crash after", "disk full")
MAIL = ("crash before", "crash after", "refused", "answer lost")

_SCRIPTED = {
    "session expired": "expired",
    "server unavailable": "unavailable",
    "server error": "error",
    "request limit": "limit",
    "concurrent limit": "concurrent",
    "row lock": "lock",
    "job failed": "job_failed",
    "rows unprocessed": "unprocessed",
}
_MOST = 3
"""Troubles in one schedule."""


@dataclass
class Schedule:
    """The troubles of one seed. ``calm`` ends them; ``log`` tells what happened, for a replay."""

    seed: int
    boundaries: int
    """About how many boundaries an undisturbed run passes: troubles are spread over them, and a little beyond."""
    calm: bool = False
    passed: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    rival: Callable[[], None] | None = None
    forward: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        spread = max(2, self.boundaries * 5 // 4)
        count = self.dice.randint(1, _MOST)
        self._places = {self.dice.randrange(1, spread) for _ in range(count)}

    def _trouble(self, place: str, kinds: tuple[str, ...]) -> str:
        """The trouble at this boundary, or nothing."""
        if self.calm:
            return ""
        self.passed += 1
        if self.passed not in self._places:
            return ""
        kind = self.dice.choice(kinds)
        self.struck[f"{place.partition(' ')[0]}: {kind}"] += 1
        self.log.append(f"{self.passed}: {kind} at {place}")
        return kind

    def request(self, request: Request, answer: Callable[[Request], Response], faults: Faults) -> Response:
        """A request at the org's door."""
        name = f"http {request.method} {request.path.partition('/v62.0')[2] or request.path}"
        bulk = "/jobs/ingest" in request.path
        kind = self._trouble(name, HTTP + BULK * 3 if bulk else HTTP)
        if kind == "crash before":
            raise Crash(name)
        if kind == "answer lost before":
            return Response(0, {}, b"", lost=True)
        if kind == "rival run" and self.rival:
            self.rival()
        if kind == "clock forward" and self.forward:
            self.forward()
        if kind in _SCRIPTED:
            faults.script(_SCRIPTED[kind])
        response = answer(request)
        faults.clear()
        if kind == "crash after":
            raise Crash(name)
        if kind == "answer lost after":
            return Response(0, {}, b"", lost=True)
        if kind == "half an answer":
            return Response(response.status, response.headers, response.body[: len(response.body) // 2])
        return response

    def commit(self, name: str, write: Callable[[], object]) -> None:
        """A commit of the journal."""
        kind = self._trouble(f"journal {name}", JOURNAL)
        if kind == "crash before":
            raise Crash(name)
        if kind == "disk full":
            raise JournalError("The journal cannot be written: the disk is full.")
        write()
        if kind == "crash after":
            raise Crash(name)

    def move(self, name: str, act: Callable[[], object]) -> object:
        """A rename of a file."""
        kind = self._trouble(f"file {name}", FILES)
        if kind == "crash before":
            raise Crash(name)
        if kind == "disk full":
            raise OSError(errno.ENOSPC, "No space left on device")
        done = act()
        if kind == "crash after":
            raise Crash(name)
        return done

    def mail(self, name: str, deliver: Callable[[], None]) -> None:
        """A mail on its way."""
        kind = self._trouble(f"mail {name}", MAIL)
        if kind == "crash before":
            raise Crash(name)
        if kind == "refused":
            raise TransportFailed("The mail server refused the mail.", sent=False)
        deliver()
        if kind == "answer lost":
            raise TransportFailed("The answer to DATA was lost.", sent=None)
        if kind == "crash after":
            raise Crash(name)
