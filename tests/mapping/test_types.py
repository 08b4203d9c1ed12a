"""Every type by examples; and for every type with two doors, that both say the same of any text."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfsync.cells import Kind
from sfsync.mapping.amounts import number_reader
from sfsync.mapping.dates import Notation
from sfsync.mapping.digits import digits_reader
from sfsync.mapping.moments import date_reader, datetime_reader
from sfsync.mapping.phones import phone, phone_reader
from sfsync.mapping.readers import Reader
from sfsync.mapping.rules import NUMBERS
from sfsync.mapping.texts import email_reader, key_reader, text_reader
from tests.effort import EFFORT
from tests.mapping.tables import one

CARD = "0089061304603332136"


@pytest.mark.parametrize(
    ("rule", "cell", "value", "broken"),
    [
        ("type: text", " \u00a0\u200bNoëlle\ufeff ", "Noëlle", None),
        ("type: text", "a\r\nb", "a\nb", None),
        ("type: text", "Noe\u0308lle", "Noëlle", None),
        ("type: text", "\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb", None),
        ("type: text", ("true", Kind.BOOLEAN), "true", None),
        ("type: text", " \t\u200b", None, None),
        ("type: key", " cc-2024\u200b-００１ ", "CC-2024-001", None),
        ("type: key", ("1234500003", Kind.NUMBER), "1234500003", None),
        ("type: name, case: title", "VAN DEN BERG-ÉTÉ", "Van Den Berg-Été", None),
        ("type: name, case: title", "McDonald", "McDonald", None),
        ("type: text, case: lower", "NL", "nl", None),
        ("type: text", ("#N/A", Kind.ERROR), None, "error_cell"),
        ("type: digits", (None, Kind.NO_VALUE), None, "formula_no_value"),
        ("type: email", " Jan@Example.COM\t", "jan@example.com", None),
        ("type: email", "jan@müller.example", "jan@müller.example", None),
        *(
            ("type: email", bad, None, "email")
            for bad in [
                *("a b@example.com", "geen", "@example.com", "sofie@exam ple.org", "x@localhost", "piet@"),
                *("marie@example..com", "noreply@example,com", "jan@@example.com", ".a@b.nl", "a.@b.nl"),
                *("a@-b.nl", "a@b-.nl", "a@b.1", "<a@b.nl>", "a;b@c.nl", "a@b.nl.", "x" * 80 + "@b.nl"),
            ]
        ),
        ("type: digits, length: 19", CARD, CARD, None),
        ("type: digits, length: 19", "0089 0613\u00a00460 3332 136", CARD, None),
        ("type: digits, length: 19", f'="{CARD}"', CARD, "excel_text_guard"),
        ("type: digits, length: 19", f"'{CARD}", CARD, "leading_apostrophe"),
        ("type: digits, length: 19", "8337529210204139542,00", "8337529210204139542", "decimals"),
        ("type: digits, length: 19", "００８９061304603332136", CARD, None),
        ("type: digits, length: 19", "8,01661E+18", None, "scientific"),
        ("type: digits, length: 19", "1.23E18", None, "scientific"),
        ("type: digits, length: 19", "8605297047528730000", None, "precision_lost"),
        ("type: digits, length: 19", "89632373677812984", None, "length"),
        ("type: digits, length: 19", "00898680O5125034190", None, "characters"),
        ("type: digits, length: 19", (CARD, Kind.NUMBER), None, "numeric_cell"),
        ("type: digits, length: 19", ("2024-01-01", Kind.DATE), None, "characters"),
        ("type: digits, required: true", " ", None, "missing"),
        ("type: digits, length: 8", "10000000", "10000000", None),
        ("type: integer", "02", 2, None),
        ("type: integer", "3 ", 3, None),
        ("type: integer", ("5", Kind.NUMBER), 5, None),
        ("type: integer", "1.5", None, "integer"),
        ("type: integer", "1,000", None, "number"),
        ("type: integer, max: 40", "41", None, "too_large"),
        ("type: integer, min: 1", "0", None, "too_small"),
        ("type: number", "12.50", 12.5, None),
        ("type: number", "1e5", None, "number"),
        ("type: number", ("1.5e-7", Kind.NUMBER), 1.5e-7, None),
        ("type: number", "9" * 16, None, "number"),
        ("type: number", ("nan", Kind.NUMBER), None, "number"),
        ("type: boolean", "Ja", True, None),
        ("type: boolean", ("0", Kind.NUMBER), False, None),
        ("type: boolean", "misschien", None, "word_unknown"),
        ("type: boolean, yes: [zeker], no: [x]", "ZEKER", True, None),
        ("type: boolean, yes: [zeker], no: [x]", "x", False, None),
        ("map: {Active: [actief, 'activé  fin']}", "Activé\u00a0fin", "Active", None),
        ("map: {Active: [actief]}", "ACTIVE", "Active", None),
        ("map: {Active: [actief]}", "aktief", None, "word_unknown"),
        ("type: picklist, one_of: [basic, plus]", "Basic", "basic", None),
        ("type: country", "nl", "NL", None),
        ("type: country", "DEU", "DE", None),
        ("type: country", "Pays-Bas", "NL", None),
        ("type: country", "Regno Unito", "GB", None),
        ("type: country", "Atlantis", None, "word_unknown"),
        ("type: phone, region: NL", "06 1234 5678", "+31612345678", None),
        ("type: phone", "+31 (0)6-12345678", "+31612345678", None),
        ("type: phone", "06 1234 5678", None, "phone"),
        ("type: phone, region: NL", "0000000000", None, "phone"),
        ("type: phone, unusable: blank", "bel mij", None, "phone"),
        ("length: 3", "abcd", None, "length"),
        ("max: 3", "abcd", None, "too_long"),
        ("max: 3, truncate: true", "abcd", "abc", "truncated"),
        ("min: 3", "ab", None, "too_short"),
        ("pattern: '[a-z]+'", "ab1", None, "pattern"),
        ("one_of: [a, b]", "c", None, "one_of"),
        ("type: boolean, one_of: [true]", "no", None, "one_of"),
        ("default: x", None, "x", None),
        ("type: integer, default: 3", " ", 3, None),
        ("type: integer, default: 3", "x", None, "number"),
        ("required: true, default: x", None, "x", None),
        ("remove: [' ', '.']", "BE 0999.301", "BE0999301", None),
        ("pattern: 'x+', unusable: blank", "y", None, "pattern"),
    ],
)
def test_a_cell_under_a_rule(rule: str, cell: Any, value: Any, broken: str | None):
    assert one(rule, cell) == (value, broken)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1.234,5", 1234.5), ("12.345", 12345), ("1 234,5", 1234.5), ("1.234.567", 1234567), ("0,5", 0.5)),
        *(("-5", -5), (",5", 0.5), ("\u22125", -5), ("1234,5", 1234.5), ("+3", 3)),
        *(
            ("1.5", None),
            ("1,2,3", None),
            ("12.34", None),
            (".", None),
            ("1.234 567", None),
            ("1..234", None),
        ),
    ],
)
def test_numbers_in_the_declared_notation_and_no_other(text: str, value: float | None):
    assert one("type: number", text, "decimal: ',', thousands: '.',")[0] == value


MOMENTS = [
    ("dmy", "28 juil. 2022", "2022-07-28"),
    ("dmy", "28. Juli 2023", "2023-07-28"),
    ("mdy", "Jul 28, 2022", "2022-07-28"),
    ("mdy", "28/07/2022", "date_order"),
    ("dmy", "07/28/2022", "date_order"),
    ("ymd", "28-07-2022", "date_order"),
    ("mdy", "02/30/2022", "date_impossible"),
    ("mdy", "00/00/0000", "date_impossible"),
    ("mdy", "7/4/22", "2022-07-04"),
    ("mdy", "12/31/99", "1999-12-31"),
    ("ymd", "22-07-28", "2022-07-28"),
    ("dmy", "2022-07-28", "2022-07-28"),
    ("dmy", "2022-07-28 13:23", "2022-07-28"),
    ("dmy", "20230728", "2023-07-28"),
    ("dmy", "２８-０７-２０２２", "2022-07-28"),
    ("dmy", "2022年7月28日", "2022-07-28"),
    ("dmy", "1er août 2022", "2022-08-01"),
    ("dmy", "5 września 2022", "2022-09-05"),
    ("dmy", "ma, 28 maart 2022", "2022-03-28"),
    ("dmy", "demnächst", "date_unparsed"),
    ("dmy", "13:41", "time_without_date"),
    ("dmy", "1-2-3-4", "date_unparsed"),
    ("dmy", "45372", "number_stored_as_text"),
]


@pytest.mark.parametrize(("order", "text", "expected"), MOMENTS)
def test_a_date_in_a_declared_order(order: str, text: str, expected: str):
    value, broken = one("type: date", text, f"dates: {order},")
    assert expected in {value, broken}
    assert (value is None) == (expected not in {value, "number_stored_as_text"})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (("45135", Kind.NUMBER), "2023-07-28"),
        (("45135.5", Kind.NUMBER), "2023-07-28"),
        (("20230728", Kind.NUMBER), "2023-07-28"),
        (("61", Kind.NUMBER), "1900-03-01"),
        (("60", Kind.NUMBER), "date_impossible"),
        (("-5", Kind.NUMBER), "date_impossible"),
        (("1900-02-28", Kind.DATE), "date_impossible"),
        (("2023-07-28T18:00:00", Kind.DATE), "2023-07-28"),
        (("true", Kind.BOOLEAN), "date_unparsed"),
        (("13:41:30", Kind.TIME), "time_without_date"),
    ],
)
def test_dates_of_workbooks(cell: Any, expected: str):
    assert expected in one("type: date", cell)


def test_without_an_order_only_dates_that_say_it_themselves_are_read():
    assert one("type: date", "01/02/2023") == (None, "date_order")
    assert one("type: date", "1 feb 2023") == ("2023-02-01", None)


def test_serials_of_old_macs_count_from_1904():
    reader = date_reader(Notation(date1904=True))
    numbers = pl.Series([Kind.NUMBER], dtype=pl.UInt8)
    assert reader.read(pl.Series(["43673"]), numbers).values.item() == date(2023, 7, 28)


def test_declared_formats_replace_the_order():
    rule = "type: date, formats: ['%Y/%d/%m', '%d.%m.%y']"
    assert one(rule, "2022/28/07") == ("2022-07-28", None)
    assert one(rule, "28.07.22") == ("2022-07-28", None)
    assert one(rule, "28-07-2022") == (None, "date_unparsed")
    assert one("type: datetime, formats: ['%d.%m.%Y %H:%M %z']", "28.07.2022 10:00 +0200")[0] == (
        "2022-07-28T08:00:00Z"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-07-28T13:23:00.000+0000", "2022-07-28T13:23:00Z"),
        ("2022-07-28 13:23 CEST", "2022-07-28T11:23:00Z"),
        ("2022-12-01 08:00:00 +0800", "2022-12-01T00:00:00Z"),
        ("04/09/2022 08.05", "2022-09-04T06:05:00Z"),
        ("09/07/2022 05:05 PM", "2022-07-09T15:05:00Z"),
        ("2022-10-30 03:00", "2022-10-30T02:00:00Z"),
        ("2022-10-30T02:30:00+01:00", "2022-10-30T01:30:00Z"),
        ("2022-10-30 02:30", "2022-10-30T00:30:00Z"),
        ("28-07-2022", "2022-07-27T22:00:00Z"),
        ("2022-03-27 02:30", "time_nonexistent"),
        ("2022-12-01 24:00", "time_impossible"),
        ("2022-12-01 10:00 +99:00", "time_impossible"),
        ("2022-12-01 13:00 PM", "time_impossible"),
        ("2022-12-01 10", "date_unparsed"),
    ],
)
def test_date_times_become_instants(text: str, expected: str):
    assert expected in one("type: datetime", text, "dates: dmy, timezone: Europe/Paris,")


def test_an_hour_that_comes_twice_is_a_warning():
    assert one("type: datetime, timezone: Europe/Paris", "2022-10-30T02:30:00")[1] == "time_ambiguous"


def test_a_time_without_any_zone_is_an_error():
    assert one("type: datetime", "2022-10-30T02:30:00") == (None, "time_without_zone")


def test_a_phone_takes_its_region_from_its_row():
    assert phone("0470 12 34 65\x1fBE", Kind.TEXT, "NL").value == "+32470123465"
    assert phone("0470 12 34 65\x1f", Kind.TEXT, "BE").value == "+32470123465"


PARIS = "Europe/Paris"
TYPED = st.sampled_from("0123456789 .,-+/:TZ'eE=\"abcÉß@_\u00a0\u200b\uff11\u0661\t\n")
TEXTS = st.text(TYPED, max_size=24) | st.text(max_size=12)
DAYS = st.dates(date(1850, 1, 1), date(2150, 1, 1)).map(date.isoformat)
TIMES = st.datetimes(datetime(1905, 1, 1), datetime(2095, 1, 1)).map(  # noqa: DTZ001  wall times are meant
    lambda moment: moment.replace(microsecond=0).isoformat()
)
ZONED = st.tuples(TIMES, st.sampled_from(["", "Z", "+02:00", "-13:59", "+13:00"])).map("".join)
MAILS = st.tuples(st.text("ab.é+-_ ", max_size=5), st.text("ab.-1é ", max_size=8)).map("@".join)

LONG_NUMBERS = st.from_regex(r"[0-9]{15,20}", fullmatch=True)

DOORS: list[tuple[str, Reader]] = [
    ("digits", digits_reader(19)),
    ("any digits", digits_reader(None)),
    ("short digits", digits_reader(8)),
    ("number", number_reader(",", ["."])),
    ("integer", number_reader(".", [","], whole=True)),
    ("date", date_reader(Notation("dmy"))),
    ("datetime", datetime_reader(Notation("mdy"), PARIS)),
    ("zoneless", datetime_reader(Notation("mdy"), None)),
    ("email", email_reader()),
    ("year first", date_reader(Notation("ymd"))),
    ("whole", number_reader(",", [".", " "], whole=True)),
    ("phone", phone_reader("NL")),
    ("phone of nowhere", phone_reader(None)),
    ("phone of Italy", phone_reader("IT")),
]
WRITTEN = st.tuples(
    st.from_regex(r"[0-3][0-9]([-/.])[01][0-9]\1(19|20)[0-9]{2}", fullmatch=True),
    st.sampled_from(["", " 23:59", "T02:30:60", " 24:00", " 7:05", " 09:61"]),
).map("".join)
AMOUNTS = st.from_regex(r"[+-]?[0-9]{1,3}([.,][0-9]{3}){0,3}[.,]?[0-9]{0,6}", fullmatch=True)
NUMBERS_TYPED = st.tuples(
    st.sampled_from(
        ["", "0", "+31", "+31 (0)", "0031", "(0", "+39", "+39 0", "39", "+44", "+1 ", "00", "+0"]
    ),
    st.from_regex(r"([0-9][ ./()-]?){4,12}", fullmatch=True) | st.sampled_from(["666666666", "99999999"]),
).map("".join)


@pytest.mark.parametrize("reader", [pytest.param(reader, id=name) for name, reader in DOORS])
@settings(max_examples=40 * EFFORT)
@given(text=TEXTS | DAYS | ZONED | MAILS | WRITTEN | AMOUNTS | NUMBERS_TYPED | LONG_NUMBERS)
@example(text="2022-03-27T02:30:00")
@example(text="2022-10-30T02:30:00")
@example(text="8605297047528730000")
@example(text="10000000000000000000")
@example(text="00")
@example(text="-0")
@example(text="+5")
@example(text="2024-02-30")
def test_both_doors_say_the_same(reader: Reader, text: str):
    """What the fast door reads, the slow one reads alike; and slow never raises."""
    assert reader.fast is not None
    assert reader.slow is not None
    cell = reader.slow(text, Kind.TEXT)
    fast = reader.fast(pl.Series([text])).item()
    assert cell.error is None or cell.error in NUMBERS
    if fast is not None:
        assert (fast, cell.error, cell.warning) == (cell.value, None, None)
    reading = reader.read(pl.Series([text]))
    assert reading.values.item() == cell.value


@pytest.mark.parametrize("reader", [pytest.param(reader, id=name) for name, reader in DOORS])
@given(text=TEXTS, kind=st.sampled_from([Kind.NUMBER, Kind.DATE, Kind.BOOLEAN, Kind.TIME]))
def test_no_cell_of_any_kind_raises(reader: Reader, text: str, kind: Kind):
    reader.read(pl.Series([text]), pl.Series([kind], dtype=pl.UInt8))


@given(st.lists(TEXTS | st.none(), max_size=8))
def test_texts_and_keys_are_settled_after_one_reading(texts: list[str | None]):
    for reader in (text_reader(), key_reader()):
        once = reader.read(pl.Series(texts, dtype=pl.String)).values
        again = reader.read(once).values
        assert again.to_list() == once.to_list()
        assert "" not in once.to_list()


@given(st.lists(st.sampled_from(["1", "x", "2024-01-31", None, " ", "1.5"]), max_size=30))
def test_a_column_is_read_as_its_cells_one_by_one(texts: list[str | None]):
    reader = number_reader(".", [])
    whole = reader.read(pl.Series(texts, dtype=pl.String))
    parts = [reader.read(pl.Series([text], dtype=pl.String)) for text in texts]
    assert whole.values.to_list() == [part.values.item() for part in parts]
    errors = whole.errors.to_list() if whole.errors is not None else [None] * len(texts)
    assert errors == [part.errors.item() if part.errors is not None else None for part in parts]


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.sampled_from(["dmy", "mdy", "ymd"]))
def test_a_date_written_in_an_order_is_read_in_it(day: date, order: str):
    forms = {"d": f"{day.day}", "m": f"{day.month:02d}", "y": f"{day.year}"}
    reader = date_reader(Notation(order))
    for sign in "-/. ":
        text = sign.join(forms[letter] for letter in order)
        assert reader.read(pl.Series([text])).values.item() == day
        short = sign.join({**forms, "y": f"{day.year % 100:02d}"}[letter] for letter in order)
        assert reader.read(pl.Series([short])).values.item() == day


@given(st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  bounds
def test_an_instant_with_an_offset_is_read_as_it_is(moment: datetime):
    moment = moment.replace(microsecond=0)
    reader = datetime_reader(Notation(), PARIS)
    assert reader.read(pl.Series([moment.isoformat()])).values.item() == moment
