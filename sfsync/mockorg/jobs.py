"""Bulk jobs of both APIs as the org keeps them: plain data, worked on by bulk2.py and bulk1.py."""

import random
from dataclasses import dataclass, field

from sfsync.mockorg import ids


@dataclass(slots=True)
class RowResult:
    """What became of one row: ``error`` is empty when it was written."""

    id: str = ""
    created: bool = False
    error: str = ""
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Job2:
    """A Bulk 2.0 job, ingest or query."""

    id: str
    kind: str  # "ingest" or "query"
    operation: str
    object: str
    version: str
    created: str
    created_by: str
    changed: str = ""
    state: str = "Open"
    key_field: str = ""
    assignment_rule: str = ""
    delimiter: str = "COMMA"
    line_ending: str = "LF"
    query: str = ""
    data: bytes | None = None
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    results: dict[int, RowResult] = field(default_factory=dict)
    lines: list[list[str]] = field(default_factory=list)  # of a query: the result, header first
    error: str = ""
    waited: int = 0

    @property
    def failed(self) -> int:
        return sum(1 for result in self.results.values() if result.error)


@dataclass(slots=True)
class Batch1:
    """A batch of a Bulk 1.0 job."""

    id: str
    job: str
    created: str
    body: bytes
    media_type: str
    state: str = "Queued"
    changed: str = ""
    message: str = ""
    results: list[RowResult] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(
        default_factory=dict
    )  # of a query: media type and bytes by result id
    processed: int = 0

    @property
    def failed(self) -> int:
        return sum(1 for result in self.results if result.error)


@dataclass(slots=True)
class Job1:
    """A Bulk 1.0 job."""

    id: str
    operation: str
    object: str
    version: str
    created: str
    created_by: str
    changed: str = ""
    state: str = "Open"
    key_field: str = ""
    assignment_rule: str = ""
    concurrency: str = "Parallel"
    content_type: str = "XML"
    chunk: int = 0  # rows of a chunk when PK chunking was asked for
    batches: list[Batch1] = field(default_factory=list)


@dataclass(slots=True)
class Jobs:
    """All jobs of the org, and the counter that their ids come from."""

    bulk2: dict[str, Job2] = field(default_factory=dict)
    bulk1: dict[str, Job1] = field(default_factory=dict)
    _made: int = 0

    def new_id(self, prefix: str) -> str:
        """The next id with this prefix."""
        self._made += 1
        return ids.make(prefix, self._made)


def shuffled(count: int, seed: str) -> list[int]:
    """The numbers below ``count`` in an order that looks random and is always the same for a seed."""
    order = list(range(count))
    random.Random(seed).shuffle(order)  # noqa: S311  repeatable on purpose
    return order
