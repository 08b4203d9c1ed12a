"""Texts: free text, keys, names, e-mail addresses. Everything here is vectorised; e-mail has a slow door too."""

import re
import unicodedata

import polars as pl

from sfsync.cells import ZERO_WIDTH, Kind
from sfsync.mapping.readers import Cell, Reader, unread, usual_as_they_are

OUTER = (
    " \t\r\n\f\v\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u180e\u2028\u2029\u202f\u205f\u3000"
    + ZERO_WIDTH
    + "".join(map(chr, range(0x2000, 0x200B)))
)
"""What is taken off both ends of a text: all kinds of blanks, and characters that cannot be seen."""

_ZERO_WIDTH = f"[{ZERO_WIDTH}]"
_COMPOSABLE = "[^\u0000-\u02ff]"
"""What NFC may change; before the combining marks nothing is (Unicode Standard Annex 15)."""

_TRIMMED = "^[!-<>-~](?:[\n -~\u00a1-\u02ff]*[!-~])?$"
_KEY = "^[!-<>-`{-~](?:[ -`{-~]*[!-`{-~])?$"
"""Texts that are read as they are: not what Excel's guard begins with, no lower case in keys."""


def text_reader() -> Reader:
    """Free text: outer blanks off, CRLF → LF, composed accents (NFC); what is inside stays as typed."""
    return Reader(pl.String(), fast=trimmed)


def trimmed(text: pl.Series) -> pl.Series:
    """Free text as ``text_reader`` reads it; null for nothing."""
    return usual_as_they_are(text, _TRIMMED, _trimmed)


def _trimmed(text: pl.Series) -> pl.Series:
    column = _unguarded(text).str.strip_chars(OUTER)
    if text.str.contains("\r", literal=True).any():
        column = column.str.replace_all("\r\n", "\n", literal=True)
    if not is_ascii(text) and text.str.contains(_COMPOSABLE).any():
        column = column.str.normalize("NFC")
    return _blank_to_null(text, column)


def key_reader() -> Reader:
    """Keys and codes: invisible characters out anywhere, full-width to ASCII (NFKC), outer blanks off, upper case."""
    return Reader(pl.String(), fast=keys)


def keys(text: pl.Series) -> pl.Series:
    """Keys as ``key_reader`` reads them; null for nothing."""
    return usual_as_they_are(text, _KEY, _keys)


def _keys(text: pl.Series) -> pl.Series:
    column = _unguarded(text)
    if not is_ascii(text):
        column = column.str.replace_all(_ZERO_WIDTH, "").str.normalize("NFKC")
    return _blank_to_null(text, column.str.strip_chars(OUTER).str.to_uppercase())


def _unguarded(text: pl.Series) -> pl.Expr:
    """The texts without Excel's ``="0089"``, which keeps a spreadsheet from taking a text for a number."""
    column = pl.col("t")
    if text.str.starts_with('="').any():
        return column.str.replace(r'^="([^"]*)"$', "$1")
    return column


def is_ascii(text: pl.Series) -> bool:
    """Whether a column holds nothing but ASCII, which most columns of most files do."""
    return text.str.len_bytes().sum() == text.str.len_chars().sum()


def _blank_to_null(text: pl.Series, column: pl.Expr) -> pl.Series:
    frame = text.to_frame("t").select_seq(t=column)
    return frame.select_seq(pl.when(pl.col("t") != "").then("t"))["t"]


_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAILABLE = rf"^{_ATOM}(\.{_ATOM})*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$"
"""ASCII addresses as nearly everybody has them."""


def email_reader() -> Reader:
    """Addresses that mail can be sent to, in small letters."""
    return Reader(pl.String(), fast=_emails, slow=email)


def _emails(text: pl.Series) -> pl.Series:
    """Most addresses are in small letters, without blanks around them; others are looked at once more."""
    values = _mailable(text)
    if values.null_count() == text.null_count():
        return values
    left = unread(text, values)
    return values.scatter(left, _mailable(text.gather(left).str.strip_chars(OUTER).str.to_lowercase()))


def _mailable(text: pl.Series) -> pl.Series:
    usable = pl.col("t").str.contains(_MAILABLE) & (pl.col("t").str.len_bytes() <= 80)
    return text.to_frame("t").select_seq(pl.when(usable).then("t"))["t"]


def email(text: str, kind: Kind = Kind.TEXT) -> Cell:
    """One address. Exactly one @, a domain with a dot, no blanks, commas, or dots that stand together or at an end.

    Letters outside ASCII are let through (internationalised addresses exist); quoted local parts are not.
    Salesforce's e-mail fields take 80 characters.
    """
    address = unicodedata.normalize("NFC", text).translate(dict.fromkeys(map(ord, ZERO_WIDTH))).strip(OUTER)
    if not address:
        return Cell()
    local, at, domain = address.partition("@")
    usable = (
        kind is Kind.TEXT
        and bool(at)
        and len(address) <= 80
        and re.fullmatch(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}", local) is not None
        and _dotted(local)
        and _domain(domain)
    )
    return Cell(address.lower()) if usable else Cell(error="email")


def _dotted(text: str) -> bool:
    return not (text.startswith(".") or text.endswith(".") or ".." in text)


def _domain(domain: str) -> bool:
    labels = domain.split(".")
    return len(labels) >= 2 and not labels[-1].isdigit() and all(map(_label, labels))


def _label(label: str) -> bool:
    return bool(label) and len(label) <= 63 and re.fullmatch(r"[^\W_](?:[\w-]*[^\W_])?", label) is not None
