"""The step that makes an order from a won opportunity and activates it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flows.sales import Sale, address, attach_lines, leads_soql, lines_soql, sale_of
from partner_files.orders import WaitingOrder
from sfsync.engine.flow import Decision, Look, Step, expected_id
from sfsync.records import KEY_FIELD, Create, Record

_NOT_ORDERED = "(SELECT OpportunityId FROM Order WHERE Status != 'Draft' AND OpportunityId != null)"


@dataclass(frozen=True, slots=True)
class Ordering:
    """Won sales without an active order, and what an interrupted run already made of their orders."""

    sales: Sequence[Sale]
    today: date
    drafts: frozenset[str] = frozenset()
    items: frozenset[str] = field(default_factory=frozenset)


class Orders(Step[Ordering]):
    """Makes the order (Draft), its products, and activates it: three phases, each keyed, each repeatable.

    An order must be created as a draft and needs a product before it can be activated
    (Salesforce Object Reference: Order, "Status").
    """

    name = "order"
    about = "Won opportunities become activated orders."
    consumes = (Sale,)

    def select(self, look: Look, expected: Sequence[Any]) -> Ordering:
        leads, lines, drafts, items = look.org.query_many(
            [
                leads_soql(
                    "IsConverted = true AND ConvertedOpportunity.IsWon = true "
                    f"AND ConvertedOpportunityId NOT IN {_NOT_ORDERED}"
                ),
                lines_soql(f"Opportunity.IsWon = true AND OpportunityId NOT IN {_NOT_ORDERED}"),
                f"SELECT {KEY_FIELD} FROM Order WHERE Status = 'Draft' AND {KEY_FIELD} != null",
                f"SELECT {KEY_FIELD} FROM OrderItem WHERE Order.Status = 'Draft' AND {KEY_FIELD} != null",
            ]
        )
        won = [sale for sale in attach_lines(map(sale_of, leads), lines) if sale.lines]
        return Ordering([*won, *expected], look.today, _keys(drafts), _keys(items))

    def decide(self, selected: Ordering) -> list[Decision]:
        return [self._decide(sale, selected) for sale in selected.sales]

    def _decide(self, sale: Sale, selected: Ordering) -> Decision:
        order = Create(
            "Order",
            sale.key,
            {
                "AccountId": sale.account_id,
                "OpportunityId": sale.opportunity_id,
                "Pricebook2Id": sale.price_book_id,
                "EffectiveDate": selected.today.isoformat(),
                "Status": "Draft",
                "ShipToContactId": sale.contact_id,
                "Number_of_Cards__c": sale.cards,
                **address(sale.lead, "Billing"),
                **address(sale.lead, "Shipping"),
            },
        )
        items = tuple(
            Create(
                "OrderItem",
                line.key,
                {
                    "Order": {KEY_FIELD: sale.key},
                    "PricebookEntryId": line.entry_id,
                    "Quantity": line.quantity,
                    "UnitPrice": line.price,
                },
            )
            for line in sale.lines.values()
            if line.key not in selected.items
        )
        activate = Create("Order", sale.key, {"Status": "Activated"})
        draft = () if sale.key in selected.drafts else (order,)
        return Decision(sale.key, phases=(draft, items, (activate,)))

    def expect(self, selected: Ordering, decisions: Sequence[Decision]) -> Sequence[WaitingOrder]:
        return [
            WaitingOrder(
                id=expected_id(number),
                key=sale.key,
                cards=sale.cards,
                account_id=expected_id(number),
                contact_id=None,
                ordered_on=selected.today.isoformat(),
                first_sent=None,
                recipient=_recipient(sale.lead),
                email=sale.lead.get("Email") or "",
                company=sale.lead.get("Company") or "",
                street=sale.lead.get("Street") or "",
                postcode=sale.lead.get("PostalCode") or "",
                city=sale.lead.get("City") or "",
                country=sale.lead.get("Country") or "",
            )
            for number, sale in enumerate(selected.sales, start=1)
        ]


def _recipient(lead: Record) -> str:
    return f"{lead.get('FirstName') or ''} {lead.get('LastName') or ''}".strip()


def _keys(records: Sequence[Record]) -> frozenset[str]:
    return frozenset(record[KEY_FIELD] for record in records)
