"""Guards: limits in YAML that refuse a plan before its first write. Pure functions."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, field_validator

from sfsync.engine.flow import Decision
from sfsync.records import Bucket, Change, Update

_REJECTED = (Bucket.INVALID, Bucket.NOT_FOUND, Bucket.CONFLICT)
_SMALL = 10
"""Under this many rows a percentage says nothing: one bad row of two is 50 %."""


class Guards(BaseModel):
    """What a step may do without being asked twice. None: no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    changes: int | None = 50_000
    """Records to write in one step."""
    rejects: str | int | None = "50%"
    """Rows refused, as a share ("20%") or a number."""
    blanks: int | None = 0
    """Filled fields that would be emptied."""
    api_floor: int = 1_000
    """API calls to leave for the people who use the org today."""

    @field_validator("rejects")
    @classmethod
    def _share(cls, value: str | int | None) -> str | int | None:
        if isinstance(value, str) and not (value.endswith("%") and value[:-1].strip().isdigit()):
            raise ValueError(f"expected a number or a percentage such as 20%, found {value!r}")
        return value


def refusals(
    guards: Guards,
    decisions: Sequence[Decision],
    *,
    cost: int,
    remaining: int | None,
    override: frozenset[str],
) -> list[str]:
    """Why this plan is refused: one sentence a guard, none when it may go ahead.

    ``cost`` is the API calls it would make, ``remaining`` those left in the org today (None: not known).
    """
    found: dict[str, str] = {}
    changes = [change for decision in decisions for phase in decision.phases for change in phase]
    if guards.changes is not None and len(changes) > guards.changes:
        found["changes"] = f"{len(changes):,} records would be written, the guard allows {guards.changes:,}"
    rejected = sum(decision.bucket in _REJECTED for decision in decisions)
    allowed = _allowed_rejects(guards.rejects, len(decisions))
    if allowed is not None and len(decisions) >= _SMALL and rejected > allowed:
        found["rejects"] = (
            f"{rejected:,} of {len(decisions):,} rows would be refused, the guard allows {allowed:,}"
        )
    blanks = sum(_blanks(change) for change in changes)
    if guards.blanks is not None and blanks > guards.blanks:
        found["blanks"] = f"{blanks:,} filled fields would be emptied, the guard allows {guards.blanks:,}"
    if cost and remaining is not None and remaining - cost < guards.api_floor:
        found["api_floor"] = (
            f"{cost:,} API calls are needed and {remaining:,} are left today; {guards.api_floor:,} are kept for "
            "the people who use the org"
        )
    return [f"{text} (--override {name} to go ahead)" for name, text in found.items() if name not in override]


def _allowed_rejects(limit: str | int | None, rows: int) -> int | None:
    if isinstance(limit, str):
        return rows * int(limit[:-1].strip()) // 100
    return limit


def _blanks(change: Change) -> int:
    if not isinstance(change, Update):
        return 0
    return sum(_empty(value) and not _empty(change.before.get(name)) for name, value in change.values.items())


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, Mapping) and not value)
