"""Mails about appointments, to customer and dealer: a confirmation when one is booked or moved, a reminder.

Each goes exactly once (docs/adr/0007-claim-send-mark.md): the lead is claimed (`…_For__c` gets the appointment,
`Mail_Claim__c` names the mails), the mails go out, the claim is emptied. What is claimed and was not emptied may or
may not have gone out: it is reported, and never sent again by itself. What certainly did not go out is given back.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from partner_files.dealers import default_zone, zone_of
from sfsync.engine.flow import Decision, Hands, Look, Result, Step, get
from sfsync.errors import TransportFailed
from sfsync.project import Content
from sfsync.records import Bucket, Record, Update, same
from sfsync.salesforce.soql import chunks, quote
from sfsync.transports.letters import Letters
from sfsync.transports.mail import Message

LEAD = "Aftersales_Lead__c"
VALUES = frozenset(
    {
        "at",
        "customer",
        "customer_phone",
        "customer_email",
        "dealer",
        "dealer_phone",
        "model",
        "vin",
        "lead",
    }
)
"""What the letters may say."""
_BATCH = 200
"""Leads claimed at once: one call, and at most so many mails in doubt after a crash."""
_FIELDS = (
    "Id, Name, Appointment_At__c, Customer_Name__c, Customer_Email__c, Customer_Phone__c, Customer_Language__c, "
    "Model__c, VIN__c, Mail_Claim__c, Customer_Confirmed_For__c, Dealer_Confirmed_For__c, Customer_Reminded_For__c, "
    "Dealer_Reminded_For__c, Dealer__r.Name, Dealer__r.Phone, Dealer__r.Dealer_Email__c, "
    "Dealer__r.Dealer_Language__c, Dealer__r.Dealer_Time_Zone__c"
)
_OPEN = "SELECT Name, Mail_Claim__c FROM Aftersales_Lead__c WHERE Mail_Claim__c != null ORDER BY Name"
_MARK_TRIES = 3


class MailSettings(BaseModel):
    """The ``mails`` section of ``config/aftersales.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str = "en"
    """For readers whose language is unknown or has no letters."""


@dataclass(frozen=True, slots=True)
class Office:
    """What it takes to write these mails: the letters, and the zone of dealers who have none."""

    letters: Letters
    zone: str


def office(content: Content) -> Office:
    """The letters of the project; raises ConfigError for letters that cannot be written."""
    settings = content.settings("aftersales", MailSettings, section="mails")
    kinds = (Confirmations.kind, Reminders.kind)
    wanted = {f"{kind}_{whom}": VALUES for kind in kinds for whom in ("customer", "dealer")}
    letters = Letters(content.root / "config" / "mails", wanted, default=settings.language)
    return Office(letters, default_zone(content))


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a mail about an appointment, and the field that says for which one he got it."""

    whom: str
    address: str
    language: str | None
    claim: str


@dataclass(frozen=True, slots=True)
class Mailing:
    """Leads to mail about, and leads whose mails may or may not have gone out."""

    leads: Sequence[Record]
    now: datetime
    unsettled: Sequence[Record] = ()


class AppointmentMails(Step[Mailing]):
    """Claims the leads, sends their mails, empties the claims; in batches."""

    kind: ClassVar[str]
    """Also the first half of the letter's name."""
    claims: ClassVar[Mapping[str, str]]
    """Reader → the field that says for which appointment he got this kind of mail."""

    def __init__(self, office: Office, names: Iterable[str] | None = None) -> None:
        """``names``: only these leads (of a file just taken); without them all, and those in doubt are told."""
        self._office = office
        self._names = None if names is None else sorted(set(names))
        self._told = False

    @abstractmethod
    def condition(self, now: datetime) -> str:
        """Which leads may be due, in SOQL."""

    @abstractmethod
    def is_due(self, appointment: datetime, now: datetime) -> bool:
        """Whether the mail is due now; both in the dealer's zone."""

    def select(self, look: Look, expected: Sequence[Any]) -> Mailing:
        now = look.clock.now()
        due = f"SELECT {_FIELDS} FROM {LEAD} WHERE {self.condition(now)}"
        if self._names is None:
            leads, unsettled = look.org.query_many([f"{due} ORDER BY Appointment_At__c, Name", _OPEN])
            return Mailing(leads, now, unsettled)
        pages = look.org.query_many(chunks(f"{due} AND {{}}", "Name", self._names))
        return Mailing([lead for page in pages for lead in page], now)

    def decide(self, selected: Mailing) -> list[Decision]:
        return [
            self._decide(lead, readers)
            for lead in selected.leads
            if (readers := self._readers(lead, selected.now))
        ]

    def _decide(self, lead: Record, readers: Sequence[Reader]) -> Decision:
        claims = {reader.claim: lead["Appointment_At__c"] for reader in readers}
        doubt = {f"{self.kind} {reader.whom}" for reader in readers}
        claim = Update(
            LEAD,
            lead["Id"],
            {**claims, "Mail_Claim__c": _joined(_doubt(lead) | doubt)},
            _before(lead, claims),
        )
        mark = Update(LEAD, lead["Id"], {"Mail_Claim__c": _joined(_doubt(lead) - doubt)})
        return Decision(lead["Name"], phases=((claim,), (mark,)))

    def _readers(self, lead: Record, now: datetime) -> list[Reader]:
        zone = zone_of(get(lead, "Dealer__r.Dealer_Time_Zone__c"), self._office.zone)
        appointment = _moment(lead["Appointment_At__c"]).astimezone(zone)
        if appointment <= now or not self.is_due(appointment, now.astimezone(zone)):
            return []
        readers = (
            Reader(
                "customer",
                lead.get("Customer_Email__c") or "",
                lead.get("Customer_Language__c"),
                self.claims["customer"],
            ),
            Reader(
                "dealer",
                get(lead, "Dealer__r.Dealer_Email__c") or "",
                get(lead, "Dealer__r.Dealer_Language__c"),
                self.claims["dealer"],
            ),
        )
        return [
            reader
            for reader in readers
            if reader.address and not same(lead.get(reader.claim), lead["Appointment_At__c"])
        ]

    def apply(self, selected: Mailing, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        if selected.unsettled and not self._told:
            names = ", ".join(lead["Name"] for lead in selected.unsettled[:10])
            more = f" and {len(selected.unsettled) - 10} more" if len(selected.unsettled) > 10 else ""
            hands.say(
                f"Mails about {names}{more} may or may not have gone out. Ask the dealer; `sfsync run "
                "aftersales.mails_again` sends them again, and emptying Mail Claim says that they arrived."
            )
        self._told = True
        leads = {lead["Name"]: lead for lead in selected.leads}
        results: list[Result] = []
        for start in range(0, len(decisions), _BATCH):
            results += self._batch(selected.now, leads, decisions[start : start + _BATCH], hands)
        return results

    def _batch(
        self, now: datetime, leads: Mapping[str, Record], decisions: Sequence[Decision], hands: Hands
    ) -> list[Result]:
        results = self._claim(decisions, hands)
        messages: list[Message] = []
        places: list[tuple[int, Reader]] = []
        for index, decision in enumerate(decisions):
            if results[index].bucket is Bucket.APPLIED:
                for reader in self._readers(leads[decision.key], now):
                    messages.append(self._message(leads[decision.key], reader))
                    places.append((index, reader))
        troubles: dict[int, list[tuple[Reader, TransportFailed]]] = {}
        for (index, reader), trouble in zip(places, hands.mails(messages) if messages else (), strict=True):
            if trouble is not None:
                troubles.setdefault(index, []).append((reader, trouble))
        ends = {
            index: after(self.kind, decision, leads[decision.key], troubles.get(index, ()))
            for index, decision in enumerate(decisions)
            if results[index].bucket is Bucket.APPLIED
        }
        _mark([end for end, _ in ends.values()], hands)
        for index, (_, result) in ends.items():
            results[index] = replace(result, ids=results[index].ids)
        for text in dict.fromkeys(str(error) for found in troubles.values() for _, error in found):
            hands.say(text)
        return results

    def _claim(self, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        """Claim the leads; a claim whose answer was lost is looked up before anything is mailed."""
        results = hands.write([replace(decision, phases=decision.phases[:1]) for decision in decisions])
        lost = [decision.key for decision, result in zip(decisions, results, strict=True) if result.unknown]
        if not lost:
            return results
        fields = ", ".join(["Name", "Mail_Claim__c", *self.claims.values()])
        pages = hands.look.org.query_many(chunks(f"SELECT {fields} FROM {LEAD} WHERE {{}}", "Name", lost))
        there = {lead["Name"]: lead for page in pages for lead in page}
        for index, (decision, result) in enumerate(zip(decisions, results, strict=True)):
            if result.unknown:
                claim = decision.phases[0][0]
                assert isinstance(claim, Update)  # noqa: S101  see `_decide`
                found = there.get(decision.key, {})
                claimed = all(same(value, found.get(name)) for name, value in claim.values.items())
                late = Result(Bucket.FAILED, "not claimed: the next run mails it", unknown=True)
                results[index] = Result(Bucket.APPLIED) if claimed else late
        return results

    def _message(self, lead: Record, reader: Reader) -> Message:
        zone = zone_of(get(lead, "Dealer__r.Dealer_Time_Zone__c"), self._office.zone)
        at = _moment(lead["Appointment_At__c"]).astimezone(zone)
        written = self._office.letters.write(
            f"{self.kind}_{reader.whom}",
            reader.language,
            {
                "at": at,
                "customer": lead.get("Customer_Name__c") or "",
                "customer_phone": lead.get("Customer_Phone__c") or "",
                "customer_email": lead.get("Customer_Email__c") or "",
                "dealer": get(lead, "Dealer__r.Name") or "",
                "dealer_phone": get(lead, "Dealer__r.Phone") or "",
                "model": lead.get("Model__c") or "",
                "vin": lead.get("VIN__c") or "",
                "lead": lead["Name"],
            },
        )
        mark = f"{self.kind}-{reader.whom}-{lead['Name']}-{at.astimezone(UTC):%Y%m%dT%H%MZ}"
        return Message(
            reader.address, written.subject, written.text, (), f"<{mark.lower()}@sfsync>", written.html
        )


class Confirmations(AppointmentMails):
    """An appointment was booked or moved."""

    name = "confirmations"
    about = "Confirmations of appointments that were booked or moved, to customer and dealer."
    kind = "confirmation"
    claims: ClassVar = {"customer": "Customer_Confirmed_For__c", "dealer": "Dealer_Confirmed_For__c"}

    def condition(self, now: datetime) -> str:
        return f"Confirmation_Due__c = true AND Appointment_At__c > {quote(now)}"

    def is_due(self, appointment: datetime, now: datetime) -> bool:
        return True


class Reminders(AppointmentMails):
    """From midnight of the day before, at the dealer's; a missed run is made up for until the appointment."""

    name = "reminders"
    about = "Reminders of tomorrow's appointments, to customer and dealer."
    kind = "reminder"
    claims: ClassVar = {"customer": "Customer_Reminded_For__c", "dealer": "Dealer_Reminded_For__c"}

    def condition(self, now: datetime) -> str:
        return (
            "Status__c = 'Appointment Booked' AND Appointment_Emails__c = true AND Final__c = false "
            f"AND Appointment_At__c > {quote(now)} "
            f"AND Appointment_At__c <= {quote(now + timedelta(days=2, hours=1))}"
        )

    def is_due(self, appointment: datetime, now: datetime) -> bool:
        return appointment.date() - timedelta(days=1) <= now.date()


class MailsAgain(Step[Sequence[Record]]):
    """By hand: claims that were never emptied are given back, so that the next run mails them again."""

    name = "mails_again"
    about = "Mails that may or may not have gone out are made due again."
    by_hand = True

    def select(self, look: Look, expected: Sequence[Any]) -> Sequence[Record]:
        return list(look.org.query(_OPEN.replace("SELECT ", "SELECT Id, ")))

    def decide(self, selected: Sequence[Record]) -> list[Decision]:
        claims = {
            f"{step.kind} {whom}": field
            for step in (Confirmations, Reminders)
            for whom, field in step.claims.items()
        }
        decisions = []
        for lead in selected:
            fields = ["Mail_Claim__c", *(claims[mail] for mail in sorted(_doubt(lead) & claims.keys()))]
            release = Update(LEAD, lead["Id"], dict.fromkeys(fields))
            decisions.append(Decision(lead["Name"], phases=((release,),)))
        return decisions


def after(
    kind: str, decision: Decision, lead: Record, troubles: Sequence[tuple[Reader, TransportFailed]]
) -> tuple[Decision, Result]:
    """What to write after the mails of a lead were handed over, and where the lead ends. Pure.

    What certainly did not go out gets its claim back; a claim whose mail may have gone out stays filled.
    """
    if not troubles:
        return replace(decision, phases=decision.phases[1:]), Result(Bucket.APPLIED)
    doubt = [reader.whom for reader, trouble in troubles if trouble.sent is not False]
    refused = [reader.whom for reader, trouble in troubles if trouble.sent is False]
    back: dict[str, Any] = {
        reader.claim: lead.get(reader.claim) for reader, trouble in troubles if trouble.sent is False
    }
    back["Mail_Claim__c"] = _joined(_doubt(lead) | {f"{kind} {whom}" for whom in doubt})
    parts = [f"the mail to the {whom} was not sent" for whom in refused]
    parts += [f"outcome unknown: the mail to the {whom} may have gone out" for whom in doubt]
    return replace(decision, phases=((Update(LEAD, lead["Id"], back),),)), Result(
        Bucket.FAILED, "; ".join(parts)
    )


def _mark(decisions: Sequence[Decision], hands: Hands) -> None:
    """Write what the mails came to; safe to repeat, so a lost answer is sent again."""
    for _ in range(_MARK_TRIES):
        if not decisions:
            return
        results = hands.write(decisions)
        decisions = [each for each, result in zip(decisions, results, strict=True) if result.unknown]


def _doubt(lead: Record) -> frozenset[str]:
    """The mails about a lead that may or may not have gone out, as `Mail_Claim__c` names them."""
    return frozenset((lead.get("Mail_Claim__c") or "").split(", ")) - {""}


def _joined(mails: AbstractSet[str]) -> str | None:
    return ", ".join(sorted(mails)) or None


def _before(lead: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: lead.get(name) for name in values}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("+0000", "+00:00"))
