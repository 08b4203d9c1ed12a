"""The rules that choose price book and products."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.sales import PriceBookRule, ProductRule, ProductRules, attach_lines, entries_soql, sale_of
from sfsync.records import KEY_FIELD

RULES = ProductRules.model_validate(
    {
        "price_books": [
            {"price_book": "Benelux", "countries": ["NL", "BE"]},
            {"price_book": "Dutch", "countries": ["NL"]},
            {"price_book": "Europe"},
            {"price_book": "Never", "countries": ["DE"]},
        ],
        "products": [
            {"product": "CARD"},
            {"product": "PLAN-BASIC", "plans": ["basic"]},
            {"product": "EXTRA", "plans": ["basic", "plus"]},
        ],
    }
)


@pytest.mark.parametrize(
    ("country", "book"),
    [("NL", "Benelux"), ("be", "Benelux"), ("DE", "Europe"), ("FR", "Europe"), ("", "Europe")],
)
def test_the_first_price_book_that_fits_counts(country: str, book: str) -> None:
    assert RULES.price_book(country) == book


def test_without_a_rule_for_all_others_there_may_be_none() -> None:
    rules = ProductRules(
        price_books=(PriceBookRule(price_book="Benelux", countries=("NL",)),), products=RULES.products
    )
    assert rules.price_book("DE") is None
    assert rules.price_book("nl") == "Benelux"


@pytest.mark.parametrize(
    ("plan", "products"),
    [
        ("basic", ["CARD", "PLAN-BASIC", "EXTRA"]),
        ("plus", ["CARD", "EXTRA"]),
        ("pay_per_use", ["CARD"]),
        ("", ["CARD"]),
    ],
)
def test_every_product_rule_that_fits_adds_a_product(plan: str, products: list[str]) -> None:
    assert RULES.products_for(plan) == products


COUNTRIES = st.lists(st.sampled_from(["NL", "BE", "DE"]), max_size=2).map(tuple)


@given(st.lists(COUNTRIES, min_size=1, max_size=5), st.sampled_from(["NL", "be", "DE", "FR"]))
def test_a_price_book_is_chosen_in_the_order_of_the_rules(rules: list[tuple[str, ...]], country: str) -> None:
    books = tuple(PriceBookRule(price_book=str(n), countries=found) for n, found in enumerate(rules))
    chosen = ProductRules(price_books=books, products=(ProductRule(product="CARD"),)).price_book(country)
    fits = [n for n, found in enumerate(rules) if not found or country.upper() in found]
    assert chosen == (str(fits[0]) if fits else None)


@pytest.mark.parametrize("part", ["price_books", "products"])
def test_rules_without_a_price_book_or_product_are_refused(part: str) -> None:
    with pytest.raises(ValidationError):
        ProductRules.model_validate(RULES.model_dump() | {part: []})


def test_entries_are_asked_for_once_and_names_are_quoted() -> None:
    rules = ProductRules(
        price_books=(PriceBookRule(price_book="L'Europe"),) * 2, products=(ProductRule(product="CARD"),) * 2
    )
    soql = entries_soql(rules)
    assert "IN ('L\\'Europe')" in soql
    assert "IN ('CARD')" in soql


def test_a_sale_is_read_from_its_lead() -> None:
    sale = sale_of({KEY_FIELD: "WF-1", "Number_of_Cards__c": 3.0, "ConvertedOpportunity": None})
    assert (sale.key, sale.cards, sale.opportunity_key, sale.price_book_id) == ("WF-1", 3, None, None)
    assert sale_of({KEY_FIELD: "WF-1", "Number_of_Cards__c": None}).cards == 1


def test_lines_go_to_the_sale_of_their_opportunity() -> None:
    leads = [
        {KEY_FIELD: key, "ConvertedOpportunityId": number} for key, number in (("A", "006a"), ("B", None))
    ]
    lines = [
        {
            KEY_FIELD: f"{owner}:CARD",
            "OpportunityId": owner,
            "PricebookEntryId": "01u",
            "Quantity": 1,
            "UnitPrice": 2,
        }
        for owner in ("006a", "006x")
    ]
    one, two = attach_lines(map(sale_of, leads), lines)
    assert set(one.lines) == {"006a:CARD"}
    assert two.lines == {}
