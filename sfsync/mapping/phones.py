"""Phone numbers as people type them, to E.164 (+31612345678)."""

import polars as pl

from sfsync.cells import Kind, clean
from sfsync.mapping.readers import Cell, Reader

_E164 = 15  # digits at most (ITU-T E.164)
_REGION = "\x1f"
"""Between a number and its region where the region comes from another column."""


def phone_reader(region: str | None) -> Reader:
    """Numbers without + or 00 belong to ``region``; a text may carry its own region (see ``with_regions``)."""
    return Reader(pl.String(), None, lambda text, kind: phone(text, kind, region))


def with_regions(text: pl.Series, regions: pl.Series) -> pl.Series:
    """Numbers with the region of their row behind them, as ``phone_reader`` reads them."""
    columns = pl.col("t") + pl.lit(_REGION) + pl.col("r").fill_null("")
    return pl.DataFrame({"t": text, "r": regions}).select(columns)["t"]


def phone(text: str, kind: Kind, region: str | None) -> Cell:
    """One number. It must be possible (its length fits its country); whether it is in use, nobody can tell."""
    import phonenumbers

    text, _, own = text.partition(_REGION)
    typed = clean(text)
    if not typed:
        return Cell()
    if kind not in {Kind.TEXT, Kind.NUMBER}:
        return Cell(error="phone")
    if typed.startswith("(+"):
        typed = typed.replace("(", "", 1).replace(")", "", 1)
    typed = typed.replace("(0)", "") if "+" in typed or typed.startswith("00") else typed
    try:
        number = phonenumbers.parse(typed, own or region)
    except phonenumbers.NumberParseException:
        return Cell(error="phone")
    national = str(number.national_number)
    if not phonenumbers.is_possible_number(number) or len(set(national)) == 1 or number.extension:
        return Cell(error="phone")
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Cell(found) if len(found) <= _E164 + 1 else Cell(error="phone")
