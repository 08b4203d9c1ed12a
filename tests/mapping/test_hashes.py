"""Texts are found in a table by their hashes where a search through the table finds them."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mapping.hashes import MOST, Hashes, hashes_of, places

TEXTS = st.none() | st.text(max_size=20)


def _places(hashes: Hashes, texts: pl.Series) -> pl.Series | None:
    return places(texts.to_frame("a"), {"a": hashes}).get("a")


@settings(max_examples=80, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=60, unique=True), st.data())
def test_places_are_those_of_a_search(table, data):
    hashes = hashes_of(pl.Series(table, dtype=pl.String))
    assert hashes is not None
    texts = data.draw(st.lists(st.sampled_from(table), min_size=1, max_size=100))
    found = _places(hashes, pl.Series(texts, dtype=pl.String))
    assert found is not None
    assert [table[place] for place in found] == texts


@settings(max_examples=80, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=60, unique=True), TEXTS)
def test_a_column_with_another_text_has_no_places(table, other):
    hashes = hashes_of(pl.Series(table, dtype=pl.String))
    assert hashes is not None
    assert (_places(hashes, pl.Series([*table, other], dtype=pl.String)) is None) == (other not in table)


def test_the_largest_tables_have_places_for_all():
    table = pl.Series([None, *map(str, range(MOST - 1))])
    hashes = hashes_of(table)
    assert hashes is not None
    found = _places(hashes, table)
    assert found is not None
    assert found.to_list() == list(range(MOST))
