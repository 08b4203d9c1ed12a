"""Orders that wait for cards, and answers as partners write them."""

from pathlib import Path

from sfsync.demo.partners import card_id
from tests.conftest import House


def order_keys(house: House, cards: int = 1) -> list[str]:
    """Keys of the orders with so many cards, made by the flow."""
    found = house.records(
        f"SELECT Sfsync_Key__c FROM Order WHERE Number_of_Cards__c = {cards} ORDER BY Sfsync_Key__c"
    )
    return [order["Sfsync_Key__c"] for order in found]


def allocation(path: Path, rows: list[tuple[str, str]]) -> Path:
    """The allocation partner's answer: order number and card number."""
    lines = ["Order number;Card number;Ship date", *(f"{key};{card};03-04-2026" for key, card in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def activation(path: Path, rows: list[tuple[str, str, str, str]]) -> Path:
    """The activation partner's answer: order number, card number, result, reason."""
    lines = ["Order number,Card number,Result,Reason", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def issue(house: House, path: Path) -> dict[str, str]:
    """Issue every card of every order; card key → card id."""
    orders = house.records("SELECT Sfsync_Key__c, Number_of_Cards__c FROM Order")
    keys = [
        key
        for order in orders
        for key in (
            order["Sfsync_Key__c"],
            *(f"{order['Sfsync_Key__c']}-{n}" for n in range(2, int(order["Number_of_Cards__c"]) + 1)),
        )
    ]
    house.take("allocation", allocation(path, [(key, card_id(key)) for key in keys]))
    return {key: card_id(key) for key in keys}
