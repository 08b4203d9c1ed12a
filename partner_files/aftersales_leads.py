"""After-sales leads as files see them: read from the org, known by their number, with a version to notice changes."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from partner_files.aftersales_work import ASSIGNED, ATTEMPTS, FIELDS, Lead
from sfsync.engine.flow import get
from sfsync.records import Record

OBJECT = "Aftersales_Lead__c"
INSTANTS = frozenset({*ATTEMPTS, "appointment"})
DATES = frozenset({"ownership_end", "recontact_date"})

SHOWN = (
    "Dealer__c",
    "Date_Assigned_to_Dealer__c",
    "Customer_Name__c",
    "Customer_Email__c",
    "Customer_Phone__c",
)
"""What a list shows beside the fields that dealers fill in."""
_DEALER = ("Dealer_Code__c", "Dealer_Time_Zone__c", "Dealer_Language__c")
_COLUMNS = (
    "Id", "Name", "Final__c", "CreatedDate", "LastModifiedDate", *FIELDS.values(), *SHOWN,
    *(f"Dealer__r.{name}" for name in _DEALER),
    *(f"Recontact_Lead__r.{name}" for name in ("Status__c", "Contact_Attempt_1__c")),
)  # fmt: skip
SELECT = f"SELECT {', '.join(_COLUMNS)} FROM {OBJECT}"
"""All that rules and versions need to know of a lead."""


def lead_of(record: Record) -> Lead:
    """A record of ``SELECT`` as the rules see it."""
    values = {name: value_of(name, record.get(field)) for name, field in FIELDS.items()}
    follower: Record | None = record.get("Recontact_Lead__r")
    begun = follower is not None and (
        get(follower, "Status__c") != ASSIGNED or bool(get(follower, "Contact_Attempt_1__c"))
    )
    assigned = moment(record.get("Date_Assigned_to_Dealer__c"))
    return Lead(values, assigned, final=bool(record.get("Final__c")), recontact_begun=begun)


def value_of(name: str, value: Any) -> Any:
    """A JSON value (of the org, or of a mapped row) as rules compare it: dates and moments typed, "" is None."""
    if value is None or value == "":
        return None
    if name in INSTANTS:
        return moment(value)
    return date.fromisoformat(value) if name in DATES else value


def moment(text: str | None) -> datetime | None:
    """A moment as the org or a mapped row writes it, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def version_of(record: Record) -> str:
    """A short text that changes when anything changes that a dealer's list shows of the lead, or fills in.

    Mails that went out and vehicle details that were filled in do not count: no dealer has to know of them.
    """
    shown = [_plain(record.get(name)) for name in (*FIELDS.values(), *SHOWN, "Final__c")]
    text = json.dumps(shown, ensure_ascii=False)
    # The V keeps spreadsheets from taking the text for a number.
    return "V" + hashlib.blake2b(text.encode(), digest_size=5).hexdigest().upper()


def _plain(value: Any) -> Any:
    """A value in one notation: a checkbox that was never ticked is not ticked, a moment has no milliseconds."""
    if isinstance(value, str) and value.endswith(".000+0000"):
        return value.removesuffix(".000+0000") + "Z"
    if isinstance(value, str):
        return value.replace("\r\n", "\n") or None
    return value or None


def dealer_of(record: Record) -> Mapping[str, str]:
    """Code, time zone and language of the lead's dealer; "" where the org says nothing."""
    return {name: get(record, f"Dealer__r.{name}") or "" for name in _DEALER}
