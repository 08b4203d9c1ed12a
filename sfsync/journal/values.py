"""What the journal keeps, as values: runs, steps, rows, files, jobs. Ids, keys, counts, field names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sfsync.records import Bucket


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a run: how many rows it selected and where they ended."""

    name: str
    selected: int
    buckets: Mapping[Bucket, int]
    api_calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RowRecord:
    """Where one row ended and why. ``fields`` holds names only, never values.

    ``file`` is kept without its folders; ``row_number`` is 1-based as the partner sees it.
    """

    key: str | None
    bucket: Bucket
    reason: str = ""
    file: str | None = None
    row_number: int | None = None
    record_id: str | None = None
    object: str | None = None
    fields: tuple[str, ...] = ()
    via: str = ""
    """What carried it: a bulk job's id, or a request with its number in the run's log: ``#12 POST composite``."""

    @property
    def job_id(self) -> str | None:
        return self.via if self.via and not self.via.startswith("#") else None

    @property
    def request(self) -> str | None:
        return self.via if self.via.startswith("#") else None


@dataclass(frozen=True, slots=True)
class RowPack:
    """Many rows of one file that went well. ``frame`` is a polars frame with COLUMNS.

    They are those of a RowRecord: ``row_number`` (UInt32), ``key``, ``bucket``, ``record_id``, ``fields`` (names with
    commas), ``via``.
    """

    file: str
    object: str | None
    frame: Any

    COLUMNS: ClassVar = ("row_number", "key", "bucket", "record_id", "fields", "via")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that a run took in, gave out or put aside: ``direction`` is "in", "out" or "bad".

    ``digest`` is of its bytes. ``mapping`` names the mapping that read it, and its state. The journal fills in
    ``run_id`` and ``at`` when it gives the record back.
    """

    name: str
    digest: str
    direction: str
    partner_file: str
    size: int
    run_id: str = ""
    at: datetime | None = None
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A bulk job, recorded before its data go up. ``api`` is "bulk2" or "bulk1"; ``state`` is the org's word.

    ``settled`` turns True when the results of all its rows have been read: until then a later run must look.
    """

    run_id: str
    api: str
    job_id: str
    object: str
    operation: str
    state: str
    rows: int
    created_at: datetime
    settled: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as a line of the list. ``status`` is "running" until the run says how it ended."""

    id: str
    command: str
    flow: str
    org: str
    arguments: Mapping[str, str]
    status: str
    exit_code: int | None
    api_calls: int
    api_remaining: int | None
    seconds: float | None
    messages: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many rows of a step ended in a bucket for the same reason."""

    step: str
    bucket: Bucket
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run with everything it recorded, its rows counted by step, bucket and reason."""

    run: RunRecord
    steps: tuple[StepRecord, ...]
    files: tuple[FileRecord, ...]
    jobs: tuple[JobRecord, ...]
    reasons: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to what the story is about; exactly one of row, job and file is set.

    ``mapping`` is the one that read a row's file.
    """

    at: datetime
    run_id: str
    flow: str
    step: str = ""
    row: RowRecord | None = None
    job: JobRecord | None = None
    file: FileRecord | None = None
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """All events about one key, record id, job id, file or FILE:ROW, over all runs, oldest first.

    ``also`` names the keys and record ids that the events mention besides: what to ask about next.
    """

    about: str
    events: tuple[Event, ...]
    also: tuple[str, ...] = ()
    cut: bool = field(default=False)
    """Whether there were more events than the story holds; the oldest are left out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """API calls that runs made against one org since a moment, and what the last of them saw remaining."""

    runs: int
    api_calls: int
    api_remaining: int | None
