"""Orders follow their cards: *Card Sent* when every card is issued, *Completed* when every card is answered.

The status is derived from the assets in the org, never from what a file said: whatever interrupted the run that
took the file, the next one brings the orders in step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partner_files.orders import WAITING, children, waiting_order
from sfsync.engine.flow import Decision, Hands, Look, Result, Step
from sfsync.records import KEY_FIELD, Record, Update
from sfsync.salesforce.soql import chunks
from sfsync.tabular.write import write_table

SENT, COMPLETED = "Card Sent", "Completed"
ANSWERED = frozenset({"Active", "Refused"})
_LISTED = 2_000
"""Missing orders listed at most: one page of a query."""


@dataclass(frozen=True, slots=True)
class CardStatus:
    """In `plan`: a card that would be issued or answered. ``status`` is the asset's."""

    order_key: str
    card_key: str
    status: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What `order_status` read: orders with their cards, and (in `plan`) the cards that would change."""

    orders: Sequence[Record]
    expected: Sequence[CardStatus]


@dataclass(frozen=True, slots=True)
class CardIssued:
    """In `plan`: a card that would be issued, its order brought in step already."""

    card_key: str


class OrderStatus(Step[Standing]):
    """Moves orders to the status that their cards have earned; of the orders ``keys``, or of all."""

    name = "order_status"
    about = "Orders follow their cards: Card Sent, Completed."
    consumes = (CardStatus,)

    def __init__(self, keys: frozenset[str] | None = None) -> None:
        self._keys = keys

    def select(self, look: Look, expected: Sequence[Any]) -> Standing:
        soql = (
            f"SELECT Id, {KEY_FIELD}, Status, Number_of_Cards__c, (SELECT {KEY_FIELD}, Status FROM Cards__r "
            f"WHERE {KEY_FIELD} != null) FROM Order WHERE Status IN ('Activated', '{SENT}') AND {KEY_FIELD} != null"
        )
        touched = {card.order_key for card in expected}
        if self._keys is not None or touched:
            keys = sorted((self._keys or frozenset()) | touched)
            queries = chunks(soql + " AND {}", KEY_FIELD, keys)
        else:
            queries = []
        if self._keys is None:
            queries = [f"{soql} AND Id IN (SELECT Order__c FROM Asset WHERE Order__c != null)", *queries]
        found = {record["Id"]: record for page in look.org.query_many(queries) for record in page}
        return Standing([_with_expected(record, expected) for record in found.values()], expected)

    def decide(self, selected: Standing) -> list[Decision]:
        decisions = []
        for order in selected.orders:
            earned = earned_status(order)
            if earned and earned != order["Status"]:
                move = Update("Order", order["Id"], {"Status": earned}, {"Status": order["Status"]})
                decisions.append(Decision(order[KEY_FIELD], phases=((move,),)))
        return decisions

    def expect(self, selected: Standing, decisions: Sequence[Decision]) -> Sequence["CardIssued"]:
        return [CardIssued(card.card_key) for card in selected.expected]


def earned_status(order: Record) -> str | None:
    """The status that an order's cards have earned; None while cards are missing."""
    cards = list(children(order, "Cards__r"))
    if len(cards) < int(order.get("Number_of_Cards__c") or 1):
        return None
    return COMPLETED if all(card["Status"] in ANSWERED for card in cards) else SENT


def _with_expected(order: Record, expected: Sequence[CardStatus]) -> Record:
    mine = [card for card in expected if card.order_key == order[KEY_FIELD]]
    if not mine:
        return order
    cards: dict[str, Mapping[str, Any]] = {card[KEY_FIELD]: card for card in children(order, "Cards__r")}
    cards |= {card.card_key: {KEY_FIELD: card.card_key, "Status": card.status} for card in mine}
    return {**order, "Cards__r": {"records": list(cards.values())}}


class StillMissing(Step[Sequence[Record]]):
    """Lists the cards that went out to the allocation partner and have not come back; changes nothing."""

    name = "still_missing"
    about = "Cards that were sent out and have not come back."
    after_all = True

    def select(self, look: Look, expected: Sequence[Any]) -> Sequence[Record]:
        soql = f"{WAITING} AND Allocation_Sent_On__c != null ORDER BY Allocation_Sent_On__c, {KEY_FIELD}"
        (found,) = look.org.query_many([f"{soql} LIMIT {_LISTED}"])
        return found

    def decide(self, selected: Sequence[Record]) -> list[Decision]:
        return []

    def apply(self, selected: Sequence[Record], decisions: Sequence[Decision], hands: Hands) -> list[Result]:
        orders = [waiting_order(record) for record in selected]
        rows = [[key, order.first_sent or ""] for order in orders for key in order.open_cards]
        if rows:
            path = hands.result("still-missing.csv", lambda path: _write(path, rows))
            more = " or more" if len(selected) == _LISTED else ""
            what = "card was sent out and has" if len(rows) == 1 else "cards were sent out and have"
            hands.say(f"{len(rows):,}{more} {what} not come back: {path.name}.")
        return []


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    write_table(path, ["Order number", "First sent"], rows)
