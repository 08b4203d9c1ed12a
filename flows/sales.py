"""A sale: what the steps from lead to order know of it, read from the org through the lead that began it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sfsync.engine.flow import get
from sfsync.records import KEY_FIELD, Record
from sfsync.salesforce.soql import in_list


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceBookRule(_Section):
    """Which price book serves which countries; no countries: all others."""

    price_book: str
    countries: tuple[str, ...] = ()


class ProductRule(_Section):
    """A product that is sold to leads with these plans; no plans: to every lead. One for each card."""

    product: str
    plans: tuple[str, ...] = ()


class ProductRules(_Section):
    """The first price book rule that fits counts; every product rule that fits adds a line."""

    price_books: tuple[PriceBookRule, ...] = Field(min_length=1)
    products: tuple[ProductRule, ...] = Field(min_length=1)

    def price_book(self, country: str) -> str | None:
        fits = (rule for rule in self.price_books if not rule.countries or country.upper() in rule.countries)
        return next((rule.price_book for rule in fits), None)

    def products_for(self, plan: str) -> list[str]:
        return [rule.product for rule in self.products if not rule.plans or plan in rule.plans]


@dataclass(frozen=True, slots=True)
class Entry:
    """A price book entry."""

    id: str
    price_book_id: str
    price_book: str
    product: str
    price: float


@dataclass(frozen=True, slots=True)
class Line:
    """A product on an opportunity or an order, under its key."""

    key: str
    entry_id: str
    quantity: float
    price: float


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale on its way from lead to order. Ids are None as long as the org has no such record."""

    key: str
    lead: Record
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None
    opportunity_key: str | None = None
    price_book_id: str | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)

    @property
    def cards(self) -> int:
        return int(self.lead.get("Number_of_Cards__c") or 1)

    def with_lines(self, lines: Iterable[Line]) -> "Sale":
        return replace(self, lines={line.key: line for line in lines})


LEAD_FIELDS = (
    f"Id, {KEY_FIELD}, FirstName, LastName, Company, Email, Phone, Street, City, PostalCode, Country, OwnerId, "
    "Number_of_Cards__c, Subscription_Plan__c, Customer_Type__c, Registration_Number__c, "
    "ConvertedAccountId, ConvertedContactId, ConvertedOpportunityId, "
    f"ConvertedOpportunity.{KEY_FIELD}, ConvertedOpportunity.Pricebook2Id"
)


def leads_soql(where: str) -> str:
    """The query for qualified leads; all steps read a sale in this one way."""
    return (
        f"SELECT {LEAD_FIELDS} FROM Lead WHERE Intake_Status__c = 'Qualified' AND {KEY_FIELD} != null AND {where} "
        f"ORDER BY Submitted_At__c NULLS LAST, Id"
    )


def sale_of(lead: Record) -> Sale:
    return Sale(
        key=str(lead[KEY_FIELD]),
        lead=lead,
        account_id=lead.get("ConvertedAccountId"),
        contact_id=lead.get("ConvertedContactId"),
        opportunity_id=lead.get("ConvertedOpportunityId"),
        opportunity_key=get(lead, f"ConvertedOpportunity.{KEY_FIELD}"),
        price_book_id=get(lead, "ConvertedOpportunity.Pricebook2Id"),
    )


def lines_soql(where: str) -> str:
    return (
        f"SELECT OpportunityId, {KEY_FIELD}, PricebookEntryId, Quantity, UnitPrice FROM OpportunityLineItem "
        f"WHERE {KEY_FIELD} != null AND {where}"
    )


def entries_soql(rules: ProductRules) -> str:
    books = in_list(sorted({rule.price_book for rule in rules.price_books}))
    products = in_list(sorted({rule.product for rule in rules.products}))
    return (
        "SELECT Id, Pricebook2Id, Pricebook2.Name, Product2.ProductCode, UnitPrice FROM PricebookEntry "
        f"WHERE IsActive = true AND Pricebook2.Name IN {books} AND Product2.ProductCode IN {products}"
    )


def entry_of(record: Record) -> Entry:
    return Entry(
        record["Id"],
        record["Pricebook2Id"],
        get(record, "Pricebook2.Name"),
        get(record, "Product2.ProductCode"),
        float(record["UnitPrice"]),
    )


def attach_lines(sales: Iterable[Sale], lines: Sequence[Record]) -> list[Sale]:
    """Sales with the lines that their opportunities hold."""
    by_opportunity: dict[str, list[Line]] = {}
    for record in lines:
        line = Line(record[KEY_FIELD], record["PricebookEntryId"], record["Quantity"], record["UnitPrice"])
        by_opportunity.setdefault(record["OpportunityId"], []).append(line)
    return [sale.with_lines(by_opportunity.get(sale.opportunity_id or "", ())) for sale in sales]


def address(lead: Record, prefix: str) -> dict[str, Any]:
    """The lead's address as the fields of another object: ``Billing``, ``Shipping``."""
    return {prefix + part: lead.get(part) for part in ("Street", "City", "PostalCode", "Country")}
