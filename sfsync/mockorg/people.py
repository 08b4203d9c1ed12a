"""Invented people and companies of six countries, always the same for the same seed.

Names of places, streets and companies exist nowhere; e-mail addresses are in domains reserved for examples;
German and French telephone numbers are from the ranges that their regulators keep for fiction.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who might fill in a form. ``company`` and ``registration`` are empty for a private person."""

    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    postcode: str
    city: str
    country: str
    language: str
    company: str = ""
    registration: str = ""


@dataclass(frozen=True, slots=True)
class _Country:
    code: str
    share: int
    languages: tuple[str, ...]
    legal: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]


_SHARES = {
    "NL": (46, ("nl",), "BV"),
    "BE": (15, ("nl", "fr"), "NV"),
    "FR": (9, ("fr",), "SARL"),
    "DE": (17, ("de",), "GmbH"),
    "IT": (7, ("it",), "Srl"),
    "PL": (6, ("pl",), "Sp. z o.o."),
}
"""Of a hundred people, how many live there, what they speak, what their companies are."""


@cache
def _words() -> dict[tuple[str, str], tuple[str, ...]]:
    """The words of people.txt by country and kind."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in files("sfsync.mockorg").joinpath("people.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, what, *words = line.split()
            more = tuple(word.replace("_", " ") for word in words)
            found[country, what] = found.get((country, what), ()) + more
    return found


@cache
def _countries() -> tuple[_Country, ...]:
    words, kinds = _words(), ("first", "last", "streets", "cities")
    return tuple(
        _Country(code, *facts, *(words[code, kind] for kind in kinds)) for code, facts in _SHARES.items()
    )


_NO_LETTERS = {"SA", "SD", "SS"}
"""Letter pairs that Dutch postcodes leave out."""


def people(seed: int = 0, *, companies: float = 0.25) -> Iterator[Person]:
    """People without end, no two alike; about a quarter write for a company, now and then two or three for the
    same one.
    """
    dice = random.Random(seed)  # noqa: S311  repeatable on purpose
    countries = _countries()
    weights = [country.share for country in countries]
    made = dict.fromkeys((country.code for country in countries), 0)
    number = 0
    while True:
        country = dice.choices(countries, weights)[0]
        team = dice.choice((2, 3)) if dice.random() < 0.03 else 1
        company = _company(country, number, dice) if dice.random() < companies or team > 1 else None
        street = f"{dice.choice(country.streets)} {number % 180 + 1}"
        place = (street, _postcode(country.code, dice), dice.choice(country.cities))
        for _ in range(team):
            first, last = _name(country, made[country.code])
            made[country.code] += 1
            yield _person(country, number, first, last, company, place, dice)
            number += 1


def _person(
    country: _Country,
    number: int,
    first: str,
    last: str,
    company: tuple[str, str] | None,
    place: tuple[str, str, str],
    dice: random.Random,
) -> Person:
    local = f"{_plain(first)}.{_plain(last)}.{number}"
    domain = (
        f"{_plain(company[0])}.example"
        if company
        else dice.choice(("example.com", "example.org", "example.net"))
    )
    name, registration = company or ("", "")
    return Person(
        first, last, f"{local}@{domain}", _phone(country.code, number), *place,
        country.code, dice.choice(country.languages), name, registration,
    )  # fmt: skip


def _name(country: _Country, number: int) -> tuple[str, str]:
    """Every pair of first and last name once, then with double last names."""
    turn, place = divmod(number, len(country.first))
    again, turn = divmod(turn, len(country.last))
    last = country.last[(turn + place) % len(country.last)]
    if again:
        last = f"{last}-{country.last[(turn + place + again) % len(country.last)]}"
    return country.first[place], last


def _company(country: _Country, number: int, dice: random.Random) -> tuple[str, str]:
    trade = dice.choice(_words()["all", "trades"])
    place = dice.choice(country.cities)
    return f"{trade} {place} {number} {country.legal}", _registration(country.code, number)


def _registration(code: str, number: int) -> str:
    """A number of the form that the country's register uses; invented, not all pass a check-digit test."""
    return {
        "NL": f"{90_000_000 + number * 7:08}",
        "BE": f"BE0999{number * 7 % 1_000_000:06}",
        "FR": f"{900_000_000 + number * 7:09}",
        "DE": f"HRB {100_000 + number * 7}",
        "IT": f"IT{90_000_000_000 + number * 7:011}",
        "PL": f"{9_000_000_000 + number * 7:010}",
    }[code]


def _phone(code: str, number: int) -> str:
    """A number in the form that people of the country type."""
    low, high = number % 1_000, number // 1_000
    return {
        "NL": f"06 {10 + number // 1_000_000 % 40:02}{number % 1_000_000:06}",
        "BE": f"+32 470 {number // 10_000 % 100:02} {number // 100 % 100:02} {number % 100:02}",
        "FR": f"06 39 98 {number // 100 % 100:02} {number % 100:02}",
        "DE": f"{('030 23125', '069 90009', '040 66969', '089 99998')[high % 4]}{low:03}",
        "IT": f"+39 320 {number % 10_000_000:07}",
        "PL": f"+48 501 {number // 1_000 % 1_000:03} {low:03}",
    }[code]


def _postcode(code: str, dice: random.Random) -> str:
    if code == "NL":
        letters = "SA"
        while letters in _NO_LETTERS:
            letters = dice.choice("ABCDEGHJKLMNPRSTVWXZ") + dice.choice("ABCDEGHJKLMNPRSTVWXZ")
        return f"{dice.randint(1000, 9999)} {letters}"
    if code == "PL":
        return f"{dice.randint(0, 99):02}-{dice.randint(1, 999):03}"
    if code == "BE":
        return str(dice.randint(1000, 9999))
    return f"{dice.randint(1_000, 98_999):05}"


def _plain(name: str) -> str:
    """A name as an e-mail address can hold it."""
    spelled = name.lower().replace("ß", "ss").replace("ł", "l")
    letters = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "".join(letter if letter.isalnum() else "-" for letter in letters).strip("-").replace("--", "-")
