"""How far a sheet reaches is judged in two ways, which agree; wherever the pieces are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.tabular import extent
from sfsync.tabular.extent import Extent, between_tags, column_index

REFERENCES = st.from_regex(r"([A-Z]{0,4}|[a-z]{1,2})[0-9]{1,11}", fullmatch=True)
CELLS = st.one_of(
    REFERENCES.map(lambda at: f'<c r="{at}" s="1"><v>1</v></c>'),
    REFERENCES.map(lambda at: f"<c r='{at}'/>"),
    REFERENCES.map(lambda at: f'<c s="2" r = "{at}" t="n"/>'),
    st.sampled_from(
        [
            '<c t="e"><v>#N/A</v></c>',
            "<c t='e'/>",
            '<c t = "e"/>',
            '<c hdr="ZZZ999999"/>',
            "<f>A1=2</f>",
            "<x:f/>",
            "<t>a = b, r=</t>",
            '<c r=""/>',
            '<c r="A B"/>',
            "<v>=</v>",
            "",
        ]
    ),
)


def judged(pieces: list[bytes], large: int) -> Extent:
    found = Extent()
    usual, extent._LARGE = extent._LARGE, large
    try:
        for text in between_tags(pieces):
            found.look(text)
    finally:
        extent._LARGE = usual
    return found


@settings(max_examples=400)
@given(st.lists(CELLS, max_size=6).map("".join), st.lists(st.integers(0, 300), max_size=4))
def test_both_ways_agree_wherever_pieces_are_cut(text: str, cuts: list[int]) -> None:
    data = f'<sheet><row r="7">{text}</row></sheet>'.encode()
    places = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert b"".join(between_tags(pieces)) == data
    slowly = judged([data], large=1 << 30)
    assert judged(pieces, large=1 << 30) == slowly
    assert judged(pieces, large=0) == slowly


def test_what_is_found() -> None:
    data = b'<row r="12"><c r="A12"/><c r="AB3"/></row>'
    assert judged([data], large=0) == Extent(12, 28, special=False)
    assert judged([data.replace(b"<c r", b"<f/><c r")], large=0).special
    assert column_index(b"xfd") == 16_383


def test_a_tag_that_does_not_end() -> None:
    with pytest.raises(ValueError, match="megabytes"):
        judged([b"<c", *[b" " * (1 << 20)] * 6, b'r="XFD1048576"/>'], large=0)
