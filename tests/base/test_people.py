"""Who is the same person, and which submissions repeat an earlier one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync import people
from sfsync.people import (
    Person,
    find_repeats,
    fold_address,
    fold_email,
    fold_name,
    fold_phone,
    names_agree,
    same_person,
)

DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
WINDOW = timedelta(days=30)
ZOE = Person("WF-1", "Zoë", "Müßlenwirth", "zoe@example.org", "+31612345678", "Kade 252 A", "1234 AB", DAY)


def other(**values: object) -> Person:
    """Somebody with Zoë's name and nothing else of hers, but for what is given."""
    unlike = {"key": "WF-2", "email": "new@example.org", "phone": "+4930123456", "street": "Weg 1"}
    return replace(ZOE, **(unlike | values))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Müßlenwirth", "MUSSLENWIRTH"),
        ("Zoë", "Zoe\u0308"),
        ("Łukasz", "lukasz"),
        ("Søren", "SOREN"),
        ("Ǿrsted", "orsted"),
        ("Jean-Luc", "jean luc"),
        ("O'Neil", "O’Neil"),
        ("Anna 😀", "anna"),
        ("𝐀𝐧𝐧𝐚", "Anna"),
        ("  van  der\u00a0Berg ", "Van der Berg"),
        ("Zo\u200bë", "Zoë"),
        ("J.", "j"),
    ],
)
def test_names_as_people_type_them_are_one(one: str, two: str) -> None:
    assert fold_name(one) == fold_name(two) != ""


@pytest.mark.parametrize(("one", "two"), [("Jansen", "Janssen"), ("Anna", "Anne"), ("Li", "Lu"), ("Kok", "")])
def test_other_names_stay_other_names(one: str, two: str) -> None:
    assert fold_name(one) != fold_name(two)


@given(st.text())
def test_a_folded_name_stays_as_it_is_and_has_no_case(text: str) -> None:
    folded = fold_name(text)
    assert fold_name(folded) == folded
    assert fold_name(text.upper()) == fold_name(text.upper().lower())
    assert folded == folded.strip()


@given(st.text(), st.text())
def test_folding_is_the_same_for_a_name_that_comes_in_twice(street: str, code: str) -> None:
    assert fold_email(fold_email(street)) == fold_email(street)
    assert fold_phone(fold_phone(street)) == fold_phone(street)
    assert fold_address(street, code) == fold_address(f" {street} ", f"{code}\u00a0")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("0031 6 1234-5678", "+31612345678"),
        ("06 12 34 56 78", "(06)12345678"),
        (None, ""),
        ("+", "-"),
        ("00", ""),
    ],
)
def test_phones(one: str, two: str) -> None:
    assert fold_phone(one) == fold_phone(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("Kade 252 A", "1234 AB"), ("kade 252a", "1234ab")),
        (("Hauptstraße 3", "10115"), ("HAUPTSTRASSE 3", "10115")),
        (("Rue de l'Église 1", "75001"), ("rue de l’eglise, 1", "75001")),
        (("", "1234 AB"), ("Kade 1", None)),
        (("-", "1234 AB"), ("", "")),
    ],
)
def test_addresses(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert fold_address(*one) == fold_address(*two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("Kade 25", "1234 AB"), ("Kade 2", "51234 AB")),
        (("Kade 1", "1234"), ("Kade 11", "234")),
        (("Kade 1", "1"), ("Kade 11", "")),
    ],
)
def test_addresses_of_two_houses(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert fold_address(*one) != fold_address(*two)


@pytest.mark.parametrize(
    ("one", "two", "agree"),
    [
        (("jan", "kok"), ("jan", "kok"), True),
        (("j", "kok"), ("jan", "kok"), True),
        (("", "kok"), ("jan", "kok"), True),
        (("j", "kok"), ("piet", "kok"), False),
        (("ja", "kok"), ("jan", "kok"), False),
        (("jan", "kok"), ("jan", "smit"), False),
        (("jan", ""), ("jan", ""), False),
    ],
)
def test_names_agree_both_ways(one: tuple[str, str], two: tuple[str, str], agree: bool) -> None:
    assert names_agree(*one, *two) is agree
    assert names_agree(*two, *one) is agree


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (other(email="ZOE@example.ORG"), "e-mail"),
        (other(email="zoe@example.org", first_name="Z."), "e-mail"),
        (other(email="zoe@example.org", first_name=""), "e-mail"),
        (other(phone="0031 6 12345678"), "phone and name"),
        (other(street="kade 252a", postcode="1234ab"), "name and address"),
        (other(), ""),  # a namesake
        (other(email="zoe@example.org", first_name="Piet"), ""),  # two people share an e-mail
        (other(email="zoe@example.org", last_name="Smit"), ""),
        (other(phone="0031 6 12345678", last_name="Smit"), ""),  # colleagues
        (other(street="kade 252a", postcode="1234ab", first_name="Piet"), ""),  # a household
    ],
)
def test_same_person(person: Person, why: str) -> None:
    assert same_person(ZOE, person) == why
    assert same_person(person, ZOE) == why


@pytest.mark.parametrize("empty", ["", " ", "-", "+", "n/a", "😀"])
def test_what_both_left_empty_makes_nobody_the_same_person(empty: str) -> None:
    unknown = empty if "a" not in empty else ""
    one = other(email=unknown if unknown not in "-+😀" else "", phone=empty, street=unknown, postcode="")
    assert same_person(one, replace(one, key="WF-3")) == ""


FIRST = st.sampled_from(["Zoë", "zoe", "Z.", "", "Piet", "P"])
LAST = st.sampled_from(["Kok", "KÖK", "Smit", ""])
EMAIL = st.sampled_from(["a@x.org", "A@X.org", "b@x.org", ""])
PHONE = st.sampled_from(["0612", "06 12", "+31999", ""])
STREET = st.sampled_from(["Kade 1 A", "kade 1a", "Weg 2", ""])
CODE = st.sampled_from(["1234 AB", "1234ab", ""])
WHEN = st.integers(0, 80).map(lambda days: DAY + timedelta(days=days))


@st.composite
def persons(draw: st.DrawFn, prefix: str = "N", most: int = 7) -> list[Person]:
    count = draw(st.integers(0, most))
    return [
        Person(f"{prefix}{n}", *(draw(values) for values in (FIRST, LAST, EMAIL, PHONE, STREET, CODE, WHEN)))
        for n in range(count)
    ]


@settings(max_examples=60)
@given(persons(most=2).filter(lambda found: len(found) == 2))
def test_same_person_is_symmetric_and_everybody_with_a_handle_is_himself(pair: list[Person]) -> None:
    one, two = pair
    assert same_person(one, two) == same_person(two, one)
    known = fold_name(one.last_name) and (one.email or one.phone or fold_address(one.street, one.postcode))
    assert bool(same_person(one, one)) == bool(known)


@settings(max_examples=60)
@given(persons(), persons("K"), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(new: list[Person], known: list[Person], chance) -> None:
    expected = find_repeats(new, known, WINDOW)
    chance.shuffle(new)
    chance.shuffle(known)
    assert find_repeats(new, known, WINDOW) == expected


@settings(max_examples=60)
@given(persons(), persons("K"))
def test_a_repeat_is_explained_by_one_who_stays(new: list[Person], known: list[Person]) -> None:
    """Every match names somebody who is no repeat himself; whoever stays repeats nobody who stays before him."""
    by_key = {person.key: person for person in [*new, *known]}
    repeats = find_repeats(new, known, WINDOW)
    assert repeats.keys() <= {person.key for person in new}
    for key, match in repeats.items():
        assert match.key == key
        assert match.first != key
        assert match.first not in repeats
        assert match.why
    stay = [person for person in new if person.key not in repeats]
    for person in stay:
        before = [*known, *(p for p in stay if (p.when, p.key) < (person.when, person.key))]
        for earlier in before:
            if abs(person.when - by_key[earlier.key].when) <= WINDOW:
                assert not same_person(person, earlier)


@settings(max_examples=60)
@given(persons(most=9), st.integers(1, 9))
def test_what_was_taken_in_before_is_judged_as_if_it_came_now(new: list[Person], cut: int) -> None:
    """The file in two parts, in order of time: the same people stay."""
    new.sort(key=lambda person: (person.when, person.key))
    whole = find_repeats(new, (), WINDOW)
    first, second = new[:cut], new[cut:]
    one = find_repeats(first, (), WINDOW)
    two = find_repeats(second, [person for person in first if person.key not in one], WINDOW)
    assert one.keys() | two.keys() == whole.keys()


def test_the_window_includes_its_edge_in_both_directions() -> None:
    for days, repeat in ((30, True), (-30, True), (30.001, False), (-30.001, False)):
        late = replace(ZOE, key="WF-2", when=DAY + timedelta(days=days))
        assert bool(find_repeats([late], [ZOE], WINDOW)) is repeat
    assert find_repeats([replace(ZOE, key="WF-2")], [ZOE], timedelta(0))


def test_of_new_submissions_the_earliest_stays_whatever_its_place_in_the_file() -> None:
    early = replace(ZOE, key="WF-9", when=DAY - timedelta(days=1))
    found = find_repeats([ZOE, early], (), WINDOW)
    assert {key: match.first for key, match in found.items()} == {"WF-1": "WF-9"}


def test_at_the_same_moment_the_smaller_key_stays() -> None:
    assert find_repeats([replace(ZOE, key="WF-2"), ZOE], (), WINDOW).keys() == {"WF-2"}


def test_a_known_person_comes_before_a_new_one_even_if_he_is_later() -> None:
    known = replace(ZOE, key="OLD", when=DAY + timedelta(days=2))
    assert find_repeats([ZOE], [known], WINDOW)["WF-1"].first == "OLD"


def test_three_forms_of_one_person_count_against_the_first() -> None:
    second = replace(ZOE, key="WF-2", when=DAY + timedelta(days=1))
    third = replace(ZOE, key="WF-3", when=DAY + timedelta(days=2))
    found = find_repeats([third, second, ZOE], (), WINDOW)
    assert {key: match.first for key, match in found.items()} == {"WF-2": "WF-1", "WF-3": "WF-1"}


def test_a_steady_sender_gets_an_order_again_once_the_window_has_passed_since_the_first() -> None:
    """Every 20 days a form: the third is 40 days after the first that made an order, so it makes one again."""
    forms = [replace(ZOE, key=f"WF-{n}", when=DAY + timedelta(days=20 * n)) for n in range(4)]
    found = find_repeats(forms, (), WINDOW)
    assert {key: match.first for key, match in found.items()} == {"WF-1": "WF-0", "WF-3": "WF-2"}


def test_two_people_of_one_e_mail_stay_two_although_a_third_form_could_be_of_either() -> None:
    forms = [
        replace(ZOE, key=f"WF-{n}", first_name=name, phone="") for n, name in enumerate(("Jan", "J.", "Joke"))
    ]
    forms = [replace(form, street=f"Weg {n}") for n, form in enumerate(forms)]
    found = find_repeats(forms, (), WINDOW)
    assert {key: match.first for key, match in found.items()} == {"WF-1": "WF-0"}


def test_a_known_person_found_by_phone_comes_before_a_new_one_found_by_e_mail() -> None:
    known = other(key="OLD", phone=ZOE.phone)
    earlier = other(key="WF-0", email=ZOE.email, phone="+32999", street="Lei 9", when=DAY - timedelta(days=1))
    assert find_repeats([ZOE, earlier], [known], WINDOW)["WF-1"].first == "OLD"


def test_a_submission_does_not_repeat_itself_when_it_is_known_already() -> None:
    assert find_repeats([ZOE], [ZOE], WINDOW) == {}


def test_work_grows_with_the_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    real = people.same_person

    def counted(left: Person, right: Person) -> str:
        nonlocal compared
        compared += 1
        return real(left, right)

    monkeypatch.setattr(people, "same_person", counted)
    crowd: Sequence[Person] = [
        Person(f"WF-{n}", "Jan", "Jansen", f"j{n}@x.org", f"+316{n:08}", f"Weg {n}", "1234 AB", DAY)
        for n in range(2000)
    ]
    assert find_repeats(crowd, (), WINDOW) == {}
    assert compared == 0
    again = [replace(person, key=f"B-{person.key}", when=DAY + timedelta(hours=1)) for person in crowd]
    assert len(find_repeats(again, crowd, WINDOW)) == len(crowd)
    assert compared <= len(crowd)
