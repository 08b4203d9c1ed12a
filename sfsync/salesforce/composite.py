"""Composite requests: several sub-requests in one API call, and collections of 200 records inside them.

``collateSubrequests`` is always false, so sub-requests run in the order given; ``allOrNone`` is always false, so
each record stands for itself ("Send Multiple Requests Using Composite", "Update Records Using sObject Collections").
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any

from sfsync.errors import OrgError, OutcomeUnknown
from sfsync.logs import redact
from sfsync.records import Outcome, Record, State
from sfsync.salesforce.faults import FaultKind, classify_part
from sfsync.salesforce.session import Session

ROWS_A_COLLECTION = 200
COLLECTIONS_A_CALL = 5

UNKNOWN = Outcome(State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-request. ``path`` is absolute on the instance."""

    method: str
    path: str
    reference: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The org's answer to one sub-request."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Collection:
    """Up to 200 records of one object: upserted on ``key_field``, or updated by id when that is None.

    Each row holds its key under ``key_field``, or its id under ``id``.
    """

    object: str
    key_field: str | None
    rows: Sequence[Record]


def send_parts(session: Session, parts: Sequence[Part], *, repeatable: bool) -> list[PartAnswer]:
    """Send sub-requests as one call; their answers in order.

    Raises what ``Session.request`` raises. An answer that does not fit the request is an OrgError for reads and
    OutcomeUnknown for writes.
    """
    requests = [
        {"method": part.method, "url": part.path, "referenceId": part.reference}
        | ({"body": part.body} if part.body is not None else {})
        | ({"httpHeaders": dict(part.headers)} if part.headers else {})
        for part in parts
    ]
    envelope = {"allOrNone": False, "collateSubrequests": False, "compositeRequest": requests}
    answer = session.request("POST", "composite", json=envelope, repeatable=repeatable)
    answers = _part_answers(answer.body)
    if answers is None or len(answers) != len(parts):
        problem = "The org's answer to a composite request does not fit the request."
        raise OrgError(problem) if repeatable else OutcomeUnknown(problem)
    return answers


def _part_answers(body: bytes) -> list[PartAnswer] | None:
    """The answers in a composite body; None when it is something else."""
    try:
        items = json.loads(body)["compositeResponse"]
        return [PartAnswer(int(item["httpStatusCode"]), item.get("body")) for item in items]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def write_collections(session: Session, collections: Sequence[Collection]) -> list[list[Outcome]]:
    """Write at most five collections in one call; the outcomes of their rows, in order.

    Row-level refusals are outcomes. Raises what ``Session.request`` raises for the call as a whole, among them
    OutcomeUnknown when its answer was lost.
    """
    if len(collections) > COLLECTIONS_A_CALL:
        raise ValueError(f"a call holds at most {COLLECTIONS_A_CALL} collections")
    parts = [_part(session.version, number, item) for number, item in enumerate(collections)]
    answers = send_parts(session, parts, repeatable=False)
    return [list(_outcomes(item, answer)) for item, answer in zip(collections, answers, strict=True)]


def _part(version: str, number: int, collection: Collection) -> Part:
    if len(collection.rows) > ROWS_A_COLLECTION:
        raise ValueError(f"a collection holds at most {ROWS_A_COLLECTION} rows")
    path = f"/services/data/v{version}/composite/sobjects"
    if collection.key_field is not None:
        path += f"/{collection.object}/{collection.key_field}"
    records = [{"attributes": {"type": collection.object}, **jsonable(row)} for row in collection.rows]
    # Assignment rules run on REST writes unless told not to ("Assignment Rule Header"): an update, and a record
    # that names its owner, must keep its owner.
    own = collection.key_field is None or any("OwnerId" in row for row in collection.rows)
    headers = {"Sforce-Auto-Assign": "FALSE"} if own else {}
    return Part("PATCH", path, f"c{number}", {"allOrNone": False, "records": records}, headers)


def _outcomes(collection: Collection, answer: PartAnswer) -> Iterator[Outcome]:
    count = len(collection.rows)
    fault = classify_part(answer.status, answer.body)
    if fault is not None:
        unknown = fault.kind is FaultKind.BROKEN
        refused = Outcome(
            State.REFUSED, code=fault.code or f"HTTP_{fault.status}", message=redact(fault.message)
        )
        yield from [UNKNOWN if unknown else refused] * count
    elif not isinstance(answer.body, list) or len(answer.body) != count:
        yield from [UNKNOWN] * count
    else:
        yield from map(row_outcome, answer.body)


def row_outcome(row: Any) -> Outcome:
    """The outcome in one row of a collection's answer: its error key is ``statusCode``, unlike elsewhere.

    The org repeats values in its messages; e-mail addresses and phone numbers are left out of ours.
    """
    if not isinstance(row, dict):
        return UNKNOWN
    if row.get("success") is True:
        return Outcome(State.DONE, id=row.get("id"), created=row.get("created") is True)
    errors = row.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return Outcome(
        State.REFUSED,
        id=row.get("id"),
        code=str(first.get("statusCode") or first.get("errorCode") or "UNKNOWN_ERROR"),
        message=redact(str(first.get("message") or "")),
        fields=tuple(map(str, first.get("fields") or ())),
    )


def jsonable(value: Any) -> Any:
    """A value as the org's JSON takes it: date-times in UTC, dates ISO 8601, decimals as numbers."""
    match value:
        case Mapping():
            return {name: jsonable(item) for name, item in value.items()}
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a date-time without time zone cannot be written")
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case time():
            return f"{value.isoformat(timespec='milliseconds')}Z"
        case float() | Decimal() if not isfinite(value):
            raise ValueError("a number that is none cannot be written")
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case _:
            return value
