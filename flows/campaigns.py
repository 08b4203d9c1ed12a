"""Head office's campaigns: reminders made from the vehicle park, as leads of the vehicle's dealer.

Only vehicles that are due, whose owner agreed to the channel and still owns it, and for which nothing of the same
campaign is open or recent are read: the org answers all of that in one question a campaign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from sfsync.engine.flow import Decision, Look, Step
from sfsync.records import Create, Record
from sfsync.salesforce.soql import in_list, quote

LEAD = "Aftersales_Lead__c"
Kind = Literal["service_reminder", "warranty_end_reminder"]
Channel = Literal["email", "phone", "post"]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,39}$")]

_DUE: Mapping[Kind, str] = {
    "service_reminder": "Next_Service_Due__c",
    "warranty_end_reminder": "Warranty_End__c",
}
_SOURCE: Mapping[Kind, str] = {
    "service_reminder": "Service reminder",
    "warranty_end_reminder": "Warranty-end reminder",
}
_REACHED: Mapping[Channel, str] = {
    "email": "Consent_Email__c = true AND Owner_Email__c != null",
    "phone": "Consent_Phone__c = true AND Owner_Phone__c != null",
    "post": "Consent_Post__c = true",
}
_COPIED: Mapping[str, str] = {
    "Dealer__c": "Dealer__c",
    "Model__c": "Model__c",
    "Warranty_Start__c": "Warranty_Start__c",
    "Warranty_End__c": "Warranty_End__c",
    "Current_Warranty__c": "Current_Warranty__c",
    "Customer_Name__c": "Owner_Name__c",
    "Customer_Email__c": "Owner_Email__c",
    "Customer_Phone__c": "Owner_Phone__c",
    "Customer_Language__c": "Owner_Language__c",
}
"""Field of the lead → field of the vehicle."""


class Campaign(BaseModel):
    """One campaign of the ``campaigns`` section of ``config/aftersales.yaml``; its key there is its code."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    kind: Kind
    channel: Channel
    """How the owner is addressed; he must have agreed to it."""
    days_before: int = Field(ge=0, le=730)
    """Days before the service, or the end of the warranty, on which the lead is made."""
    days_after: int = Field(30, ge=0, le=730)
    """A vehicle that was missed (no run, entered late) still counts so many days after that date."""
    again_after_days: int = Field(180, ge=1)
    """No second lead of this campaign for a vehicle within so many days, whatever became of the first."""
    dealers: tuple[str, ...] = ()
    """Dealer codes; without them all dealers."""
    models: tuple[str, ...] = ()
    """Models, as the vehicle park writes them; without them all models."""
    from_: date | None = Field(None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _apart(self) -> "Campaign":
        if self.again_after_days < self.days_before + self.days_after:
            least = self.days_before + self.days_after
            raise ValueError(
                f"again_after_days must be at least days_before + days_after ({least}), "
                "or one date could make two leads"
            )
        return self

    def active(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)


class Campaigns(RootModel[dict[Code, Campaign]]):
    """The ``campaigns`` section: code → campaign."""


@dataclass(frozen=True, slots=True)
class Due:
    """Vehicles that are due, by the code of the campaign."""

    vehicles: Mapping[str, Sequence[Record]]
    now: datetime


class MakeReminders(Step[Due]):
    """Makes the leads; the key ``<campaign>:<VIN>:<date>`` lets each date make one, however often the step runs."""

    name = "reminder_leads"
    about = "Owners whose service or end of warranty is near get a lead at their dealer."

    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns.root

    def select(self, look: Look, expected: Sequence[Any]) -> Due:
        now = look.clock.now()
        active = {code: each for code, each in self._campaigns.items() if each.active(look.today)}
        found = look.org.query_many([soql(code, each, look.today, now) for code, each in active.items()])
        return Due(dict(zip(active, found, strict=True)), now)

    def decide(self, selected: Due) -> list[Decision]:
        return [
            self._decide(code, vehicle, selected.now)
            for code, vehicles in selected.vehicles.items()
            for vehicle in vehicles
        ]

    def _decide(self, code: str, vehicle: Record, now: datetime) -> Decision:
        kind = self._campaigns[code].kind
        vin = vehicle["Sfsync_Key__c"]
        key = f"{code}:{vin}:{vehicle[_DUE[kind]]}"
        values = {
            "Status__c": "Assigned to Dealer",
            "Lead_Kind__c": "HQ driven",
            "Source__c": _SOURCE[kind],
            "Campaign_Code__c": code,
            "Date_Assigned_to_Dealer__c": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Privacy_Consent__c": True,
            "VIN__c": vin,
            "Vehicle__c": vehicle["Id"],
            **{name: vehicle[source] for name, source in _COPIED.items() if vehicle.get(source) is not None},
        }
        return Decision(key, phases=((Create(LEAD, key, values),),))


def soql(code: str, campaign: Campaign, today: date, now: datetime) -> str:
    """The vehicles that ``campaign`` makes leads for today."""
    due = _DUE[campaign.kind]
    fields = ", ".join(sorted({"Id", "Sfsync_Key__c", due, *_COPIED.values()}))
    recent = quote((now - timedelta(days=campaign.again_after_days)).replace(microsecond=0))
    known = (
        f"SELECT Vehicle__c FROM {LEAD} WHERE Vehicle__c != null AND Campaign_Code__c = {quote(code)} "
        f"AND (Date_Assigned_to_Dealer__c >= {recent} "
        "OR (Final__c = false AND Status__c IN ('Assigned to Dealer','Appointment Booked')))"
    )
    conditions = [
        f"{due} >= {quote(today - timedelta(days=campaign.days_after))}",
        f"{due} <= {quote(today + timedelta(days=campaign.days_before))}",
        _REACHED[campaign.channel],
        f"(End_of_Ownership__c = null OR End_of_Ownership__c > {quote(today)})",
        "Sfsync_Key__c != null AND Dealer__c != null",
        *([f"Dealer__r.Dealer_Code__c IN {in_list(campaign.dealers)}"] if campaign.dealers else []),
        *([f"Model__c IN {in_list(campaign.models)}"] if campaign.models else []),
        f"Id NOT IN ({known})",
    ]
    return f"SELECT {fields} FROM Vehicle__c WHERE {' AND '.join(conditions)} ORDER BY Sfsync_Key__c"
