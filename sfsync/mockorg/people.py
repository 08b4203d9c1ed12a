"""Invented people and companies of six countries, always the same for the same seed.

Names of places, streets and companies exist nowhere; e-mail addresses are in domains reserved for examples; German and French
telephone numbers are from the ranges that their regulators keep for fiction.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


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
    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    legal: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


_COUNTRIES = (
    _Country(
        "NL", 46, ("nl",),
        _words("Sanne Daan Lotte Bram Fleur Sjoerd Maartje Ruben Anouk Thijs Noortje Gijs Femke Joris Hanna Koen Mirthe Wouter "
               "Eline Niels Roos Teun Iris Jelle Marit Pepijn Tess Sven Linde Huub"),
        _words("Vonkenberg Kabelstra Ampèrema de_Lader Stroomveld van_der_Volt Weerstandsma Polderlicht Zonnestra Windhoek "
               "Dijkglans van_Bliksem Schakelaar Molenvonk Draadstra Lampeveld te_Spoel Oplaadsma Stekkerman ter_Lading "
               "Fasema van_Ohmen Watterink Klemhuis Zekerink Meterdam Gloeilander Dynamostra Nettema Kernveld"),
        _words("Laadpaalstraat Kabelweg Voltahof Ampèrelaan Stekkerkade Zonnedijk Accuplein Wattstraat"),
        _words("Laadwijk Stroomdam Voltveen Kabelrode Zonnehaven Nieuw-Amper"), "BV",
    ),
    _Country(
        "BE", 15, ("nl", "fr"),
        _words("Jolien Wannes Margaux Loïc Ellen Pieter-Jan Manon Gauthier Silke Bavo Céline Maxime Lore Dries Aurélie Quentin "
               "Hanne Kobe Justine Cédric"),
        _words("Vanvolt Deladere Laadmans Stroobliks Vankabel Delampe Wattecamps Stekkers Ohmans Spoelberghs Dufusible Lecourant "
               "Delaprise Vermogens Polaerts Deschakel Neyrvolt Batteryns Zekermans Lumaert"),
        _words("Laadpaalsteenweg Rue_de_la_Borne Stroomlei Avenue_du_Courant Kabelstraat Rue_des_Ampères"),
        _words("Laadegem Ampervoorde Voltigny Stroomgem Courantville Kabelbeke"), "NV",
    ),
    _Country(
        "FR", 9, ("fr",),
        _words("Éloïse Mathis Clémence Théo Anaïs Baptiste Maëlle Hugo Zoé Corentin Noémie Léandre Inès Rémi Agathe Tristan "
               "Solène Yann Margot Édouard"),
        _words("Courantin Lavoltige Delampère Borneau Prisevert Watteville Câblier Éclairon Foudroy Lumérac Chargeois "
               "Ohmassy Disjonquet Fusibeau Tensionnier Rechargeaux Soleillac Ventaillon Dynamet Étincelle"),
        _words("Rue_de_la_Borne Avenue_des_Ampères Impasse_du_Câble Boulevard_de_la_Recharge Place_du_Volt"),
        _words("Voltigny-sur-Seine Amperville Saint-Watt Bornemont Courançon"), "SARL",
    ),
    _Country(
        "DE", 17, ("de",),
        _words("Änne Jörg Heike Björn Käthe Günter Silke Torben Jürgen Marlene Sören Ute Lennart Grit Falk Wiebke Holger Frauke "
               "Malte Dörte"),
        _words("Ladesäule Stromberger Wattenhuber Ampermann Kabelschmidt Voltmeier Steckerich Ohmstedt Blitzenau Akkumann "
               "Sicherling Funkenrath Spulenberg Drahtweber Leuchtmeier Schalterhoff Netzinger Strömholz Glühbeck Zählermann"),
        _words("Ladesäulenstraße Kabelgasse Ampèreweg Voltaallee Steckdosenring Stromplatz"),
        _words("Ohmstädt Ladenburgau Stromhausen Voltingen Wattendorf Kabelroda"), "GmbH",
    ),
    _Country(
        "IT", 7, ("it",),
        _words("Ginevra Tommaso Chiara Edoardo Noemi Lapo Benedetta Niccolò Fiamma Ettore Ilaria Corrado Serena Brando Mafalda "
               "Duccio Allegra Saverio Lavinia Ottavio"),
        _words("Correntini Lavolta Amperati Caricabene Scintilla Cavoni Presaverde Lampadari Fusibili Ohmenelli Batterini "
               "Spinarossa Luminetti Tensionari Elettrini Colonnini Dinamozzi Wattardi Solarini Ventosi"),
        _words("Via_della_Colonnina Corso_Ampere Piazza_della_Ricarica Via_dei_Cavi Viale_Volta_Nuova"),
        _words("Borgo_Volta Ricarica_Terme Amperano Cavolungo Lampadiano"), "Srl",
    ),
    _Country(
        "PL", 6, ("pl",),
        _words("Żaneta Łukasz Bożena Paweł Grażyna Michał Światosława Sławomir Jagoda Błażej Kinga Wojciech Ździsława Radosław "
               "Małgorzata Przemysław Oliwia Kacper Hanna Jędrzej"),
        _words("Prądzik Kablewicz Ładowska Woltarz Amperczyk Iskierka Gniazdowicz Żarówka Bateryjska Omiński Bezpiecznik Cewka "
               "Przewodniak Słonecznik Wiatraczek Łącznik Napięciak Dynamicz Watowski Zasilacz"),
        _words("ul._Ładowarki ul._Kablowa al._Amperów ul._Prądowa pl._Wolta"),
        _words("Ładowice Kablewo Amperów Woltanów Prądnik_Nowy"), "Sp. z o.o.",
    ),
)  # fmt: skip

_TRADES = _words("Zonnig Helder Rijklaar Voltaire Snellaad Groenrit Kilometer Ampère Fjord Meteoor Spectrum Horizon Noorderlicht "
                 "Pegel Radius Tandem")  # fmt: skip
_NO_LETTERS = {"SA", "SD", "SS"}
"""Letter pairs that Dutch postcodes leave out."""


def people(seed: int = 0, *, companies: float = 0.25) -> Iterator[Person]:
    """People without end, no two alike; about a quarter write for a company, now and then two or three for the same one."""
    dice = random.Random(seed)  # noqa: S311  repeatable on purpose
    weights = [country.share for country in _COUNTRIES]
    made = dict.fromkeys((country.code for country in _COUNTRIES), 0)
    number = 0
    while True:
        country = dice.choices(_COUNTRIES, weights)[0]
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
    trade = dice.choice(_TRADES)
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
