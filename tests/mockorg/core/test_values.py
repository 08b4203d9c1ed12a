import contextlib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.schema import Choice, FieldDef
from sfsync.mockorg.values import converter, moment, stamp

EARLY, LATE = datetime(1, 1, 3), datetime(9999, 12, 28)  # noqa: DTZ001 - hypothesis takes naive bounds
CHOICES = (Choice("basic", "Basic"), Choice("plus", "Plus"), Choice("old", "Old", active=False))


def put(kind, value, *, from_text=False, **facts):
    return converter(FieldDef("F__c", "Field", kind, **facts))(value, from_text)


def code(kind, value, *, from_text=False, **facts):
    with pytest.raises(Refused) as refusal:
        put(kind, value, from_text=from_text, **facts)
    return refusal.value.code


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("string", "  a b ", "a b"),
        ("string", "a\x00b\nc", "ab\nc"),
        ("string", "   ", None),
        ("int", "12", 12),
        ("int", 12.0, 12),
        ("boolean", "TRUE", 1),
        ("boolean", None, 0),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", date(2024, 2, 29), "2024-02-29"),
        ("datetime", "2024-01-31T10:00:00Z", "2024-01-31T10:00:00.000+0000"),
        ("datetime", "2024-01-31T10:00:00.123+02:00", "2024-01-31T08:00:00.123+0000"),
        ("datetime", "2024-01-31T10:00:00.000+0000", "2024-01-31T10:00:00.000+0000"),
        ("datetime", "2024-01-31T10:00:00", "2024-01-31T10:00:00.000+0000"),
        ("datetime", "2024-01-31", "2024-01-31T00:00:00.000+0000"),
        ("time", "10:05", "10:05:00.000Z"),
        ("time", "10:05:06.7Z", "10:05:06.700Z"),
        ("email", "a.b+c@x.example", "a.b+c@x.example"),
        ("reference", "001P000001vkheI", "001P000001vkheIIAQ"),
        ("base64", "aGk=", b"hi"),
    ],
)
def test_taken(kind, value, stored):
    assert put(kind, value) == stored


@pytest.mark.parametrize(
    "kind", ["string", "double", "date", "datetime", "picklist", "reference", "email", "time"]
)
@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_null(kind, nothing):
    assert put(kind, nothing) is None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("string", 5, "JSON_PARSER_ERROR"),
        ("string", ["a"], "JSON_PARSER_ERROR"),
        ("int", "1.5", "JSON_PARSER_ERROR"),
        ("int", True, "JSON_PARSER_ERROR"),
        ("int", 2**31, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("double", "abc", "JSON_PARSER_ERROR"),
        ("double", "1,5", "JSON_PARSER_ERROR"),
        ("double", "NaN", "JSON_PARSER_ERROR"),
        ("double", "1_0", "JSON_PARSER_ERROR"),
        ("boolean", "ja", "JSON_PARSER_ERROR"),
        ("date", "31-01-2024", "JSON_PARSER_ERROR"),
        ("date", "2023-02-29", "JSON_PARSER_ERROR"),
        ("date", "2024-01-31T00:00:00Z", "JSON_PARSER_ERROR"),
        ("datetime", "gisteren", "JSON_PARSER_ERROR"),
        ("time", "25:00", "JSON_PARSER_ERROR"),
        ("email", "a@b", "INVALID_EMAIL_ADDRESS"),
        ("email", "a b@x.example", "INVALID_EMAIL_ADDRESS"),
        ("reference", "nonsense", "MALFORMED_ID"),
        ("base64", "***", "JSON_PARSER_ERROR"),
    ],
)
def test_refused(kind, value, wanted):
    assert code(kind, value) == wanted


def test_text_formats_have_their_own_code():
    assert code("double", "abc", from_text=True) == "INVALID_TYPE_ON_FIELD_IN_RECORD"
    assert put("date", "2024-01-31T00:00:00.000Z", from_text=True) == "2024-01-31"


def test_length_counts_characters_after_trimming():
    assert put("string", " éé🙂 ", length=3) == "éé🙂"
    with pytest.raises(Refused, match=r"Field: data value too large: abcd \(max length=3\)") as refusal:
        put("string", "abcd", length=3)
    assert (refusal.value.code, refusal.value.fields) == ("STRING_TOO_LONG", ("F__c",))


def test_picklists():
    assert put("picklist", "PLUS", choices=CHOICES) == "plus"
    assert put("picklist", "else", choices=CHOICES) == "else"
    assert (
        code("picklist", "else", choices=CHOICES, restricted=True)
        == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )
    assert (
        code("picklist", "old", choices=CHOICES, restricted=True) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )
    assert put("multipicklist", "plus; BASIC;plus", choices=CHOICES) == "basic;plus"
    assert (
        code("multipicklist", "plus;x", choices=CHOICES, restricted=True)
        == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )


@given(st.decimals(-999, 999, places=5, allow_nan=False))
def test_numbers_are_rounded_to_their_scale(number):
    stored = put("currency", str(number), precision=6, scale=2)
    assert abs(stored - float(number)) <= 0.0050001
    assert round(stored, 2) == stored


def test_too_many_digits():
    assert put("double", 999, precision=3, scale=0) == 999
    assert code("double", 1000, precision=3, scale=0) == "NUMBER_OUTSIDE_VALID_RANGE"


@given(st.datetimes(EARLY, LATE, timezones=st.just(UTC)), st.integers(-840, 840))
def test_moments_survive_any_zone(when, minutes):
    when = when.replace(microsecond=when.microsecond // 1000 * 1000)
    elsewhere = when.astimezone(timezone(timedelta(minutes=minutes)))
    assert moment(stamp(elsewhere)) == when
    assert put("datetime", elsewhere.isoformat()) == stamp(when)


@given(st.text())
def test_no_text_breaks_a_converter(text):
    for kind in (
        "string",
        "int",
        "double",
        "boolean",
        "date",
        "datetime",
        "time",
        "email",
        "reference",
        "picklist",
    ):
        with contextlib.suppress(Refused):
            put(kind, text, precision=18, scale=2, length=20)
