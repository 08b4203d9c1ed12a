"""What the org holds in the end: the same as the model says, and, looked at by itself, no rule broken."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sfsync.mockorg import MockOrg
from tests.aftersales import LEAD
from tests.traffic.model import REASONS, Lead, Mail, Model

_FIELDS = {
    **{f"attempt_{number}": f"Contact_Attempt_{number}__c" for number in range(1, 6)},
    "appointment": "Appointment_At__c",
    "emails": "Appointment_Emails__c",
    "reason": "No_Sale_Reason__c",
    "notes": "Management_Notes__c",
    "ownership_end": "End_of_Ownership__c",
    "recontact_date": "Recontact_Date__c",
    "vin": "VIN__c",
}
_ALL = (
    "Id, Name, Sfsync_Key__c, Status__c, Final__c, Date_Assigned_to_Dealer__c, Closed_At__c, First_Contact_On__c, "
    "First_Contact_SLA_Met__c, Campaign_Code__c, Parent_Lead__c, Parent_Lead__r.Name, "
    "Recontact_Lead__c, Recontacted__c, CreatedDate, Mail_Claim__c, Vehicle__c, Vehicle__r.Sfsync_Key__c, Model__c, "
    f"Vehicle__r.Model__c, Vehicle__r.Consent_Email__c, {', '.join(_FIELDS.values())}"
)
_VIN = frozenset("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")
_OPEN = ("Assigned to Dealer", "Appointment Booked")


def moment(text: str) -> datetime:
    """A moment as the org writes it."""
    return datetime.fromisoformat(text.replace("+0000", "+00:00")).astimezone(UTC)


def _typed(name: str, value: Any) -> Any:
    if value is None or value is False:
        return None
    if name in {"ownership_end", "recontact_date"}:
        return date.fromisoformat(value)
    return moment(value) if name == "appointment" or name.startswith("attempt") else value


def same_leads(model: Model, org: MockOrg) -> Iterator[str]:
    """Every lead is in the org as the model has it, and no other one."""
    found = {record["Name"]: record for record in org.query(f"SELECT {_ALL} FROM {LEAD}")}
    for name in sorted(found.keys() - model.leads.keys()):
        yield f"{name}: only in the org"
    for name, lead in model.leads.items():
        record = found.get(name)
        if record is None:
            yield f"{name}: not in the org"
            continue
        for what, expected, actual in _compared(lead, record):
            if expected != actual:
                yield f"{name}: {what} should be {expected}, is {actual}"


def _compared(lead: Lead, record: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    yield "status", lead.status, record["Status__c"]
    yield "final", lead.final, record["Final__c"]
    yield "closed at", lead.closed, moment(record["Closed_At__c"]) if record["Closed_At__c"] else None
    yield "key", lead.key, record["Sfsync_Key__c"]
    yield "assigned", lead.assigned, moment(record["Date_Assigned_to_Dealer__c"])
    yield "recontact lead", lead.child is not None, record["Recontact_Lead__c"] is not None
    yield "vehicle", lead.vehicle, (record["Vehicle__r"] or {}).get("Sfsync_Key__c")
    for name, field in _FIELDS.items():
        yield name, lead.told.get(name) or None, _typed(name, record[field])


def same_mails(model: Model, mails: Counter[Mail]) -> Iterator[str]:
    """Every mail went out, and once."""
    for mail in sorted(model.mails.keys() | mails.keys()):
        expected, actual = model.mails[mail], mails[mail]
        if expected != 1 or actual != 1:
            yield f"{mail[2]}: the {mail[0]} to the {mail[1]} for {mail[3]} should go out {expected}×, went {actual}×"


def broken_rules(org: MockOrg, last_night: datetime) -> Iterator[str]:
    """The rules of the process, looked for in the org's records alone."""
    leads = list(org.query(f"SELECT {_ALL} FROM {LEAD}"))
    children: Counter[str] = Counter()
    open_of: Counter[tuple[str, str]] = Counter()
    keys = Counter(lead["Sfsync_Key__c"] for lead in leads if lead["Sfsync_Key__c"])
    for lead in leads:
        for problem in (*_alone(lead, last_night), *_family(lead)):
            yield f"{lead['Name']}: {problem}"
        if lead["Parent_Lead__c"]:
            children[lead["Parent_Lead__c"]] += 1
        if lead["Campaign_Code__c"] and lead["Status__c"] in _OPEN and not lead["Final__c"]:
            open_of[lead["Campaign_Code__c"], lead["Vehicle__c"]] += 1
    yield from (f"{key}: {count} leads have this key" for key, count in keys.items() if count > 1)
    yield from (f"{id_}: {count} recontact leads" for id_, count in children.items() if count > 1)
    yield from (f"{pair}: {count} open leads of one campaign" for pair, count in open_of.items() if count > 1)


def _alone(lead: dict[str, Any], last_night: datetime) -> Iterator[str]:
    attempts = [_typed("attempt", lead[f"Contact_Attempt_{number}__c"]) for number in range(1, 6)]
    given = [attempt for attempt in attempts if attempt]
    assigned = moment(lead["Date_Assigned_to_Dealer__c"])
    status, appointment = lead["Status__c"], _typed("appointment", lead["Appointment_At__c"])
    if None in attempts[: len(given)]:
        yield "an attempt is missing before another"
    if any(later <= earlier for earlier, later in pairwise(given)):
        yield "attempts are out of order"
    if given and given[0] < assigned.replace(second=0):
        yield "an attempt before the assignment"
    if given and given[-1] > last_night:
        yield "an attempt in the future"
    if (_typed("attempt", lead["First_Contact_On__c"])) != (given[0] if given else None):
        yield "the first contact is not the first attempt"
    if lead["First_Contact_SLA_Met__c"] != bool(given and given[0] - assigned <= timedelta(hours=24)):
        yield "the first service level is wrong"
    if status not in {"Assigned to Dealer", "Lost Sale"} and not given:
        yield f"{status} without a contact attempt"
    if status == "Appointment Booked" and (appointment is None or appointment <= given[0]):
        yield "booked without an appointment after the first attempt"
    vin = lead["VIN__c"] or ""
    if status == "Closed With Sale" and (len(vin) != 17 or not _VIN.issuperset(vin)):
        yield "sold without a VIN"
    if status == "Closed With Sale" and not (appointment or lead["Management_Notes__c"]):
        yield "sold without appointment and notes"
    reason = lead["No_Sale_Reason__c"]
    if (status == "Closed Without Sale") != (reason is not None):
        yield f"{status} with the reason {reason}"
    requires = REASONS[reason] if reason else None
    if requires and not lead[_FIELDS[requires]]:
        yield f"{reason} without {requires}"
    if status.startswith("Closed") != (lead["Closed_At__c"] is not None):
        yield "closed at no time"
    overdue = last_night - timedelta(days=60)
    if status == "Assigned to Dealer" and assigned <= overdue:
        yield "should be lost"
    if status == "Lost Sale" and assigned > overdue:
        yield "lost too early"
    if lead["Final__c"] and (status != "Appointment Booked" or appointment > overdue):
        yield "final too early"
    if status == "Appointment Booked" and appointment <= overdue and not lead["Final__c"]:
        yield "should be final"
    if lead["Mail_Claim__c"]:
        yield "a mail that nobody knows of"


def _family(lead: dict[str, Any]) -> Iterator[str]:
    parent = lead["Parent_Lead__r"]
    if (parent is not None) != lead["Recontacted__c"]:
        yield "recontacted, or not"
    if parent and lead["Sfsync_Key__c"] != f"{parent['Name']}:R":
        yield "a recontact lead with a wrong key"
    vehicle = lead["Vehicle__r"]
    if vehicle and (lead["VIN__c"] != vehicle["Sfsync_Key__c"] or lead["Model__c"] != vehicle["Model__c"]):
        yield "the details are not those of the vehicle"
    if lead["Campaign_Code__c"] and not parent and not (vehicle and vehicle["Consent_Email__c"]):
        yield "a campaign's lead without consent"
