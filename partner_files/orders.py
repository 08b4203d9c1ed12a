"""Orders and their cards: keys of cards, and orders that wait for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sfsync.engine.flow import get
from sfsync.languages.reason import Reason
from sfsync.records import KEY_FIELD, Record

CHECK_NUMBER = Reason("check_order_number", "Check the order number.")

_FURTHER = re.compile(r"^(?P<order>.+)-(?P<number>[1-9][0-9]{0,2})$")


def card_keys(order_key: str, cards: int) -> list[str]:
    """The keys of an order's cards: the order's own, then with -2, -3 … for further cards."""
    return [order_key, *(f"{order_key}-{number}" for number in range(2, cards + 1))]


def order_keys(card_key: str) -> list[str]:
    """The orders a card's key may belong to, best first: an order's own key may end in -2 as well."""
    further = _FURTHER.match(card_key)
    return [card_key, further["order"]] if further and int(further["number"]) > 1 else [card_key]


def card_number(order_key: str, card_key: str) -> int:
    """1 for an order's first card, n for ``<order>-n``."""
    return 1 if card_key == order_key else int(card_key.removeprefix(f"{order_key}-"))


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An activated order and what the allocation partner needs to know of it. Dates are ISO 8601."""

    id: str
    key: str
    cards: int
    account_id: str
    contact_id: str | None
    ordered_on: str
    first_sent: str | None
    recipient: str
    email: str
    company: str
    street: str
    postcode: str
    city: str
    country: str
    issued: frozenset[str] = frozenset()
    """Keys of cards that are assets already."""

    @property
    def open_cards(self) -> list[str]:
        return [key for key in card_keys(self.key, self.cards) if key not in self.issued]


WAITING = (
    f"SELECT Id, {KEY_FIELD}, Number_of_Cards__c, Allocation_Sent_On__c, EffectiveDate, AccountId, Account.Name, "
    "ShipToContactId, ShipToContact.Name, ShipToContact.Email, ShippingStreet, ShippingCity, ShippingPostalCode, "
    f"ShippingCountry, (SELECT {KEY_FIELD} FROM Cards__r WHERE {KEY_FIELD} != null) FROM Order "
    f"WHERE Status = 'Activated' AND {KEY_FIELD} != null"
)


def waiting_order(record: Record) -> WaitingOrder:
    return WaitingOrder(
        id=record["Id"],
        key=record[KEY_FIELD],
        cards=int(record.get("Number_of_Cards__c") or 1),
        account_id=record["AccountId"],
        contact_id=record.get("ShipToContactId"),
        ordered_on=record["EffectiveDate"],
        first_sent=record.get("Allocation_Sent_On__c"),
        recipient=get(record, "ShipToContact.Name") or get(record, "Account.Name") or "",
        email=get(record, "ShipToContact.Email") or "",
        company=get(record, "Account.Name") or "",
        street=record.get("ShippingStreet") or "",
        postcode=record.get("ShippingPostalCode") or "",
        city=record.get("ShippingCity") or "",
        country=record.get("ShippingCountry") or "",
        issued=frozenset(child[KEY_FIELD] for child in children(record, "Cards__r")),
    )


def children(record: Record, relationship: str) -> Iterable[Record]:
    """The records of a sub-query; the org gives null, not an empty list, where there are none."""
    found = record.get(relationship)
    return found["records"] if found else ()
