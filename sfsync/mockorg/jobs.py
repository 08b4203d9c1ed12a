"""Bulk jobs of both APIs as the org keeps them: plain data, worked on by bulk2.py and bulk1.py."""

import random
from array import array
from dataclasses import dataclass, field

from sfsync.mockorg import ids
from sfsync.mockorg.allowance import Allowance
from sfsync.mockorg.org import QueryResult
from sfsync.mockorg.spool import Spool

BLOCK = 10_000
"""Rows that the org takes together from an upload; source: "Bulk API and Bulk API 2.0 Limits and Allocations"."""


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
    found: QueryResult | None = None  # what a query job reads, until it has been read
    data: Spool | None = None  # of an ingest job the upload, of a query job the lines of its result
    header: list[str] = field(default_factory=list)
    body_at: int = 0  # where the lines behind the header begin
    total: int = 0  # rows of the upload, once they were counted
    blocks: "array[int]" = field(default_factory=lambda: array("Q"))  # where each BLOCK of the upload begins
    results: Spool | None = None  # a line for each row done, in the order of the upload
    results_at: "array[int]" = field(default_factory=lambda: array("Q"))  # where each BLOCK of results begins
    line_at: "array[int]" = field(
        default_factory=lambda: array("Q")
    )  # of a query job: where each line begins
    processed: int = 0
    failed: int = 0
    error: str = ""


@dataclass(slots=True)
class Batch1:
    """A batch of a Bulk 1.0 job."""

    id: str
    job: str
    created: str
    body: Spool
    media_type: str
    state: str = "Queued"
    changed: str = ""
    message: str = ""
    results: list[RowResult] = field(default_factory=list)
    files: dict[str, tuple[str, Spool]] = field(
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
    batches: Allowance = field(default_factory=lambda: Allowance(15_000))
    """Batches of both APIs in 24 hours; an upload to a Bulk 2.0 job takes one for each BLOCK rows."""
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
