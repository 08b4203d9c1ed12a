import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sfsync.salesforce import csv_rows

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "a\u2028b",
        "\x85",
        "\x0b\x0c",
        '"',
        '""',
        "a,b",
        "a\r\nb",
        "\n",
        "\r",
        " a ",
        "ﬁ",
        "😀",
        "\ufeff",
        "a;b",
        "",
    ]
)


@given(st.lists(TEXT, min_size=1, max_size=5), st.data())
def test_what_is_written_is_read_back(header, data):
    rows = data.draw(st.lists(st.lists(TEXT, min_size=len(header), max_size=len(header)), max_size=6))
    written = b"".join(csv_rows.line(row) for row in [header, *rows])
    assume(not written.startswith(b"\xef\xbb\xbf"))  # a mark at the very start is no text
    assert list(csv_rows.read(io.BytesIO(written))) == [header, *rows]


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_records_end_in_one_line_feed_and_another_reader_agrees(cells):
    written = csv_rows.line(cells)
    assert written.endswith(b"\n")
    assert not written.endswith(b"\r\n") or written.endswith(b'\r"\n')
    assert next(csv.reader(io.StringIO(written.decode(), newline=""))) == cells


def test_a_quoted_number_of_records_spans_lines_but_not_unicode_separators():
    file = io.BytesIO('"sf__Id","Name"\n"1","a\u2028b"\n"2","c\nd"\r\n"3","e""f"\n'.encode())
    assert [row["Name"] for row in csv_rows.read_dicts(file)] == ["a\u2028b", "c\nd", 'e"f']
    assert not file.closed


def test_a_torn_end_is_left_out():
    assert list(csv_rows.read_dicts(io.BytesIO(b'"A","B"\n"1","2"\n"3'))) == [{"A": "1", "B": "2"}]
    assert list(csv_rows.read_dicts(io.BytesIO(b""))) == []


@pytest.mark.parametrize("end", [b'"3","4', b'"3","4"', b"3,4", b'"3","4\n', b'"3","a\n"'])
def test_a_last_record_that_may_be_a_part_of_itself_is_left_out(end):
    assert list(csv_rows.read_dicts(io.BytesIO(b'"A","B"\n"1","2"\n' + end))) == [{"A": "1", "B": "2"}]
    with pytest.raises(csv_rows.TornEnd):
        list(csv_rows.read(io.BytesIO(b'"A","B"\n' + end)))


def test_a_long_text_area_is_read():
    text = "x" * 200_000
    assert list(csv_rows.read(io.BytesIO(csv_rows.line(["A", text])))) == [["A", text]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "#N/A"),
        ("", "#N/A"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (12345678901234567, "12345678901234567"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12.50"), "12.50"),
        (date(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31, 10, 0, 0, 123_456, tzinfo=UTC), "2024-01-31T10:00:00.123Z"),
        (datetime(2024, 1, 31, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2024-01-30T23:00:00.000Z"),
        (" a ", " a "),
        ("#n/a", "#n/a"),
    ],
)
def test_cells(value, text):
    assert csv_rows.cell(value) == text


@pytest.mark.parametrize(
    "value",
    ["#N/A", "\ud800", datetime(2024, 1, 1), float("nan"), float("inf"), ["a"], b"x"],  # noqa: DTZ001
)
def test_what_a_cell_cannot_say(value):
    with pytest.raises(ValueError, match="Name: "):
        csv_rows.flat({"Name": value})


@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
def test_numbers_keep_their_value_without_an_exponent(number):
    text = csv_rows.cell(number)
    assert "e" not in text.casefold()
    assert Decimal(text) == Decimal(repr(number) if isinstance(number, float) else number)


def test_parents_are_named_by_a_key_of_their_own():
    record = {
        "attributes": {"type": "Asset"},
        "Order__r": {"Sfsync_Key__c": "WF-1"},
        "Who": {"attributes": {"type": "Lead"}, "Email": "a@example.com"},
        "Account": {"Sfsync_Key__c": None},
    }
    assert csv_rows.flat(record) == {
        "Order__r.Sfsync_Key__c": "WF-1",
        "Lead:Who.Email": "a@example.com",
        "Account.Sfsync_Key__c": "#N/A",
    }


@pytest.mark.parametrize("parent", [{}, {"A": 1, "B": 2}, {"Account": {"Name": "x"}}])
def test_parents_by_anything_else_are_refused(parent):
    with pytest.raises(ValueError, match="Order: a parent is named by one field"):
        csv_rows.flat({"Order": parent})
