"""Access tokens: which were given out, to whom, and which have ended."""

import base64
import hashlib


class Sessions:
    """The tokens of the org. The same order of logins gives the same tokens, so runs can be compared."""

    def __init__(self, org_id: str) -> None:
        self.org_id = org_id
        self._users: dict[str, str] = {}
        self._issued = 0

    def issue(self, user_id: str) -> str:
        """A new token for a user, shaped as real ones are: the org's id, ``!``, random-looking text."""
        self._issued += 1
        digest = hashlib.sha512(f"{self.org_id} {user_id} {self._issued}".encode()).digest()
        token = (
            f"{self.org_id[:15]}!AQ{base64.urlsafe_b64encode(digest).decode().rstrip('=').replace('-', '.')}"
        )
        self._users[token] = user_id
        return token

    def user(self, token: str) -> str | None:
        """The user a token belongs to; None when it was never given out or has ended."""
        return self._users.get(token)

    def expire(self, token: str | None = None) -> None:
        """End one session, or all: the next call with its token is answered INVALID_SESSION_ID."""
        if token is None:
            self._users.clear()
        else:
            self._users.pop(token, None)
