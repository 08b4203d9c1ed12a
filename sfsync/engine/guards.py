"""Guards: limits in YAML that refuse a plan before its first write. Pure functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sfsync.engine.flow import Decision
from sfsync.records import Bucket, Change, Update, target

REJECTED = (Bucket.INVALID, Bucket.NOT_FOUND, Bucket.CONFLICT)
"""Buckets of rows that a file or a selection was refused for."""
_SMALL = 20
"""Under this many rows a percentage says nothing: one bad row of two is 50 %."""


def _amount(value: object) -> object:
    text = str(value).strip()
    if value is None or (not isinstance(value, bool) and re.fullmatch(r"\d+|\d{1,3}(\.\d+)?%", text)):
        return None if value is None else text
    raise ValueError(f"expected a number such as 500 or a percentage such as 20%, found {value!r}")


Amount = Annotated[str | None, BeforeValidator(_amount)]
"""A number, or a share of the rows ("20%"); None: no limit."""


class Guards(BaseModel):
    """What a step may do without being asked twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    changes: Amount = "50000"
    """Records to write in one step."""
    rejects: Amount = "50%"
    """Rows refused, where other rows of the same file or selection would be written."""
    blanks: Amount = "0"
    """Filled fields that would be emptied."""
    api_floor: int = 1_000
    """API calls to leave for the people who use the org today."""
    api_calls: Annotated[int, Field(ge=0)] | None = None
    """API calls that one run may make; None: no limit but the floor."""


BUDGET = frozenset({"api_floor", "api_calls"})
"""The guards that look at API calls: what they refuse today may go ahead tomorrow."""


@dataclass(frozen=True, slots=True)
class Calls:
    """API calls: what a plan would cost, what its run has made, what the org has left today (None: not known)."""

    cost: int = 0
    spent: int = 0
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What guards look at: rows in all, records to write, rows refused, fields to be emptied."""

    rows: int
    changes: int
    rejects: int
    blanks: int


def refusals(
    guards: Guards, decisions: Sequence[Decision], calls: Calls, *, override: frozenset[str]
) -> dict[str, str]:
    """Why a plan of these decisions is refused (see ``judge``)."""
    changes = [change for decision in decisions for phase in decision.phases for change in phase]
    counts = Counts(
        len(decisions), len(set(map(target, changes))), _rejected(decisions), sum(map(_blanks, changes))
    )
    return judge(guards, counts, calls, override=override)


def judge(guards: Guards, counts: Counts, calls: Calls, *, override: frozenset[str]) -> dict[str, str]:
    """Why a plan is refused: a sentence for each guard by its name, none when it may go ahead.

    A plan that writes nothing is never refused: its rows only have to be told.
    """
    if not counts.changes:
        return {}
    counted = {
        "changes": (counts.changes, guards.changes, "records would be written"),
        "rejects": (counts.rejects, guards.rejects, f"of {counts.rows:,} rows would be refused"),
        "blanks": (counts.blanks, guards.blanks, "filled fields would be emptied"),
    }
    found = {}
    for name, (count, limit, what) in counted.items():
        allowed = _allowed(limit, counts.rows)
        if allowed is not None and count > allowed:
            found[name] = f"{count:,} {what}, the guard allows {allowed:,}"
    if calls.remaining is not None and calls.remaining - calls.cost < guards.api_floor:
        found["api_floor"] = (
            f"{calls.cost:,} API calls are needed and {calls.remaining:,} are left today; {guards.api_floor:,} are "
            "kept for the people who use the org"
        )
    if guards.api_calls is not None and calls.spent + calls.cost > guards.api_calls:
        found["api_calls"] = (
            f"{calls.cost:,} API calls are needed, this run has made {calls.spent:,}, and may make "
            f"{guards.api_calls:,} in all"
        )
    return {
        name: f"{text} (--override {name} to go ahead)"
        for name, text in found.items()
        if name not in override
    }


def spent_up(guards: Guards, spent: int, *, override: frozenset[str]) -> str:
    """Why nothing more may be begun in a run that has made ``spent`` API calls; empty when it may go on."""
    if guards.api_calls is None or spent < guards.api_calls or "api_calls" in override:
        return ""
    return f"this run has made {spent:,} of its {guards.api_calls:,} API calls (--override api_calls to go ahead)"


def _rejected(decisions: Sequence[Decision]) -> int:
    return sum(decision.bucket in REJECTED for decision in decisions)


def _allowed(limit: str | None, rows: int) -> int | None:
    """How many a limit allows; None where it does not count."""
    if limit is None:
        return None
    if limit.endswith("%"):
        return None if rows < _SMALL else int(rows * float(limit[:-1]) / 100)
    return int(limit)


def _blanks(change: Change) -> int:
    if not isinstance(change, Update):
        return 0
    return sum(_empty(value) and not _empty(change.before.get(name)) for name, value in change.values.items())


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, Mapping) and not value)
