"""Columns of few different texts: each text is read once, and every row is given its reading.

Countries, picklists, first names, cities: most columns of most files are like that.
"""

from collections.abc import Callable

import polars as pl

from sfsync.mapping.readers import Reading

_SMALL = 4_000
"""Rows from which on counting is worth it."""
_SAMPLE = 1_000
_DIFFERENT = 0.6
"""The most of a sample that may differ."""


def read_distinct(text: pl.Series, read: Callable[[pl.Series], Reading]) -> Reading:
    """What ``read`` makes of a column, whose rows it must read independently of each other."""
    if not _repeats(text):
        return read(text)
    coded = text.cast(pl.Categorical(pl.Categories.random()))
    used = coded.drop_nulls().unique()
    texts = used.cast(pl.String).gather(used.to_physical().arg_sort())  # the codes count from 0
    codes = coded.to_physical().fill_null(len(texts))
    reading = read(texts.append(pl.Series([None], dtype=pl.String)))
    return Reading(
        reading.values.gather(codes), _spread(reading.errors, codes), _spread(reading.warnings, codes)
    )


def _repeats(text: pl.Series) -> bool:
    if len(text) < _SMALL:
        return False
    sample = text.gather_every(len(text) // _SAMPLE)
    return sample.n_unique() <= _DIFFERENT * len(sample)


def _spread(numbers: pl.Series | None, codes: pl.Series) -> pl.Series | None:
    """The rule numbers of the rows; None when no row has one."""
    if numbers is None or numbers.null_count() == len(numbers):
        return None
    found = numbers.gather(codes)
    return None if found.null_count() == len(found) else found
