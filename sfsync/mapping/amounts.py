"""Numbers in the notation that a mapping declares; whole numbers. A number cell needs no notation."""

import re
import unicodedata
from collections.abc import Sequence

import polars as pl

from sfsync.cells import ZERO_WIDTH, Kind
from sfsync.mapping.readers import Cell, Reader, used

MOST_DIGITS = 15
"""What a JSON number carries exactly everywhere (IEEE 754)."""

_PLAIN = r"^[+-]?(0|[1-9][0-9]{0,14})$"


def number_reader(decimal: str, thousands: Sequence[str], *, whole: bool = False) -> Reader:
    """Numbers with ``decimal`` as the decimal sign and any of ``thousands`` between groups of three digits."""
    dtype: pl.DataType = pl.Int64() if whole else pl.Float64()

    forms = _forms(decimal, thousands, whole=whole)

    def fast(text: pl.Series) -> pl.Series:
        column = pl.col("t")
        found: list[pl.Expr] = []
        for form in used(list(forms), text):
            some: pl.Expr = pl.when(column.str.contains(form)).then(column)
            if sign := forms[form]:
                some = some.str.replace_all(sign, "", literal=True)
            if form != _PLAIN and decimal != ".":
                some = some.str.replace(decimal, ".", literal=True)
            found.append(some)
        if not found:
            return pl.Series([None], dtype=dtype).new_from_index(0, len(text))
        return text.to_frame("t").select_seq(t=pl.coalesce(found).cast(dtype, strict=False))["t"]

    form = number_form(decimal, thousands)
    return Reader(dtype, fast, lambda text, kind: number(text, kind, form, whole=whole))


def _forms(decimal: str, thousands: Sequence[str], *, whole: bool) -> dict[str, str]:
    """Regular expressions of usual numbers, with the sign that stands between their groups."""
    decimals = "" if whole else rf"(?:{re.escape(decimal)}[0-9]{{1,5}})?"
    forms = {_PLAIN: ""}
    if not whole:
        forms[rf"^[+-]?(?:0|[1-9][0-9]{{0,8}}){re.escape(decimal)}[0-9]{{1,5}}$"] = ""
    for sign in thousands:
        if sign != decimal and not sign.isspace():
            groups = rf"[1-9][0-9]{{0,2}}(?:{re.escape(sign)}[0-9]{{3}}){{1,2}}"
            forms[rf"^[+-]?{groups}{decimals}$"] = sign
    return forms


def number_form(decimal: str, thousands: Sequence[str]) -> re.Pattern[str]:
    """The regular expression of a number: sign, grouped or plain digits, decimals."""
    signs = "".join(" " if sign.isspace() else re.escape(sign) for sign in thousands if sign != decimal)
    if "." in thousands and decimal == ",":  # who writes 1.234,5 also writes 1 234,5
        signs += " "
    if "'" in thousands:
        signs += "\u2019"
    groups = rf"\d{{1,3}}(?:(?P<sign>[{signs}])\d{{3}})(?:(?P=sign)\d{{3}})*|" if signs else ""
    return re.compile(rf"([+-]?)\s*({groups}\d+)?(?:{re.escape(decimal)}(\d+))?", re.ASCII)


def number(text: str, kind: Kind, form: re.Pattern[str], *, whole: bool = False) -> Cell:
    """One cell; a text in another notation than the declared one is an error, never a guess."""
    plain = unicodedata.normalize("NFKC", text.translate(dict.fromkeys(map(ord, ZERO_WIDTH)))).strip()
    plain = plain.replace("\u2212", "-")
    if not plain:
        return Cell()
    if kind is Kind.NUMBER:
        return _value(plain, whole=whole)
    found = form.fullmatch(plain) if kind is Kind.TEXT else None
    if found is None or not (found[2] or found[found.re.groups]):
        return Cell(error="number")
    fraction = found[found.re.groups]
    digits = re.sub(r"\D", "", found[2] or "0")
    return _value(f"{found[1]}{digits}.{fraction or '0'}", whole=whole)


def _value(plain: str, *, whole: bool) -> Cell:
    """The value of a plain decimal such as -12.50 (a workbook's number may read 1.5e-7)."""
    try:
        value = float(plain)
    except ValueError:
        return Cell(error="number")
    if not abs(value) < 10**MOST_DIGITS:  # not a number is neither
        return Cell(error="number")
    if not whole:
        return Cell(value)
    return Cell(int(value)) if value.is_integer() else Cell(error="integer")
