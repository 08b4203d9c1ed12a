"""Keys of cards and the orders they belong to, also for orders whose own key looks like that of a card."""

from hypothesis import given
from hypothesis import strategies as st

from partner_files.orders import WaitingOrder, card_keys, card_number, children, order_keys, waiting_order
from sfsync.records import KEY_FIELD

KEYS = st.one_of(
    st.from_regex(r"WF-20[0-9]{8}", fullmatch=True),
    st.from_regex(r"W2L-00Q[A-Z0-9]{15}", fullmatch=True),
    st.from_regex(r"[A-Z]{1,3}(-[0-9]{1,3}){1,3}", fullmatch=True),
    st.sampled_from(["A-2", "A-2-2", "A-1", "A-02", "2", "-2", "A-", "A-20", "É-2"]),
)


@given(KEYS, st.integers(1, 40))
def test_every_card_leads_back_to_its_order_and_its_number(order: str, cards: int) -> None:
    keys = card_keys(order, cards)
    assert keys[0] == order
    assert len(set(keys)) == len(keys) == cards
    for number, key in enumerate(keys, start=1):
        assert order in order_keys(key)
        assert card_number(order, key) == number


@given(KEYS)
def test_a_key_is_first_of_all_that_of_its_own_order(key: str) -> None:
    found = order_keys(key)
    assert found[0] == key
    assert len(found) <= 2
    for order in found:
        number = card_number(order, key)
        assert key == (order if number == 1 else f"{order}-{number}")


def test_orders_that_end_like_cards() -> None:
    assert card_keys("WF-1-2", 2) == ["WF-1-2", "WF-1-2-2"]
    assert order_keys("WF-1-2-2") == ["WF-1-2-2", "WF-1-2"]
    assert order_keys("WF-1-2") == ["WF-1-2", "WF-1"]
    assert order_keys("WF-1") == ["WF-1"]
    assert order_keys("WF-02") == ["WF-02"]


def test_an_order_waits_for_the_cards_that_are_not_issued() -> None:
    record = {
        "Id": "801", KEY_FIELD: "A-2", "Number_of_Cards__c": 3.0, "AccountId": "001", "EffectiveDate": "2026-03-01",
        "Account": {"Name": "Volt BV"}, "ShipToContact": None,
        "Cards__r": {"records": [{KEY_FIELD: "A-2-2"}]},
    }  # fmt: skip
    order = waiting_order(record)
    assert order.open_cards == ["A-2", "A-2-3"]
    assert (order.recipient, order.company, order.email, order.city) == ("Volt BV", "Volt BV", "", "")


@given(KEYS, st.integers(1, 9), st.data())
def test_open_and_issued_cards_are_all_cards(key: str, cards: int, data: st.DataObject) -> None:
    issued = frozenset(data.draw(st.lists(st.sampled_from(card_keys(key, cards)))))
    order = WaitingOrder("801", key, cards, "001", None, "", None, *[""] * 7, issued=issued)
    assert {*order.open_cards} | issued == set(card_keys(key, cards))
    assert not {*order.open_cards} & issued


def test_no_children_are_an_empty_list() -> None:
    assert list(children({"Cards__r": None}, "Cards__r")) == []
    assert list(children({}, "Cards__r")) == []
