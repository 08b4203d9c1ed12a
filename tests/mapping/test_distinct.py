"""Columns whose texts repeat are read as their cells one by one would be, block after block."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mapping import distinct
from sfsync.mapping.amounts import number_reader
from sfsync.mapping.constraints import Constraints
from sfsync.mapping.distinct import Distinct
from sfsync.mapping.model import Header
from sfsync.mapping.readers import Reading
from sfsync.mapping.texts import text_reader
from sfsync.mapping.words import boolean_reader

TEXTS = st.sampled_from(["1", "2", "x", None, "", " ", "2024-01-31", "é", "ja", "1.5"])


def same(ours: Reading, theirs: Reading) -> bool:
    nothing = [None] * len(theirs.values)
    pairs = ((ours.errors, theirs.errors), (ours.warnings, theirs.warnings))
    return ours.values.to_list() == theirs.values.to_list() and all(
        (nothing if one is None else one.to_list()) == (nothing if other is None else other.to_list())
        for one, other in pairs
    )


@settings(max_examples=60)
@given(
    st.lists(st.lists(TEXTS, min_size=1, max_size=40), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["1", None]),
)
def test_reading_each_text_once_gives_the_same(blocks, required, default):
    for reader in (number_reader(".", []), boolean_reader(), text_reader()):
        limits = {"required": required} | ({} if reader.dtype == pl.Boolean else {"max": 1.2})
        value = {pl.Float64: 1.0, pl.Boolean: True}.get(reader.dtype, "1") if default else None
        rule = Constraints(Header.model_validate(limits), reader.dtype, value)

        def read(cells: pl.Series, rule=rule, reader=reader) -> Reading:
            return rule.apply(reader.read(cells))

        seen = Distinct()
        for texts in [*blocks, *blocks]:
            column = pl.Series("t", (texts * 5_000)[:5_000], dtype=pl.String)
            assert same(seen.read({"t": column}, {"t": read})["t"], read(column))


def test_a_text_is_read_once_in_a_file_and_texts_that_do_not_repeat_all_together():
    sizes = []

    def read(cells: pl.Series) -> Reading:
        sizes.append(len(cells))
        return Reading(cells)

    seen, few = Distinct(), distinct._SMALL
    seen.read({"t": pl.Series(["a", "b", None] * few)}, {"t": read})
    seen.read({"t": pl.Series(["b", None, "a"] * few)}, {"t": read})
    seen.read({"t": pl.Series(["c", "b", "d"] * few)}, {"t": read})
    seen.read({"t": pl.Series(["d", "e", None] * few)}, {"t": read})
    seen.read({"u": pl.Series([str(n) for n in range(few)])}, {"u": read})
    assert sizes == [3, 2, 1, few]


def test_a_column_of_too_many_texts_is_not_remembered(monkeypatch):
    monkeypatch.setattr(distinct, "MAX_REMEMBERED", 100)
    sizes = []

    def read(cells: pl.Series) -> Reading:
        sizes.append(len(cells))
        return Reading(cells)

    seen, many = Distinct(), [str(n % 200) for n in range(distinct._SMALL)]
    for _ in range(2):
        seen.read({"t": pl.Series(many)}, {"t": read})
    assert sizes == [201, distinct._SMALL]


def test_threads_have_their_own_memory():
    seen = Distinct()
    texts = [pl.Series([f"{n * block % 50}" for n in range(5_000)]) for block in range(1, 40)]

    def read(cells: pl.Series) -> Reading:
        return Reading(cells.cast(pl.Int64))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: seen.read({"t": text}, {"t": read})["t"].values, texts))
    assert all(values.equals(text.cast(pl.Int64)) for values, text in zip(found, texts, strict=True))
