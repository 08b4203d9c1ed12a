"""The mock org: a core that behaves as an org does, the routes that lead to it, and two doors.

org = MockOrg()
org.seed("charge_card", 100)
with org.serve() as server:            # a real port on loopback: server.url, server.token
    ...
with org.activate():                   # the same org behind `responses`, without a port
    ...
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.mockorg import (
    admin,
    auth,
    batch,
    bulk1,
    bulk2,
    bulk2_query,
    composite,
    graph,
    limits,
    query,
    replication,
    rest,
    search,
    seeds,
    soap,
    sobject_collections,
    tooling,
    tree,
    web_to_lead,
)
from sfsync.mockorg.allowance import Allowance
from sfsync.mockorg.background import Worker
from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.dispatch import Dispatcher
from sfsync.mockorg.faults import Faults
from sfsync.mockorg.http import Request, Response
from sfsync.mockorg.jobs import Jobs
from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.quirks import Quirks
from sfsync.mockorg.router import Router
from sfsync.mockorg.server import Server
from sfsync.mockorg.sessions import Sessions
from sfsync.mockorg.state import State
from sfsync.mockorg.stats import Stats

if TYPE_CHECKING:
    from responses import RequestsMock

TABLES = (
    sobject_collections.ROUTES,  # before the routes of single records: /composite/sobjects is none
    composite.ROUTES,
    graph.ROUTES,
    batch.ROUTES,
    tree.ROUTES,
    query.ROUTES,
    replication.ROUTES,
    rest.ROUTES,
    limits.ROUTES,
    search.ROUTES,
    tooling.ROUTES,
    bulk2.ROUTES,
    bulk2_query.ROUTES,
    bulk1.ROUTES,
    auth.ROUTES,
    soap.ROUTES,
    web_to_lead.ROUTES,
)


def default_metadata() -> tuple[Path, ...]:
    """The metadata of the working folder's project, else what came with sfsync; none when there is neither."""
    package, inside = Path(__file__).resolve().parent.parent, Path("config") / "org"
    places = (inside, package / "_project" / inside, package.parent / inside)
    return tuple(place for place in places if place.is_dir())[:1]


class MockOrg:
    """An org to test against. ``core`` is the org without its doors, for looking and for preparing data."""

    def __init__(
        self,
        *,
        metadata: Sequence[Path] | None = None,
        data: Path | None = None,
        clock: MockClock | None = None,
        quirks: Quirks | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jwt_keys: Sequence[str] = (),
    ) -> None:
        """``metadata``: folders of source-format metadata (default: the project's); ``data``: an SQLite file to
        keep the org in; ``jwt_keys``: public keys or certificates (PEM), one of which must fit the assertions of
        JWT logins (default: any assertion is good).
        """
        folders = default_metadata() if metadata is None else metadata
        self.core = OrgCore(metadata=folders, data=data, clock=clock, quirks=quirks)
        given = quirks or Quirks()
        sessions = Sessions(
            self.core.organization_id,
            self.core.clock.now,
            minutes=given.session_minutes,
            per_hour=given.logins_per_hour,
        )
        self._state = State(self.core, sessions, given)
        self._state.folder = data.absolute().parent if data else None
        self._state.began = self.core.clock.now()
        self._state.jwt_keys = tuple(jwt_keys)
        self._state.web_leads = Allowance(given.web_leads)
        self._sleep = sleep
        routes = admin.routes(self.reset, self._seed_text)
        self._dispatcher = Dispatcher(self._state, Router((routes, *TABLES)))
        self._token = ""

    @property
    def stats(self) -> Stats:
        """Calls per kind, records written, the log of requests."""
        return self._state.stats

    @property
    def faults(self) -> Faults:
        """Scripted trouble."""
        return self._state.faults

    @property
    def sessions(self) -> Sessions:
        """The tokens given out; ``org.sessions.expire()`` ends them."""
        return self._state.sessions

    @property
    def clock(self) -> MockClock:
        """The org's clock."""
        return self.core.clock

    @property
    def token(self) -> str:
        """A token of the integration user that is good now."""
        if self.sessions.user(self._token) is None:
            self._token = self.sessions.issue(self.core.user_id)
        return self._token

    def handle(self, request: Request) -> Response:
        """Answer one request; both doors lead here."""
        return self._dispatcher.handle(request).whole()

    def serve(self, port: int = 0) -> Server:
        """A server on loopback; use it as a context manager or ``start()`` and ``stop()`` it. 0 takes any free
        port.
        """
        state = self._state
        worker = Worker(state.background, state.core.lock)
        return Server(
            self._dispatcher.handle,
            self.token,
            port=port,
            sleep=self._sleep,
            spool=state.spool,
            worker=worker,
        )

    def activate(self, hosts: str = r"[^/]+") -> "AbstractContextManager[RequestsMock]":
        """Answer what ``requests`` sends in this process to ``hosts`` (a regular expression), while the block
        runs.
        """
        from sfsync.mockorg.callbacks import activated

        return activated(self.handle, hosts=hosts, sleep=self._sleep)

    def seed(self, name: str = "charge_card", count: int | None = None) -> None:
        """Fill the org; see ``seeds.py``. Seeds are not counted in the statistics.

        Raises:
            ValueError: there is no such seed.

        """
        with self.core.lock:
            seeds.plant(self.core, name, count)

    def _seed_text(self, text: str) -> None:
        self.seed(*parse_seed(text))

    def reset(self) -> None:
        """Empty the org and forget jobs, cursors, faults and counters; tokens stay good."""
        with self.core.lock:
            self.core.reset()
            self._forget()

    def _forget(self) -> None:
        self._state.jobs = Jobs()
        self._state.cursors.clear()
        self._state.background.clear()
        self._state.web_waiting.clear()
        self._state.web_leads = Allowance(self._state.quirks.web_leads)
        self.faults.clear()
        self.stats.reset()

    def snapshot(self) -> bytes:
        """All records as they are now, for ``restore``: a prepared org for one test after the other."""
        return self.core.snapshot()

    def restore(self, snapshot: bytes) -> None:
        """Back to a snapshot of this org (in memory); jobs, cursors, faults and counters are forgotten."""
        with self.core.lock:
            self.core.restore(snapshot)
            self._forget()

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All rows of a query, without a call being counted."""
        with self.core.lock:
            result = self.core.query(soql)
            return list(result.rows(0, result.total))

    def insert(self, sobject: str, values: Mapping[str, Any]) -> str:
        """Insert a record without a call being counted, and return its id."""
        with self.core.lock:
            return self.core.insert(sobject, dict(values))

    def close(self) -> None:
        """Close the data file."""
        self.core.close()


def parse_seed(text: str) -> tuple[str, int | None]:
    """Read ``NAME`` or ``NAME:N``.

    Raises:
        ValueError: N is not a whole number.

    """
    name, colon, number = text.partition(":")
    if colon and not number.isdigit():
        raise ValueError(f"A seed is NAME or NAME:N with a whole number, not {text!r}.")
    return name, int(number) if colon else None
