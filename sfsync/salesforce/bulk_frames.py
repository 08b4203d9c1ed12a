"""Cuts frames of rows into the files of bulk jobs, whole columns at a time; memory holds the key of each row.

What ``bulk_parts`` does for single rows, for millions of them. A frame holds ``place`` (UInt32, the row's number for
its sender) and one String column for each column of the file: null leaves a field as it is, ``#N/A`` clears it.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import polars as pl

from sfsync.pieces import csv_pieces
from sfsync.records import Outcome, State
from sfsync.salesforce import csv_rows
from sfsync.salesforce.bulk_parts import LARGEST_PART, no_room

PLACE = "place"
_DUPLICATE = "not sent: another row of the same job has the same key, and the org takes rows in any order"
_SLICE = 50_000
"""Rows that are turned into text at once."""


@dataclass(slots=True)
class FramePart:
    """The file of one job, and the place and key (as ``comparable`` makes it) of each of its rows."""

    file: IO[bytes]
    size: int
    keys: list[pl.DataFrame] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(frame.height for frame in self.keys)


@dataclass(slots=True)
class FrameParts:
    """Takes frames of the same columns one after the other; ``key`` names the column that tells rows apart.

    ``refused`` gathers the rows that cannot be sent: place → outcome.
    """

    key: str
    part_bytes: int = LARGEST_PART
    parts: list[FramePart] = field(default_factory=list)
    refused: dict[int, Outcome] = field(default_factory=dict)
    _hashes: list[pl.Series] = field(default_factory=list)
    """Hashes of the keys of the last part."""

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(part.rows for part in self.parts)

    def add(self, frame: pl.DataFrame) -> None:
        """Write a frame. Raises SfsyncError when the disk has no room."""
        try:
            for start in range(0, frame.height, _SLICE):
                self._write(self._without_refused(frame[start : start + _SLICE]))
        except OSError as error:
            raise no_room(error) from error

    def close(self) -> None:
        """Be rid of the files."""
        for part in self.parts:
            part.file.close()

    def comparable(self, keys: pl.Expr) -> pl.Expr:
        """How keys of one job are told apart: external ids in any case, record ids by their first 15 characters."""
        return keys.str.slice(0, 15) if self.key == "Id" else keys.str.to_lowercase()

    def _write(self, frame: pl.DataFrame) -> None:
        keys = self._keys(frame)
        hashes = keys["key"].hash()
        again = self._repeated(keys["key"], hashes)
        if again.any():
            self._refuse(frame.filter(again), "DUPLICATE_IN_JOB", _DUPLICATE)
            frame, keys, hashes = frame.filter(~again), keys.filter(~again), hashes.filter(~again)
        if not frame.height:
            return
        pieces = csv_pieces(frame.drop(PLACE))
        size = sum(map(len, pieces))
        part = self._part(frame, size)
        if part.size + size > self.part_bytes and frame.height > 1:  # larger than a whole part
            half = frame.height // 2
            self._write(frame[:half])
            self._write(frame[half:])
            return
        part.file.writelines(pieces)
        part.size += size
        part.keys.append(keys)
        self._hashes.append(hashes)

    def _part(self, frame: pl.DataFrame, more: int) -> FramePart:
        last = self.parts[-1] if self.parts else None
        if last is None or (last.rows and last.size + more > self.part_bytes):
            header = csv_rows.line([name for name in frame.columns if name != PLACE])
            file = tempfile.TemporaryFile(prefix="sfsync-bulk-")  # noqa: SIM115  ``close`` closes it
            file.write(header)
            last = FramePart(file, len(header))
            self.parts.append(last)
            self._hashes.clear()
        return last

    def _keys(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(PLACE, self.comparable(pl.col(self.key)).alias("key"))

    def _without_refused(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame without rows that have no key."""
        missing = frame.filter(pl.col(self.key).is_null() | (pl.col(self.key) == ""))
        self._refuse(missing, "NOT_SENDABLE", "not sent: the row has no key")
        return (
            frame if missing.is_empty() else frame.join(missing, on=PLACE, how="anti", maintain_order="left")
        )

    def _repeated(self, keys: pl.Series, hashes: pl.Series) -> pl.Series:
        """Whether the part has each key already, or it comes for a second time: the org may take either first."""
        alike = ~hashes.is_first_distinct()
        if self._hashes:
            earlier = pl.concat(self._hashes)
            # Few are looked for among many, which is quicker than the other way round.
            known = earlier.filter(earlier.is_in(hashes.implode()))
            alike = alike if known.is_empty() else alike | hashes.is_in(known.implode())
        if not alike.any():
            return alike
        again = ~keys.is_first_distinct()
        for part in self.parts[-1].keys if self.parts else ():
            again |= keys.is_in(part["key"].implode())
        return again

    def _refuse(self, rows: pl.DataFrame, code: str, message: str) -> None:
        self.refused |= dict.fromkeys(rows[PLACE], Outcome(State.REFUSED, code=code, message=message))


def cells(frame: pl.DataFrame, changed: pl.DataFrame | None = None) -> tuple[pl.DataFrame, dict[int, str]]:
    """A frame of text, boolean and number columns as ``FrameParts`` takes it, and why some rows cannot be sent.

    Missing values and empty texts leave their fields as they are. For columns that ``changed`` has too (Boolean, row
    by row), a cell that has changed is sent, empty ones to clear the field, and all others are left as they are.
    """
    broken: dict[int, str] = {}
    columns = [frame[PLACE]]
    nothing = pl.Series([None], dtype=pl.String)
    for given in frame.drop(PLACE):
        new = changed[given.name] if changed is not None and given.name in changed.columns else None
        column = given if new is None else given.zip_with(new, pl.Series([None], dtype=given.dtype))
        for place, why in _unsendable(frame[PLACE], column):
            broken.setdefault(place, f"{column.name}: {why}")
        text = _text(column)
        if (text == "").any():
            text = text.zip_with(text != "", nothing)
        if new is not None:
            text = text.zip_with(text.is_not_null() | ~new, pl.Series([csv_rows.NULL]))
        columns.append(text.alias(given.name))
    sound = pl.DataFrame(columns)
    if broken:
        sound = sound.filter(~pl.col(PLACE).is_in(list(broken)))
    return sound, broken


def _text(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String)
    if not column.dtype.is_float():
        return text
    written = text.str.contains("[^0-9.-]").fill_null(value=False)  # an exponent, or no number at all
    if not written.any():
        return text
    plain = [_plain(value) if odd else None for value, odd in zip(column, written, strict=True)]
    return text.zip_with(~written, pl.Series(plain, dtype=pl.String))


def _plain(value: float) -> str | None:
    try:
        return csv_rows.cell(value)
    except ValueError:
        return None


def _unsendable(places: pl.Series, column: pl.Series) -> Iterator[tuple[int, str]]:
    if column.dtype == pl.String:
        odd = column == csv_rows.NULL
    elif column.dtype.is_float():
        odd = ~column.is_finite()
    else:
        return
    if not odd.any():
        return
    for place, value in zip(places.filter(odd), column.filter(odd), strict=True):
        try:
            csv_rows.cell(value)
        except ValueError as error:
            yield place, str(error)
