"""Words with a fixed meaning: yes and no, picklist values, countries. Compared as headings are (cells.fold)."""

from collections.abc import Mapping, Sequence

import polars as pl

from sfsync.cells import Kind, fold
from sfsync.mapping.countries import CODES, NAMES
from sfsync.mapping.readers import Cell, Reader

YES = (
    "yes",
    "y",
    "true",
    "1",
    "x",
    "ja",
    "j",
    "oui",
    "sì",
    "si",
    "tak",
    "wahr",
    "waar",
    "vrai",
    "vero",
    "是",
)
NO = ("no", "n", "false", "0", "nee", "nein", "non", "nie", "falsch", "onwaar", "faux", "falso", "否")


def boolean_reader(yes: Sequence[str] = (), no: Sequence[str] = ()) -> Reader:
    """True and false by word; the mapping's own words win over the built-in ones."""
    meaning: dict[str, bool] = dict.fromkeys(map(fold, YES), True) | dict.fromkeys(map(fold, NO), False)
    meaning |= dict.fromkeys(map(fold, yes), True) | dict.fromkeys(map(fold, no), False)
    return Reader(pl.Boolean(), None, lambda text, kind: _meaning(meaning, text, kind))


def picklist_reader(words: Mapping[str, Sequence[str]]) -> Reader:
    """Picklist values by the partner's words for them; a value is always a word for itself."""
    meaning = {fold(word): value for value, aliases in words.items() for word in aliases}
    meaning |= {fold(value): value for value in words}
    return Reader(pl.String(), None, lambda text, kind: _meaning(meaning, text, kind))


def country_reader() -> Reader:
    """ISO 3166 alpha-2 codes, from alpha-2, alpha-3 and names in English, Dutch, French, German, Italian, Polish."""
    meaning = {fold(name): code for code, names in NAMES.items() for name in names}
    meaning |= {fold(code): code for code in CODES}
    return Reader(pl.String(), None, lambda text, kind: _meaning(meaning, text, kind))


def _meaning(meaning: Mapping[str, object], text: str, kind: Kind) -> Cell:
    word = fold(text)
    if not word:
        return Cell()
    if kind is Kind.NUMBER:
        word = word.removesuffix(".0")
    return Cell(meaning[word]) if word in meaning else Cell(error="word_unknown")
