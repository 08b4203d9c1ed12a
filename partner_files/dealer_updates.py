"""Dealers' updates of after-sales leads: a file from the dealer's own system, or one of our lists that comes back.

Every row is a lead as the dealer sees it. What differs from the org is what the dealer did; the rules of
``aftersales_rules`` say whether it may. Times in a file are on the wall of the dealer's zone, dates and numbers in
the notation of the dealer's language.

A lead that was changed in the org after the row was made is a conflict, and nothing of the row is written. Our lists
carry a version of every lead, which tells exactly; files without it are as old as they say (see ``tabular.made``). A
lead that was never changed since its creation makes no conflict: a row that names it was made after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from partner_files import appointment_mails
from partner_files.aftersales_leads import OBJECT, SELECT, dealer_of, lead_of, moment, value_of, version_of
from partner_files.aftersales_rules import Broken, Settings, decide
from partner_files.aftersales_words import DealerSettings, NoSaleReasons
from partner_files.aftersales_work import FIELDS
from partner_files.dealers import zone_of
from sfsync.engine.files import FileStep, read_as, refused
from sfsync.engine.flow import Decision, FileRows, Look, PartnerFile
from sfsync.languages.reason import Reason
from sfsync.mapping.rows import MappedRow
from sfsync.project import Content
from sfsync.records import Bucket, Record, Update
from sfsync.reports.sla_settings import SlaSettings
from sfsync.salesforce.soql import chunks
from sfsync.tabular.made import made_at

NO_LEAD = Reason("no_lead", "no lead has this number")
NOT_THEIRS = Reason("not_their_lead", "the dealer of this row has no lead with this number")
CHANGED_SINCE = Reason(
    "changed_since",
    "the lead was changed in our system after this row was made",
    "Take it from a new list and enter your changes there.",
)


@dataclass(frozen=True, slots=True)
class Office:
    """What head office decided: the settings that a file of updates is judged by."""

    dealers: DealerSettings
    reasons: NoSaleReasons
    rules: Settings
    zone: str
    """Of dealers whose account names none."""


def office(content: Content) -> Office:
    """The settings of a project; raises ConfigError with every mistake in them."""
    sla = content.settings("sla", SlaSettings)
    reasons = content.settings("aftersales", NoSaleReasons, section="no_sale_reasons")
    return Office(
        content.settings("aftersales", DealerSettings, section="dealer_updates"),
        reasons,
        Settings(sla.first_contact.span, reasons.requires),
        sla.default_zone,
    )


def partner_file(content: Content) -> PartnerFile:
    found = office(content)
    mails = cache(partial(appointment_mails.office, content))  # the letters are read when there are files
    return PartnerFile(
        name="dealer_updates",
        about="What dealers did with their after-sales leads.",
        family="aftersales",
        mapping="dealer_updates",
        take=lambda file: TakeDealerUpdates(file, found),
        then=lambda file: (
            [appointment_mails.Confirmations(mails(), names)] if (names := _booked(file)) else []
        ),
    )


def _booked(file: FileRows) -> list[str]:
    """The leads of a file that may have got an appointment: theirs are confirmed at once."""
    return [row.named["lead_ref"] for row in file.rows if row.named["lead_ref"] and row.named["appointment"]]


@dataclass(frozen=True, slots=True)
class Leads:
    """What the org knows of the leads in a file, by their numbers; the rows, each in its dealer's notation."""

    rows: Sequence[MappedRow]
    leads: Mapping[str, Record]
    now: datetime
    made: datetime


def _names(file: FileRows) -> list[str]:
    """The numbers of the leads in a file."""
    return [row.named["lead_ref"] for row in file.rows if row.named["lead_ref"]]


class TakeDealerUpdates(FileStep[Leads]):
    """Compares every row with its lead, and writes what the dealer did where the rules allow it."""

    name = "dealer_updates_in"
    about = "Contact attempts, appointments and closings of dealers."

    def __init__(self, file: FileRows, settings: Office) -> None:
        super().__init__(file)
        self._office = settings

    def select(self, look: Look, expected: Sequence[Any]) -> Leads:
        pages = look.org.query_many(chunks(SELECT + " WHERE {}", "Name", sorted(set(_names(self.file)))))
        leads = {str(record["Name"]): record for page in pages for record in page}
        return Leads(self._in_their_notation(leads), leads, look.clock.now(), made_at(self.file.path))

    def _in_their_notation(self, leads: Mapping[str, Record]) -> Sequence[MappedRow]:
        """The rows mapped again as their dealers write; those of unknown leads as the mapping says."""
        places: dict[tuple[tuple[str, Any], ...], list[int]] = {}
        for row in self.file.rows:
            lead = leads.get(row.named["lead_ref"] or "")
            if lead is not None:
                places.setdefault(tuple(self._notation(dealer_of(lead)).items()), []).append(row.number)
        again = read_as(self.file, [(dict(notation), numbers) for notation, numbers in places.items()])
        return [again.get(row.number, row) for row in self.file.rows]

    def _notation(self, dealer: Mapping[str, str]) -> dict[str, Any]:
        """How a dealer writes times, dates and numbers: keys of the mapping's ``file`` section."""
        zone = zone_of(dealer["Dealer_Time_Zone__c"], self._office.zone).key
        return {"timezone": zone, **self._office.dealers.notation(dealer["Dealer_Language__c"])}

    def rows(self, selected: Leads) -> Sequence[MappedRow]:
        return selected.rows

    def decide_row(self, row: MappedRow, selected: Leads) -> Decision:
        name, code = str(row.named["lead_ref"]), row.named["dealer_code"]
        record = selected.leads.get(name)
        if record is None:
            return refused(row, Bucket.NOT_FOUND, NO_LEAD, "lead_ref")
        if dealer_of(record)["Dealer_Code__c"].upper() != code:
            return refused(row, Bucket.NOT_FOUND, NOT_THEIRS, "lead_ref")
        told = {each: value_of(each, row.named[each]) for each in FIELDS}
        if told["no_sale_reason"]:
            told["no_sale_reason"] = (
                self._office.reasons.code(told["no_sale_reason"]) or told["no_sale_reason"]
            )
        found = decide(
            lead_of(record), told, now=selected.now, made=selected.made, settings=self._office.rules
        )
        if not isinstance(found, Broken) and not found:
            return Decision(name, Bucket.UNCHANGED, number=row.number)
        if self._outdated(row, record, selected.made):
            return refused(row, Bucket.CONFLICT, CHANGED_SINCE, "")
        if isinstance(found, Broken):
            return refused(row, Bucket.INVALID, found.reason, found.column)
        before = {field: record.get(field) for field in found}
        change = Update(OBJECT, record["Id"], dict(found), before)
        return Decision(name, number=row.number, phases=((change,),))

    def _outdated(self, row: MappedRow, record: Record, made: datetime) -> bool:
        """Whether the lead is not what the dealer saw when the row was made."""
        version = row.named["version"]
        if version:
            return bool(version != version_of(record))
        changed = moment(record["LastModifiedDate"])
        return changed is not None and changed != moment(record["CreatedDate"]) and changed > made
