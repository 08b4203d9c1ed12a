"""The plain model of the process: what must become of every lead. Written from the description of the process alone.

It knows nothing of sfsync: no mapping, no engine, no org. A row is what a dealer's system says of one lead; ``None``
says nothing. Moments are aware and in UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

ASSIGNED, BOOKED = "Assigned to Dealer", "Appointment Booked"
SALE, NO_SALE, LOST = "Closed With Sale", "Closed Without Sale", "Lost Sale"
REASONS: Mapping[str, str | None] = {
    "no_privacy_consent": None,
    "not_eligible": None,
    "trade_in": None,
    "not_owner_sold": "ownership_end",
    "leasing_rental_trader": None,
    "owner_not_driver": None,
    "declined_offer": None,
    "other": "notes",
    "not_now_contact_again": "recontact_date",
}
"""Reason → what it requires."""
AGAIN = "not_now_contact_again"
LAPSE = timedelta(days=60)
TOLD = (
    "status",
    "attempt_1",
    "attempt_2",
    "attempt_3",
    "attempt_4",
    "attempt_5",
    "appointment",
    "emails",
    "reason",
    "notes",
    "ownership_end",
    "recontact_date",
    "vin",
)
"""What a row may tell of its lead."""


@dataclass
class Lead:
    """One lead as the company should know it."""

    name: str
    dealer: str
    zone: str
    assigned: datetime
    status: str = ASSIGNED
    final: bool = False
    told: dict[str, Any] = field(default_factory=dict)
    """What dealers told, by ``TOLD`` without the status."""
    closed: datetime | None = None
    key: str | None = None
    campaign: str | None = None
    vehicle: str | None = None
    """The VIN of the vehicle whose details the lead shows."""
    reached: bool = True
    """Whether the customer has an e-mail address."""
    changed: datetime | None = None
    """When anything about it was last written; None: not since it was made."""
    parent: "Lead | None" = None
    child: "Lead | None" = None
    confirmed: datetime | None = None
    reminded: datetime | None = None

    @property
    def open(self) -> bool:
        return self.status in {ASSIGNED, BOOKED} and not self.final

    @property
    def attempts(self) -> list[datetime | None]:
        return [self.told.get(f"attempt_{number}") for number in range(1, 6)]

    @property
    def touched(self) -> bool:
        return self.status != ASSIGNED or self.told.get("attempt_1") is not None


@dataclass(frozen=True)
class Row:
    """One row of a dealer's file. ``broken``: a cell that nobody can read."""

    lead: str
    dealer: str
    told: Mapping[str, Any]
    broken: bool = False


@dataclass(frozen=True)
class Vehicle:
    """One vehicle of the park."""

    vin: str
    dealer: str
    due: date
    consent: bool


Mail = tuple[str, str, str, datetime]
"""Kind, reader, lead and appointment of a mail."""


class Model:
    """All leads, and what happens to them."""

    def __init__(self, zones: Mapping[str, str], vehicles: Iterable[Vehicle]) -> None:
        """``zones``: dealer code → time zone."""
        self.zones = zones
        self.vehicles = {vehicle.vin: vehicle for vehicle in vehicles}
        self.leads: dict[str, Lead] = {}
        self.mails: Counter[Mail] = Counter()
        self._due: dict[date, list[Vehicle]] = {}
        for vehicle in self.vehicles.values():
            self._due.setdefault(vehicle.due, []).append(vehicle)
        self._of_campaign: dict[str, list[Lead]] = {}

    def add(self, lead: Lead) -> Lead:
        assert lead.name not in self.leads
        self.leads[lead.name] = lead
        if lead.campaign and lead.vehicle:
            self._of_campaign.setdefault(lead.vehicle, []).append(lead)
        return lead

    # --- dealers' files ------------------------------------------------------------------------------------------

    def take(self, rows: list[Row], made: datetime, now: datetime) -> Counter[str]:
        """A dealer's file that was made then and is taken now; how many rows end in which bucket.

        A file of twenty rows or more of which more than half would be refused is refused whole ("refused").
        """
        verdicts: list[tuple[Row, str, dict[str, Any]]] = []
        seen: set[str] = set()
        for row in rows:
            verdict, told = self._judge(row, made, now)
            if verdict != "invalid" or not row.broken:
                verdict = "duplicate" if row.lead in seen else verdict
            seen.add(row.lead)
            verdicts.append((row, verdict, told))
        counts = Counter(verdict for _, verdict, _ in verdicts)
        bad = counts["invalid"] + counts["not_found"] + counts["conflict"]
        if counts["applied"] and len(rows) >= 20 and bad > len(rows) // 2:
            return Counter({"refused": 1})
        for row, verdict, told in verdicts:
            if verdict == "applied":
                self._apply(self.leads[row.lead], told, made, now)
        return counts

    def _judge(self, row: Row, made: datetime, now: datetime) -> tuple[str, dict[str, Any]]:
        if row.broken:
            return "invalid", {}
        lead = self.leads.get(row.lead)
        if lead is None or lead.dealer != row.dealer:
            return "not_found", {}
        holds = {**lead.told, "status": lead.status}
        told = {
            name: value
            for name, value in row.told.items()
            if value is not None
            and value != holds.get(name)
            and not (value is False and holds.get(name) is None)
        }
        if not told:
            return "unchanged", {}
        if lead.changed is not None and lead.changed > made:
            return "conflict", {}
        return ("applied" if allowed(lead, told, made, now) else "invalid"), told

    def _apply(self, lead: Lead, told: dict[str, Any], made: datetime, now: datetime) -> None:
        status = told.pop("status", lead.status)
        lead.told |= told
        if status in {SALE, NO_SALE} and lead.status != status:
            lead.closed = max([made, *(attempt for attempt in lead.attempts if attempt)])
        lead.status = status
        lead.changed = now

    # --- the company's own jobs ----------------------------------------------------------------------------------

    def night(self, now: datetime, today: date) -> list[Lead]:
        """One night; the recontact leads it makes, still without their numbers (their ``name`` is their key)."""
        for lead in self.leads.values():
            self._fill(lead, now)
            if lead.open and lead.status == ASSIGNED and lead.assigned + LAPSE <= now:
                lead.status, lead.changed = LOST, now
            elif lead.open and lead.status == BOOKED and lead.told["appointment"] + LAPSE <= now:
                lead.final, lead.changed = True, now
        made = self._recontacts(now, today)
        self.confirm(now)
        for lead in self.leads.values():
            appointment = lead.told.get("appointment")
            if not (lead.open and lead.status == BOOKED and lead.told.get("emails")) or appointment <= now:
                continue
            zone = ZoneInfo(lead.zone)
            tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
            if appointment.astimezone(zone).date() <= tomorrow and lead.reminded != appointment:
                lead.reminded, lead.changed = appointment, now
                self._mail("reminder", lead, appointment)
        return made

    def _fill(self, lead: Lead, now: datetime) -> None:
        vin = lead.told.get("vin")
        if vin and vin in self.vehicles and lead.vehicle != vin:
            lead.vehicle, lead.changed = vin, now

    def _recontacts(self, now: datetime, today: date) -> list[Lead]:
        made = []
        for lead in list(self.leads.values()):
            day = lead.told.get("recontact_date")
            if lead.status != NO_SALE or lead.told.get("reason") != AGAIN or day is None:
                continue
            if lead.child is None and day <= today:
                lead.child = Lead(
                    f"{lead.name}:R", lead.dealer, lead.zone, now, key=f"{lead.name}:R", parent=lead,
                    campaign=lead.campaign, vehicle=lead.vehicle, reached=lead.reached,
                )  # fmt: skip
                if lead.told.get("vin"):
                    lead.child.told["vin"] = lead.told["vin"]
                lead.changed = now
                made.append(lead.child)
            elif lead.child is not None and day > today and not lead.child.touched:
                begin = datetime.combine(day, time(), ZoneInfo(lead.zone)).astimezone(UTC)
                if lead.child.assigned != begin:
                    lead.child.assigned, lead.child.changed = begin, now
        return made

    def confirm(self, now: datetime) -> None:
        """Confirmations of what was booked or moved."""
        for lead in self.leads.values():
            appointment = lead.told.get("appointment")
            wanted = lead.open and lead.status == BOOKED and lead.told.get("emails")
            if wanted and now < appointment != lead.confirmed:
                lead.confirmed, lead.changed = appointment, now
                self._mail("confirmation", lead, appointment)

    def _mail(self, kind: str, lead: Lead, appointment: datetime) -> None:
        if lead.reached:
            self.mails[kind, "customer", lead.name, appointment] += 1
        self.mails[kind, "dealer", lead.name, appointment] += 1

    def campaign(self, code: str, now: datetime, today: date) -> list[Lead]:
        """The reminders that are due today (30 days before and after, none for 180 days); without their numbers."""
        made = []
        for days in range(-30, 31):
            for vehicle in self._due.get(today + timedelta(days=days), ()):
                known = [lead for lead in self._of_campaign.get(vehicle.vin, ()) if lead.campaign == code]
                recent = any(lead.assigned >= now - timedelta(days=180) for lead in known)
                if vehicle.consent and not recent and not any(lead.open for lead in known):
                    key = f"{code}:{vehicle.vin}:{vehicle.due}"
                    zone = self.zones[vehicle.dealer]
                    lead = Lead(key, vehicle.dealer, zone, now, key=key, campaign=code, vehicle=vehicle.vin)
                    lead.told["vin"] = vehicle.vin
                    made.append(lead)
        return made


def allowed(lead: Lead, told: Mapping[str, Any], made: datetime, now: datetime) -> bool:
    """Whether a dealer may tell this of this lead."""
    after = {**lead.told, "status": lead.status, **told}
    attempts = [after.get(f"attempt_{number}") for number in range(1, 6)]
    given = [attempt for attempt in attempts if attempt is not None]
    status = after["status"]
    if lead.status in {SALE, NO_SALE, LOST} or lead.final:
        moves = (
            lead.status == NO_SALE and lead.told.get("reason") == AGAIN and set(told) == {"recontact_date"}
        )
        return moves and not (lead.child is not None and lead.child.touched)
    if told.get("status") == LOST or (lead.status == BOOKED and told.get("status") == ASSIGNED):
        return False
    if "reason" in told and status != NO_SALE:
        return False
    new = [told[f"attempt_{number}"] for number in range(1, 6) if f"attempt_{number}" in told]
    minute = lead.assigned.replace(second=0, microsecond=0)
    if new and (
        any(f"attempt_{number}" in told and before for number, before in enumerate(lead.attempts, 1))
        or None in attempts[: len(given)]
        or any(attempt > now or attempt < minute for attempt in new)
        or any(later <= earlier for earlier, later in pairwise(given))
    ):
        return False
    closes = told.get("status") in {SALE, NO_SALE}
    books = told.get("status") == BOOKED or "appointment" in told
    if (closes or books) and not given:
        return False
    if books and (status == ASSIGNED or after.get("appointment") is None):
        return False
    if "appointment" in told and told["appointment"] <= (given[0] if closes else given[-1]):
        return False
    if told.get("status") == SALE:
        return bool(after.get("vin")) and bool(after.get("appointment") or after.get("notes"))
    if told.get("status") == NO_SALE:
        requires = REASONS.get(after.get("reason") or "", "impossible")
        return requires is None or after.get(requires) is not None
    return True
