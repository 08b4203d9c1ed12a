"""Where the blocks of a file come from, and come from again: a table, a function, a list, an iterator."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Protocol, runtime_checkable

import polars as pl


@runtime_checkable
class Source(Protocol):
    """A file's rows as blocks (see ``sfsync.cells.Kind``); each method reads the file anew. Tables are like that."""

    def blocks(self) -> Iterable[pl.DataFrame]:
        """All rows."""

    def parts(self) -> Iterable[Callable[[], pl.DataFrame]]:
        """All rows, in parts that are made when they are called for; some may be empty.

        Each may be called in any thread, but waits for those before it: they must all be called, begun in order.
        """

    def glance(self, positions: Collection[int]) -> Iterable[Callable[[], pl.DataFrame]]:
        """The rows with these columns, perhaps others too; and perhaps rows that ``blocks`` leaves out.

        The blocks are made when they are called for, in any thread.
        """

    def pick(self, rows: pl.Series) -> Iterable[pl.DataFrame]:
        """The rows of these numbers, as ``blocks`` gives them."""


Blocks = Source | Iterable[pl.DataFrame] | Callable[[], Iterable[pl.DataFrame]]
"""A table, its blocks, or what gives them anew each time it is called."""


class _Repeated:
    """A source that knows no shorter way than to read everything."""

    def __init__(self, again: Callable[[], Iterable[pl.DataFrame]]) -> None:
        self.blocks = again

    def parts(self) -> Iterator[Callable[[], pl.DataFrame]]:
        return (partial(_itself, block) for block in self.blocks())

    def glance(self, _positions: Collection[int]) -> Iterator[Callable[[], pl.DataFrame]]:
        return self.parts()

    def pick(self, rows: pl.Series) -> Iterator[pl.DataFrame]:
        for block in self.blocks():
            found = block.filter(block["row"].is_in(rows.implode()))
            if found.height:
                yield found


def _itself(block: pl.DataFrame) -> pl.DataFrame:
    return block


def source_of(blocks: Blocks, *, once: bool) -> Source:
    """What was given as a source. An iterator that can be walked only once is held in memory, unless ``once``."""
    if isinstance(blocks, Source):
        return blocks
    if callable(blocks):
        return _Repeated(blocks)
    held = blocks if once or iter(blocks) is not blocks else list(blocks)
    return _Repeated(lambda: held)
