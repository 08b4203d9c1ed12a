"""The rows of a text file: all of them, a glance at some columns, or some rows whole; each time read anew."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sfsync.ahead import in_order
from sfsync.tabular.cuts import BareCut, Cut, Stream, joined
from sfsync.tabular.injection import ESCAPED
from sfsync.tabular.layout import Layout, framed
from sfsync.tabular.lines import Lines, records
from sfsync.tabular.model import Notes
from sfsync.tabular.quick import quick, quick_columns, records_of
from sfsync.tabular.skipping import Skipping, certain_rows

if TYPE_CHECKING:
    import polars as pl

_TOGETHER = 1 << 20
"""Bytes of picked rows that are read together."""
_STRETCHES = 16
"""The csv module reads this part of a block before the quick way is tried again."""


class TextRows:
    """The rows below the header of a text file.

    ``own``: the file is an answer of ours; the apostrophes that keep formulas from running are taken off again.
    """

    def __init__(self, layout: Layout, *, own: bool) -> None:
        self._layout = layout
        self._own = own
        self._kept: _Kept | None = None

    def read(self, notes: Notes) -> "Iterator[pl.DataFrame]":
        """All rows, without those that hold no data."""
        return filter(len, (part() for part in self.parts(notes)))

    def parts(self, notes: Notes) -> "Iterator[Callable[[], pl.DataFrame]]":
        """All rows, without those that hold no data, in parts that are read when they are called; see ``Table``."""
        skipping = Skipping(self._layout.columns, notes)

        def rest(found: "tuple[pl.DataFrame, Notes]") -> "pl.DataFrame":
            frame, own = found
            notes.add(own)
            return skipping.rest(frame)

        return in_order(self._noted, rest, self._found(), skipping.end)

    def _noted(self, noted: "tuple[Cut | pl.DataFrame, Notes]") -> "tuple[pl.DataFrame, Notes]":
        found, notes = noted
        frame = self._whole(found, notes)
        del found, noted  # others wait for the memory
        return self._typed(_in_one_piece(frame)), notes

    def glance(self, positions: Collection[int]) -> "Iterator[Callable[[], pl.DataFrame]]":
        """These columns of all rows, also of rows without data; see ``Table.glance`` for rows that have shifted."""
        return (partial(self._glanced, found, positions) for found, _ in self._found())

    def _glanced(self, found: "Cut | pl.DataFrame", positions: Collection[int]) -> "pl.DataFrame":
        frame = quick_columns(found, self._layout, positions) if isinstance(found, Cut) else found
        return self._typed(self._whole(found, Notes()) if frame is None else frame)

    def pick(self, rows: "pl.Series") -> "Iterator[pl.DataFrame]":
        """Some rows, as ``read`` gives them. ``rows``: their numbers, sorted."""
        picked = []
        for frame in self._picked(rows):
            chosen = None if frame is None else certain_rows(self._typed(frame), self._layout.columns)
            if chosen is None:  # whether these rows are a footer depends on all others
                yield from (_only(frame, rows) for frame in self.read(Notes()))
                return
            picked.append(chosen)
        yield from picked

    def _picked(self, rows: "pl.Series") -> "Iterator[pl.DataFrame | None]":
        """These rows, those of several blocks together; None where all must be read to tell."""
        layout, some = self._layout, list[Cut]()
        for part in self._parts(rows):
            if isinstance(part, Cut):
                some += [part] if part.size else []
                if sum(part.size for part in some) <= _TOGETHER:
                    continue
            if some:
                yield quick(joined(some), layout, Notes())
                some = []
            if not isinstance(part, Cut):
                yield _only(part, rows)
        if some:
            yield quick(joined(some), layout, Notes())

    def _parts(self, rows: "pl.Series") -> "Iterator[Cut | pl.DataFrame]":
        """The records of these rows; frames where all of a block had to be read."""
        if (kept := self._fresh()) is None:
            for found, _ in self._found():
                yield self._records(found, rows) if isinstance(found, Cut) else found
            return
        with self._layout.path.open("rb", buffering=0) as file:
            for place, bare in kept.cuts:
                read = partial(_piece, file, place)
                part = records_of(bare, read, rows, self._layout.delimiter)
                if part is None:
                    yield self._records(bare.of(read(0, bare.size)), rows)
                elif part.size:
                    yield part

    def _records(self, found: Cut, rows: "pl.Series") -> "Cut | pl.DataFrame":
        part = records_of(found, lambda start, end: found.data[start:end], rows, self._layout.delimiter)
        return self._whole(found, Notes()) if part is None else part

    def _fresh(self) -> "_Kept | None":
        """Where the blocks are, if an earlier pass found them and the file is still the same."""
        kept = self._kept
        return kept if kept is not None and kept.stamp == _stamp(self._layout.path) else None

    def _found(self) -> "Iterator[tuple[Cut | pl.DataFrame, Notes]]":
        """Blocks to be read the quick way, and frames of what stands between them; what is to be noted of each."""
        kept = self._fresh()
        found = self._cut() if kept is None else kept.read(self._layout.path)
        yield from ((one, Notes()) if isinstance(one, Cut) else one for one in found)

    def _cut(self) -> "Iterator[Cut | tuple[pl.DataFrame, Notes]]":
        """Find the blocks, and remember where they are."""
        layout, stamp = self._layout, _stamp(self._layout.path)
        kept: list[tuple[int, BareCut]] | None = []
        if layout.encoding.name != "utf-8" or layout.old_mac:
            kept = None
        stream = Stream(layout.path, layout.encoding, layout.block, old_mac=layout.old_mac)
        stream.skip(layout.first_line - 1)
        plain = len(layout.delimiter.encode()) == 1 and layout.delimiter not in '"\r\n'
        while stream.more():
            place = stream.place
            found = stream.cut(layout.delimiter) if plain else None
            if found is not None:
                if kept is not None:
                    kept.append((place, found.bare()))
                yield found
                continue
            kept = None
            careful, notes = stream.careful(), Notes()
            yield self._careful(careful.lines, notes, layout.block // _STRETCHES), notes
            careful.leave()
        self._kept = None if kept is None else _Kept(stamp, kept)

    def _whole(self, found: "Cut | pl.DataFrame", notes: Notes) -> "pl.DataFrame":
        if not isinstance(found, Cut):
            return found
        frame = quick(found, self._layout, notes)
        if frame is not None:
            return frame
        pieces = iter([found.data.decode()])
        lines = Lines(self._layout.path.name, pieces, old_mac=False, number=found.row - 1)
        return self._careful(lines, notes, len(found.data))

    def _careful(self, lines: Lines, notes: Notes, limit: int) -> "pl.DataFrame":
        """Records read by the csv module, until they are ``limit`` characters."""
        return framed(self._layout, _upto(limit, lines, self._layout.delimiter), notes)

    def _typed(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        if not self._own:
            return frame
        import polars as pl

        return frame.with_columns_seq(
            [
                pl.when(pl.col(name).str.contains(ESCAPED))
                .then(pl.col(name).str.slice(1))
                .otherwise(pl.col(name))
                for name in frame.columns[1:]
            ]
        )


_Stamp = tuple[int, int, int]


def _stamp(path: Path) -> _Stamp:
    """What is another when a file was changed or replaced."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where the blocks of a file in UTF-8 are, found by an earlier pass: three bytes a row, mostly."""

    stamp: _Stamp
    cuts: Sequence[tuple[int, BareCut]]

    def read(self, path: Path) -> Iterator[Cut]:
        with path.open("rb") as file:
            for place, found in self.cuts:
                file.seek(place)
                yield found.of(file.read(found.size))


def _in_one_piece(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Polars gives columns in seven pieces, and whoever works on them looks at each more than once."""
    import polars as pl

    columns = frame.get_columns()
    del frame
    for place, column in enumerate(columns):
        columns[place] = column.rechunk()
    return pl.DataFrame(columns)


def _piece(file: BinaryIO, place: int, start: int, end: int) -> bytes:
    """The bytes between two places in a block that begins at ``place``; a last line that lacks its end gets it."""
    file.seek(place + start)
    data = b""
    while len(data) < end - start and (more := file.read(end - start - len(data))):
        data += more
    return data if len(data) == end - start else data + b"\n"


def _upto(limit: int, lines: Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for row, _, record in records(lines, delimiter):
        yield row, record
        if lines.consumed >= limit:
            return


def _only(frame: "pl.DataFrame", rows: "pl.Series") -> "pl.DataFrame":
    return frame.filter(frame["row"].is_in(rows.implode()))
