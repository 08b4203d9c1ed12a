"""Phone numbers as people type them, to E.164 (+31612345678).

The fast door knows numbers of countries whose national numbers are plain: digits, or digits behind one 0. What it
knows of a country comes from the metadata of phonenumbers; everything else goes to phonenumbers itself. It looks at
numbers as whole numbers, code and all (31612345678): comparing those takes a fraction of the time of matching texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import polars as pl

from sfsync.cells import Kind, clean
from sfsync.mapping.readers import Cell, Reader, sample, unread

_E164 = 15  # digits at most (ITU-T E.164)
_REGION = "\x1f"
"""Between a number and its region where the region comes from another column."""
_MOST = 16
"""Regions of one block that the fast door looks for, the most frequent ones."""
_SPELLED = "(0)"
"""The zero of ``+31 (0)6``, for those who dial at home."""
_SEPARATORS = " -./()"


def phone_reader(region: str | None, *, by_row: bool = False) -> Reader:
    """Numbers without + or 00 belong to ``region``; ``by_row``: each text carries its own (see ``with_regions``)."""
    fast = _by_row if by_row else partial(_numbers, region=region)
    return Reader(pl.String(), fast, lambda text, kind: phone(text, kind, region))


def with_regions(text: pl.Series, regions: pl.Series) -> pl.Series:
    """Numbers with the region of their row behind them where it matters, as ``phone_reader`` reads them."""
    abroad = _abroad_for_sure(text)
    if abroad.all():
        return text
    number = pl.col("t")
    own = number + pl.lit(_REGION) + pl.col("r").fill_null("")
    return pl.DataFrame({"t": text, "r": regions}).select_seq(pl.when(abroad).then(number).otherwise(own))[
        "t"
    ]


def _abroad_for_sure(number: pl.Series) -> pl.Series:
    """Whether a digit but 0 follows a +: such a number says its country, whatever its region."""
    return (number >= "+1") & (number < "+:")


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


@dataclass(frozen=True, slots=True)
class _Country:
    """What the fast door knows of a region. ``lengths``: how many digits may stand behind the code.

    ``prefix`` stands before a national number; None: numbers without + are not simple there.
    """

    code: str
    lengths: tuple[int, ...]
    zero: bool
    """Whether 0 may follow the code."""
    prefix: str | None


@cache
def _country(region: str | None) -> _Country | None:
    """A region; None when there is no such region, or when digits stand there for more than digits."""
    from phonenumbers import PhoneMetadata

    found = PhoneMetadata.metadata_for_region(region) if region else None
    if found is None or found.general_desc is None or found.national_prefix_for_parsing not in {None, "0"}:
        return None
    code = str(found.country_code)
    lengths = tuple(length for length in found.general_desc.possible_length if length <= _E164 - len(code))
    plain = found.international_prefix == "00" and not found.national_prefix_transform_rule
    prefix = found.national_prefix_for_parsing or ""
    return _Country(code, lengths, not prefix, prefix if plain else None) if lengths else None


@cache
def _behind_plus(digits: str) -> _Country | None:
    """The country whose code a number begins with; no code is the beginning of another."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    if digits.startswith("0") or not (digits.isdecimal() and digits.isascii()):
        return None
    codes = (int(digits[:n]) for n in (1, 2, 3))
    found = next((code for code in codes if code in COUNTRY_CODE_TO_REGION_CODE), None)
    return None if found is None else _country(COUNTRY_CODE_TO_REGION_CODE[found][0])


@lru_cache(maxsize=100)
def _bounds(countries: frozenset[_Country], *, national: bool = False) -> pl.Series:
    """Where the numbers of some countries begin and end, in turns, in ascending order.

    Nobody's numbers are left out: one digit again and again, perhaps behind zeros. ``national``: without the code.
    """
    bounds = []
    for country in countries:
        for length in country.lengths:
            zeros = 0 if national else int(country.code) * 10**length
            bounds += [zeros + (0 if country.zero else 10 ** (length - 1)), zeros + 10**length]
            for times in range(1 if country.zero else length, length + 1):
                same = [zeros + int(str(digit) * times) for digit in range(1, 10)]
                bounds += [bound for number in same for bound in (number, number + 1)]
            if country.zero:
                bounds += [zeros, zeros + 1]
    return pl.Series(sorted(bounds), dtype=pl.Int64)


def _within(numbers: pl.Series, bounds: pl.Series) -> pl.Series:
    """Whether each number is behind a bound where something begins. Where there is no number, it is not."""
    return bounds.search_sorted(numbers, side="right") % 2 == 1


def _by_row(text: pl.Series) -> pl.Series:
    """Numbers that carry their regions; those of other than two letters are left to the slow door."""
    abroad = _abroad_for_sure(text)
    if abroad.all():
        return _numbers(text, None)
    if abroad.any():
        values = _nothing(text)
        for where, read in ((abroad, partial(_numbers, region=None)), (~abroad, _by_row)):
            rows = where.arg_true()
            values = values.scatter(rows, read(text.gather(rows)))
        return values
    marks = text.str.slice(-3)
    return _numbers(
        pl.select(pl.when(marks.str.starts_with(_REGION)).then(text.str.head(-3))).to_series(), marks
    )


def _numbers(text: pl.Series, region: str | pl.Series | None) -> pl.Series:
    """Numbers of one region, or of a region each."""
    usual = "\n".join(sample(text))
    signs = [sign for sign in _SEPARATORS if sign in usual.replace(_SPELLED, "")]
    values = _digits(_without_signs(text, signs, spelled=_SPELLED in usual), region)
    if values.null_count() == text.null_count():
        return values
    left = unread(text, values)
    others = text.gather(left)
    if not others.str.contains_any(list(_SEPARATORS)).any():
        return values
    regions = region.gather(left) if isinstance(region, pl.Series) else region
    return values.scatter(left, _digits(_without_signs(others, _SEPARATORS, spelled=True), regions))


def _without_signs(text: pl.Series, signs: Sequence[str], *, spelled: bool) -> pl.Series:
    """Numbers without separators; those that are ``spelled`` ``+31 (0)6`` without the zero."""
    if not signs and not spelled:
        return text
    column = pl.col("t")
    if (spelled or "(" in signs) and text.str.contains(_SPELLED, literal=True).any():
        without = column.str.replace_all(_SPELLED, "", literal=True)
        abroad = column.str.contains(r"^(?:\+|00)[0-9]")  # signs before these leave brackets of their own
        column = pl.when(abroad).then(without).when(~column.str.contains(_SPELLED, literal=True)).then(column)
    for sign in signs:
        column = column.str.replace_all(sign, "", literal=True)
    return text.to_frame("t").select_seq(t=column)["t"]


def _digits(text: pl.Series, region: str | pl.Series | None) -> pl.Series:
    """Numbers that are digits, perhaps behind a +."""
    values = _abroad(text)
    if values.null_count() == text.null_count():
        return values
    if values.null_count() == len(text) and not isinstance(region, pl.Series):
        return _at_home(text, _country(region))
    left = unread(text, values)
    text = text.gather(left)
    if not isinstance(region, pl.Series):
        return values.scatter(left, _at_home(text, _country(region)))
    marks = region.gather(left)
    for mark in _usual(marks)[:_MOST]:
        rows = (marks == mark).arg_true()
        values = values.scatter(left.gather(rows), _at_home(text.gather(rows), _country(mark[1:])))
    return values


def _at_home(text: pl.Series, home: _Country | None) -> pl.Series:
    """Numbers without a +, as they are dialled in one country."""
    if home is None or home.prefix is None:
        return _nothing(text)
    number = text.cast(pl.Int64, strict=False)
    if home.zero:  # the code in front keeps the zeros that such numbers begin with
        codes = [int(home.code) * 10**length for length in range(_E164 - len(home.code) + 1)]
        lengths = text.str.len_bytes().clip(upper_bound=len(codes))
        number += pl.Series([*codes, None], dtype=pl.Int64).gather(lengths)
    fine = _within(number, _bounds(frozenset([home]), national=not home.zero))
    fine &= (text >= "01") & (text < ("0:" if home.prefix else ":"))
    if not home.prefix:  # the country's code may stand there without its +
        fine &= ~text.str.starts_with(home.code)
    found = pl.format(f"+{home.code}{{}}", pl.col("t").str.slice(len(home.prefix)))
    values = text.to_frame("t").select_seq(pl.when(fine).then(found))["t"]
    if values.null_count() == text.null_count():
        return values
    abroad = text.str.starts_with("00").arg_true()
    if abroad.is_empty():
        return values
    return values.scatter(abroad, _abroad("+" + text.gather(abroad).str.slice(2)))


def _abroad(text: pl.Series) -> pl.Series:
    """Numbers behind a +."""
    sure = _abroad_for_sure(text)
    if not sure.any():
        return _nothing(text)
    number = text.cast(pl.Int64, strict=False)
    some = {digits[1:4] for digits in sample(text) if digits.startswith("+")}
    fine = sure & _within(number, _bounds(_countries(some)))
    others = text.filter(sure & ~fine).str.slice(1, 3).unique().to_list()
    if not _countries(some).issuperset(_countries(others)):
        fine = sure & _within(number, _bounds(_countries(some.union(others))))
    return text if fine.all() else text.zip_with(fine, pl.Series([None], dtype=pl.String))


def _countries(begins: Iterable[str]) -> frozenset[_Country]:
    """The countries of numbers that begin like this behind the +."""
    return frozenset(country for digits in begins if (country := _behind_plus(digits)))


def _usual(texts: pl.Series) -> list[str]:
    """Distinct texts, the most frequent first."""
    counted: list[str] = texts.drop_nulls().rename("t").value_counts(sort=True)["t"].to_list()
    return counted


def _nothing(text: pl.Series) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
