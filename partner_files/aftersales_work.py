"""A lead and a row beside each other: the fields that dealers fill in, and when two values mean the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sfsync.cells import clean

ASSIGNED = "Assigned to Dealer"
BOOKED = "Appointment Booked"
SALE = "Closed With Sale"
NO_SALE = "Closed Without Sale"
LOST = "Lost Sale"
STATUSES = (ASSIGNED, BOOKED, SALE, NO_SALE, LOST)
CLOSED = frozenset({SALE, NO_SALE, LOST})

ATTEMPTS = tuple(f"attempt_{number}" for number in range(1, 6))
FIELDS: Mapping[str, str] = {
    "status": "Status__c",
    **{name: f"Contact_Attempt_{number}__c" for number, name in enumerate(ATTEMPTS, 1)},
    "appointment": "Appointment_At__c",
    "appointment_emails": "Appointment_Emails__c",
    "no_sale_reason": "No_Sale_Reason__c",
    "notes": "Management_Notes__c",
    "ownership_end": "End_of_Ownership__c",
    "recontact_date": "Recontact_Date__c",
    "mileage": "Mileage__c",
    "vin": "VIN__c",
    "consent_privacy": "Privacy_Consent__c",
    "consent_marketing": "Marketing_Consent__c",
}
"""Our name → the field of the lead. Values: str, bool, float, date, aware datetime; None is empty."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as the org holds it.

    ``values`` by our names; ``final`` is the box that ageing ticks; ``recontact_begun``: its recontact date came, and
    the new lead was worked on.
    """

    values: Mapping[str, Any]
    assigned: datetime | None
    final: bool = False
    recontact_begun: bool = False

    @property
    def closed(self) -> bool:
        return self.final or self.values.get("status") in CLOSED


def differences(lead: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """What the row says and the lead does not hold."""
    said = {name: stored(value) for name, value in row.items() if name in FIELDS}
    return {
        name: value
        for name, value in said.items()
        if value is not None and not _same(value, stored(lead.get(name)))
    }


def stored(value: Any) -> Any:
    """A value as the org would hold it: no outer blanks, one kind of line break, mileage with one decimal."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None
    if isinstance(value, float | int) and not isinstance(value, bool):
        return float(Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP))
    return value


def _same(told: Any, held: Any) -> bool:
    if isinstance(told, datetime) and isinstance(held, datetime):
        # A system that knows only minutes means the same moment as one that knows seconds.
        return told == held or (not told.second and told == held.replace(second=0, microsecond=0))
    if isinstance(told, str) and isinstance(held, str):
        return clean(told) == clean(held)
    return bool(told == held) or (told is False and held is None)


def json_value(value: Any) -> Any:
    """A value as the org's REST API takes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
