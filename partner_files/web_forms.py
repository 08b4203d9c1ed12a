"""Web forms: submissions from the website's file, or leads that the org's own web-to-lead made.

Both go through a mapping that cleans and checks them, and then through one question: did this person send a form
before? Good submissions are qualified leads; a repeat within the window is `duplicate` and makes no second order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sfsync.engine.files import FileStep, map_records, refused
from sfsync.engine.flow import Decision, FileRows, Look, PartnerFile, Step
from sfsync.languages.reason import Reason
from sfsync.mapping.compile import CompiledMapping
from sfsync.mapping.rows import MappedRow
from sfsync.people import Match, Person, find_repeats
from sfsync.project import Content
from sfsync.records import KEY_FIELD, Bucket, Create, Record, Update, changed
from sfsync.salesforce.soql import chunks


class IntakeSettings(BaseModel):
    """The ``intake`` section of ``config/charge_card.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    duplicate_days: int = Field(default=30, ge=0)
    """The same person's form within so many days of an earlier one is a duplicate."""

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.duplicate_days)


def partner_file(content: Content) -> PartnerFile:
    settings = content.settings("charge_card", IntakeSettings, section="intake")
    return PartnerFile(
        name="web_forms",
        about="Form submissions become qualified leads.",
        family="charge_card",
        mapping="web_forms",
        take=lambda file: TakeWebForms(file, settings),
    )


_KNOWN = (
    f"SELECT Id, {KEY_FIELD}, FirstName, LastName, Email, Phone, Street, PostalCode, Submitted_At__c, CreatedDate "
    "FROM Lead WHERE Intake_Status__c = 'Qualified' AND {}"
)


_DUTCH = len("1234AB")


def _known_queries(rows: Sequence[MappedRow]) -> list[str]:
    """Queries for qualified leads who may be the same people: same e-mail, phone or postcode."""
    queries: list[str] = []
    for name in ("Email", "Phone"):
        queries += chunks(
            _KNOWN, name, sorted({str(row.values[name]) for row in rows if row.values.get(name)})
        )
    codes = {str(row.values["PostalCode"]) for row in rows if row.values.get("PostalCode")}
    return queries + chunks(_KNOWN, "PostalCode", sorted({way for code in codes for way in spellings(code)}))


def spellings(postcode: str) -> set[str]:
    """The ways a postcode is written: as it is, without blanks, Dutch ones with the blank (SOQL ignores case)."""
    bare = "".join(postcode.split())
    return (
        {postcode, bare, f"{bare[:4]} {bare[4:]}"}
        if len(bare) == _DUTCH and bare[:4].isdigit()
        else {postcode, bare}
    )


def person_of(key: str, values: Record) -> Person:
    """The person behind a lead's values; a lead without a submission time counts from its creation."""
    when = values.get("Submitted_At__c") or values.get("CreatedDate")
    return Person(
        key=key,
        first_name=values.get("FirstName") or "",
        last_name=values.get("LastName") or "",
        email=values.get("Email") or "",
        phone=values.get("Phone") or "",
        street=values.get("Street") or "",
        postcode=values.get("PostalCode") or "",
        when=datetime.fromisoformat(str(when)).astimezone(UTC),
    )


def same_person_as(match: Match) -> Reason:
    """Whom a submission repeats, and by what that is known."""
    return Reason("same_person", "same person as {first} ({why})", first=match.first, why=_WHY[match.why])


_WHY = {
    "e-mail": Reason("same_email", "e-mail"),
    "phone and name": Reason("same_phone", "phone and name"),
    "name and address": Reason("same_address", "name and address"),
}


@dataclass(frozen=True, slots=True)
class Submissions:
    """What intake read: mapped rows, the leads that they are already, the people who sent forms before."""

    rows: Sequence[MappedRow]
    existing: Mapping[str, Record]
    known: Sequence[Record]

    def repeats(self, window: timedelta) -> dict[str, Match]:
        sound = [person_of(str(row.key), row.values) for row in self.rows if row.problem is None]
        known = {record["Id"]: person_of(record[KEY_FIELD], record) for record in self.known}
        return find_repeats(sound, known.values(), window)


class TakeWebForms(FileStep[Submissions]):
    """Loads a file of submissions by upsert on the submission id."""

    name = "intake"
    about = "Form submissions become qualified leads."

    def __init__(self, file: FileRows, settings: IntakeSettings) -> None:
        super().__init__(file)
        self._settings = settings
        self._repeats: dict[str, Match] = {}

    def select(self, look: Look, expected: Sequence[Any]) -> Submissions:
        sound = [row for row in self.file.rows if row.problem is None]
        fields = ", ".join(sorted({"Id", KEY_FIELD, "IsConverted", *(sound[0].values if sound else ())}))
        existing = chunks(
            f"SELECT {fields} FROM Lead WHERE {{}}", KEY_FIELD, sorted({str(r.key) for r in sound})
        )
        pages = look.org.query_many([*existing, *_known_queries(sound)])
        found = [record for page in pages[: len(existing)] for record in page]
        known = [record for page in pages[len(existing) :] for record in page]
        return Submissions(self.file.rows, {record[KEY_FIELD]: record for record in found}, known)

    def decide(self, selected: Submissions) -> list[Decision]:
        self._repeats = selected.repeats(self._settings.window)
        return super().decide(selected)

    def decide_row(self, row: MappedRow, selected: Submissions) -> Decision:
        key = str(row.key)
        existing = selected.existing.get(key)
        match = self._repeats.get(key)
        if match and existing is None:
            return refused(row, Bucket.DUPLICATE, same_person_as(match), "")
        desired = {**row.values, "Intake_Status__c": "Qualified"}
        desired.pop(KEY_FIELD, None)
        if existing is None:
            return Decision(key, number=row.number, phases=((Create("Lead", key, desired),),))
        values = changed({**row.values}, existing)
        if not values:
            return Decision(key, Bucket.UNCHANGED, number=row.number)
        if existing["IsConverted"]:
            reason = Reason("lead_converted", "the lead is converted already and cannot be changed")
            return refused(row, Bucket.CONFLICT, reason, "")
        before = {name: existing.get(name) for name in values}
        return Decision(key, number=row.number, phases=((Update("Lead", existing["Id"], values, before),),))


class WebToLead(Step[Submissions]):
    """Checks leads that web-to-lead made: cleans them, gives them their key, marks them.

    The key is ``W2L-`` and the 18-character id in upper case, which stays unique (Salesforce ids of 18
    characters are made to be safe where case is lost).
    """

    name = "intake"
    about = "Web-to-lead leads are qualified, marked as duplicate, or rejected."

    def __init__(
        self, settings: IntakeSettings, mapping: CompiledMapping, expect: Callable[[Record], Any]
    ) -> None:
        self._settings = settings
        self._mapping = mapping
        self._expect = expect

    def select(self, look: Look, expected: Sequence[Any]) -> Submissions:
        headings = self._mapping.mapping.file.headers
        leads = list(
            look.org.query(
                f"SELECT {', '.join(sorted({'Id', 'OwnerId', 'CreatedDate', *headings}))} FROM Lead "
                f"WHERE IsConverted = false AND LeadSource = 'Web' AND {KEY_FIELD} = null "
                "AND Intake_Status__c = null ORDER BY CreatedDate, Id"
            )
        )
        rows = list(map_records(self._mapping, leads))
        sound = [row for row in rows if row.problem is None]
        pages = look.org.query_many(_known_queries(sound))
        existing = {str(row.key): lead for row, lead in zip(rows, leads, strict=True)}
        return Submissions(rows, existing, [record for page in pages for record in page])

    def decide(self, selected: Submissions) -> list[Decision]:
        repeats = selected.repeats(self._settings.window)
        return [self._decide(row, selected.existing[str(row.key)], repeats) for row in selected.rows]

    def _decide(self, row: MappedRow, lead: Record, repeats: Mapping[str, Match]) -> Decision:
        key = str(row.key)
        match = repeats.get(key)
        if row.problem is not None:
            bucket, reason, mark = Bucket.INVALID, row.problem.text, "Rejected"
        elif match:
            bucket, reason, mark = Bucket.DUPLICATE, str(same_person_as(match)), "Duplicate"
        else:
            bucket, reason, mark = Bucket.APPLIED, "", "Qualified"
        desired = (
            {name: value for name, value in row.values.items() if value is not None}
            if row.problem is None
            else {}
        )
        marks = {KEY_FIELD: key, "Intake_Status__c": mark, "Intake_Reason__c": reason[:255] or None}
        values = changed(desired | marks, lead)
        before = {name: lead.get(name) for name in values}
        return Decision(key, bucket, reason, phases=((Update("Lead", lead["Id"], values, before),),))

    def expect(self, selected: Submissions, decisions: Sequence[Decision]) -> Sequence[Any]:
        good = {decision.key for decision in decisions if decision.bucket is Bucket.APPLIED}
        return [
            self._expect({**selected.existing[str(row.key)], **row.values})
            for row in selected.rows
            if row.key in good
        ]
