"""Columns of few different texts: each text is read once in a file, and every row is given its reading.

Countries, picklists, first names, cities, dates: most columns of most files are like that.
"""

import threading
from collections.abc import Callable, Iterator, Mapping

import polars as pl

from sfsync.mapping.hashes import MOST, Hashes, hashes_of, places
from sfsync.mapping.readers import MAX_REMEMBERED, Reading

Read = Callable[[pl.Series], Reading]
"""Reads a column; what it makes of a row must not depend on other rows."""

_SMALL = 4_000
"""Rows from which on counting is worth it."""
_SAMPLE = 1_000
_DIFFERENT = 0.98
"""The most of a sample that may differ."""
_VALUES, _ERRORS, _WARNINGS = "values", "errors", "warnings"


class Distinct(threading.local):
    """What was read of the columns of one file so far. Every thread that reads blocks of it has its own memory."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def read(self, texts: Mapping[str, pl.Series], readers: Mapping[str, Read]) -> dict[str, Reading]:
        """Read the columns of one block, all of them of the same length."""
        height = max((len(text) for text in texts.values()), default=0)
        if height < _SMALL:
            return {name: readers[name](text) for name, text in texts.items()}
        self._judge({name: text for name, text in texts.items() if name not in self._known})
        repeating = {name: one for name in texts if (one := self._known[name]).useful}
        known = pl.DataFrame({name: texts[name] for name in repeating})
        tables = {name: one.hashes for name, one in repeating.items() if one.hashes is not None}
        held = places(known, tables)
        frame = known.drop(held)
        codes = frame.select_seq(repeating[name].codes(name) for name in frame.columns)
        for coded in codes:
            repeating[coded.name].learn(coded, readers[coded.name])
        found = pl.DataFrame({**held, **codes.to_dict()}).select_seq(
            part for name, one in repeating.items() for part in one.found(name)
        )
        return {
            name: repeating[name].reading(name, text, found) if name in repeating else readers[name](text)
            for name, text in texts.items()
        }

    def _judge(self, texts: Mapping[str, pl.Series]) -> None:
        """See by a sample of the first block in which columns texts repeat."""
        if not texts:
            return
        frame, column = pl.DataFrame(texts), pl.all()
        sample = frame.gather_every(frame.height // _SAMPLE)
        few = sample.select_seq(column.drop_nulls().n_unique() <= _DIFFERENT * column.count())
        self._known |= {name: _Known(useful=found) for name, found in few.row(0, named=True).items()}


class _Known:
    """What was read of one column. The table holds the reading of nothing, and then of each text by its code."""

    def __init__(self, *, useful: bool) -> None:
        self.useful = useful
        """Whether the texts were few so far."""
        self._categories = pl.Categories.random()
        self._coded = pl.Series(dtype=pl.Categorical(self._categories))
        """Keeps the codes: polars forgets those of categories that no column has."""
        self._table: Reading | None = None
        self._unchanged = True
        """Whether every text is its own value."""
        self.hashes: Hashes | None = None
        """Of the texts in the table, as long as no others come."""

    def codes(self, name: str) -> pl.Expr:
        """Where the table holds the readings of a column, or will once they are learnt."""
        return (pl.col(name).cast(self._coded.dtype).to_physical() + 1).fill_null(0)

    def learn(self, codes: pl.Series, read: Read) -> None:
        """Have all texts of a column in the table."""
        known = 0 if self._table is None else len(self._table.values)
        highest = codes.max()
        assert isinstance(highest, int)  # noqa: S101  narrows the type: a block has rows
        grows = highest >= known
        if self._table is None or grows:
            texts = self._texts(known, highest + 1)
            new = read(texts)
            self._unchanged &= new.values.dtype == pl.String and new.values.equals(texts)
            self._table = new if self._table is None else _together(self._table, new)
            self.useful = len(self._table.values) <= MAX_REMEMBERED
        # Where texts are added block after block, hashes of them would not live long.
        stable = not (known and grows) and len(self._table.values) <= MOST
        self.hashes = hashes_of(self._texts(0, len(self._table.values))) if stable else None

    def _texts(self, start: int, end: int) -> pl.Series:
        """The texts that the table holds the readings of from one place to another; nothing is in the first."""
        codes = pl.int_range(max(start, 1) - 1, end - 1, dtype=pl.UInt32, eager=True).to_frame("t")
        texts = codes.select_seq(pl.col("t").cat.to(self._coded.dtype).cast(pl.String)).to_series()
        return texts if start else pl.concat([pl.Series([None], dtype=pl.String), texts])

    def found(self, name: str) -> Iterator[pl.Expr]:
        """What the table holds for the codes of a column."""
        table = self._table
        if table is None:
            return
        if not self._unchanged:
            yield pl.lit(table.values).gather(pl.col(name)).alias(f"{name} {_VALUES}")
        for numbers, kind in ((table.errors, _ERRORS), (table.warnings, _WARNINGS)):
            if numbers is not None and numbers.null_count() < len(numbers):
                yield pl.lit(numbers).gather(pl.col(name)).alias(f"{name} {kind}")

    def reading(self, name: str, text: pl.Series, found: pl.DataFrame) -> Reading:
        """A column's reading, of ``text`` and what was ``found``."""
        values = text if self._unchanged else found[f"{name} {_VALUES}"]
        return Reading(
            values, _numbers_in(found, f"{name} {_ERRORS}"), _numbers_in(found, f"{name} {_WARNINGS}")
        )


def _together(one: Reading, other: Reading) -> Reading:
    values = pl.concat([one.values, other.values], rechunk=True)
    errors, warnings = (
        pl.concat([_numbers(left, len(one.values)), _numbers(right, len(other.values))], rechunk=True)
        for left, right in ((one.errors, other.errors), (one.warnings, other.warnings))
    )
    return Reading(values, errors, warnings)


def _numbers(found: pl.Series | None, length: int) -> pl.Series:
    return pl.Series([None], dtype=pl.UInt8).new_from_index(0, length) if found is None else found


def _numbers_in(found: pl.DataFrame, column: str) -> pl.Series | None:
    """The rule numbers of the rows; None when no row has one."""
    if column not in found.columns:
        return None
    numbers = found[column]
    return None if numbers.null_count() == len(numbers) else numbers
