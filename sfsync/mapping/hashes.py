"""The places of a column's texts in a table of few texts, by hashes: far quicker than by the texts themselves.

Two texts are taken for one when their hashes of 64 bits are the same, which no file is large enough to see.
"""

from collections.abc import Mapping
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

    def hashed(self, name: str) -> pl.Expr:
        """The hashes of a column of texts."""
        return pl.col(name).hash(self.seed)

    def place(self, name: str) -> pl.Expr:
        """Where the table holds the texts of a column of hashes, if it holds them."""
        return pl.lit(self.slots).gather(pl.col(name) & (len(self.slots) - 1)).alias(name)

    def holds(self, name: str, hashes: pl.Series) -> pl.Expr:
        """Whether it holds them all, by a column of places and their hashes."""
        return (pl.lit(self.known).gather(pl.col(name)) == pl.lit(hashes)).all().alias(name)


def places(texts: pl.DataFrame, tables: Mapping[str, Hashes]) -> dict[str, pl.Series]:
    """Where tables hold the texts of their columns; without the columns that they do not hold all texts of.

    All columns at once: between two calls of polars other work throws its code out of the processor's memory.
    """
    if not tables:
        return {}
    hashes = texts.select_seq(table.hashed(name) for name, table in tables.items())
    found = hashes.select_seq(table.place(name) for name, table in tables.items())
    held = found.select_seq(table.holds(name, hashes[name]) for name, table in tables.items())
    return {name: found[name] for name, fine in held.row(0, named=True).items() if fine}


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
