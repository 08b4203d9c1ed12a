"""Finds the records that have certain keys, for files of any length, as frames.

Three ways, and one pure place that chooses: nothing to ask where the org has no records of the object; IN lists, five
queries in a call, whose number grows with the keys; one Bulk query of the whole object where that takes fewer calls
and not many more records than keys. So a file costs calls in proportion to itself, never to the org.
"""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from sfsync.clock import Clock
from sfsync.errors import OrgError
from sfsync.salesforce import bulk2_query, csv_rows, rest, soql
from sfsync.salesforce.bulk_parts import no_room
from sfsync.salesforce.describe import SObject
from sfsync.salesforce.session import Session

KEY = "key"
"""The column of the key as text."""

_BULK_QUERY_CALLS = 4
"""What a Bulk query costs beside its pages: create, two looks, and a page that is nearly empty."""
_ASK_FOR_COUNT_FROM = 4
"""Calls from which it pays to ask how many records there are."""
_SAMPLE = 5_000
"""Keys from whose length the number of queries is told."""
_NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})


class Way(Enum):
    """How records are found."""

    NOTHING = "there are none"
    BY_KEYS = "IN lists"
    WHOLE = "one Bulk query"


def calls_by_keys(keys: int, keys_a_query: float) -> int:
    """API calls that IN lists take for so many keys."""
    return rest.calls_of(math.ceil(keys / max(keys_a_query, 1.0)))


def cheapest(by_keys: int, keys: int, records: int) -> Way:
    """The way that costs least: IN lists take ``by_keys`` calls for ``keys`` keys; the object has ``records``."""
    if records == 0:
        return Way.NOTHING
    whole = _BULK_QUERY_CALLS + math.ceil(records / bulk2_query.PAGE_ROWS)
    return Way.WHOLE if whole < by_keys and records <= 2 * keys else Way.BY_KEYS


class Source(Protocol):
    """What finding needs of ``Org``."""

    session: Session
    clock: Clock

    def describe(self, object: str) -> SObject: ...  # noqa: A002  the word that callers use


@dataclass(slots=True)
class Finder:
    """Records of one object by ``key``, one call of ``find`` for each block of a file.

    ``paths`` are the fields wanted, ``Parent.Field`` among them. ``expected`` is about how many keys will be asked
    for in all. Close it when all is found.
    """

    org: Source
    object: str
    key: str
    paths: Sequence[str]
    expected: int
    page_rows: int = bulk2_query.PAGE_ROWS
    """Records of one page of a Bulk query."""
    way: Way | None = None
    _pages: list[Path] = field(default_factory=list)
    _places: list[pl.DataFrame] = field(default_factory=list)
    """Of each page the hashes of its keys: ``page``, ``place`` on it, ``hash``; 14 bytes a record."""
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def find(self, keys: pl.DataFrame) -> pl.DataFrame:
        """The records of ``keys`` (columns ``key``, as text, and ``value``, as it is asked for).

        The frame has ``key``, and a column for each path: text, numbers as Float64, Boolean. A key stands in it once.
        Raises LoginFailed, OrgError and its kinds; ConfigError for a key that is too long to look for.
        """
        if self.way is Way.NOTHING:
            return self._frame([])
        asked = keys.drop_nulls("value").unique("value", maintain_order=True)
        if asked.is_empty():
            return self._frame([])
        values = asked["value"].to_list()
        if self.way is None:
            some = values[:_SAMPLE]
            self.way = self._choose(len(some) / len(self._queries(some)))
        match self.way:
            case Way.NOTHING:
                return self._frame([])
            case Way.BY_KEYS:
                found = rest.query_many(self.org.session, self._queries(values))
                frame = self._frame([record for page in found for record in page])
            case Way.WHOLE:
                frame = self._picked(asked)
        return frame.unique(KEY, keep="last")

    def close(self) -> None:
        """Be rid of what is kept on disk."""
        if self._folder is not None:
            self._folder.cleanup()

    def _queries(self, values: Sequence[Any]) -> list[str]:
        return soql.chunks(self._soql("{}"), self.key, values)

    def _soql(self, condition: str) -> str:
        fields = sorted({self.key, *self.paths})
        return f"SELECT {', '.join(map(soql.name, fields))} FROM {soql.name(self.object)} WHERE {condition}"

    def _choose(self, keys_a_query: float) -> Way:
        by_keys = calls_by_keys(self.expected, keys_a_query)
        if by_keys < _ASK_FOR_COUNT_FROM:
            return Way.BY_KEYS
        try:
            records = rest.count(self.org.session, soql.name(self.object))
        except OrgError:  # counting a huge object may take the org too long
            return Way.BY_KEYS
        way = cheapest(by_keys, self.expected, records)
        if way is Way.WHOLE:
            self._extract(records)
        return way

    def _extract(self, records: int) -> None:
        """All records of the object that have a key, as files of frames."""
        types = {path: self._type(path) for path in {self.key, *self.paths}}
        pages = bulk2_query.pages(
            self.org.session,
            self._soql(f"{self.key} != null"),
            clock=self.org.clock,
            page_rows=self.page_rows,
            expected=records,
        )
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="sfsync-found-")
            folder = Path(self._folder.name)
            for number, page in enumerate(pages):
                if not csv_rows.ends_whole(page):
                    raise bulk2_query.torn()
                text = pl.read_csv(page, infer_schema=False)
                frame = text.select(_typed(text[path], types[path]).alias(path) for path in types)
                self._pages.append(folder / f"{number}.arrow")
                keyed = self._keyed(frame)
                keyed.write_ipc(self._pages[-1])
                self._places.append(_places(number, keyed[KEY]))
        except OSError as error:
            raise no_room(error) from error

    def _picked(self, asked: pl.DataFrame) -> pl.DataFrame:
        """The records of a Bulk query that have the keys; only pages that have some of them are read."""
        hashes = asked[KEY].hash().implode()
        hits = pl.concat(self._places).filter(pl.col("hash").is_in(hashes))
        if hits.is_empty():
            return self._frame([])
        found = [
            pl.scan_ipc(self._pages[part["page"][0]]).select(pl.all().gather(part["place"])).collect()
            for part in hits.partition_by("page", maintain_order=True)
        ]
        return pl.concat(found).join(asked, on=KEY, how="semi")

    def _type(self, path: str) -> str:
        described = self.org.describe(self.object)
        *parents, name = path.split(".")
        for relationship in parents:
            lookup = described.parent(relationship)
            if lookup is None or not lookup.reference_to:
                return ""
            described = self.org.describe(lookup.reference_to[0])
        found = described.field(name)
        return found.type if found is not None else ""

    def _frame(self, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        return self._keyed(pl.DataFrame([_column(path, records) for path in sorted({self.key, *self.paths})]))

    def _keyed(self, frame: pl.DataFrame) -> pl.DataFrame:
        key = frame[self.key].cast(pl.String)
        return frame.with_columns(
            (key.str.strip_suffix(".0") if frame[self.key].dtype.is_float() else key).alias(KEY)
        )


def _places(page: int, keys: pl.Series) -> pl.DataFrame:
    places = pl.DataFrame({"hash": keys.hash()}).with_row_index("place")
    return places.select(pl.lit(page, pl.UInt16).alias("page"), "place", "hash")


def _column(path: str, records: Sequence[Mapping[str, Any]]) -> pl.Series:
    values = [_down(record, path) for record in records]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} and kinds:
        return pl.Series(path, values, dtype=pl.Boolean)
    if kinds <= {int, float} and kinds:
        return pl.Series(path, values, dtype=pl.Float64)
    return pl.Series(path, [value if value is None else str(value) for value in values], dtype=pl.String)


def _down(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def _typed(text: pl.Series, kind: str) -> pl.Series:
    given = text.to_frame("v").select(pl.when(pl.col("v") != "").then(pl.col("v")))["v"]
    if kind == "boolean":
        return given.str.to_lowercase() == "true"
    return given.cast(pl.Float64, strict=False) if kind in _NUMBERS else given
