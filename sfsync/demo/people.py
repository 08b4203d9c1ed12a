"""Invented people, companies and addresses in six countries, for the demo and the tests.

Names are made of parts that sound like the country and belong to nobody. Telephone numbers come from ranges kept
for fiction where the country has them (France, Germany), and from round blocks elsewhere; mail goes to the domains
that RFC 2606 keeps for examples.
"""

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Country:
    """What a form from one country looks like. ``phones`` are templates: each ``#`` is a digit of the number."""

    code: str
    share: int
    languages: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[tuple[str, ...], tuple[str, ...]]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    phones: tuple[str, ...]
    legal_form: str
    messages: tuple[str, ...]


_DUTCH_NAMES = (
    ("Fiets", "Brood", "Kaas", "Kraan", "Polder", "Schelp", "Van den Pons", "Wolken", "de Tulp", "Zeeën"),
    ("mansma", "stra", "horster", "kwist", "denaar", "gors", "beekman", "zegers", "lommer", "vink"),
)
_DUTCH_FIRST = (
    "Jeroen",
    "Saskia",
    "Bas",
    "Fenna",
    "Koen",
    "Marleen",
    "Thijs",
    "Ilse",
    "Ruben",
    "Chloë",
    "Renée",
)
_FRENCH_FIRST = ("Hélène", "Théo", "Aurélie", "Jérôme", "Inès", "Mathéo", "François", "Solène", "Anne-Lise")
_FRENCH_NAMES = (
    ("Clairé", "Roche", "Fontê", "Montbé", "Valcô", "Hélou", "Lefèv", "Garçon", "L'Hér", "Brûle"),
    ("vigne", "dieu", "noix", "lard", "rieux", "tellier", "sart", "quin", "mande", "père"),
)

COUNTRIES = (
    Country(
        code="NL",
        share=47,
        languages=("nl",) * 14 + ("en",),
        first_names=_DUTCH_FIRST,
        last_names=_DUTCH_NAMES,
        streets=("Kaasmarkt", "Lange Fietspad", "Tulpenhof", "'s-Gravenpolderseweg", "Burg. Kraanlaan"),
        cities=("Kraandam", "Schelpenburg", "Oud-Wolkum", "'t Broodveld"),
        phones=(
            "06-1#######",
            "06 1### ## ##",
            "+31 6 1#######",
            "00316 1#######",
            "(+31)(0)6 1#######",
            "+3161#######",
        ),
        legal_form="B.V.",
        messages=(
            "Kan de pas ook in Duitsland gebruikt worden?",
            "Bellen na 17 uur aub",
            "Graag één factuur per maand.",
        ),
    ),
    Country(
        code="BE",
        share=15,
        languages=("nl", "nl", "fr"),
        first_names=("Joke", "Wannes", "Katrien", "Pieterjan", "Gaëlle", "Benoîte", "Séverine", "Dries"),
        last_names=(("Van den Kriek", "Wafel", "De Frie", "Praline", "Maes-Deû", "Van Hop"), _DUTCH_NAMES[1]),
        streets=("Frietstraat", "Rue de la Gaufre", "Kriekenplein", "Chaussée du Houblon"),
        cities=("Hopgem", "Gaufreville", "Pralinegem", "Sint-Kriek"),
        phones=("047# ## ## ##", "+3247#######", "+32 47# ## ## ##", "0032 47# ######", "047#/##.##.##"),
        legal_form="BV",
        messages=("Graag per e-mail", "Pouvez-vous m\u2019appeler ?", "Levering op het werk aub"),
    ),
    Country(
        code="FR",
        share=9,
        languages=("fr",),
        first_names=_FRENCH_FIRST,
        last_names=_FRENCH_NAMES,
        streets=("Quai des Brioches", "Rue de l\u2019Ardoise", "Allée des Grillons", "Boulevard Sablé"),
        cities=("Brioche-sur-Orge", "Saint-Grillon", "Ardoisière", "Les Sablés-d\u2019Ouest"),
        phones=(
            "01 99 00 ## ##",
            "01.99.00.##.##",
            "+33 1 99 00 ## ##",
            "0033199 00 ## ##",
            "+33 (0)1 99 00 ## ##",
        ),
        legal_form="SAS",
        messages=(
            "Peut-on payer par prélèvement ?",
            "À livrer au siège, s\u2019il vous plaît.",
            "Délai svp ?",
        ),
    ),
    Country(
        code="DE",
        share=16,
        languages=("de",) * 12 + ("en",),
        first_names=("Björn", "Sören", "Ute", "Götz", "Bärbel", "Klaus-Dieter", "Maike", "Annegret", "Jörn"),
        last_names=(
            ("Birn", "Mühlen", "Kirsch", "Bäcker", "Hopfen", "Schön", "Weiß", "Küsten", "Löwen", "Tann"),
            ("stätter", "häuser", "bächle", "reuther", "zwirner", "loher", "kötter", "lechner", "gruber-Voß"),
        ),
        streets=("Brezelweg", "Am Mühlrad", "Kirschbaumstraße", "Große Bäckergasse"),
        cities=("Brezelbrück", "Bad Kirschau", "Mühlstätten", "Neu-Hopfing"),
        phones=(
            "069 90009#####",
            "069/90009-#####",
            "+49 69 90009#####",
            "+49 (0)69 90009#####",
            "004969 90009 #####",
        ),
        legal_form="GmbH",
        messages=("Bitte Rückruf.", "Gilt die Karte auch in Dänemark?", "Größere Bestellung folgt."),
    ),
    Country(
        code="IT",
        share=7,
        languages=("it",),
        first_names=("Niccolò", "Giosuè", "Chiara", "Lidia", "Ugo", "Mariasole", "Teo"),
        last_names=(
            ("Fior", "Cant", "Pell", "D'Asp", "Rond", "De Cast", "Mall"),
            ("anelli", "ighini", "erucci", "inotto", "aldò", "ellaro", "uzzi"),
        ),
        streets=("Via del Fornaio", "Piazza della Lumaca", "Viale Ulivi", "Via XX Settembrina"),
        cities=("Lumaca Terme", "San Fornaio", "Uliveto Basso", "Castel Grillì"),
        phones=("320 #######", "+39 320 #######", "320#######", "0039 320 #######", "+39320#######"),
        legal_form="S.r.l.",
        messages=("Perché non arriva la conferma?", "Consegna in ufficio, grazie.", "Più tessere a breve."),
    ),
    Country(
        code="PL",
        share=6,
        languages=("pl",),
        first_names=("Michał", "Łucja", "Paweł", "Jędrzej", "Małgorzata", "Zośka", "Grażyna"),
        last_names=(
            ("Wiśn", "Gołęb", "Dąbr", "Śliw", "Źrebc", "Brzoz", "Kłos"),
            ("owicz", "ędzki", "iński-Mały", "ałka", "ochowska", "urski", "eńczyk"),
        ),
        streets=("ulica Śliwkowa", "ul. Gołębia", "aleja Brzóz", "plac Piekarski"),
        cities=("Śliwków", "Brzozówka Mała", "Gołębin", "Kłosy Górne"),
        phones=("600-###-###", "+48 600 ### ###", "600 ### ###", "0048600###-###", "+48600###-###"),
        legal_form="sp. z o.o.",
        messages=("Proszę o kontakt po południu.", "Faktura na firmę, dziękuję.", "Ile trwa dostawa?"),
    ),
)

_TRADES = ("Koffie", "Transport", "Lift", "Bakery", "Garage", "Textile", "Solar", "Print", "Marine", "Archi")
_HOUSES = ("Noord", "Delta", "Corbeau", "Falke", "Lumaca", "Sowa", "Rivage", "Piccolo", "Ost", "Heron")
_DOMAINS = ("example.com", "example.net", "example.org", "mail.example", "werk.example")
_NO_DECOMPOSITION = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "œ": "oe"})


def plain(text: str) -> str:
    """The text as people write it in e-mail addresses: letters a to z, in lower case."""
    decomposed = unicodedata.normalize("NFD", text.translate(_NO_DECOMPOSITION))
    return "".join(sign for sign in decomposed.casefold() if sign.isascii() and sign.isalpha())


def country(rng: Random) -> Country:
    """A country, as often as its share says."""
    return rng.choices(COUNTRIES, [each.share for each in COUNTRIES])[0]


def person(rng: Random, number: int, land: Country) -> dict[str, Any]:
    """A person's name and ways to reach him; ``number`` makes e-mail address and telephone number unlike others'."""
    first, last = rng.choice(land.first_names), "".join(rng.choice(part) for part in land.last_names)
    return {"first_name": first, "last_name": last, **reach(rng, number, land, first, last)}


def reach(rng: Random, number: int, land: Country, first: str, last: str) -> dict[str, Any]:
    """An e-mail address and a telephone number that no other ``number`` has."""
    address = f"{plain(first)[:1]}.{plain(last)}{number}@{rng.choice(_DOMAINS)}"
    return {"email": address, "phone": phone(rng.choice(land.phones), number)}


def phone(template: str, number: int) -> str:
    """The template with the last digits of ``number`` in the places of its ``#``."""
    room = template.count("#")
    for digit in f"{number:0{room}d}"[-room:]:
        template = template.replace("#", digit, 1)
    return template


def address(rng: Random, land: Country) -> dict[str, Any]:
    """Street, house number, postcode and city, written as in the country."""
    digits = rng.randint(1000, 9999)
    letters = "".join(rng.choice("ABCDEGHJKLNPRSTVWXZ") for _ in range(2))
    postcode = {
        "NL": f"{digits}{rng.choice((' ', ' ', ''))}{letters}",
        "BE": str(digits),
        "PL": f"{digits // 100}-{rng.randint(100, 999)}",
    }.get(land.code, f"{rng.randint(1, 97):02d}{rng.randint(100, 999)}")
    return {
        "street": rng.choice(land.streets),
        "house_number": f"{rng.randint(1, 320)}{rng.choice(('', '', '', '', ' B', 'a', '-2', ' bus 4'))}",
        "postcode": postcode,
        "city": rng.choice(land.cities),
    }


def company(rng: Random, number: int, land: Country) -> dict[str, Any]:
    """A company's name and numbers. Only Dutch companies have a KvK number; some give that one alone."""
    name = f"{rng.choice(_HOUSES)}{rng.choice((' ', '-', ' & '))}{rng.choice(_TRADES)} {number} {land.legal_form}"
    vat = {
        "NL": f"NL00{1_200_000 + number:07d}B{number % 89 + 1:02d}",
        "BE": f"BE 0778.{number // 1000 % 1000:03d}.{number % 1000:03d}",
        "FR": f"FR{number % 97:02d}88{1_000_000 + number:07d}",
        "DE": f"DE888{number:06d}",
        "IT": f"IT8800{number:07d}",
        "PL": f"PL88{number:08d}",
    }[land.code]
    kvk = f"78{number:06d}" if land.code == "NL" else ""
    if kvk and rng.random() < 0.2:
        vat = ""
    return {"company_name": name, "vat_number": vat, "kvk_number": kvk}
