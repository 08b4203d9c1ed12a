"""A session with an org that only exists in ``responses``, and a clock that never waits."""

from datetime import UTC, datetime

from sfsync.clock import ManualClock
from sfsync.salesforce.logins import AccessToken, Token
from sfsync.salesforce.org import Org
from sfsync.salesforce.retry import Policy
from sfsync.salesforce.session import Session

URL = "https://acme.my.salesforce.com"
REST = f"{URL}/services/data/v62.0"
TOKEN = "00D000000000001!AQ.first"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


class CountedLogin:
    """A login that gives a new token each time."""

    renewable = True
    calls = True

    def __init__(self) -> None:
        self.count = 0

    def login(self, http) -> Token:
        self.count += 1
        return Token(URL, f"00D000000000001!AQ.login{self.count}")


def manual_clock() -> ManualClock:
    return ManualClock(datetime(2024, 3, 1, 12, tzinfo=UTC))


def open_session(login=None, **kwargs) -> Session:
    policy = Policy(jitter=lambda: 0.5)
    return Session(login or AccessToken(URL, TOKEN), clock=manual_clock(), policy=policy, **kwargs)


def open_org(**kwargs) -> Org:
    session = open_session()
    return Org(session, clock=session.clock, **kwargs)
