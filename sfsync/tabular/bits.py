"""Places in a text as bits, 64 to a word, the lowest bit first: all of them are looked at in a few steps a word.

That quotes are paired off by the parity of the quotes before, found by shifts, is the idea of simdjson (Langdale and
Lemire, "Parsing Gigabytes of JSON per Second", 2019).
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

_ONE = np.uint64(1)
_TOP = np.uint64(63)
_STEPS = np.array([1, 2, 4, 8, 16, 32], np.uint64)


def where(text: "NDArray[np.uint8]", byte: int) -> "Words":
    """The places of a byte."""
    packed = np.packbits(text == byte, bitorder="little")
    words = np.zeros(-(-len(text) // 64), "<u8")
    words.view(np.uint8)[: len(packed)] = packed
    return words


def odd_before(words: "Words") -> "Words":
    """The places up to which an odd number of places stands in ``words``, these included."""
    parity = words.copy()
    for step in _STEPS:
        parity ^= parity << step
    before = np.bitwise_xor.accumulate(parity >> _TOP)
    parity[1:] ^= -before[:-1]
    return parity


def next_to(words: "Words") -> "Words":
    """The places behind those in ``words``."""
    moved = words << _ONE
    moved[1:] |= words[:-1] >> _TOP
    return moved


def in_front_of(words: "Words") -> "Words":
    """The places before those in ``words``."""
    moved = words >> _ONE
    moved[:-1] |= words[1:] << _TOP
    return moved


def upto(words: "Words", end: int) -> "Words":
    """Those before a place, which is not behind the end of the text."""
    some = words[: -(-end // 64)].copy()
    if end % 64:
        some[-1] &= np.uint64((1 << end % 64) - 1)
    return some


def count(words: "Words") -> int:
    """How many places they are."""
    return int(np.bitwise_count(words).sum())


def counts(words: "Words", places: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """How many of them stand up to each place, this included."""
    before = np.zeros(len(words), np.int64)
    np.cumsum(np.bitwise_count(words[:-1]), out=before[1:])
    at, bit = places >> 6, (places & 63).astype(np.uint64)
    counted: NDArray[np.int64] = before[at] + np.bitwise_count(words[at] << (_TOP - bit))
    return counted


def first(words: "Words") -> int | None:
    """The first place, if there is one."""
    some = np.flatnonzero(words)
    if not len(some):
        return None
    word = int(words[some[0]])
    return int(some[0]) * 64 + (word & -word).bit_length() - 1


def last(words: "Words") -> int | None:
    """The last place, if there is one."""
    some = np.flatnonzero(words)
    return int(some[-1]) * 64 + int(words[some[-1]]).bit_length() - 1 if len(some) else None


def places(words: "Words") -> "NDArray[np.int64]":
    """The places as numbers, in ascending order."""
    found = []
    at = np.flatnonzero(words != 0)
    left = words[at]
    while len(at):
        without = left & (left - _ONE)
        found.append(at * 64 + np.bitwise_count((left ^ without) - _ONE))
        more = without != 0
        at, left = at[more], without[more]
    together = np.concatenate(found) if found else at
    together.sort()
    return together
