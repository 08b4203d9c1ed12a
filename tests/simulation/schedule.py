"""Seeded trouble: which boundary it strikes, and what it does there."""

import errno
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from smtplib import SMTPServerDisconnected
from typing import Any, NoReturn

from sqlalchemy.exc import OperationalError

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
    "row refused",
    "parent locked",
    "outage",
    "rival run",
    "second run",
    "journal lost",
    "record touched",
    "file replaced",
    "clock forward",
    "clock backward",
)
LOST = ("answer lost before", "answer lost after", "half an answer", "crash after")
"""Where something may have been written, these come more often."""
BULK = (
    "job failed",
    "job aborted",
    "rows unprocessed",
    "parent locked",
    "row refused",
    "half an answer",
    "outage",
)
JOURNAL = ("crash before", "crash after", "disk full", "read-only")
FILES = ("crash before", "crash after", "disk full")
MAIL = ("crash before", "crash after", "refused after DATA", "answer lost before", "answer lost after")

_SCRIPTED: dict[str, dict[str, Any]] = {
    "session expired": {"kind": "expired"},
    "server unavailable": {"kind": "unavailable"},
    "server error": {"kind": "error"},
    "request limit": {"kind": "limit"},
    "concurrent limit": {"kind": "concurrent"},
}
"""Troubles of one request."""
_WAITING: dict[str, dict[str, Any]] = {
    "row lock": {"kind": "lock"},
    "row refused": {"kind": "reject", "times": 2},
    "job failed": {"kind": "job_failed"},
    "job aborted": {"kind": "unprocessed", "rows": 2, "state": "Aborted"},
    "rows unprocessed": {"kind": "unprocessed"},
}
"""Troubles that wait for the next row or job."""
_COMMIT_ERRORS = {
    "disk full": "database or disk is full",
    "read-only": "attempt to write a readonly database",
}
_MOST = 3
"""Troubles in one schedule."""


Aim = tuple[str, str, int]
"""A trouble, a part of a boundary's name, and at which of these boundaries the trouble strikes (from 1)."""


@dataclass
class Schedule:
    """The troubles of one seed. ``calm`` ends them; ``log`` tells what happened, for a replay."""

    seed: int
    boundaries: int
    """About how many boundaries an undisturbed run passes: troubles are spread over them, and a little beyond."""
    calm: bool = False
    aim: Aim | None = None
    """A trouble that must strike."""
    passed: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    dead: bool = False
    """The process has died: whatever its handlers still try has no effect."""
    others: dict[str, Callable[[random.Random], None]] = field(default_factory=dict)
    """What somebody else does at a request: trouble → act."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        spread = max(2, self.boundaries * 5 // 4)
        count = self.dice.randint(1, _MOST)
        self._places = {self.dice.randrange(1, spread) for _ in range(count)}
        self._down = 0
        self._commits = 0
        self._aimed = 0

    def _trouble(self, place: str, kinds: tuple[str, ...]) -> str:
        """The trouble at this boundary, or nothing."""
        if self.dead:
            raise Crash(place)
        if self.calm:
            return ""
        if (
            kinds is JOURNAL
        ):  # there are many; each seed looks at every third, so that the others get their share
            self._commits += 1
            if (self._commits + self.seed) % 3:
                return ""
        self.passed += 1
        kind = ""
        if self.aim and self.aim[0] in kinds and self.aim[1] in place:
            self._aimed += 1
        if self.aim and self._aimed == self.aim[2]:
            kind, self.aim = self.aim[0], None
        elif self.passed in self._places:
            kind = self.dice.choice(kinds)
        if not kind:
            return ""
        self.struck[f"{place.partition(' ')[0]}: {kind}"] += 1
        self.log.append(f"{self.passed}: {kind} at {place}")
        return kind

    def _die(self, place: str) -> NoReturn:
        self.dead = True
        raise Crash(place)

    def request(self, request: Request, answer: Callable[[Request], Response], faults: Faults) -> Response:
        """A request at the org's door."""
        name = f"http {request.method} {request.path.partition('/v62.0')[2] or request.path}"
        often = (
            BULK * 3
            if "/jobs/ingest" in name or "/async/" in name
            else LOST * 2
            if request.method != "GET"
            else ()
        )
        kind = self._trouble(name, HTTP + often)
        if kind == "outage":
            self._down = self.dice.randint(4, 12)
        if self._down and not self.calm:
            self._down -= 1
            return Response(503, {}, b"the org is down")
        if kind == "crash before":
            self._die(name)
        if kind == "answer lost before":
            return Response(0, {}, b"", lost=True)
        if kind in self.others:
            self.others[kind](self.dice)
        if script := _SCRIPTED.get(kind) or _WAITING.get(kind):
            faults.script(**script)
        response = answer(request)
        if kind in _SCRIPTED:
            faults.clear()
        if kind == "crash after":
            self._die(name)
        if kind == "answer lost after":
            return Response(0, {}, b"", lost=True)
        if kind == "half an answer":
            return Response(response.status, response.headers, response.body[: len(response.body) // 2])
        return response

    def commit(self, name: str, write: Callable[[], object]) -> None:
        """A commit of the journal."""
        kind = self._trouble(f"journal {name}", JOURNAL)
        if kind == "crash before":
            self._die(name)
        if kind in _COMMIT_ERRORS:
            raise OperationalError(name, {}, sqlite3.OperationalError(_COMMIT_ERRORS[kind]))
        write()
        if kind == "crash after":
            self._die(name)

    def move(self, name: str, act: Callable[[], object]) -> object:
        """A rename of a file."""
        kind = self._trouble(f"file {name}", FILES)
        if kind == "crash before":
            self._die(name)
        if kind == "disk full":
            raise OSError(errno.ENOSPC, "No space left on device")
        done = act()
        if kind == "crash after":
            self._die(name)
        return done

    def mail(self, name: str, deliver: Callable[[], None]) -> tuple[int, bytes]:
        """A mail whose data are on the way; the server's answer to them."""
        kind = self._trouble(f"mail {name}", MAIL)
        if kind == "crash before":
            self._die(name)
        if kind == "refused after DATA":
            return 554, b"5.7.1 refused"
        if kind == "answer lost before":
            raise SMTPServerDisconnected("nobody answers")
        deliver()
        if kind == "answer lost after":
            raise SMTPServerDisconnected("nobody answers")
        if kind == "crash after":
            self._die(name)
        return 250, b"2.0.0 taken"
