"""An org with a clock that stands still, and a client that needs no wire."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfsync.mockorg import MockOrg, Quirks, Response, make_request
from sfsync.mockorg.clock import MockClock

METADATA = Path(__file__).parents[3] / "config" / "org"
NOON = datetime(2024, 5, 13, 12, 0, tzinfo=UTC)
ROOT = "/services/data/v62.0"


def make_org(**options: Any) -> MockOrg:
    return MockOrg(metadata=[METADATA], clock=MockClock(NOON), sleep=lambda _: None, **options)


class Client:
    """Sends requests to an org in the same process. Paths that begin with no slash are under the REST base."""

    def __init__(self, org: MockOrg) -> None:
        self.org = org
        self.headers = {"Authorization": f"Bearer {org.token}"}

    def send(
        self, method: str, path: str, body: Any = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        path = path if path.startswith("/") else f"{ROOT}/{path}"
        url = f"http://org.example:8080{path}"
        return self.org.handle(make_request(method, url, {**self.headers, **(headers or {})}, body))

    def get(self, path: str, **options: Any) -> Any:
        return self.expect(200, "GET", path, **options)

    def post(self, path: str, body: Any = b"", status: int = 200, **options: Any) -> Any:
        return self.expect(status, "POST", path, body, **options)

    def patch(self, path: str, body: Any = b"", status: int = 200, **options: Any) -> Any:
        return self.expect(status, "PATCH", path, body, **options)

    def expect(self, status: int, method: str, path: str, body: Any = b"", **options: Any) -> Any:
        response = self.send(method, path, body, **options)
        assert response.status == status, (response.status, response.body[:500])
        return json.loads(response.body) if response.body else None

    def refusal(self, status: int, method: str, path: str, body: Any = b"", **options: Any) -> str:
        """The errorCode of a request that is refused with this status."""
        errors = self.expect(status, method, path, body, **options)
        assert isinstance(errors, list)
        assert set(errors[0]) >= {"message", "errorCode"}
        return str(errors[0]["errorCode"])


@pytest.fixture
def org() -> MockOrg:
    return make_org()


@pytest.fixture
def client(org: MockOrg) -> Client:
    return Client(org)


@pytest.fixture
def paged() -> Client:
    return Client(make_org(quirks=Quirks(page_size=3)))
