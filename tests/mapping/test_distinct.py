"""A column whose texts repeat is read as its cells one by one would be."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mapping import distinct
from sfsync.mapping.amounts import number_reader
from sfsync.mapping.constraints import Constraints
from sfsync.mapping.distinct import read_distinct
from sfsync.mapping.model import Header
from sfsync.mapping.readers import Reading
from sfsync.mapping.words import boolean_reader

TEXTS = st.sampled_from(["1", "2", "x", None, "", " ", "2024-01-31", "é", "ja", "1.5"])


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=40), st.booleans(), st.sampled_from(["1", None]))
def test_reading_each_text_once_gives_the_same(texts, required, default):
    column = pl.Series("t", (texts * 200)[:5_000] if len(texts) > 25 else texts * 200, dtype=pl.String)
    for reader in (number_reader(".", []), boolean_reader()):
        given_value = {"1": 1.0 if reader.dtype == pl.Float64 else True, None: None}[default]
        rule = Constraints(
            Header.model_validate({"required": required, "max": 1.2}), reader.dtype, given_value
        )
        if reader.dtype == pl.Boolean:
            rule = Constraints(Header.model_validate({"required": required}), reader.dtype, given_value)

        def read(cells: pl.Series, rule=rule, reader=reader) -> Reading:
            return rule.apply(reader.read(cells))

        whole, once = read(column), read_distinct(column, read)
        assert once.values.to_list() == whole.values.to_list()
        for ours, theirs in ((once.errors, whole.errors), (once.warnings, whole.warnings)):
            nothing = [None] * len(column)
            assert (nothing if ours is None else ours.to_list()) == (
                nothing if theirs is None else theirs.to_list()
            )


def test_texts_are_read_once_where_they_repeat_and_all_of_them_where_they_do_not():
    sizes = []

    def read(cells: pl.Series) -> Reading:
        sizes.append(len(cells))
        return Reading(cells)

    read_distinct(pl.Series(["a", "b", None] * distinct._SMALL), read)
    read_distinct(pl.Series([str(n) for n in range(distinct._SMALL)]), read)
    assert sizes == [3, distinct._SMALL]
