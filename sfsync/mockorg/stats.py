"""What the org counts: API calls per kind, logins, records written, and a log of the latest requests.

One HTTP request on the org's API is one API call; a composite request is one call however much it carries, a
subrequest of a batch is one each. Not counted: the list of versions, logins (counted apart) and the mock org's
own ``/__mock/`` paths. Source for the counting: "Composite", "Composite Batch" and "Headers" in the REST API
Developer Guide.
"""

from collections import Counter, deque
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.mockorg.http import Request

LOG_LENGTH = 5_000
BODY_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class Logged:
    """A request as it came in, and the status it got (0 when its answer was lost). Long bodies are cut."""

    number: int
    kind: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass(slots=True)
class Stats:
    """The counters. ``maximum`` is the org's daily request limit; calls beyond it are refused."""

    maximum: int = 15_000
    used: int = 0  # what Sforce-Limit-Info says; survives a reset of the counters below when set by hand
    calls: Counter[str] = field(default_factory=Counter)
    logins: int = 0
    written: Counter[str] = field(default_factory=Counter)
    log: deque[Logged] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    requests: int = 0

    @property
    def api_calls(self) -> int:
        """API calls of all kinds."""
        return self.calls.total()

    @property
    def records_written(self) -> int:
        """Records inserted, updated, deleted or converted, without what was rolled back."""
        return self.written.total()

    @property
    def exhausted(self) -> bool:
        return self.used >= self.maximum

    @property
    def limit_info(self) -> str:
        """The value of the header Sforce-Limit-Info."""
        return f"api-usage={self.used}/{self.maximum}"

    def count(self, kind: str) -> None:
        """Count one API call."""
        self.calls[kind] += 1
        self.used += 1

    def wrote(self, sobject: str, operation: str) -> None:
        """Count one record written."""
        self.written[f"{sobject}.{operation}"] += 1

    @contextmanager
    def provisional(self) -> "Iterator[Provisional]":
        """Records counted inside are taken off again when the block fails or is told to forget them."""
        before = Counter(self.written)
        mark = Provisional()
        try:
            yield mark
        except BaseException:
            mark.undone = True
            raise
        finally:
            if mark.undone:
                self.written = before

    def record(self, request: "Request", kind: str, status: int) -> None:
        """Put a request into the log."""
        self.requests += 1
        entry = Logged(
            self.requests,
            kind,
            request.method,
            request.target,
            dict(request.headers),
            request.upload.read(0, BODY_KEPT) if request.upload else request.body[:BODY_KEPT],
            status,
        )
        self.log.append(entry)

    def reset(self) -> None:
        """Start counting anew."""
        self.used = 0
        self.calls.clear()
        self.logins = 0
        self.written.clear()
        self.log.clear()
        self.requests = 0

    def as_json(self) -> dict[str, Any]:
        """The counters for ``GET /__mock/stats``."""
        return {
            "api_calls": self.api_calls,
            "calls": dict(sorted(self.calls.items())),
            "login": self.logins,
            "records_written": self.records_written,
            "written": dict(sorted(self.written.items())),
            "api_usage": {"used": self.used, "max": self.maximum},
            "requests": self.requests,
        }


@dataclass(slots=True)
class Provisional:
    """Says whether the records counted in a block were undone."""

    undone: bool = False
