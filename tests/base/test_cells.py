"""How cells are cleaned and headings compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.cells import Kind, clean, fold


@given(st.text())
def test_cleaning_again_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)


@given(st.text())
def test_a_folded_heading_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(f"\u00a0{text}\r\n") == fold(text)


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("\ufeff Order\u00a0", "Order"),
        ("Zoe\u0308", "Zoë"),
        ("a\u200bb", "ab"),
        ("\u200b\u200d", ""),
        ("a  b", "a  b"),
    ],
)
def test_clean(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Order\nnumber", "order number"),
        ("N° de commande", "N°  DE\u00a0COMMANDE"),
        ("Date d’expédition", "Date d'expe\u0301dition"),
        ("Track–Trace", "track-trace"),
        ("Straße", "STRASSE"),
        ("Order_x000d_number", "Order number"),
    ],
)
def test_headings_that_are_one(one: str, two: str) -> None:
    assert fold(one) == fold(two)


@pytest.mark.parametrize(("one", "two"), [("Order", "Order 2"), ("Card no", "Cardno"), ("Prénom", "Prenom")])
def test_headings_that_are_two(one: str, two: str) -> None:
    assert fold(one) != fold(two)


def test_kinds_fit_into_a_byte_and_text_is_nothing_special() -> None:
    assert Kind.TEXT == 0
    assert not any([Kind.TEXT])
    assert max(Kind) < 256
