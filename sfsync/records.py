"""What sfsync decides about records: changes before they are written, outcomes after, a bucket per row."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

KEY_FIELD = "Sfsync_Key__c"
"""The external-id field that carries the business key on every object we write (docs/data-model.md)."""

Record = Mapping[str, Any]
"""A row as the org's REST API gives it: API field names to JSON values, parents nested by relationship."""


class Bucket(StrEnum):
    """Where a row ends. Every row read ends in exactly one; the counts add up to the rows read."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Create:
    """Upsert on an external id: creates the record, or finds it already made by an earlier, half-known try.

    A parent may be given by its key, nested under the relationship's name: ``{"Order": {KEY_FIELD: "A-1"}}``.
    """

    object: str
    key: str
    values: Record
    key_field: str = KEY_FIELD


@dataclass(frozen=True, slots=True)
class Update:
    """Changed fields of the record ``id``; ``before`` holds their former values, for plans and evidence."""

    object: str
    id: str
    values: Record
    before: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConvertLead:
    """Turn a Lead into Account, Contact and Opportunity; into existing ones where their ids are given."""

    lead_id: str
    converted_status: str
    owner_id: str | None = None
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_name: str | None = None
    account_key: str | None = None
    """Key of an Account that an earlier change of the same decision makes; resolved when it is written."""

    @property
    def object(self) -> str:
        return "Lead"


Change = Create | Update | ConvertLead


def target(change: Change) -> tuple[str, str, str]:
    """(verb, object, key or id): two changes with the same target are the same write."""
    match change:
        case Create():
            return ("create", change.object, change.key)
        case Update():
            return ("update", change.object, change.id)
        case ConvertLead():
            return ("convert", "Lead", change.lead_id)


class State(StrEnum):
    """What became of one change that was sent."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The org's answer to one change. ``code`` and ``message`` are the org's own when it refused."""

    state: State
    id: str | None = None
    created: bool = False
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()
    via: str = field(default="", compare=False)
    """What carried it: a bulk job by its id, or a request as ``Session.newest`` names it. Evidence only."""

    @property
    def reason(self) -> str:
        if self.state is State.UNKNOWN:
            return "outcome unknown"
        unnamed = [name for name in self.fields if name not in self.message]
        where = f" ({', '.join(unnamed)})" if unnamed else ""
        return f"{self.code}: {self.message}{where}" if self.code else self.message


def changed(desired: Record, existing: Record) -> dict[str, Any]:
    """The part of ``desired`` that differs from what the org holds, compared as the org compares.

    None and "" are the same; 3 and 3.0 are the same; date-times are the same instant whatever the notation.
    A nested parent key (``{"Order": {KEY_FIELD: …}}``) is compared with the nested parent of ``existing``.
    """
    return {name: value for name, value in desired.items() if not same(value, existing.get(name))}


def same(left: Any, right: Any) -> bool:
    """Whether two field values mean the same to an org (see ``changed``)."""
    if isinstance(left, Mapping):
        return isinstance(right, Mapping) and not changed(left, right)
    return bool(_comparable(left) == _comparable(right))


def _comparable(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and len(value) >= _SHORTEST_INSTANT and value[10:11] == "T":
        return _instant(value)
    return value


_SHORTEST_INSTANT = len("2024-01-01T00:00Z")


def _instant(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else text
    except (ValueError, OverflowError):  # no moment, or one that UTC has no year for
        return text


def _number(value: float) -> float:
    """As an org keeps numbers: as doubles. What does not fit stays what it is."""
    try:
        return float(value)
    except OverflowError:
        return value


_PERSONAL = re.compile(
    r"((?<!Stage)Name|Company|Email|Phone|Fax|Street|PostalCode|Birthdate|Description|Notes)(__c)?$"
)


def personal(field: str) -> bool:
    """Whether a field, by its name, tells who somebody is or where they live."""
    return _PERSONAL.search(field) is not None


Progress = Callable[[int], None]
"""Called with the number of rows that were just finished; with 0 as a sign of life while an org is at work."""
