"""Lead conversion: one lead becomes, or joins, an account and a contact, with an opportunity if wanted.

SOAP API guide, "convertLead()". The field mapping of a fresh org, and the mappings of LeadConvertSettings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfsync.mockorg import ids, problems
from sfsync.mockorg.dml import Dml
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rules.base import DmlOptions
from sfsync.mockorg.rules.history import follow, note
from sfsync.mockorg.soql.dates import last_day_of_quarter
from sfsync.mockorg.store import Row

_ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
_ACCOUNT = {
    "Company": "Name",
    "Phone": "Phone",
    "Fax": "Fax",
    "Website": "Website",
    "Industry": "Industry",
    "Rating": "Rating",
    "AnnualRevenue": "AnnualRevenue",
    "NumberOfEmployees": "NumberOfEmployees",
    "LeadSource": "AccountSource",
    **{part: f"Billing{part}" for part in _ADDRESS},
}
_SAME = (
    "LastName", "FirstName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Email", "LeadSource",
    "Description", "HasOptedOutOfEmail",
)  # fmt: skip
_CONTACT = {**{name: name for name in _SAME}, **{part: f"Mailing{part}" for part in _ADDRESS}}
_OPPORTUNITY = {"LeadSource": "LeadSource"}


@dataclass(frozen=True, slots=True)
class LeadConvert:
    """One lead to convert, as SOAP's LeadConvert."""

    lead_id: str
    converted_status: str
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None
    opportunity_name: str | None = None
    do_not_create_opportunity: bool = False
    overwrite_lead_source: bool = False
    owner_id: str | None = None
    send_notification_email: bool = False


@dataclass(frozen=True, slots=True)
class LeadConverted:
    """What a lead became; ``opportunity_id`` is None when none was wanted."""

    lead_id: str
    account_id: str
    contact_id: str
    opportunity_id: str | None


class LeadConverter:
    """Converts leads, one at a time, each entirely or not at all. ``mappings``: (Lead field, object, field)."""

    def __init__(self, dml: Dml, mappings: Sequence[tuple[str, str, str]]) -> None:
        self._dml = dml
        self._world = dml.world
        self._store = dml.world.store
        self._leads = dml.world.schema.objects["Lead"]
        self._maps = {"Account": dict(_ACCOUNT), "Contact": dict(_CONTACT), "Opportunity": dict(_OPPORTUNITY)}
        for source, target, name in mappings:
            if target in self._maps:
                self._maps[target][source] = name

    def convert(self, request: LeadConvert) -> LeadConverted:
        """Convert one lead; raises Refused and then nothing has changed."""
        lead = self._lead(request)
        owner = self._owner(request, lead)
        with self._store.transaction():
            account_id = self._account(request, lead, owner)
            contact_id = self._contact(request, lead, owner, account_id)
            opportunity_id = self._opportunity(request, lead, owner, account_id, contact_id)
            self._world.touch(
                "Lead",
                lead["Id"],
                {
                    "IsConverted": 1,
                    "Status": self._status(request),
                    "ConvertedDate": self._world.clock.today().isoformat(),
                    "ConvertedAccountId": account_id,
                    "ConvertedContactId": contact_id,
                    "ConvertedOpportunityId": opportunity_id,
                    "IsUnreadByOwner": 0,
                },
            )
            follow(self._world, self._leads, lead, self._store.row("Lead", lead["Id"]) or lead)
            note(self._world, self._leads, lead["Id"], "leadConverted")
            self._move_activities(lead["Id"], contact_id)
            self._move_memberships(lead["Id"], contact_id, opportunity_id)
        return LeadConverted(lead["Id"], account_id, contact_id, opportunity_id)

    def _lead(self, request: LeadConvert) -> Row:
        known = ids.normalise(request.lead_id)
        if known is None or not known.startswith("00Q"):
            raise problems.malformed_id("Lead ID", request.lead_id, "leadId")
        lead = self._store.row("Lead", known)
        if lead is None:
            raise problems.bad_reference("leadId")
        if lead["IsDeleted"]:
            raise problems.deleted()
        if lead["IsConverted"]:
            raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        status = self._store.rows(
            "LeadStatus", "MasterLabel = ? AND IsConverted = 1", (request.converted_status,)
        )
        if not status:
            raise Refused("INVALID_STATUS", f"invalid convertedStatus: {request.converted_status}")
        if request.contact_id and not request.account_id:
            raise Refused("REQUIRED_FIELD_MISSING", "contactId requires accountId", fields=["accountId"])
        if request.overwrite_lead_source and not request.contact_id:
            raise Refused(
                "REQUIRED_FIELD_MISSING", "overwriteLeadSource requires contactId", fields=["contactId"]
            )
        if (request.opportunity_name or request.opportunity_id) and request.do_not_create_opportunity:
            raise problems.integrity("opportunity given although doNotCreateOpportunity is true")
        if request.opportunity_name and request.opportunity_id:
            raise problems.integrity("either opportunityId or opportunityName, not both")
        if len(request.opportunity_name or "") > 80:
            message = f"Opportunity Name: data value too large: {request.opportunity_name} (max length=80)"
            raise Refused("STRING_TOO_LONG", message, fields=["opportunityName"])
        return lead

    def _status(self, request: LeadConvert) -> str | None:
        """The value of the converted status, which is named by its label."""
        where = '"MasterLabel" = ? AND "IsConverted" = 1'
        found = self._store.rows("LeadStatus", where, (request.converted_status,))
        return str(found[0]["ApiName"]) if found else None

    def _owner(self, request: LeadConvert, lead: Row) -> str:
        given = ids.normalise(request.owner_id) if request.owner_id else lead["OwnerId"]
        if given is None:
            raise problems.malformed_id("Owner ID", request.owner_id, "ownerId")
        if not given.startswith("005"):
            raise problems.integrity(
                "Converted objects can only be owned by users.  If the lead is not owned by a user, you must specify "
                "a user for the Owner field.",
                "ownerId",
            )
        return str(given)

    def _mapped(self, lead: Row, target: str) -> Row:
        fields = self._world.schema.objects[target].fields
        found: Row = {}
        for source, name in self._maps[target].items():
            value = lead.get(source)
            if value is not None and name in fields:
                # Only what the target has room for: an org cuts nothing, a longer text is refused on insert.
                found[fields[name].name] = bool(value) if fields[name].type == "boolean" else value
        return found

    def _fill(
        self, object_name: str, record_id: str, values: Mapping[str, Any], overwrite: Sequence[str] = ()
    ) -> Row:
        """Fill only what is empty in an existing record; returns it as it was."""
        known = ids.normalise(record_id)
        row = self._store.row(object_name, known) if known else None
        if row is None:
            raise problems.bad_reference(f"{object_name.lower()}Id")
        if row["IsDeleted"]:
            raise problems.deleted()
        fields = self._world.schema.objects[object_name].fields
        missing = {
            name: value
            for name, value in values.items()
            if (row[name] is None or name in overwrite) and fields[name].type != "boolean"
        }
        if missing:
            self._dml.update(object_name, row["Id"], missing, DmlOptions())
        return row

    def _account(self, request: LeadConvert, lead: Row, owner: str) -> str:
        values = self._mapped(lead, "Account")
        if request.account_id:
            return str(self._fill("Account", request.account_id, values)["Id"])
        return self._dml.insert("Account", {**values, "OwnerId": owner}, DmlOptions())

    def _contact(self, request: LeadConvert, lead: Row, owner: str, account_id: str) -> str:
        values = self._mapped(lead, "Contact")
        if not request.contact_id:
            return self._dml.insert(
                "Contact", {**values, "AccountId": account_id, "OwnerId": owner}, DmlOptions()
            )
        overwrite = ("LeadSource",) if request.overwrite_lead_source else ()
        contact = self._fill("Contact", request.contact_id, values, overwrite)
        if contact["AccountId"] != account_id:
            raise problems.integrity("The contact does not belong to the account", "contactId")
        return str(contact["Id"])

    def _opportunity(
        self, request: LeadConvert, lead: Row, owner: str, account_id: str, contact_id: str
    ) -> str | None:
        if request.do_not_create_opportunity:
            return None
        if request.opportunity_id:
            found = self._fill("Opportunity", request.opportunity_id, self._mapped(lead, "Opportunity"))
            opportunity_id = str(found["Id"])
        else:
            stages = self._store.rows("OpportunityStage", "IsActive = 1 ORDER BY SortOrder LIMIT 1")
            values = {
                "Name": (request.opportunity_name or lead["Company"])[:120],
                "StageName": stages[0]["ApiName"] if stages else None,
                "CloseDate": last_day_of_quarter(self._world.clock.today()).isoformat(),
                "AccountId": account_id,
                "OwnerId": owner,
            }
            given = {**self._mapped(lead, "Opportunity"), **values}
            opportunity_id = self._dml.insert("Opportunity", given, DmlOptions())
        where = '"OpportunityId" = ? AND "ContactId" = ? AND IsDeleted = 0'
        if not self._store.rows("OpportunityContactRole", where, (opportunity_id, contact_id)):
            role = {"OpportunityId": opportunity_id, "ContactId": contact_id, "IsPrimary": True}
            self._dml.insert("OpportunityContactRole", role, DmlOptions())
        return opportunity_id

    def _move_memberships(self, lead_id: str, contact_id: str, opportunity_id: str | None) -> None:
        """Campaign members become the contact; the newest campaign is the opportunity's source."""
        where = '"LeadId" = ? AND IsDeleted = 0 ORDER BY "CreatedDate" DESC, Id DESC'
        for number, row in enumerate(self._store.rows("CampaignMember", where, (lead_id,))):
            changes = {"ContactId": contact_id}
            self._dml.update("CampaignMember", row["Id"], changes, DmlOptions(system=True))
            if opportunity_id and number == 0:
                fresh = self._store.row("Opportunity", opportunity_id) or {}
                if fresh.get("CampaignId") is None:
                    self._dml.update(
                        "Opportunity", opportunity_id, {"CampaignId": row["CampaignId"]}, DmlOptions()
                    )

    def _move_activities(self, lead_id: str, contact_id: str) -> None:
        for name in ("Task", "Event"):
            for row in self._store.rows(name, '"WhoId" = ?', (lead_id,)):
                self._world.touch(name, row["Id"], {"WhoId": contact_id})
