"""Each kind of dirt does what its name says, and nothing else."""

import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo import dirt
from sfsync.demo.forms import Fate, submissions

CLEAN = [form.form for form in submissions(5, 60) if not form.truth.kind]
RNGS = st.integers().map(Random)
CHANGES = {
    "invalid_email": {"email"},
    "missing_last_name": {"last_name"},
    "test": {"first_name", "last_name", "email"},
    "terms_not_accepted": {"consent_terms"},
    "name_too_long": {"last_name"},
    "company_without_name": {"customer_type", "company_name", "vat_number"},
    "company_without_number": {"customer_type", "company_name", "vat_number", "kvk_number"},
    "name_in_one_case": {"first_name", "last_name"},
    "emoji_in_name": {"first_name"},
    "emoji_in_message": {"message"},
    "markup_in_message": {"message"},
    "formula_in_message": {"message"},
    "line_breaks": {"message"},
    "outer_spaces": {"email", "last_name", "postcode"},
    "decomposed_accents": {"first_name", "last_name", "city"},
    "cards_as_text": {"number_of_cards"},
}


@pytest.mark.parametrize("kind", dirt.SPOTS, ids=lambda kind: kind.name)
@given(rng=RNGS, form=st.sampled_from(CLEAN))
def test_a_spot_changes_its_own_fields_only(kind: dirt.Spot, rng: Random, form: dirt.Form):
    soiled = dict(form)
    kind.soil(rng, soiled)
    changed = {name for name in form if soiled.get(name, "absent") != form[name]}
    assert changed
    assert changed <= CHANGES[kind.name]
    assert Fate(kind.fate)


@given(rng=RNGS, form=st.sampled_from(CLEAN))
def test_cards_as_text_are_still_the_same_number(rng: Random, form: dirt.Form):
    soiled = dict(form)
    next(kind for kind in dirt.SPOTS if kind.name == "cards_as_text").soil(rng, soiled)
    assert int(soiled["number_of_cards"]) == form["number_of_cards"]


@given(rng=RNGS, form=st.sampled_from(CLEAN))
def test_decomposed_names_are_not_composed(rng: Random, form: dirt.Form):
    soiled = dict(form)
    next(kind for kind in dirt.SPOTS if kind.name == "decomposed_accents").soil(rng, soiled)
    assert not unicodedata.is_normalized("NFC", soiled["first_name"])


@given(st.integers(0, 1000), st.integers(0, 100_000))
def test_counts_follow_the_share(share: int, n: int):
    assert abs(dirt.count(share, n) - share * n / 1000) <= 0.5
