"""Invented people: reachable in their own country, unlike one another, and nobody real."""

from random import Random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo.people import COUNTRIES, Country, address, company, person, phone, plain

LANDS = st.sampled_from(COUNTRIES)
SEEDS = st.integers().map(Random)


@given(LANDS, st.integers(0, 9_999))
def test_every_way_of_typing_a_number_is_the_same_valid_number(land: Country, number: int):
    parsed = [phonenumbers.parse(phone(template, number), land.code) for template in land.phones]
    assert all(phonenumbers.is_valid_number(each) for each in parsed)
    assert (
        len({phonenumbers.format_number(each, phonenumbers.PhoneNumberFormat.E164) for each in parsed}) == 1
    )


@given(LANDS, st.integers(0, 9_999), st.integers(0, 9_999))
def test_two_people_have_two_numbers(land: Country, one: int, other: int):
    assert (phone(land.phones[0], one) == phone(land.phones[0], other)) == (one == other)


@given(st.text())
def test_plain_text_is_letters_for_an_address(text: str):
    assert plain(text).isascii()
    assert plain(text) == plain(text).lower()
    assert not plain(text) or plain(text).isalpha()


@pytest.mark.parametrize(("name", "expected"), [("Weiß", "weiss"), ("Łucja", "lucja"), ("D'Aspé", "daspe")])
def test_plain_names(name: str, expected: str):
    assert plain(name) == expected


@given(SEEDS, LANDS, st.integers(0, 10**6))
def test_mail_goes_to_domains_kept_for_examples(rng: Random, land: Country, number: int):
    made = person(rng, number, land)
    local, _, domain = made["email"].partition("@")
    assert local.isascii()
    assert domain.endswith((".example", "example.com", "example.net", "example.org"))
    assert str(number) in local


@given(SEEDS, LANDS)
def test_an_address_is_complete(rng: Random, land: Country):
    assert all(address(rng, land).values())


@given(SEEDS, LANDS, st.integers(0, 10**6 - 1))
def test_a_company_has_a_name_and_a_number(rng: Random, land: Country, number: int):
    made = company(rng, number, land)
    assert made["company_name"]
    assert made["vat_number"] or made["kvk_number"]
    assert bool(made["kvk_number"]) == (land.code == "NL")
