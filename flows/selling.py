"""The steps that give an opportunity its products and close it won."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from flows.sales import (
    Entry,
    Line,
    ProductRules,
    Sale,
    attach_lines,
    entries_soql,
    entry_of,
    leads_soql,
    lines_soql,
    sale_of,
)
from sfsync.engine.flow import Decision, Look, Step
from sfsync.languages.reason import Reason
from sfsync.records import KEY_FIELD, Bucket, Create, Update, changed


class CloseSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: str = ""
    """The stage of a won opportunity; empty: the first that the org offers."""


@dataclass(frozen=True, slots=True)
class Selling:
    """What `products` and `close` read: sales with their lines, and what the rules need to know."""

    sales: Sequence[Sale]
    entries: Sequence[Entry] = ()
    stage: str = ""


def _wanted(rules: ProductRules, sale: Sale, entries: Sequence[Entry]) -> tuple[str | None, list[Line], str]:
    """The price book id and lines that the rules give this sale, or why they cannot."""
    lead = sale.lead
    book = rules.price_book(str(lead.get("Country") or ""))
    if book is None:
        text = "no price book serves the country {country}"
        return None, [], Reason("no_price_book", text, country=str(lead.get("Country")))
    priced = {entry.product: entry for entry in entries if entry.price_book == book}
    products = rules.products_for(str(lead.get("Subscription_Plan__c") or ""))
    missing = [product for product in products if product not in priced]
    if missing:
        text = "the price book {book} has no active entry for {products}"
        return None, [], Reason("no_price", text, book=repr(book), products=", ".join(missing))
    lines = [
        Line(f"{sale.key}:{product}", priced[product].id, sale.cards, priced[product].price)
        for product in products
    ]
    return priced[products[0]].price_book_id, lines, ""


class Products(Step[Selling]):
    """Gives each open opportunity its key, price book and products."""

    name = "products"
    about = "Opportunities get their price book and products."
    consumes = (Sale,)

    def __init__(self, rules: ProductRules) -> None:
        self._rules = rules

    def select(self, look: Look, expected: Sequence[Any]) -> Selling:
        leads, lines, entries = look.org.query_many(
            [
                leads_soql("IsConverted = true AND ConvertedOpportunity.IsClosed = false"),
                lines_soql("Opportunity.IsClosed = false"),
                entries_soql(self._rules),
            ]
        )
        return Selling([*attach_lines(map(sale_of, leads), lines), *expected], list(map(entry_of, entries)))

    def decide(self, selected: Selling) -> list[Decision]:
        return [self._decide(sale, selected.entries) for sale in selected.sales]

    def _decide(self, sale: Sale, entries: Sequence[Entry]) -> Decision:
        book, lines, problem = _wanted(self._rules, sale, entries)
        if problem:
            hint = Reason("see_products", "See products in config/charge_card.yaml.")
            return Decision(sale.key, Bucket.FAILED, problem, suggestion=hint)
        before = {KEY_FIELD: sale.opportunity_key, "Pricebook2Id": sale.price_book_id}
        # A price book cannot change under lines that are there: then it stays as it is.
        wanted = {KEY_FIELD: sale.key} | ({} if sale.lines else {"Pricebook2Id": book})
        values = changed(wanted, before)
        opportunity = (Update("Opportunity", str(sale.opportunity_id), values, before),) if values else ()
        new = tuple(
            Create(
                "OpportunityLineItem",
                line.key,
                {
                    "OpportunityId": sale.opportunity_id,
                    "PricebookEntryId": line.entry_id,
                    "Quantity": line.quantity,
                    "UnitPrice": line.price,
                },
            )
            for line in lines
            if line.key not in sale.lines
        )
        bucket = Bucket.APPLIED if opportunity or new else Bucket.UNCHANGED
        return Decision(sale.key, bucket, phases=(opportunity, new))

    def expect(self, selected: Selling, decisions: Sequence[Decision]) -> Sequence[Sale]:
        failed = {decision.key for decision in decisions if decision.bucket is Bucket.FAILED}
        sales = []
        for sale in selected.sales:
            if sale.key not in failed:
                book, lines, _ = _wanted(self._rules, sale, selected.entries)
                have = sale.lines.values()
                sales.append(
                    replace(sale, price_book_id=sale.price_book_id or book).with_lines([*lines, *have])
                )
        return sales


class Close(Step[Selling]):
    """Closes opportunities that have all their products."""

    name = "close"
    about = "Opportunities are closed won."
    consumes = (Sale,)

    def __init__(self, settings: CloseSettings, rules: ProductRules) -> None:
        self._settings = settings
        self._rules = rules

    def select(self, look: Look, expected: Sequence[Any]) -> Selling:
        leads, lines, entries, stages = look.org.query_many(
            [
                leads_soql("IsConverted = true AND ConvertedOpportunity.IsClosed = false"),
                lines_soql("Opportunity.IsClosed = false"),
                entries_soql(self._rules),
                "SELECT MasterLabel FROM OpportunityStage WHERE IsActive = true AND IsWon = true ORDER BY SortOrder",
            ]
        )
        stage = self._settings.stage or next((record["MasterLabel"] for record in stages), "")
        known = {sale.key for sale in expected}
        sales = [sale for sale in attach_lines(map(sale_of, leads), lines) if sale.key not in known]
        return Selling([*sales, *expected], list(map(entry_of, entries)), stage)

    def decide(self, selected: Selling) -> list[Decision]:
        decisions = []
        for sale in selected.sales:
            _, lines, _ = _wanted(self._rules, sale, selected.entries)
            if lines and all(line.key in sale.lines for line in lines):
                close = Update("Opportunity", str(sale.opportunity_id), {"StageName": selected.stage})
                decisions.append(Decision(sale.key, phases=((close,),)))
        return decisions

    def expect(self, selected: Selling, decisions: Sequence[Decision]) -> Sequence[Sale]:
        closed = {decision.key for decision in decisions}
        return [sale for sale in selected.sales if sale.key in closed]
