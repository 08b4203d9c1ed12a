"""Lists of after-sales leads for dealers: five views, as workbooks that a dealer can fill in and send back.

The headings are those by which `import dealer_updates` knows its columns, in the dealer's language; times are on the
wall of the dealer's zone. A version of every lead stands in the last column: it tells whether the lead was changed in
the org between the list and its return. What the mapping does not know (the customer, the model) is for reading only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from partner_files.aftersales_leads import SELECT, dealer_of, lead_of, moment, version_of
from partner_files.aftersales_words import Language
from partner_files.aftersales_work import FIELDS, STATUSES
from partner_files.dealer_updates import Office, office
from partner_files.dealers import zone_of
from sfsync.engine.flow import Decision, Hands, Look, PartnerFile, Result, Step
from sfsync.errors import ConfigError
from sfsync.mapping.model import Header
from sfsync.project import Content
from sfsync.records import Record
from sfsync.salesforce.soql import chunks, quote
from sfsync.tabular.write import write_table

VIEWS: Mapping[str, str] = {
    "not_yet_managed": "Status__c = 'Assigned to Dealer' AND Contact_Attempt_1__c = null",
    "in_progress": "Status__c = 'Assigned to Dealer' AND Contact_Attempt_1__c != null",
    "closed_by_sale": "Status__c IN ('Closed With Sale', 'Appointment Booked')",
    "closed_no_sale": "No_Sale_Reason__c != null",
    "lost_sale": "Status__c = 'Lost Sale'",
}
"""View → which leads stand in it."""

READ_ONLY: Mapping[str, str] = {
    "kind": "Lead_Kind__c",
    "assigned": "Date_Assigned_to_Dealer__c",
    "customer": "Customer_Name__c",
    "phone": "Customer_Phone__c",
    "email": "Customer_Email__c",
    "model": "Model__c",
}
"""Columns that a list shows and that are not read when it comes back."""
_ORDER = "ORDER BY Lead_Kind__c, Date_Assigned_to_Dealer__c, Name"
"""Customers who asked for something come first."""
_QUERY = SELECT.replace(" FROM ", ", Lead_Kind__c, Model__c FROM ")


class ViewSettings(BaseModel):
    """The ``views`` section of ``config/aftersales.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[str, ...] = Field(min_length=1)
    """What stands in a list, in order: names of the mapping `dealer_updates`, and those of ``headings``."""
    headings: dict[str, dict[Language, str]]
    """The headings of the columns that are only read, by language."""
    kinds: dict[str, dict[Language, str]] = {}
    """Words for lead kinds, by language."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How lists are made: columns, and the words for headings and values in each language."""

    settings: ViewSettings
    names: Mapping[str, Header]
    office: Office

    def heading(self, column: str, language: str) -> str:
        """The heading of a column; English where that language has none."""
        if column in READ_ONLY:
            words = self.settings.headings[column]
            return words.get(language) or words["en"]
        spoken = self.names[column].spoken
        return (spoken.get(language) or spoken.get("en") or self.names[column].headings)[0]

    def choices(self, column: str, language: str) -> Sequence[str]:
        """The words that may stand in a column; none where anything may."""
        if column == "status":
            return [self.names["status"].word(status, language) for status in STATUSES]
        if column == "no_sale_reason":
            return [self.office.reasons.word(code, language) for code in self.office.reasons.requires]
        return ()

    def row(self, record: Record, language: str) -> list[Any]:
        """A lead as a row of cells."""
        zone = zone_of(dealer_of(record)["Dealer_Time_Zone__c"], self.office.zone)
        held = {**lead_of(record).values, "lead_ref": record["Name"], "version": version_of(record)}
        held["dealer_code"] = dealer_of(record)["Dealer_Code__c"]
        if held["status"]:
            held["status"] = self.names["status"].word(held["status"], language)
        if held["no_sale_reason"]:
            held["no_sale_reason"] = self.office.reasons.word(held["no_sale_reason"], language)
        held |= {column: record.get(field) for column, field in READ_ONLY.items()}
        held["assigned"] = moment(held["assigned"])
        held["kind"] = self.settings.kinds.get(held["kind"] or "", {}).get(language) or held["kind"]
        return [_cell(held[column], zone) for column in self.settings.columns]


def _cell(value: Any, zone: ZoneInfo) -> Any:
    """A value as a cell: a moment on the wall; with its offset where the wall shows that time twice."""
    if not isinstance(value, datetime):
        return value
    there = value.astimezone(zone)
    return there.isoformat() if there.fold else there.replace(tzinfo=None)


def partner_file(content: Content) -> PartnerFile:
    layout = Layout(
        content.settings("aftersales", ViewSettings, section="views"),
        content.mapping("dealer_updates").mapping.file.headers,
        office(content),
    )
    _check(layout)
    return PartnerFile(
        name="aftersales",
        about="Lists of after-sales leads, for dealers to fill in.",
        family="aftersales",
        give=lambda options: MakeList(layout, options),
        reads_only=True,
        views=tuple(VIEWS),
    )


def _check(layout: Layout) -> None:
    """Raises ConfigError for columns that nobody knows, or that have no English heading."""
    known = {"lead_ref", "dealer_code", "version", *FIELDS, *READ_ONLY}
    for column in layout.settings.columns:
        if column not in known or (column not in READ_ONLY and column not in layout.names):
            hint = f"There are: {', '.join(sorted(known))}."
            raise ConfigError(f"config/aftersales.yaml, views: there is no column {column!r}.", hint=hint)
        if column in READ_ONLY and "en" not in layout.settings.headings.get(column, {}):
            raise ConfigError(f"config/aftersales.yaml, views: {column} has no heading in English (en).")


@dataclass(frozen=True, slots=True)
class Lists:
    """The leads of a view, by the list that they go into; the key is the dealer's code, "" for all in one."""

    leads: Mapping[str, Sequence[Record]]
    languages: Mapping[str, str]


class MakeList(Step[Lists]):
    """Writes the leads of a view into one workbook, or into one for each dealer; changes nothing."""

    name = "list"
    about = "A list of leads for dealers."

    def __init__(self, layout: Layout, options: Mapping[str, Any]) -> None:
        """``options``: view; dealers (codes: a workbook for each of these); each_dealer (one for every dealer)."""
        self._layout = layout
        self._view = str(options["view"])
        self._dealers: Sequence[str] = tuple(options.get("dealers") or ())
        self._each = bool(options.get("each_dealer") or self._dealers)

    def select(self, look: Look, expected: Sequence[Any]) -> Lists:
        condition = VIEWS[self._view]
        languages: dict[str, str] = {}
        if self._dealers:
            soql = "SELECT Dealer_Code__c, Dealer_Language__c FROM Account WHERE {}"
            pages = look.org.query_many(chunks(soql, "Dealer_Code__c", self._dealers))
            found = [record for page in pages for record in page]
            languages = {str(each["Dealer_Code__c"]): each["Dealer_Language__c"] or "" for each in found}
            known = {code.upper() for code in languages}
            if missing := [code for code in self._dealers if code.upper() not in known]:
                raise ConfigError(
                    f"There is no dealer with the code {missing[0]}.", hint="Dealer_Code__c of the account."
                )
            condition += f" AND Dealer__r.Dealer_Code__c IN ({', '.join(map(quote, languages))})"
        leads: dict[str, list[Record]] = {code: [] for code in languages}
        if not self._each:
            leads[""] = []
        for record in look.org.query(f"{_QUERY} WHERE {condition} {_ORDER}"):
            dealer = dealer_of(record)
            code = dealer["Dealer_Code__c"] if self._each else ""
            leads.setdefault(code, []).append(record)
            languages.setdefault(code, dealer["Dealer_Language__c"] if self._each else "")
        return Lists(leads, languages)

    def decide(self, selected: Lists) -> list[Decision]:
        return []

    def apply(self, selected: Lists, decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        for code, leads in selected.leads.items():
            language = self._layout.office.dealers.spoken(selected.languages.get(code, ""))
            name = f"{self._view}-{code}.xlsx" if code else f"{self._view}.xlsx"
            hands.outbox("aftersales", name, partial(self._write, leads=leads, language=language))
        total, files = sum(map(len, selected.leads.values())), len(selected.leads)
        hands.say(f"{self._view}: {total:,} leads in {files:,} {'file' if files == 1 else 'files'}.")
        return []

    def _write(self, path: Path, leads: Sequence[Record], language: str) -> None:
        layout, columns = self._layout, self._layout.settings.columns
        choices = {
            place: words
            for place, column in enumerate(columns)
            if (words := layout.choices(column, language))
        }
        write_table(
            path,
            [layout.heading(column, language) for column in columns],
            [layout.row(lead, language) for lead in leads],
            sheet="Leads",
            choices=choices,
        )
