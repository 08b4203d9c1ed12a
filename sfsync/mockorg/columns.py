"""Texts turned into values a column at a time: what ``values.py`` does with each, for many rows at once.

A load brings the same columns row after row. What can be said of a whole column is said once: that all its texts are
short enough, which of the few words of a picklist each one is. Whatever is not plain is left to ``values.py``.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.schema import FieldDef
from sfsync.mockorg.values import Converter, converter, plain_text


class _Mark:
    """Stands in a column where a row has no value."""


BLANK = _Mark()
"""The row says nothing of the field."""
REFUSED = _Mark()
"""The row's text is refused; ``values.py`` says why."""

_GAPS = frozenset({None, BLANK, REFUSED})
_KEPT = 2_000
"""Different texts of a column whose values are remembered."""

Column = Callable[[Sequence[str]], tuple[Sequence[Any], bool]]
"""Takes the texts of a column; gives the values, and whether some may be None, BLANK or REFUSED."""


class Ready:
    """The values of a record, converted already: by canonical name and as they are stored."""

    __slots__ = ("fields", "nulls", "parents")

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.nulls = False
        """Whether some of them are null."""
        self.parents: dict[str, Mapping[str, Any]] | None = None
        """Parents by key, by the name of the relationship, if there are any."""


Values = Mapping[str, Any] | Ready
"""The values of a record: as a caller gives them, or ready."""


def column(field: FieldDef, null: str) -> Column:
    """The function that converts a column of texts for ``field``: an empty one is BLANK, and ``null`` is null."""
    convert = converter(field)
    return _texts(field, convert, null) if plain_text(field) else _remembered(convert, null)


class _Memory(dict[str, Any]):
    """What texts become, worked out when first met."""

    def __init__(self, convert: Converter, null: str) -> None:
        super().__init__({"": BLANK, null: convert(None, True)})
        self._convert = convert

    def __missing__(self, text: str) -> Any:
        try:
            value = self._convert(text, True)
        except Refused:
            return REFUSED
        if len(self) < _KEPT:
            self[text] = value
        return value


def _remembered(convert: Converter, null: str) -> Column:
    known = _Memory(convert, null)

    def read(texts: Sequence[str]) -> tuple[Sequence[Any], bool]:
        values = [known[text] for text in texts]
        return values, not _GAPS.isdisjoint(values)

    return read


def _texts(field: FieldDef, convert: Converter, null: str) -> Column:
    longest = field.length or sys.maxsize

    def one(text: str) -> Any:
        if text == null:
            return None
        try:
            return convert(text, True)
        except Refused:
            return REFUSED

    def read(texts: Sequence[str]) -> tuple[Sequence[Any], bool]:
        values = [text.strip() for text in texts]
        if null in texts or len(max(values, key=len)) > longest or not "".join(values).isprintable():
            return [
                (one(text) if text else BLANK)
                if not value or text == null or len(value) > longest or not value.isprintable()
                else value
                for text, value in zip(texts, values, strict=True)
            ], True
        if "" in values:
            return [
                value or (None if text else BLANK) for text, value in zip(texts, values, strict=True)
            ], True
        return values, False

    return read
