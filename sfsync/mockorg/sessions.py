"""Access tokens: which were given out, to whom, and which have ended."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sfsync.mockorg.allowance import Allowance


@dataclass(slots=True)
class Session:
    """One login: whose, since when, last used when."""

    user_id: str
    began: datetime
    used: datetime


class Sessions:
    """The tokens of the org. The same order of logins gives the same tokens, so runs can be compared."""

    def __init__(
        self,
        org_id: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        minutes: int = 0,
        per_hour: int = 3_600,
    ) -> None:
        self.org_id = org_id
        self._now = now
        self._idle = timedelta(minutes=minutes)
        self._per_hour = per_hour
        self._sessions: dict[str, Session] = {}
        self._logins: dict[str, Allowance] = {}
        self._issued = 0

    def login(self, user_id: str) -> str | None:
        """A new token for a user, or None when the user has logged in too often in the last hour."""
        allowance = self._logins.setdefault(user_id, Allowance(self._per_hour, timedelta(hours=1)))
        if not allowance.left(self._now()):
            return None
        allowance.take(self._now())
        return self.issue(user_id)

    def issue(self, user_id: str) -> str:
        """A new token for a user, shaped as real ones are: the org's id, ``!``, random-looking text."""
        self._issued += 1
        digest = hashlib.sha512(f"{self.org_id} {user_id} {self._issued}".encode()).digest()
        token = (
            f"{self.org_id[:15]}!AQ{base64.urlsafe_b64encode(digest).decode().rstrip('=').replace('-', '.')}"
        )
        now = self._now()
        self._sessions[token] = Session(user_id, now, now)
        return token

    def user(self, token: str) -> str | None:
        """The user a token belongs to; None when it was never given out or has ended. Counts as its use."""
        session = self.session(token)
        if session is None:
            return None
        session.used = self._now()
        return session.user_id

    def session(self, token: str) -> Session | None:
        """The session of a token, if it lives."""
        session = self._sessions.get(token)
        if session is not None and self._idle and self._now() - session.used > self._idle:
            del self._sessions[token]
            return None
        return session

    def expire(self, token: str | None = None) -> None:
        """End one session, or all: the next call with its token is answered INVALID_SESSION_ID."""
        if token is None:
            self._sessions.clear()
        else:
            self._sessions.pop(token, None)
