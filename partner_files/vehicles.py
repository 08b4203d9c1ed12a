"""The vehicle park: head office's file fills the vehicles by VIN, and the vehicle details of leads follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sfsync.engine.flow import Decision, Look, PartnerFile, Step
from sfsync.engine.upsert import UpsertRows
from sfsync.project import Content
from sfsync.records import KEY_FIELD, Bucket, Record, Update, changed
from sfsync.salesforce.soql import chunks, quote

LEAD = "Aftersales_Lead__c"
DETAILS = ("Model__c", "Warranty_Start__c", "Warranty_End__c", "Current_Warranty__c", "End_of_Ownership__c")
"""What a lead shows of its vehicle: fields of the same name on both."""

_OF_VEHICLE = ", ".join(f"Vehicle__r.{name}" for name in ("Id", KEY_FIELD, *DETAILS))
_LEADS = f"SELECT Id, Name, VIN__c, Vehicle__c, {', '.join(DETAILS)}, {_OF_VEHICLE} FROM {LEAD} WHERE "
_VEHICLES = f"SELECT Id, {KEY_FIELD}, {', '.join(DETAILS)} FROM Vehicle__c WHERE {{}}"


def partner_file(content: Content) -> PartnerFile:
    del content
    return PartnerFile(
        name="vehicles",
        about="The vehicle park of head office, by VIN; leads with these VINs get the vehicle's details.",
        family="aftersales",
        mapping="vehicles",
        take=TakeVehicles,
        then=lambda _: (VehicleDetails(),),
    )


class TakeVehicles(UpsertRows):
    """Vehicles by VIN; only what differs is written."""

    name = "vehicles_in"
    about = "Vehicles are created or updated by VIN."


@dataclass(frozen=True, slots=True)
class Park:
    """Leads whose vehicle details are to be looked at, and vehicles by VIN that they are not linked to yet."""

    leads: Sequence[Record]
    vehicles: Mapping[str, Record] = field(default_factory=dict)


class VehicleDetails(Step[Park]):
    """Leads with a VIN show what the vehicle park says.

    The org itself marks linked leads that differ (`Vehicle_Details_Differ__c`), so that only those are read. Leads
    whose VIN is not in the vehicle park stay as they are; they are looked at again when a vehicle file was taken.
    """

    name = "vehicle_details"
    about = "Leads get model, warranty and end of ownership of their vehicle, by VIN."

    def __init__(self, within: timedelta | None = None) -> None:
        """``within``: leads without a vehicle are only looked at when they changed so lately; None: all of them."""
        self._within = within

    def select(self, look: Look, expected: Sequence[Any]) -> Park:
        unlinked = f"{_LEADS}Vehicle__c = null AND VIN__c != null"
        if self._within is not None:
            since = (look.clock.now() - self._within).replace(microsecond=0)
            unlinked += f" AND LastModifiedDate >= {quote(since)}"
        differing, loose = look.org.query_many([f"{_LEADS}Vehicle_Details_Differ__c = true", unlinked])
        leads = [*differing, *loose]
        wanted = sorted({vin_of(lead) for lead in leads if _linked(lead) is None})
        pages = look.org.query_many(chunks(_VEHICLES, KEY_FIELD, wanted))
        return Park(leads, {vehicle[KEY_FIELD]: vehicle for page in pages for vehicle in page})

    def decide(self, selected: Park) -> list[Decision]:
        decisions = []
        for lead in selected.leads:
            vehicle = _linked(lead) or selected.vehicles.get(vin_of(lead))
            if vehicle is None:
                continue
            values = changed({"Vehicle__c": vehicle["Id"], **details(lead, vehicle)}, lead)
            before = {name: lead.get(name) for name in values}
            phases = ((Update(LEAD, lead["Id"], values, before),),) if values else ()
            bucket = Bucket.APPLIED if values else Bucket.UNCHANGED
            decisions.append(Decision(lead["Name"], bucket, phases=phases))
        return decisions


def details(lead: Record, vehicle: Record) -> dict[str, Any]:
    """What the lead should show of its vehicle; what the vehicle park does not know is left as it is.

    An end of ownership that stands on the lead stays: the dealer heard it from the customer.
    """
    return {
        name: vehicle[name]
        for name in DETAILS
        if vehicle.get(name) is not None and not (name == "End_of_Ownership__c" and lead.get(name))
    }


def vin_of(lead: Record) -> str:
    return str(lead.get("VIN__c") or "").strip().upper()


def _linked(lead: Record) -> Record | None:
    """The vehicle that the lead is linked to, if it is that of its VIN."""
    vehicle: Record | None = lead.get("Vehicle__r")
    return vehicle if vehicle and vehicle.get(KEY_FIELD) == vin_of(lead) else None
