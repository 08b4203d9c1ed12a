"""Phone numbers: what the fast door knows of countries agrees with phonenumbers itself."""

from random import Random

import polars as pl
import pytest

from sfsync.cells import Kind
from sfsync.mapping.phones import phone, phone_reader, with_regions

REGIONS = [
    "AT",
    "BE",
    "CH",
    "CZ",
    "DE",
    "DK",
    "ES",
    "FR",
    "GB",
    "GR",
    "HU",
    "IT",
    "LT",
    "LU",
    "NL",
    "NO",
    "PL",
    "PT",
]
OUTSIDE = ["AR", "AU", "BR", "CN", "JP", "KZ", "RU", "SG", "UA", "US", "VA", "XX"]
PREFIXES = [
    "",
    "0",
    "0",
    "00",
    "+",
    "+0",
    "(0",
    "001",
    "+1",
    "+31",
    "+31(0)",
    "0031",
    "31",
    "+39",
    "+39 0",
    "39",
    "+49",
]


def typed(seed: int, count: int) -> list[str]:
    """Numbers as people and mistakes make them."""
    rng = Random(seed)
    numbers = []
    for _ in range(count):
        digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(4, 13)))
        text = rng.choice(PREFIXES) + (digits[0] * len(digits) if rng.random() < 0.1 else digits)
        for _ in range(rng.choice([0, 0, 1, 3])):
            place = rng.randrange(len(text) + 1)
            text = text[:place] + rng.choice(" -./()") + text[place:]
        numbers.append(text)
    return numbers


@pytest.mark.parametrize("region", [None, *REGIONS, *OUTSIDE])
def test_the_fast_door_reads_as_phonenumbers_does(region):
    numbers = typed(len(region or "") and ord(region[0]) * 256 + ord(region[1]), 400)
    fast = phone_reader(region).fast
    assert fast is not None
    for text, found in zip(numbers, fast(pl.Series(numbers)), strict=True):
        if found is not None:
            assert (text, found) == (text, phone(text, Kind.TEXT, region).value)


@pytest.mark.parametrize("region", ["AT", "BE", "DE", "FR", "IT", "NL"])
def test_usual_numbers_do_not_need_the_slow_door(region):
    usual = {
        "AT": ["0664 1234567", "+43 664 1234567", "01/5123456"],
        "BE": ["0470 12 34 65", "+32 (0)470/12.34.65", "02 512 34 56"],
        "DE": ["030 1234567", "0049 151 12345678", "+49 (0) 30-1234567"],
        "FR": ["06 12 34 56 78", "+33612345678", "0033 6 12 34 56 78"],
        "IT": ["347 1234567", "06 1234567", "+39 06 1234567"],
        "NL": ["0612345678", "(020) 123 45 67", "+31-6-12345678"],
    }[region]
    fast = phone_reader(region).fast
    assert fast is not None
    assert fast(pl.Series(usual)).null_count() == 0


def test_each_number_takes_the_region_of_its_row():
    regions = pl.Series(["NL", "BE", None, "Belgium", "IT", "BE"])
    numbers = pl.Series(["0612345678", "0470 12 34 65", "0612345678", "0470123465", "347 1234567", None])
    reading = phone_reader("NL", by_row=True).read(with_regions(numbers, regions))
    assert reading.values.to_list() == [
        "+31612345678",
        "+32470123465",
        "+31612345678",
        None,
        "+393471234567",
        None,
    ]
    assert reading.errors is not None


def test_numbers_of_very_many_countries_are_all_read():
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    numbers = [f"+{code} 612 345 678" for code in COUNTRY_CODE_TO_REGION_CODE]
    values = phone_reader("NL").read(pl.Series(numbers)).values.to_list()
    assert values == [phone(text, Kind.TEXT, "NL").value for text in numbers]


@pytest.mark.parametrize(
    ("region", "before"),
    [("IT", ["+39", ""]), ("DK", ["+45", ""]), ("NL", ["+31", "0"]), ("DE", ["+49", "0"])],
)
def test_one_digit_again_and_again_is_nobodys_number_however_long(region, before):
    numbers = [
        prefix + "0" * zeros + digit * (length - zeros)
        for prefix in before
        for length in range(3, 14)
        for zeros in range(length + 1)
        for digit in "1789"
    ]
    fast = phone_reader(region).fast
    assert fast is not None
    found = fast(pl.Series(numbers))
    for text in pl.Series(numbers).filter(found.is_not_null()):
        assert phone(text, Kind.TEXT, region).value is not None


def test_countries_that_are_not_in_the_sample_are_read_in_one_go_too():
    numbers = pl.Series(["+31 6 12345678"] * 999 + ["+32 470 12 34 65", "0033 6 12 34 56 78", "+999 123456"])
    fast = phone_reader("NL").fast
    assert fast is not None
    assert fast(numbers).tail(3).to_list() == ["+32470123465", "+33612345678", None]
