"""Places as bits say the same as places as numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sfsync.tabular import bits

TEXTS = st.one_of(
    st.lists(st.sampled_from([97, 98]), max_size=200).map(bytes),
    st.integers(0, 300).map(lambda size: b"b" * size + b"a"),
    st.binary(max_size=70),
)


def words(text: bytes) -> "bits.Words":
    return bits.where(np.frombuffer(text, np.uint8), ord("a"))


def plain(text: bytes) -> list[int]:
    return [place for place, byte in enumerate(text) if byte == ord("a")]


@given(TEXTS, st.integers(0, 300))
def test_places_are_found_and_counted(text, end):
    found, end = words(text), min(end, len(text))
    assert bits.places(found).tolist() == plain(text)
    assert bits.count(found) == len(plain(text))
    assert bits.first(found) == next(iter(plain(text)), None)
    assert bits.last(found) == next(reversed(plain(text)), None)
    assert bits.places(bits.upto(found, end)).tolist() == [place for place in plain(text) if place < end]


@given(TEXTS, st.data())
def test_places_up_to_others_are_counted(text, data):
    others = sorted(data.draw(st.sets(st.integers(0, max(0, len(text) - 1))))) if text else []
    counted = bits.counts(words(text), np.array(others, np.int64))
    assert counted.tolist() == [sum(place <= other for place in plain(text)) for other in others]


@given(TEXTS)
def test_places_move_from_word_to_word(text):
    found, size = words(text), -(-len(text) // 64) * 64
    behind = [place + 1 for place in plain(text) if place + 1 < size]
    assert bits.places(bits.next_to(found)).tolist() == behind
    assert bits.places(bits.in_front_of(found)).tolist() == [place - 1 for place in plain(text) if place]


@given(TEXTS)
def test_places_are_odd_or_even(text):
    found = bits.places(bits.upto(bits.odd_before(words(text)), len(text))).tolist()
    assert found == [n for n in range(len(text)) if text[: n + 1].count(b"a") % 2]
