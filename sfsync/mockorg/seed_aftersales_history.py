"""What the field history of a seeded after-sales lead tells: when it was assigned, booked, closed or lost."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

HISTORY = "Aftersales_Lead__History"
ASSIGNED, BOOKED = "Assigned to Dealer", "Appointment Booked"
_LOST_AFTER = timedelta(days=60)
_FORM = "%Y-%m-%dT%H:%M:%S.000+0000"


def history_of(life: Mapping[str, Any], number: int, now: datetime) -> Iterator[dict[str, Any]]:
    """The rows for a lead whose fields are ``life``, without ParentId. Each 25th lead has none."""
    if number % 25 == 0:
        return
    assigned = _moment(life["Date_Assigned_to_Dealer__c"])
    # Whoever assigns a lead gives a moment in minutes; the org takes it some seconds later.
    yield _row(
        "Date_Assigned_to_Dealer__c", assigned + timedelta(seconds=number % 40), None, f"{assigned:{_FORM}}"
    )
    status, attempts = life["Status__c"], _attempts(life)
    if status == "Lost Sale":
        yield _row("Status__c", min(assigned + _LOST_AFTER, now), ASSIGNED, status)
    elif status != ASSIGNED:
        booked = min(attempts[number % len(attempts)] + timedelta(minutes=5), now)
        closed = _moment(life["Closed_At__c"]) if status != BOOKED else None
        before = ASSIGNED
        if closed is None or (booked < closed and status == "Closed With Sale"):
            yield _row("Status__c", booked, ASSIGNED, BOOKED)
            before = BOOKED
        if closed:
            yield _row("Status__c", closed, before, status)


def _attempts(life: Mapping[str, Any]) -> list[datetime]:
    given = [life.get(f"Contact_Attempt_{number}__c") for number in range(1, 6)]
    return [_moment(text) for text in given if text]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _row(field: str, at: datetime, old: str | None, new: str) -> dict[str, Any]:
    kind = "DateTime" if field.startswith("Date") else "DynamicEnum"
    return {
        "Field": field,
        "DataType": kind,
        "OldValue": old,
        "NewValue": new,
        "CreatedDate": f"{at:{_FORM}}",
    }
