"""How far the cells of an .xlsx sheet reach, and whether some need a second look, from the bytes of its XML.

A large sheet has millions of references, and a regular expression takes longer for them than reading the sheet does:
large pieces are judged with numpy, all references at once. The expression is for small pieces, which are not worth
loading numpy, and for unusual notations, which hostile files have.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_FORMULA = re.compile(rb"[<:]f")
_LARGE = 256 * 1024
"""Bytes from which numpy is worth loading."""
_LONGEST_TAG = 4 << 20
_MOST_LETTERS, _MOST_DIGITS = 3, 8
_BEHIND = 16
"""Zeros behind a piece, so that a reference at its end can be looked at like the others."""
_SPACE, _QUOTE, _APOSTROPHE, _ZERO, _COLON, _SMALLER, _EQUALS = b" \"'0:<="
_A, _E, _F, _R, _T = b"aefrt"


def between_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of an XML part cut anew, so that none begins or ends inside a tag of less than four megabytes."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = max(text.rfind(b"<"), 0)
        rest = text[cut:]
        if len(rest) > _LONGEST_TAG:
            cut, rest = len(text), b""
        yield text[:cut]
    yield rest


@dataclass(slots=True)
class Extent:
    """The last row and column that a sheet names, counted from 1; whether it may hold formulas or errors."""

    rows: int = 0
    columns: int = 0
    special: bool = False

    def look(self, text: bytes) -> None:
        """Take in a piece of the sheet that begins and ends between tags.

        Raises ValueError where megabytes go by without any tag: nothing that means a sheet is like that.
        """
        if len(text) > _LONGEST_TAG:
            raise ValueError("megabytes without a tag")
        if len(text) < _LARGE or not self._at_once(text):
            self._by_pattern(text)

    def _by_pattern(self, text: bytes) -> None:
        self.special = bool(self.special or _FORMULA.search(text) or _ERROR.search(text))
        found = _REFERENCE.findall(text)  # of rows and of cells
        columns = {letters for letters, _ in found}
        self.columns = max(self.columns, max(map(column_index, columns), default=-1) + 1)
        self.rows = max(self.rows, max((int(row) for _, row in found), default=0))

    def _at_once(self, text: bytes) -> bool:
        """The same with numpy; False for a piece in another notation than ``name="value"``."""
        import numpy as np

        seen = np.frombuffer(text + bytes(_BEHIND), dtype=np.uint8)
        equals = np.flatnonzero(seen == _EQUALS)
        before, behind = seen[equals - 1], seen[equals + 1]
        if (before <= _SPACE).any() or (behind <= _SPACE).any():
            return False
        if not self.special:
            formulas = ((seen[:-1] == _SMALLER) | (seen[:-1] == _COLON)) & (seen[1:] == _F)
            typed = equals[before == _T]
            errors = (seen[typed + 2] == _E) & _is_quote(seen[typed + 3])
            self.special = bool(formulas.any() or errors.any())
        named = (before == _R) & (seen[equals - 2] <= _SPACE)
        return self._references(seen, equals[named] + 1)

    def _references(self, seen: "NDArray[np.uint8]", at: "NDArray[np.intp]") -> bool:
        """Take in the references at these places, such as ``"AB12"`` or, of a row, ``"12"``; False for others."""
        import numpy as np

        if not len(at):
            return True
        columns, rows = np.zeros(len(at), dtype=np.int32), np.zeros(len(at), dtype=np.int32)
        begun = _is_quote(seen[at])
        at = at + 1
        for _ in range(_MOST_LETTERS):
            letter = (seen[at] | 0x20) - np.uint8(
                _A
            )  # small or capital; what is no letter becomes 26 or more
            is_letter = letter < 26
            if not is_letter.any():
                break
            columns = np.where(is_letter, columns * 26 + letter + 1, columns)
            at = at + is_letter
        for _ in range(_MOST_DIGITS):
            digit = seen[at] - np.uint8(_ZERO)
            is_digit = digit < 10
            if not is_digit.any():
                break
            rows = np.where(is_digit, rows * 10 + digit, rows)
            at = at + is_digit
        if not (begun & _is_quote(seen[at])).all():
            return False
        self.columns = max(self.columns, int(columns.max()))
        self.rows = max(self.rows, int(rows.max()))
        return True


def _is_quote(seen: "NDArray[np.uint8]") -> "NDArray[np.bool_]":
    import numpy as np

    found: NDArray[np.bool_] = np.logical_or(seen == _QUOTE, seen == _APOSTROPHE)
    return found


def column_index(letters: bytes) -> int:
    """The 0-based index of a column named by letters: A → 0, Z → 25, AA → 26; more than nine letters are cut."""
    index = 0
    for letter in letters[:9].upper():
        index = index * 26 + letter - 64
    return index - 1
