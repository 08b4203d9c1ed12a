"""Who is the same person: pure rules for names, e-mails, phones and addresses as people type them.

The same person is: the same e-mail and an agreeing name, or the same phone and name, or the same name and
address. People who share an e-mail, colleagues and namesakes are not.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfsync.cells import clean

_WORD = re.compile(r"[^\w]+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "’": "'"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who sent something: ``key`` names what they sent, ``when`` is when they sent it (aware)."""

    key: str
    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    postcode: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """``key`` was sent by the person who sent ``first``; ``why`` names the rule."""

    key: str
    first: str
    why: str


def fold_name(text: str | None) -> str:
    """A name without case, accents, emoji and punctuation: ``Müßlenwirth`` and ``MUSSLENWIRTH`` are one."""
    kept = "".join(
        letter for letter in _plain(text) if letter.isalpha() or letter.isspace() or letter in "-'."
    )
    return _WORD.sub(" ", kept).strip()


def _plain(text: str | None) -> str:
    """Without case, accents and typographic forms; what these were made of may have a case again, so twice."""
    once = unicodedata.normalize("NFKD", clean(text or "")).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", once) if not unicodedata.combining(sign))
    return bare.translate(_LETTERS)


def fold_email(text: str | None) -> str:
    return clean(text or "").casefold()


def fold_phone(text: str | None) -> str:
    """Digits only, an international 00 as +: numbers are compared after E.164 where a mapping made them so."""
    digits = re.sub(r"[^\d+]", "", clean(text or ""))
    number = f"+{digits[2:]}" if digits.startswith("00") else digits
    return "" if number.strip("+") == "" else number


def fold_address(street: str | None, postcode: str | None) -> str:
    """Street and postcode as letters and digits: ``252 A`` and ``252a`` are one; empty if either is missing."""
    where, code = (re.sub(r"[\W_]+", "", _plain(part)) for part in (street, postcode))
    return f"{code}/{where}" if where and code else ""


def names_agree(first: str, last: str, other_first: str, other_last: str) -> bool:
    """Folded names of one person: equal last names, first names equal, missing, or one the other's initial."""
    if not last or last != other_last:
        return False
    if not first or not other_first or first == other_first:
        return True
    short, long = sorted((first, other_first), key=len)
    return len(short) == 1 and long.startswith(short)


def same_person(left: Person, right: Person) -> str:
    """The rule by which two are one person ("e-mail", "phone and name", "name and address"), or ""."""
    agree = names_agree(
        fold_name(left.first_name),
        fold_name(left.last_name),
        fold_name(right.first_name),
        fold_name(right.last_name),
    )
    if not agree:
        return ""
    if fold_email(left.email) and fold_email(left.email) == fold_email(right.email):
        return "e-mail"
    if fold_phone(left.phone) and fold_phone(left.phone) == fold_phone(right.phone):
        return "phone and name"
    address = fold_address(left.street, left.postcode)
    if address and address == fold_address(right.street, right.postcode):
        return "name and address"
    return ""


def find_repeats(new: Iterable[Person], known: Iterable[Person], window: timedelta) -> dict[str, Match]:
    """Which of ``new`` repeat one of ``known``, or an earlier one of ``new``, within ``window``; key → match.

    Known people come before new ones, earlier before later: whatever the order of arrival, the same ones stay.
    Who sends three times counts against the first both times. A repeat itself makes no further repeats, or
    ``J. Kok`` would make one person of Jan and Joke Kok who share an e-mail.
    Work grows with the number of people, not with its square: only people who share an e-mail, phone or
    address are compared.
    """
    groups: dict[tuple[str, str], list[tuple[int, Person]]] = {}
    repeats: dict[str, Match] = {}
    rank = 0
    for rank, person in enumerate(sorted(known, key=_in_time), start=1):
        _remember(groups, rank, person)
    for place, person in enumerate(sorted(new, key=_in_time), start=rank + 1):
        others = sorted({who for handle in _handles(person) for who in groups.get(handle, ())}, key=_by_rank)
        match = next((found for _, other in others if (found := _repeat(person, other, window))), None)
        if match:
            repeats[person.key] = match
        else:
            _remember(groups, place, person)
    return repeats


def _in_time(person: Person) -> tuple[datetime, str]:
    return person.when, person.key


def _by_rank(ranked: tuple[int, Person]) -> int:
    return ranked[0]


def _remember(groups: dict[tuple[str, str], list[tuple[int, Person]]], rank: int, person: Person) -> None:
    for handle in _handles(person):
        groups.setdefault(handle, []).append((rank, person))


def _handles(person: Person) -> list[tuple[str, str]]:
    handles = [
        ("email", fold_email(person.email)),
        ("phone", fold_phone(person.phone)),
        ("address", fold_address(person.street, person.postcode)),
    ]
    return [handle for handle in handles if handle[1]]


def _repeat(person: Person, other: Person, window: timedelta) -> Match | None:
    if person.key == other.key or abs(person.when - other.when) > window:
        return None
    why = same_person(person, other)
    return Match(person.key, other.key, why) if why else None
