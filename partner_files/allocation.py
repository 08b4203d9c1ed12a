"""The allocation partner: fetches a file of all cards to issue, returns it with the card id for each.

Out: one row a card. An order stays in the file until its cards have come back, with the date it was first sent.
In: each card becomes an Asset on the customer's account, keyed by the card's key; the card id is unique in the
org, so that one card can never belong to two customers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from partner_files.order_status import CardIssued, CardStatus, OrderStatus, StillMissing
from partner_files.orders import CHECK_NUMBER, WAITING, WaitingOrder, card_number, order_keys, waiting_order
from sfsync.engine.files import FileStep, refused
from sfsync.engine.flow import Decision, FileRows, Hands, Look, PartnerFile, Result, Step, get
from sfsync.languages.reason import Reason
from sfsync.mapping.rows import MappedRow
from sfsync.project import Content
from sfsync.records import KEY_FIELD, Bucket, Create, Record, Update
from sfsync.salesforce.soql import chunks
from sfsync.tabular.write import write_table

KEY_HAS_CARD = Reason("key_has_card", "this card key has another card already")
NO_ORDER = Reason("no_order", "no order has this number")
NOT_ACTIVATED = Reason("not_activated", "the order is not activated yet")

ROW_FIELDS = (
    "card_key", "order_key", "recipient", "company", "email", "street", "postcode", "city", "country",
    "ordered_on", "first_sent",
)  # fmt: skip


class AllocationSettings(BaseModel):
    """The ``allocation`` section of ``config/charge_card.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = "cards-to-issue.xlsx"
    """Name of the file in the outbox; its ending decides the format."""
    columns: dict[str, str]
    """Heading in the file → what stands in it (one of ``ROW_FIELDS``)."""
    product: str = "CARD"
    """Product code of a card."""


def partner_file(content: Content) -> PartnerFile:
    settings = content.settings("charge_card", AllocationSettings, section="allocation")
    return PartnerFile(
        name="allocation",
        about="Cards to issue go out; issued cards with their ids come back.",
        family="charge_card",
        mapping="allocation",
        take=lambda file: TakeAllocations(file, settings),
        then=lambda file: (OrderStatus(_keys_of(file)), StillMissing()),
        give=lambda _: PutOutAllocations(settings),
    )


class PutOutAllocations(Step["Waiting"]):
    """Writes the file of all cards to issue, and dates the orders that are in it for the first time."""

    name = "allocation_out"
    about = "The allocation partner's file of cards to issue."
    consumes = (WaitingOrder, CardIssued)

    def __init__(self, settings: AllocationSettings) -> None:
        self._settings = settings

    def select(self, look: Look, expected: Sequence[Any]) -> "Waiting":
        found = look.org.query(f"{WAITING} ORDER BY EffectiveDate, {KEY_FIELD}")
        orders = [
            *map(waiting_order, found),
            *(order for order in expected if isinstance(order, WaitingOrder)),
        ]
        issued = frozenset(card.card_key for card in expected if isinstance(card, CardIssued))
        if issued:
            orders = [replace(order, issued=order.issued | issued) for order in orders]
        return Waiting(tuple(orders), look.today.isoformat())

    def decide(self, selected: "Waiting") -> list[Decision]:
        return [self._decide(order, selected.today) for order in selected.orders if order.open_cards]

    def _decide(self, order: WaitingOrder, today: str) -> Decision:
        if order.first_sent:
            return Decision(
                order.key,
                Bucket.UNCHANGED,
                Reason("in_file_since", "in the file since {day}", day=order.first_sent),
            )
        mark = Update("Order", order.id, {"Allocation_Sent_On__c": today})
        return Decision(order.key, phases=((mark,),))

    def apply(self, selected: "Waiting", decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        rows = [row for order in selected.orders for row in self._rows(order, selected.today)]
        headings = list(self._settings.columns)
        fields = list(self._settings.columns.values())

        def make(path: Path) -> None:
            write_table(path, headings, [[row[name] for name in fields] for row in rows], sheet="Cards")

        hands.outbox("allocation", self._settings.file, make)
        return hands.write(decisions)

    def _rows(self, order: WaitingOrder, today: str) -> list[dict[str, object]]:
        return [
            {
                "card_key": key,
                "order_key": order.key,
                "recipient": order.recipient,
                "company": order.company,
                "email": order.email,
                "street": order.street,
                "postcode": order.postcode,
                "city": order.city,
                "country": order.country,
                "ordered_on": date.fromisoformat(order.ordered_on),
                "first_sent": date.fromisoformat(order.first_sent or today),
            }
            for key in order.open_cards
        ]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What `allocation_out` read: orders with cards to issue, and the day."""

    orders: tuple[WaitingOrder, ...]
    today: str


@dataclass(frozen=True, slots=True)
class Cards:
    """What the org knows of the cards in a file: their orders by key, issued cards by key and by card id."""

    orders: Mapping[str, Record]
    by_key: Mapping[str, Record]
    by_card: Mapping[str, Record]
    product_id: str | None


class TakeAllocations(FileStep[Cards]):
    """Reconciles a returned file: every row ends in one bucket, nothing is written for a row in doubt."""

    name = "allocation_in"
    about = "Issued cards become assets."

    def __init__(self, file: FileRows, settings: AllocationSettings) -> None:
        super().__init__(file)
        self._settings = settings

    def select(self, look: Look, expected: Sequence[Any]) -> Cards:
        sound = [row for row in self.file.rows if row.problem is None]
        keys = sorted({row.key for row in sound})
        orders = sorted({order for key in keys for order in order_keys(key)})
        cards = sorted({row.values["Card_Id__c"] for row in sound})
        asset = f"SELECT Id, {KEY_FIELD}, Card_Id__c, AccountId, Order__r.{KEY_FIELD} FROM Asset"
        queries = {
            "orders": chunks(
                f"SELECT Id, {KEY_FIELD}, Status, Number_of_Cards__c, AccountId, ShipToContactId "
                "FROM Order WHERE {}",
                KEY_FIELD,
                orders,
            ),
            "by_key": chunks(asset + " WHERE {}", KEY_FIELD, keys),
            "by_card": chunks(asset + " WHERE {}", "Card_Id__c", cards),
            "product": chunks("SELECT Id FROM Product2 WHERE {}", "ProductCode", [self._settings.product]),
        }
        found = iter(look.org.query_many([soql for soqls in queries.values() for soql in soqls]))
        pages = {name: [record for _ in soqls for record in next(found)] for name, soqls in queries.items()}
        return Cards(
            {record[KEY_FIELD]: record for record in pages["orders"]},
            {record[KEY_FIELD]: record for record in pages["by_key"]},
            {record["Card_Id__c"]: record for record in pages["by_card"]},
            next((record["Id"] for record in pages["product"]), None),
        )

    def decide_row(self, row: MappedRow, selected: Cards) -> Decision:
        key, card = str(row.key), row.values["Card_Id__c"]
        issued = selected.by_key.get(key)
        if issued is not None:
            if issued["Card_Id__c"] == card:
                return Decision(key, Bucket.UNCHANGED, number=row.number)
            return refused(row, Bucket.CONFLICT, KEY_HAS_CARD, "card_id")
        holder = selected.by_card.get(card)
        if holder is not None:
            other = str(get(holder, KEY_FIELD))
            reason = Reason("card_issued", "this card was issued already, for {other}", other=other)
            return refused(row, Bucket.CONFLICT, reason, "card_id")
        order = next((selected.orders[name] for name in order_keys(key) if name in selected.orders), None)
        if order is None:
            return refused(row, Bucket.NOT_FOUND, NO_ORDER, "card_key", CHECK_NUMBER)
        cards = int(order.get("Number_of_Cards__c") or 1)
        if card_number(order[KEY_FIELD], key) > cards:
            reason = Reason("order_cards", "the order is for {cards} cards", cards=cards)
            return refused(row, Bucket.NOT_FOUND, reason, "card_key")
        if order["Status"] == "Draft":
            return refused(row, Bucket.CONFLICT, NOT_ACTIVATED, "card_key")
        values = {
            "AccountId": order["AccountId"],
            "ContactId": order.get("ShipToContactId"),
            "Product2Id": selected.product_id,
            "Order__c": order["Id"],
            "Quantity": 1,
            **{name: value for name, value in row.values.items() if name != KEY_FIELD},
        }
        return Decision(key, number=row.number, phases=((Create("Asset", key, values),),))

    def expect(self, selected: Cards, decisions: Sequence[Decision]) -> Sequence[CardStatus]:
        issued = [decision.key for decision in decisions if decision.bucket is Bucket.APPLIED]
        owners = {key: next(name for name in order_keys(key) if name in selected.orders) for key in issued}
        return [CardStatus(owners[key], key, "Shipped") for key in issued]


def _keys_of(file: FileRows) -> frozenset[str]:
    """The orders that a file may have touched."""
    return frozenset(order for row in file.rows if row.key for order in order_keys(row.key))
