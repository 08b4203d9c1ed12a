"""A text file in blocks of bytes that end where a record ends, found by counting quotes and not by reading fields.

This works as long as quotes do nothing but stand around whole fields, with quotes doubled inside. Where one stands
elsewhere, or a CR stands alone, the blocks stop before it, and somebody careful must read on (``Stream.careful``).
All blocks are UTF-8, whatever the file is.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.tabular.encoding import Encoding
from sfsync.tabular.lines import LONGEST_LINE, Lines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Positions = NDArray[np.int64] | NDArray[np.uint32]

SMALL = 1 << 18
"""Bytes that the csv module reads in less time than Python takes to import numpy."""
_PIECE = 1 << 20
"""Bytes that are looked at together: what numpy makes of them stays in the processor's memory."""
_QUOTE, _LF, _CR = b'"\n\r'


@dataclass(frozen=True, slots=True)
class Cut:
    """Whole records. ``data`` ends with LF; ``row`` is the line of the first record, ``lines`` are its line ends.

    ``ends``: positions of the LFs that end records, ``rows``: first lines of the records; both None when every line
    is a record. ``silent``: bytes that belong to no field and are neither delimiter nor LF: quotes around fields, one
    of each doubled pair, and CRs before line ends.
    """

    data: bytes
    row: int
    lines: int
    silent: int = 0
    ends: "Positions | None" = None
    rows: "Positions | None" = None

    def bare(self) -> "BareCut":
        """The same without its bytes, to be filled again."""
        size = len(self.data)
        if self.ends is None or self.rows is None:
            return BareCut(self.row, self.lines, self.silent, size)
        import numpy as np

        sizes = np.diff(self.ends, prepend=np.uint32(0))
        heights = np.diff(self.rows, prepend=np.uint32(self.row))
        return BareCut(self.row, self.lines, self.silent, size, _small(sizes), _small(heights))

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)

    @property
    def records(self) -> int:
        return self.lines if self.ends is None else len(self.ends)

    def record_ends(self) -> "Positions":
        """The positions of the LFs that end records."""
        import numpy as np

        return np.flatnonzero(np.frombuffer(self.data, np.uint8) == _LF) if self.ends is None else self.ends

    def first_lines(self) -> "Positions":
        """The first lines of the records."""
        import numpy as np

        return np.arange(self.row, self.row + self.lines, dtype=np.uint32) if self.rows is None else self.rows


@dataclass(frozen=True, slots=True)
class BareCut:
    """A cut without its bytes, in three bytes a row at most times.

    ``sizes``, ``heights``: from each record's end, and first line, to the next.
    """

    row: int
    lines: int
    silent: int
    size: int
    sizes: "NDArray[np.unsignedinteger[Any]] | None" = None
    heights: "NDArray[np.unsignedinteger[Any]] | None" = None

    def of(self, data: bytes) -> Cut:
        """The cut with its bytes, read again; the last line of a file may lack its end."""
        data = data if data.endswith(b"\n") else data + b"\n"
        if self.sizes is None:
            return Cut(data, self.row, self.lines, self.silent)
        return Cut(data, self.row, self.lines, self.silent, self.record_ends(), self.first_lines())

    @property
    def records(self) -> int:
        return self.lines if self.sizes is None else len(self.sizes)

    def record_ends(self) -> "Positions":
        """As of the cut; not where ``sizes`` is None."""
        import numpy as np

        assert self.sizes is not None  # noqa: S101  narrows the type
        return np.cumsum(self.sizes, dtype=np.uint32)

    def first_lines(self) -> "Positions":
        """As of the cut; not where ``sizes`` is None."""
        import numpy as np

        assert self.heights is not None  # noqa: S101  narrows the type
        return np.cumsum(self.heights, dtype=np.uint32) + np.uint32(self.row)


def _small(numbers: "NDArray[np.uint32]") -> "NDArray[np.unsignedinteger[Any]]":
    """The same numbers in as few bytes as the largest one needs."""
    import numpy as np

    return numbers.astype(np.min_scalar_type(numbers.max()))


class Stream:
    """The bytes of a text file from its first line on.

    ``row`` is the line that comes next, 1-based; ``place`` is where it begins, in bytes of a file in UTF-8.
    """

    def __init__(self, path: Path, encoding: Encoding, size: int, *, old_mac: bool = False) -> None:
        self.row = 1
        self.place = encoding.mark
        self._name = path.name
        self._piece = min(size, _PIECE)
        self._parts = size // self._piece
        self._pieces = _pieces(path, encoding, self._piece, old_mac=old_mac)
        self._buffer = b""
        self._begun = self._done = False

    def more(self) -> bool:
        """Whether anything is left to read."""
        while not self._buffer and not self._done:
            self._grow()
        return bool(self._buffer)

    def skip(self, lines: int) -> None:
        """Pass over some lines."""
        place = 0
        for _ in range(lines):
            while (end := self._buffer.find(b"\n", place)) < 0 and not self._done:
                self._grow()
            place = end + 1 if end >= 0 else place
        self._buffer = self._buffer[place:]
        self.row += lines
        self.place += place

    def cut(self, delimiter: str) -> Cut | None:
        """The next block; None where only a careful reader can go on."""
        if not self._begun:
            self._begun = True
            while len(self._buffer) < min(SMALL, self._piece) and not self._done:
                self._grow()
            if self._done and len(self._buffer) < SMALL and _needs_numpy(self._buffer):
                return None
        found: list[Cut] = []
        while len(found) < self._parts and (part := self._cut(ord(delimiter))):
            found.append(part)
        return joined(found) if found else None

    def _cut(self, delimiter: int) -> Cut | None:
        while self.more():
            found, regular = cut(self._buffer, self.row, delimiter)
            if found is not None:
                self._buffer = self._buffer[len(found.data) :]
                self.row += found.lines
                self.place += len(found.data)
                return found
            if not regular or self._done or len(self._buffer) > LONGEST_LINE:
                return None
            self._grow()
        return None

    def careful(self) -> "Careful":
        """The lines from here on; ``Careful.leave`` says how far they were read."""
        return Careful(self)

    def _grow(self) -> None:
        piece = next(self._pieces, None)
        if piece is not None:
            self._buffer += piece
            return
        self._done = True
        if self._buffer and not self._buffer.endswith(b"\n"):
            self._buffer += b"\n"


class Careful:
    """Lines that are taken from a stream, some of them; the rest goes back."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self.lines = Lines(stream._name, self._texts(), old_mac=False, number=stream.row - 1)  # noqa: SLF001  its own

    def _texts(self) -> Iterator[str]:
        stream = self._stream
        yield from map(self._decoder.decode, chain([stream._buffer], stream._pieces))  # noqa: SLF001  its own
        stream._done = True  # noqa: SLF001  its own

    def leave(self) -> None:
        """Give back what was not read."""
        stream = self._stream
        rest = self.lines.rest().encode()
        stream._buffer = rest + self._decoder.getstate()[0]  # noqa: SLF001  its own
        stream.row = self.lines.number + 1


def _pieces(path: Path, encoding: Encoding, size: int, *, old_mac: bool) -> Iterator[bytes]:
    """The file as UTF-8, without the byte order mark; the CRs of an old Macintosh file as LFs."""
    decoder: Any = None if encoding.name == "utf-8" else codecs.getincrementaldecoder(encoding.name)("strict")
    with path.open("rb") as stream:
        stream.seek(encoding.mark)
        while piece := stream.read(size):
            if decoder is not None:
                piece = decoder.decode(piece).encode()
            yield piece.replace(b"\r", b"\n") if old_mac else piece


def joined(cuts: Sequence[Cut]) -> Cut:
    """Cuts that follow each other as one."""
    if len(cuts) == 1:
        return cuts[0]
    data, first = b"".join([part.data for part in cuts]), cuts[0]
    lines, silent = sum(part.lines for part in cuts), sum(part.silent for part in cuts)
    if all(part.ends is None for part in cuts):
        return Cut(data, first.row, lines, silent)
    import numpy as np

    places = np.cumsum([0, *(len(part.data) for part in cuts[:-1])])
    ends = [
        part.record_ends().astype(np.int64) + place for part, place in zip(cuts, places.tolist(), strict=True)
    ]
    rows = np.concatenate([part.first_lines() for part in cuts])
    return Cut(data, first.row, lines, silent, np.concatenate(ends).astype(np.uint32), rows)


def cut(buffer: bytes, row: int, delimiter: int) -> tuple[Cut | None, bool]:
    """The whole records at the beginning of ``buffer``, None when there is none; and whether all of it is regular."""
    size = buffer.rfind(b"\n") + 1  # what is behind cannot be judged yet
    if not size:
        return None, True
    if not _needs_numpy(buffer):
        data = buffer[:size] if size < len(buffer) else buffer
        return Cut(data, row, data.count(b"\n")), True
    import numpy as np

    from sfsync.tabular.bits import (
        count,
        counts,
        first,
        in_front_of,
        last,
        next_to,
        odd_before,
        places,
        upto,
        where,
    )

    text = np.frombuffer(buffer, np.uint8, size)
    quotes, lfs = where(text, _QUOTE), where(text, _LF)
    crs = where(text, _CR) if b"\r" in buffer else np.zeros_like(lfs)
    within = odd_before(quotes)
    opening, closing = quotes & within, quotes & ~within
    around = quotes | lfs | where(text, delimiter)  # what may stand beside a quote
    odd = opening & ~next_to(around)
    odd[:1] &= ~(opening[:1] & 1)  # nothing stands before the first byte
    line_ends = crs & in_front_of(lfs)
    odd |= closing & ~in_front_of(around | line_ends) | crs & ~line_ends
    end = first(odd)
    regular = end is None
    ends = lfs & ~within
    final = last(ends if end is None else upto(ends, end))
    if final is None:
        return None, regular
    end = final + 1
    ends, lfs = upto(ends, end), upto(lfs, end)
    lines, records = count(lfs), count(ends)
    doubled = closing & in_front_of(opening)
    silent = count(upto(quotes, end)) - count(upto(doubled, end)) + count(upto(crs, end) & in_front_of(ends))
    data = buffer[:end] if end < len(buffer) else buffer
    if records == lines:
        return Cut(data, row, lines, silent), regular
    record_ends = places(ends)
    rows = np.empty(records, np.uint32)
    rows[0], rows[1:] = row, counts(lfs, record_ends[:-1]) + row
    return Cut(data, row, lines, silent, record_ends.astype(np.uint32), rows), regular


def _needs_numpy(buffer: bytes) -> bool:
    return b'"' in buffer or b"\r" in buffer
