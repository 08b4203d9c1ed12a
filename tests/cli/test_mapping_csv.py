"""Columns are made harmless as their texts would be one by one."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cli import mapping_csv
from sfsync.tabular.injection import harmless

TEXTS = st.text(alphabet="\x1c\u2007=+-@'\"\t\r\n 019.,aZé\uff1d\u00a0", max_size=5) | st.none()


@settings(max_examples=400)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=20))
def test_no_text_runs_as_a_formula(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    made = mapping_csv._harmless(frame, ["a"])
    assert made["a"].to_list() == [text and harmless(text) for text in frame["a"]]
    assert made["b"].equals(frame["b"])
