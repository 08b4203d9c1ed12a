"""A block of whole records to a frame: polars splits it, and the bytes are counted afterwards.

polars fills up short records and has ideas of its own about rare things. So every byte must be found again: in a
field, as a delimiter, as the end of a record, or as one of the ``Cut.silent``. Where the sum is not right, records
with too few or too many fields are read one by one, and if that does not help, the csv module reads the whole block.
"""

import codecs
import csv
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.tabular.cuts import SMALL, BareCut, Cut, cut
from sfsync.tabular.layout import Layout, framed, without_empty
from sfsync.tabular.lines import LONGEST_FIELD
from sfsync.tabular.model import Notes

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from sfsync.tabular.cuts import Positions

_MOST_ODD = 0.2
"""The share of odd records from which on it is quicker to read all of them with the csv module."""


def quick(found: Cut, layout: Layout, notes: Notes) -> "pl.DataFrame | None":
    """The frame of a block; None when only the csv module can tell what it holds."""
    for width in dict.fromkeys((layout.columns, layout.width)):
        fields = _split(found, layout.delimiter, width)
        if fields is not None:
            return _finished(fields, _rows(found), layout, notes)
    return _with_odd(found, layout, notes)


def quick_columns(found: Cut, layout: Layout, positions: Collection[int]) -> "pl.DataFrame | None":
    """Some columns of a block, fields beyond the last column not seen; None when that cannot be told quickly."""
    import polars as pl

    if found.data.startswith(codecs.BOM_UTF8):
        return None
    try:
        frame = pl.read_csv(
            found.data,
            separator=layout.delimiter,
            has_header=False,
            infer_schema=False,
            columns=sorted(positions),
            schema={str(n): pl.String() for n in range(max(layout.columns, layout.width))},
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.height != found.records:
        return None
    return without_empty(frame, frame.columns).insert_column(0, _rows(found))


def records_of(
    found: Cut | BareCut, piece: Callable[[int, int], bytes], rows: "pl.Series", delimiter: str
) -> Cut | None:
    """Some records of a block; None when it is as well to read all of it, or when all of it must be read to tell.

    ``piece`` gives the bytes between two places in the block; ``rows`` are numbers of rows, sorted.
    """
    import numpy as np

    wanted = rows.to_numpy()
    wanted = wanted[slice(*np.searchsorted(wanted, [found.row, found.row + found.lines]))]
    if not len(wanted):
        return Cut(b"", found.row, 0)
    if len(wanted) > _MOST_ODD * found.records or found.size < SMALL:
        return None
    if isinstance(found, BareCut) and found.sizes is None:
        return None
    ends, lines = found.record_ends(), found.first_lines()
    places = np.searchsorted(lines, wanted)
    if places[-1] == len(lines) or (lines[places] != wanted).any():  # no record begins on that line
        return None
    starts = np.where(places > 0, ends[places - 1] + 1, 0)
    spans = zip(starts.tolist(), (ends[places] + 1).tolist(), strict=True)
    some, _ = cut(b"".join([piece(start, end) for start, end in spans]), 1, ord(delimiter))
    if some is None or some.records != len(wanted):
        return None
    return replace(some, ends=some.record_ends(), rows=wanted)


def _split(found: Cut, delimiter: str, width: int) -> "pl.DataFrame | None":
    """The fields of records that have ``width`` each, null where empty; None when one has not, or is too long."""
    import polars as pl

    if found.data.startswith(codecs.BOM_UTF8):  # polars would take it for a mark
        return None
    try:
        frame = pl.read_csv(
            found.data,
            separator=delimiter,
            has_header=False,
            infer_schema=False,
            schema={str(n): pl.String() for n in range(width)},
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.shape != (found.records, width):
        return None
    sizes, size = frame.select_seq(pl.all().str.len_bytes()), pl.all()
    told = sizes.select_seq(*(getattr(size, fact)().name.prefix(fact) for fact in ("sum", "min", "max")))
    facts = told.row(0, named=True)
    held = sum(facts[f"sum{name}"] for name in frame.columns)
    complete = held + found.records * width + found.silent == len(found.data)
    if not complete or any((facts[f"max{name}"] or 0) > LONGEST_FIELD for name in frame.columns):
        return None
    return without_empty(frame, [name for name in frame.columns if facts[f"min{name}"] == 0])


def _rows(found: Cut) -> "pl.Series":
    import polars as pl

    if found.rows is not None:
        return pl.Series("row", found.rows).cast(pl.UInt32)
    return pl.int_range(found.row, found.row + found.records, dtype=pl.UInt32, eager=True).alias("row")


def _finished(fields: "pl.DataFrame", rows: "pl.Series", layout: Layout, notes: Notes) -> "pl.DataFrame":
    """The frame with row numbers; a record with something beyond the last column is fitted by itself."""
    import polars as pl

    frame = fields.insert_column(0, rows)
    beyond = frame.columns[layout.columns + 1 :]
    if not beyond:
        return frame
    kept = frame.drop(beyond)
    odd = frame.select_seq(pl.any_horizontal(pl.col(beyond).is_not_null())).to_series()
    if not odd.any():
        return kept
    records = [(row, [cell or "" for cell in cells]) for row, *cells in frame.filter(odd).iter_rows()]
    return pl.concat([kept.filter(~odd), framed(layout, records, notes)]).sort("row")


def _with_odd(found: Cut, layout: Layout, notes: Notes) -> "pl.DataFrame | None":
    """The frame where some records have fewer or more fields than the others, or none at all."""
    import numpy as np
    import polars as pl

    data = np.frombuffer(found.data, np.uint8)
    ends = found.record_ends()
    starts = np.concatenate([[0], ends[:-1] + 1])
    fields = _fields(data, ends, ord(layout.delimiter))
    width = max((layout.columns, layout.width), key=lambda usual: int((fields == usual).sum()))
    odd = (fields != width) | (ends == starts) | ((ends == starts + 1) & (data[starts] == ord("\r")))
    if not 0 < odd.sum() <= _MOST_ODD * len(odd):
        return None
    rows = _rows(found)
    pieces, records, done = [], [], 0
    for index in np.flatnonzero(odd).tolist():
        start, end = int(starts[index]), int(ends[index]) + 1
        pieces.append(found.data[done:start])
        done = end
        try:
            record = next(csv.reader([found.data[start:end].decode()], delimiter=layout.delimiter))
        except csv.Error:
            return None
        records.append((rows[index], record))
    rest, _ = cut(b"".join([*pieces, found.data[done:]]), 1, ord(layout.delimiter))
    usual = _split(rest, layout.delimiter, width) if rest is not None else None
    if usual is None:
        return None
    frame = _finished(usual, rows.filter(pl.Series(~odd)), layout, notes)
    return pl.concat([frame, framed(layout, records, notes)]).sort("row")


def _fields(data: "NDArray[np.uint8]", ends: "Positions", delimiter: int) -> "NDArray[np.int64]":
    """How many fields each record has: its delimiters outside quotes, and one."""
    import numpy as np

    upto = np.cumsum(data == delimiter, dtype=np.int64)
    counts = np.diff(upto[ends], prepend=0) + 1
    quotes = np.flatnonzero(data == ord('"'))
    opening, closing = quotes[::2], quotes[1::2]
    within = upto[closing] - upto[opening]
    np.subtract.at(counts, np.searchsorted(ends, opening), within)
    return counts
