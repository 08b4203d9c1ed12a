"""The step that turns qualified leads into accounts, contacts and opportunities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from flows.sales import Sale, address, leads_soql, sale_of
from sfsync.engine.flow import Decision, Look, Step, expected_id
from sfsync.languages.reason import Reason
from sfsync.people import fold_email, fold_name, names_agree
from sfsync.records import Bucket, ConvertLead, Create, Record
from sfsync.salesforce.soql import chunks, quote

_OWNER = "SELECT Id FROM User WHERE IsActive = true AND (Name = {0} OR Username = {0})"


class ConvertSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str
    """Name or username of the user who gets the records of leads that a queue owns."""
    status: str = ""
    """The converted status; empty: the first that the org offers."""


@dataclass(frozen=True, slots=True)
class Converting:
    """What `convert` read: sales to convert, and the accounts and contacts that may already be theirs."""

    sales: Sequence[Sale]
    status: str
    owner_id: str | None
    contacts: Sequence[Record]
    accounts: Sequence[Record]


class Convert(Step[Converting]):
    """Converts leads 100 a call.

    A lead goes into the contact with its e-mail and an agreeing name, and into the account with its company's
    registration number. A company without an account gets one by upsert on ``ACC-<registration number>`` first:
    so colleagues who send forms at the same moment, in two runs even, share it.
    """

    name = "convert"
    about = "Qualified leads become accounts, contacts and opportunities."
    consumes = (Sale,)

    def __init__(self, settings: ConvertSettings) -> None:
        self._settings = settings

    def select(self, look: Look, expected: Sequence[Any]) -> Converting:
        leads, statuses, users = look.org.query_many(
            [
                leads_soql("IsConverted = false"),
                "SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true ORDER BY SortOrder",
                _OWNER.format(quote(self._settings.owner)),
            ]
        )
        sales = [*map(sale_of, leads), *expected]
        emails = sorted({email for sale in sales if (email := fold_email(sale.lead.get("Email")))})
        numbers = sorted({number for sale in sales if (number := sale.lead.get("Registration_Number__c"))})
        by_email = chunks(
            "SELECT Id, AccountId, FirstName, LastName, Email FROM Contact "
            "WHERE AccountId != null AND {} ORDER BY CreatedDate, Id",
            "Email",
            emails,
        )
        by_number = chunks(
            "SELECT Id, Registration_Number__c FROM Account WHERE {} ORDER BY CreatedDate, Id",
            "Registration_Number__c",
            numbers,
        )
        found = look.org.query_many([*by_email, *by_number])
        return Converting(
            sales,
            self._settings.status or next((status["MasterLabel"] for status in statuses), ""),
            next((user["Id"] for user in users), None),
            [contact for page in found[: len(by_email)] for contact in page],
            [account for page in found[len(by_email) :] for account in page],
        )

    def decide(self, selected: Converting) -> list[Decision]:
        contacts: dict[str, list[Record]] = {}
        for contact in selected.contacts:
            contacts.setdefault(fold_email(contact.get("Email")), []).append(contact)
        accounts: dict[str, str] = {}
        for account in selected.accounts:
            accounts.setdefault(account["Registration_Number__c"], account["Id"])
        seen: set[tuple[str, str, str]] = set()
        decisions = []
        for sale in selected.sales:
            person = _person(sale.lead)
            waits = bool(person[0]) and person in seen
            seen.add(person)
            decisions.append(self._decide(sale, selected, contacts, accounts, waits=waits))
        return decisions

    def _decide(
        self,
        sale: Sale,
        selected: Converting,
        contacts: dict[str, list[Record]],
        accounts: dict[str, str],
        *,
        waits: bool,
    ) -> Decision:
        lead = sale.lead
        queue_owned = str(lead.get("OwnerId", "")).startswith("00G")
        if queue_owned and not selected.owner_id:
            text = "the lead is owned by a queue and no active user is called {owner}"
            reason = Reason("queue_owner", text, owner=repr(self._settings.owner))
            hint = Reason("set_owner", "Set convert: owner in config/charge_card.yaml.")
            return Decision(sale.key, Bucket.FAILED, reason, suggestion=hint)
        email, first, last = _person(lead)
        known = next(
            (
                contact
                for contact in contacts.get(email, ())
                if names_agree(
                    first, last, fold_name(contact.get("FirstName")), fold_name(contact["LastName"])
                )
            ),
            None,
        )
        number = lead.get("Registration_Number__c") or ""
        account_id = accounts.get(number) or (known["AccountId"] if known and not number else None)
        key = f"ACC-{number}" if number and not account_id else None
        convert = ConvertLead(
            lead_id=str(lead["Id"]),
            converted_status=selected.status,
            owner_id=selected.owner_id if queue_owned else None,
            account_id=account_id,
            contact_id=known["Id"] if known and account_id == known["AccountId"] else None,
            opportunity_name=f"{sale.key} {lead['Company']}"[:80],
            account_key=key,
        )
        company = {"Name": lead["Company"], "Registration_Number__c": number, **address(lead, "Billing")}
        before = (Create("Account", key, company),) if key else ()
        return Decision(sale.key, phases=(before, (convert,)), waits=waits)

    def expect(self, selected: Converting, decisions: Sequence[Decision]) -> Sequence[Sale]:
        done = {decision.key for decision in decisions if decision.bucket is Bucket.APPLIED}
        return [
            replace(sale, account_id=expected_id(number), opportunity_id=expected_id(number))
            for number, sale in enumerate(selected.sales, start=1)
            if sale.key in done
        ]


def _person(lead: Record) -> tuple[str, str, str]:
    return fold_email(lead.get("Email")), fold_name(lead.get("FirstName")), fold_name(lead.get("LastName"))
