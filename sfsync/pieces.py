"""A frame as CSV, in the pieces in which polars writes it."""

from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    import polars as pl


class _Pieces(list[bytes]):
    """What is written, piece by piece: a BytesIO would copy all of it, and again whenever it grows."""

    def write(self, piece: bytes) -> int:
        self.append(piece)
        return len(piece)


def csv_pieces(frame: "pl.DataFrame", *, line_end: str = "\n") -> list[bytes]:
    """The rows in UTF-8, without a line of headings; nothing for a frame without rows."""
    pieces = _Pieces()
    if frame.height:
        frame.write_csv(cast("IO[bytes]", pieces), include_header=False, line_terminator=line_end)
    return pieces
