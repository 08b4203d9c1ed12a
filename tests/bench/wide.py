"""A partner's file of customers with 25 columns, any number of rows: typed as people type, 1 % dirt, some rows twice.

It is made with polars, as a loop over three million rows would take longer than what is measured.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MAPPING = Path(__file__).with_name("wide.yaml")
COLUMNS = 25
_PART = 200_000
_FIRST = (
    "Jan",
    "Sanne",
    "Piet",
    "Zoë",
    "Noor",
    "Jürgen",
    "Marie",
    "Łukasz",
    "Giulia",
    "Emma",
    "Daan",
    "Fleur",
)
_LAST = ("de Vries", "Jansen", "Müller", "van den Berg", "Rossi", "Kowalska", "Dupont", "O'Neill", "Bakker")
_STREETS = ("Dorpsstraat", "Kerkstraat", "Hoofdstraat", "Rue de l'Église", "Lange Voorhout", "Via Roma")
_CITIES = ("Utrecht", "'s-Gravenhage", "Liège", "Köln", "Milano", "Groningen", "Kraków")
_COUNTRIES = ("NL", "Nederland", "NL", "BE", "DE", "nl", "FR", "Duitsland")
_NOTES = ("", "", "", 'Graag bellen, na "vijf" uur', "belt terug; zie dossier", "eerste regel\ntweede regel")
_DIRT = 100
"""Every so many-th row has something wrong; another in four times as many stands twice."""


def write(path: str, count: int) -> None:
    """Write ``count`` rows."""
    with Path(path).open("wb") as file:
        for start in range(0, count, _PART):
            part(start, min(_PART, count - start)).write_csv(file, include_header=not start)


def part(start: int, count: int) -> "pl.DataFrame":
    import polars as pl

    n = pl.int_range(start, start + count, dtype=pl.UInt64)

    def draw(seed: int, below: int) -> pl.Expr:
        return n.hash(seed) % below

    def one(seed: int, values: tuple[str, ...]) -> pl.Expr:
        return pl.lit(pl.Series(values)).gather(draw(seed, len(values)))

    def digits(seed: int, length: int) -> pl.Expr:
        return draw(seed, 10**length).cast(pl.String).str.zfill(length)

    def day(seed: int, first: int, days: int) -> pl.Expr:
        return pl.datetime(first, 1, 1) + pl.duration(days=draw(seed, days), seconds=draw(seed + 50, 86_400))

    twice = (n % (4 * _DIRT) == 7) & (n > 8)
    bad = n % _DIRT == 13
    mobile = pl.format("06{}", digits(3, 8))
    columns = {
        "Klantnummer": pl.format(
            "KL-{}", pl.when(twice).then(n - 7).otherwise(n).cast(pl.String).str.zfill(9)
        ),
        "first_name": one(1, _FIRST),
        "last_name": one(2, _LAST),
        "company": pl.when(draw(4, 3) == 0).then(
            pl.format("Bedrijf {}, {} B.V.", digits(5, 4), one(6, _CITIES))
        ),
        "vat": pl.when(draw(4, 3) == 0).then(pl.format("NL{}.{}.B01", digits(7, 6), digits(8, 3))),
        "email": pl.when(bad & (n % 3 == 0))
        .then(pl.lit("geen"))
        .otherwise(pl.format("{}.{}@voorbeeld{}.example", n, one(9, ("info", "Piet", "a.b")), draw(10, 500))),
        "phone": pl.when(draw(11, 2) == 0)
        .then(pl.format("+31 {} {}", draw(12, 70) + 10, digits(13, 7)))
        .otherwise(pl.format("+31-6-{}", digits(14, 8))),
        "mobile": pl.when(draw(15, 4) > 0).then(mobile),
        "street": one(16, _STREETS),
        "house_number": (draw(17, 300) + 1).cast(pl.String),
        "postcode": pl.format("{} AB", draw(18, 8999) + 1000),
        "city": one(19, _CITIES),
        "country": one(20, _COUNTRIES),
        "born": day(21, 1940, 24_000).dt.strftime("%d-%m-%Y"),
        "ordered": pl.when(bad & (n % 3 == 1))
        .then(pl.lit("31-02-2026"))
        .otherwise(day(22, 2024, 700).dt.strftime("%d/%m/%Y")),
        "submitted": day(23, 2024, 700).dt.strftime("%d-%m-%Y %H:%M"),
        "quantity": pl.when(bad & (n % 3 == 2))
        .then(pl.lit("veel"))
        .otherwise((draw(24, 40) + 1).cast(pl.String)),
        "amount": pl.format("{},{}", draw(25, 900), digits(26, 2)),
        "card_id": digits(27, 17).str.zfill(18),
        "plan": one(28, ("los", "basis", "plus", "zakelijk")),
        "status": one(29, ("nieuw", "in behandeling", "gesloten", "Open")),
        "terms": one(30, ("ja", "Ja", "ja", "nee")),
        "newsletter": one(31, ("ja", "nee", "")),
        "language": one(32, ("nl", "NL", "fr", "de")),
        "note": one(33, _NOTES),
    }
    return pl.select([column.alias(name) for name, column in columns.items()])
