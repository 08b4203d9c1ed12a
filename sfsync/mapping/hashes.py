"""The places of a column's texts in a table of few texts, by hashes: far quicker than by the texts themselves.

Two texts are taken for one when their hashes of 64 bits are the same, which no file is large enough to see.
"""

from dataclasses import dataclass

import polars as pl

MOST = 1_000
"""Texts of a table, so that their hashes can all end differently."""
_SEEDS = 64


@dataclass(frozen=True, slots=True)
class Hashes:
    """``slots``: the place of a text by the last bits of its hash; ``known``: the whole hashes by place."""

    seed: int
    slots: pl.Series
    known: pl.Series

    def places(self, text: pl.Series) -> pl.Series | None:
        """Where the table holds each text; None when it does not hold them all."""
        hashes = text.hash(self.seed)
        places = self.slots.gather(hashes & (len(self.slots) - 1))
        return places if (self.known.gather(places) == hashes).all() else None


def hashes_of(table: pl.Series) -> Hashes | None:
    """The hashes of a table of different texts, at most MOST; None in the rare case that some always end alike."""
    count = len(table)
    size = 16
    while 4 * size < count * count:  # one seed in eight is good then
        size *= 2
    for seed in range(_SEEDS):
        known = table.hash(seed)
        ends = known & (size - 1)
        if ends.n_unique() == count:
            slots = pl.Series([0], dtype=pl.UInt16).new_from_index(0, size)
            return Hashes(seed, slots.scatter(ends, pl.int_range(count, dtype=pl.UInt16, eager=True)), known)
    return None
