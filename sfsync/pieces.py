"""A frame as CSV, in pieces."""

from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    import polars as pl

_ROWS = 10_000
"""Rows of a piece: polars makes one in memory before it hands it over, and a small one stays near the processor."""


class _Pieces(list[bytes]):
    """What is written, piece by piece: a BytesIO would copy all of it, and again whenever it grows."""

    def write(self, piece: bytes) -> int:
        self.append(piece)
        return len(piece)


def csv_pieces(frame: "pl.DataFrame", *, line_end: str = "\n") -> list[bytes]:
    """The rows in UTF-8, without a line of headings; nothing for a frame without rows."""
    pieces = _Pieces()
    for part in frame.iter_slices(_ROWS):
        part.write_csv(cast("IO[bytes]", pieces), include_header=False, line_terminator=line_end)
    return pieces
