"""A session with a mock org in this process, on a clock that never waits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sfsync.clock import ManualClock
from sfsync.mockorg import MockOrg
from sfsync.salesforce.logins import Token
from sfsync.salesforce.retry import Policy
from sfsync.salesforce.session import Session
from tests.salesforce.bulk.fake_session import START

METADATA = Path(__file__).parents[3] / "config" / "org"


class MockLogin:
    """A login that the org can end and that can be renewed."""

    renewable = True
    calls = True

    def __init__(self, org: MockOrg) -> None:
        self.org = org
        self.count = 0

    def login(self, http: object) -> Token:
        self.count += 1
        return Token("https://mock.my.salesforce.com", self.org.token)


@pytest.fixture
def org() -> Iterator[MockOrg]:
    org = MockOrg(metadata=[METADATA], sleep=lambda seconds: None)
    with org.activate():
        yield org
    org.close()


@pytest.fixture
def login(org: MockOrg) -> MockLogin:
    return MockLogin(org)


@pytest.fixture
def session(login: MockLogin) -> Session:
    return Session(login, clock=ManualClock(START), policy=Policy(jitter=lambda: 0.5))
