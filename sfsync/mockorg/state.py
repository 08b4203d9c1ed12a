"""What all handlers of the surface share: the core, counters, faults, sessions, jobs and cursors; and one call."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sfsync.mockorg.allowance import Allowance
from sfsync.mockorg.background import Background
from sfsync.mockorg.faults import Faults
from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.jobs import Jobs
from sfsync.mockorg.org import OrgCore, QueryResult
from sfsync.mockorg.problems import Refused, no_such_object
from sfsync.mockorg.quirks import Quirks
from sfsync.mockorg.sessions import Sessions
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.stats import Provisional, Stats

Subrequest = Callable[["Call", Request], Reply]


def _unwired(call: "Call", request: Request) -> Reply:
    raise RuntimeError(
        f"No dispatcher is connected to answer {request.method} {request.target} for {call.kind}."
    )


@dataclass(slots=True)
class State:
    """Everything behind the routes. Handlers run under the core's lock, one at a time."""

    core: OrgCore
    sessions: Sessions
    quirks: Quirks = field(default_factory=Quirks)
    stats: Stats = field(default_factory=Stats)
    faults: Faults = field(default_factory=Faults)
    jobs: Jobs = field(default_factory=Jobs)
    cursors: "OrderedDict[str, QueryResult]" = field(default_factory=OrderedDict)
    background: Background = field(default_factory=Background)
    folder: Path | None = None
    """Where large uploads and results are kept while they are needed; None for the system's place."""
    began: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    """When the org's metadata was loaded."""
    jwt_keys: tuple[str, ...] = ()
    """Public keys or certificates (PEM) that assertions must be signed for; empty accepts any."""
    web_leads: Allowance = field(default_factory=lambda: Allowance(500))
    """Leads from web forms in 24 hours."""
    web_waiting: deque[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=deque)
    """Web forms beyond the allowance: the values of their leads, and the forms."""
    subrequest: Subrequest = _unwired
    """Runs one subrequest of a composite, graph or batch; set by the dispatcher."""

    def spool(self) -> Spool:
        """A place for many bytes."""
        return Spool(self.folder)

    @contextmanager
    def transaction(self, *, lasting: bool = False) -> Iterator["Unit"]:
        """A transaction of the core whose records are only counted when it holds."""
        with self.stats.provisional() as mark, self.core.transaction(lasting=lasting) as transaction:
            yield Unit(transaction.rollback, mark)


@dataclass(slots=True)
class Unit:
    """Work that holds or is undone as a whole."""

    _rollback: Callable[[], None]
    _mark: Provisional

    def rollback(self) -> None:
        """Undo everything done in this transaction so far."""
        self._mark.undone = True
        self._rollback()


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to a handler: ``args`` are the parts of the path, ``user`` who logged in."""

    state: State
    request: Request
    args: Mapping[str, str]
    kind: str
    user: str = ""

    @property
    def core(self) -> OrgCore:
        return self.state.core

    @property
    def version(self) -> str:
        """The API version of the path, as ``62.0``."""
        return self.args["version"].lower().removeprefix("v")

    @property
    def root(self) -> str:
        """The path under which this version's resources live."""
        return f"/services/data/v{self.version}"

    def object_name(self, name: str | None = None) -> str:
        """The object of the path (or ``name``) in the schema's own spelling.

        Raises:
            Refused: NOT_FOUND, as for every path that leads nowhere.

        """
        definition = self.core.schema.objects.get(name or self.args["object"])
        if definition is None:
            raise no_such_object()
        return str(definition.name)


def json_list(value: Any, what: str) -> list[Any]:
    """The value when it is a list.

    Raises:
        Refused: JSON_PARSER_ERROR that names ``what`` was expected to be one.

    """
    if not isinstance(value, list):
        raise Refused("JSON_PARSER_ERROR", f"{what} must be a list")
    return value
