"""What a run or a plan comes to, as values that print as text or JSON. The key names are a contract."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sfsync.records import Bucket, personal

_NOT_APPLIED = (Bucket.INVALID, Bucket.NOT_FOUND, Bucket.DUPLICATE, Bucket.CONFLICT, Bucket.FAILED)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step's ledger: ``selected`` is the sum of the seven buckets."""

    name: str
    selected: int
    buckets: Mapping[Bucket, int]
    api_calls: int
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        counts = {bucket.value: self.buckets.get(bucket, 0) for bucket in Bucket}
        return {
            "name": self.name,
            "selected": self.selected,
            **counts,
            "api_calls": self.api_calls,
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class Sample:
    """One field of one record, before and after, for the reader of a plan; ``personal`` by the field's name."""

    key: str
    object: str
    field: str
    before: Any
    after: Any

    @property
    def personal(self) -> bool:
        return personal(self.field)


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What a step would do: its ledger, the records it would write, some fields before → after, its refusals."""

    result: StepResult
    about: str = ""
    writes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(create | update | convert, object) → number of records."""
    samples: Sequence[Sample] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Reason of rows that would not be applied → number of rows."""
    refusals: Sequence[str] = ()
    cost: int = 0
    """API calls that its writes would make."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of plan, run, import or export."""

    run_id: str
    command: str
    flow: str
    steps: Sequence[StepResult]
    api_calls: int
    api_remaining: int | None
    seconds: float
    files: Sequence[str] = ()
    messages: Sequence[str] = ()
    status_override: str = ""
    rows_read: int | None = None
    """Rows of the file, for an import; its buckets are those of the first step."""

    @property
    def status(self) -> str:
        if self.status_override:
            return self.status_override
        return (
            "partial"
            if any(step.buckets.get(bucket) for step in self.steps for bucket in _NOT_APPLIED)
            else "ok"
        )

    @property
    def exit_code(self) -> int:
        return {"ok": 0, "partial": 1, "failed": 4, "refused": 5, "locked": 75}[self.status]

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "run_id": self.run_id,
            "command": self.command,
            "flow": self.flow,
            "status": self.status,
            "steps": [step.to_json() for step in self.steps],
            "api_calls": self.api_calls,
            "api_remaining": self.api_remaining,
            "seconds": round(self.seconds, 2),
            "files": list(self.files),
            "messages": list(self.messages),
        }
        if self.rows_read is not None:
            buckets: Mapping[Bucket, int] = self.steps[0].buckets if self.steps else {}
            body["rows_read"] = self.rows_read
            body |= {bucket.value: buckets.get(bucket, 0) for bucket in Bucket}
        return body


def merge(name: str, parts: Sequence[StepResult]) -> StepResult:
    """Several ledgers of one step (one a file) as one."""
    buckets: Counter[Bucket] = Counter()
    for part in parts:
        buckets.update(part.buckets)
    return StepResult(
        name,
        sum(part.selected for part in parts),
        dict(buckets),
        sum(part.api_calls for part in parts),
        sum(part.seconds for part in parts),
    )
