"""The nightly steps that change leads: leads grow old, and customers who said "not now" are contacted again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from partner_files.dealers import zone_of
from sfsync.engine.flow import Decision, Look, Step, get
from sfsync.records import KEY_FIELD, Create, Record, Update, same
from sfsync.salesforce.soql import chunks, in_list, quote

LEAD = "Aftersales_Lead__c"
ASSIGNED, BOOKED, NO_SALE, LOST = (
    "Assigned to Dealer",
    "Appointment Booked",
    "Closed Without Sale",
    "Lost Sale",
)
COPIED = (
    "Lead_Kind__c", "Campaign_Code__c", "Dealer__c", "VIN__c", "Vehicle__c", "Model__c", "Warranty_Start__c",
    "Warranty_End__c", "Current_Warranty__c", "Mileage__c", "Privacy_Consent__c",
    "Customer_Name__c", "Customer_Email__c", "Customer_Phone__c", "Customer_Language__c",
)  # fmt: skip
"""What a recontact lead has of its parent."""


_DUE = (
    f"SELECT Id, Name, {', '.join(COPIED)} FROM {LEAD} WHERE {{reasons}} AND Recontact_Date__c <= {{today}} "
    "AND Recontact_Lead__c = null ORDER BY Name"
)
_MOVED = (
    "SELECT Id, Name, Recontact_Date__c, Recontact_Lead__c, Recontact_Lead__r.Date_Assigned_to_Dealer__c, "
    f"Dealer__r.Dealer_Time_Zone__c FROM {LEAD} WHERE {{reasons}} AND Recontact_Date__c > {{today}} "
    f"AND Recontact_Lead__r.Status__c = {quote(ASSIGNED)} AND Recontact_Lead__r.Contact_Attempt_1__c = null"
)


class Lapse(BaseModel):
    """After how many days a lead lapses, and what becomes of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(ge=1)
    outcome: Literal["lost", "final"]
    """lost: the status becomes Lost Sale; final: the lead stays as it is and takes no further change."""


class AgeingSettings(BaseModel):
    """The ``ageing`` section of ``config/aftersales.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    assigned: Lapse = Lapse(days=60, outcome="lost")
    """Still assigned so long after the assignment."""
    appointment: Lapse = Lapse(days=60, outcome="final")
    """Still booked so long after the appointment."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Leads that grew too old, with what lapsed: the assignment or the appointment."""

    assigned: Sequence[Record]
    booked: Sequence[Record]


class Ageing(Step[Lapsed]):
    """Only leads that lapsed are read: the days are part of the question."""

    name = "ageing"
    about = "Leads that nobody worked on are lost; appointments that lapsed become final."

    def __init__(self, settings: AgeingSettings) -> None:
        self._settings = settings

    def select(self, look: Look, expected: Sequence[Any]) -> Lapsed:
        now = look.clock.now()
        soql = f"SELECT Id, Name, Status__c, Final__c FROM {LEAD} WHERE Final__c = false AND Status__c = "
        assigned, booked = look.org.query_many(
            [
                f"{soql}{quote(ASSIGNED)} AND Date_Assigned_to_Dealer__c <= {_before(now, self._settings.assigned)}",
                f"{soql}{quote(BOOKED)} AND Appointment_At__c <= {_before(now, self._settings.appointment)}",
            ]
        )
        return Lapsed(assigned, booked)

    def decide(self, selected: Lapsed) -> list[Decision]:
        pairs = ((selected.assigned, self._settings.assigned), (selected.booked, self._settings.appointment))
        return [_lapse(lead, settings) for leads, settings in pairs for lead in leads]


def _before(now: datetime, settings: Lapse) -> str:
    return quote((now - timedelta(days=settings.days)).replace(microsecond=0))


def _lapse(lead: Record, settings: Lapse) -> Decision:
    values: dict[str, Any] = {"Status__c": LOST} if settings.outcome == "lost" else {"Final__c": True}
    before = {name: lead.get(name) for name in values}
    return Decision(lead["Name"], phases=((Update(LEAD, lead["Id"], values, before),),))


@dataclass(frozen=True, slots=True)
class Again:
    """Leads whose recontact date has come, and leads whose date moved after their new lead was made."""

    due: Sequence[Record]
    moved: Sequence[Record]
    made: frozenset[str]
    """Keys of new leads that are there already."""
    now: datetime


class Recontacts(Step[Again]):
    """On its recontact date a lead gets one new lead, by the key ``<number>:R``; the lead then points to it.

    The new lead is written before the pointer: whatever happens in between, the key says that it is there.
    """

    name = "recontacts"
    about = "Customers who said 'not now' get a new lead on their recontact date."

    def __init__(self, reasons: Sequence[str], zone: str) -> None:
        """``reasons``: codes of the no-sale reasons that ask for a recontact; ``zone``: of dealers who have none."""
        self._reasons = list(reasons)
        self._zone = zone

    def select(self, look: Look, expected: Sequence[Any]) -> Again:
        reasons = f"Status__c = {quote(NO_SALE)} AND No_Sale_Reason__c IN {in_list(self._reasons)}"
        due, moved = look.org.query_many(
            [
                _DUE.format(reasons=reasons, today=quote(look.today)),
                _MOVED.format(reasons=reasons, today=quote(look.today)),
            ]
        )
        keys = [recontact_key(lead["Name"]) for lead in due]
        pages = look.org.query_many(chunks(f"SELECT {KEY_FIELD} FROM {LEAD} WHERE {{}}", KEY_FIELD, keys))
        made = frozenset(str(lead[KEY_FIELD]) for page in pages for lead in page)
        return Again(due, moved, made, look.clock.now())

    def decide(self, selected: Again) -> list[Decision]:
        decisions = [self._make(lead, selected) for lead in selected.due]
        return decisions + [decision for lead in selected.moved if (decision := self._move(lead))]

    def _make(self, lead: Record, selected: Again) -> Decision:
        key = recontact_key(lead["Name"])
        values = {
            "Status__c": ASSIGNED,
            "Source__c": "Recontact",
            "Date_Assigned_to_Dealer__c": _text(selected.now),
            "Recontacted__c": True,
            "Parent_Lead__c": lead["Id"],
            **{name: lead[name] for name in COPIED if lead.get(name) is not None},
        }
        make = () if key in selected.made else (Create(LEAD, key, values),)
        return Decision(
            key, phases=(make, (Update(LEAD, lead["Id"], {"Recontact_Lead__r": {KEY_FIELD: key}}),))
        )

    def _move(self, lead: Record) -> Decision | None:
        zone = zone_of(get(lead, "Dealer__r.Dealer_Time_Zone__c"), self._zone)
        begin = _text(datetime.combine(date.fromisoformat(lead["Recontact_Date__c"]), time(), zone))
        former = get(lead, "Recontact_Lead__r.Date_Assigned_to_Dealer__c")
        if same(begin, former):
            return None
        name = "Date_Assigned_to_Dealer__c"
        move = Update(LEAD, lead["Recontact_Lead__c"], {name: begin}, {name: former})
        return Decision(recontact_key(lead["Name"]), phases=((move,),))


def recontact_key(name: str) -> str:
    """The key of the lead that follows the lead called ``name``."""
    return f"{name}:R"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
