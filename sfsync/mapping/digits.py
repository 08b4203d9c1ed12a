"""Strings of digits that are names, not amounts: card ids. Their length and leading zeros matter.

A spreadsheet keeps 15 significant digits of a number, so an id of more digits that went through a number cell is
lost for good. Such ids are told apart and refused, never guessed.
"""

import re
import unicodedata

import polars as pl

from sfsync.cells import ZERO_WIDTH, Kind
from sfsync.mapping.readers import Cell, Reader

EXCEL_DIGITS = 15
"""Significant digits of a number in Excel (Microsoft: Excel specifications and limits)."""

_GUARD = re.compile(r'^="(.*)"$', re.DOTALL)
_SCIENTIFIC = re.compile(r"^\d+(?:[.,]\d*)?[eE][+]?\d+$")
_DECIMALS = re.compile(r"^(\d+)[.,]0+$")
_ROUNDED = re.compile(rf"^[1-9]\d{{{EXCEL_DIGITS - 1}}}00+$")
_NOT_DIGITS = re.compile(r"[^0-9]")

_NOTHING = pl.Series([None], dtype=pl.String)


def digits_reader(length: int | None) -> Reader:
    """Digits only; exactly ``length`` of them, any number when None."""
    rounded = rf"^[1-9][0-9]{{{EXCEL_DIGITS - 1}}}00+$"

    def fast(text: pl.Series) -> pl.Series:
        # Reading whole numbers takes less time than matching texts; these have room for 38 digits.
        fine = text.cast(pl.Int128, strict=False).is_not_null() & (text >= "0")
        if length is not None:
            fine &= text.str.len_bytes() == length
        if length is None or length > EXCEL_DIGITS:
            zeros = (fine & text.str.ends_with("00")).arg_true()
            if len(zeros):
                fine = fine.scatter(zeros, ~text.gather(zeros).str.contains(rounded))
        return text.zip_with(fine, _NOTHING) if not fine.all() else text

    return Reader(pl.String(), fast, lambda text, kind: digits(text, kind, length))


def digits(text: str, kind: Kind, length: int | None) -> Cell:
    """One cell. Blanks are taken out, ="…" and a leading apostrophe taken off, a decimal part of zeros cut."""
    if kind is Kind.NUMBER:
        return Cell(error="numeric_cell")
    if kind is not Kind.TEXT:
        return Cell(error="characters")
    plain = unicodedata.normalize("NFKC", text.translate(dict.fromkeys(map(ord, ZERO_WIDTH)))).strip()
    warning = None
    if guarded := _GUARD.match(plain):
        plain, warning = guarded[1].strip(), "excel_text_guard"
    elif plain.startswith("'"):
        plain, warning = plain[1:], "leading_apostrophe"
    plain = "".join(plain.split())
    if not plain:
        return Cell()
    if _SCIENTIFIC.match(plain):
        return Cell(error="scientific")
    if whole := _DECIMALS.match(plain):
        plain, warning = whole[1], "decimals"
    if _NOT_DIGITS.search(plain):
        return Cell(error="characters")
    if (length is None or length > EXCEL_DIGITS) and _ROUNDED.match(plain):
        return Cell(error="precision_lost")
    if length is not None and len(plain) != length:
        return Cell(error="length")
    return Cell(plain, warning=warning)
