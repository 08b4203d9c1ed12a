"""Record ids: 15 characters that heed case, 18 with a checksum that survives the loss of case.

The layout and the checksum are those of the Salesforce object reference, "ID Field Type".
"""

from collections.abc import Callable
from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The 62 characters of ids in ASCII order, so that ids of one object sort by age."""

_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CHARACTERS = frozenset(ALPHABET)
_POD = "Mk0"
"""Characters 4 to 6 of every id made here: what a real org fills with its instance."""


def checksum(id15: str) -> str:
    """The three characters that turn an id of 15 characters into one of 18."""
    return _check(id15[:5]) + _check(id15[5:10]) + _check(id15[10:])


@lru_cache(maxsize=65_536)
def _check(group: str) -> str:
    """The check of five characters: bit k says whether character k is a capital."""
    return _CHECKS[sum(1 << place for place, character in enumerate(group) if "A" <= character <= "Z")]


def normalise(text: object) -> str | None:
    """The 18 characters of an id given with 15 or 18, or None when ``text`` cannot be an id.

    The case of an 18-character id is put right by its checksum, as an org does.
    """
    if not isinstance(text, str) or len(text) not in {15, 18} or not _CHARACTERS.issuperset(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    suffix = text[15:].upper()
    if checksum(text[:15]) == suffix:
        return text[:15] + suffix
    repaired = ""
    for group, check in enumerate(suffix):
        bits = _CHECKS.find(check)
        if bits < 0:
            return None
        for place, character in enumerate(text[group * 5 : group * 5 + 5]):
            repaired += character.upper() if bits >> place & 1 else character.lower()
    return repaired + suffix if checksum(repaired) == suffix else None


def make(prefix: str, number: int) -> str:
    """The 18-character id of the ``number``-th record (from 1) of the object with this key prefix."""
    high, low = divmod(number, 62)
    head, small, capital = _head(prefix, high)
    return f"{head}{ALPHABET[low]}{capital if 10 <= low < 36 else small}"


@lru_cache(maxsize=256)
def _head(prefix: str, number: int) -> tuple[str, str, str]:
    """The first 14 characters, which 62 ids share, and the checksum: when the last one is no capital, when it is."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    head = f"{prefix}{_POD}{digits:0>8}"
    return head, checksum(f"{head}0"), checksum(f"{head}A")


def number_of(record_id: str) -> int:
    """The number that ``make`` was given for this id; 0 for an id made elsewhere."""
    if record_id[3:6] != _POD:
        return 0
    number = 0
    for character in record_id[6:15]:
        number = number * 62 + ALPHABET.index(character)
    return number


class IdSource:
    """Gives ids in order, per key prefix. ``last`` finds the newest id already used with a prefix."""

    def __init__(self, last: Callable[[str], str | None]) -> None:
        self._last = last
        self._numbers: dict[str, int] = {}

    def next(self, prefix: str) -> str:
        """A fresh 18-character id; ids of undone transactions are not given again."""
        number = self._numbers.get(prefix)
        if number is None:
            newest = self._last(prefix)
            number = number_of(newest) if newest else 0
        self._numbers[prefix] = number + 1
        return make(prefix, number + 1)

    def reset(self) -> None:
        """Forget what was given, after the store was emptied."""
        self._numbers.clear()
