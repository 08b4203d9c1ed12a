"""How the org is judged in the end: the picture to compare, and what must hold whatever people did meanwhile."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sfsync.records import Bucket
from tests.simulation.world import World


class Violation(AssertionError):
    """A promise was broken; the message says which."""


def picture(world: World) -> dict[str, Any]:
    """The org as a customer sees it: keys, statuses, amounts, links by key; no ids, no times."""
    queries = {
        "leads": "SELECT Sfsync_Key__c, LastName, Email, Status, IsConverted, Intake_Status__c, "
        "ConvertedAccount.Name, ConvertedContact.Email, ConvertedOpportunity.Sfsync_Key__c, "
        "ConvertedOpportunity.StageName, ConvertedOpportunity.Amount FROM Lead ORDER BY Sfsync_Key__c, LastName",
        "orders": "SELECT Sfsync_Key__c, Status, TotalAmount, Account.Name, Opportunity.Sfsync_Key__c, "
        "(SELECT Sfsync_Key__c, Quantity, UnitPrice FROM OrderItems ORDER BY Sfsync_Key__c) FROM Order "
        "ORDER BY Sfsync_Key__c",
        "cards": "SELECT Sfsync_Key__c, Card_Id__c, Status, Account.Name, Order__r.Sfsync_Key__c FROM Asset "
        "ORDER BY Sfsync_Key__c",
    }
    shown = {name: _plain(world.org.query(soql)) for name, soql in queries.items()}
    objects = (
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityLineItem",
        "Order",
        "OrderItem",
        "Asset",
        "Lead",
    )
    shown["counts"] = {name: len(world.org.query(f"SELECT Id FROM {name}")) for name in objects}
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if name not in {"url", "attributes"}}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def untouched(wanted: dict[str, Any], touched: set[str]) -> frozenset[str]:
    """The sales that nobody touched, and whose people and companies nobody touched either."""
    leads = wanted["leads"]
    fellows = {mark for lead in leads if _sale(lead["Sfsync_Key__c"], touched) for mark in _marks(lead)}
    return frozenset(lead["Sfsync_Key__c"] for lead in leads if not fellows & set(_marks(lead)))


def only(shown: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    """The part of a picture that belongs to these sales."""
    return {
        name: [record for record in shown[name] if _sale(record["Sfsync_Key__c"], keys)]
        for name in ("leads", "orders", "cards")
    }


def _sale(key: str | None, sales: Iterable[str]) -> bool:
    """Whether a key is that of one of these sales or of one of its cards (``<sale>-2``)."""
    return key is not None and any(
        key == sale or sale.startswith(f"{key}-") or key.startswith(f"{sale}-") for sale in sales
    )


def _marks(lead: dict[str, Any]) -> list[str]:
    account = lead["ConvertedAccount"]
    marks = [lead["Sfsync_Key__c"], str(lead["Email"]).casefold(), account["Name"] if account else None]
    return [mark for mark in marks if mark]


def sound(world: World) -> None:
    """What holds in every org, also where people changed and deleted records. Raises Violation."""
    leads = world.org.query("SELECT ConvertedOpportunityId FROM Lead WHERE IsConverted = true")
    _once("leads of an opportunity", (lead["ConvertedOpportunityId"] for lead in leads))
    opportunities = {record["Id"] for record in world.org.query("SELECT Id FROM Opportunity")}
    if stray := opportunities - {lead["ConvertedOpportunityId"] for lead in leads}:
        raise Violation(f"opportunities without a lead: {sorted(stray)}")
    orders = world.org.query("SELECT OpportunityId FROM Order WHERE OpportunityId != null")
    _once("orders of an opportunity", (order["OpportunityId"] for order in orders))
    items = world.org.query("SELECT OrderId, PricebookEntryId FROM OrderItem")
    _once("lines of an order for a product", ((item["OrderId"], item["PricebookEntryId"]) for item in items))
    lines = world.org.query("SELECT OpportunityId, PricebookEntryId FROM OpportunityLineItem")
    _once("lines for a product", ((line["OpportunityId"], line["PricebookEntryId"]) for line in lines))
    companies = world.org.query(
        "SELECT Registration_Number__c FROM Account WHERE Registration_Number__c != null"
    )
    _once("accounts of a company", (company["Registration_Number__c"] for company in companies))
    cards = world.org.query("SELECT Card_Id__c FROM Asset WHERE Card_Id__c != null")
    _once("assets with a card id", (card["Card_Id__c"] for card in cards))


def _once(what: str, values: Iterable[Any]) -> None:
    twice = {value: count for value, count in Counter(values).items() if count > 1}
    if twice:
        raise Violation(f"{what}, more than one: {twice}")


_MARKS = {
    "convert": "SELECT Sfsync_Key__c FROM Lead WHERE IsConverted = true",
    "order": "SELECT Sfsync_Key__c FROM Order WHERE Status != 'Draft'",
}
"""How the org shows that a step's row was done."""


def honest(world: World, run_id: str) -> None:
    """What a run reports is true: rows applied are done in the org, rows failed are not. Raises Violation."""
    if {"http: rival run", "http: second run", "http: record touched"} & set(world.schedule.struck):
        return  # others had a hand in it since
    for step, soql in _MARKS.items():
        done = {record["Sfsync_Key__c"] for record in world.org.query(soql)}
        for row in world.journal.rows(run_id, step=step, buckets=(Bucket.APPLIED, Bucket.FAILED)):
            if (row.bucket is Bucket.APPLIED) != (row.key in done):
                raise Violation(
                    f"{step} reports {row.key} as {row.bucket.value} ({row.reason}): that is not so"
                )
