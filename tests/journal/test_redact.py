import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.journal.redact import redact


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "STRING_TOO_LONG:City: data value too large: Aan de Bron: 12 (max length=10):City --",
            "STRING_TOO_LONG:City: data value too large: … (max length=10):City --",
        ),
        (
            "INVALID_EMAIL_ADDRESS:Email: invalid email address: jan jansen:Email --",
            "INVALID_EMAIL_ADDRESS:Email: invalid email address: …:Email --",
        ),
        (
            "Status: bad value for restricted picklist field: Jan (Status)",
            "Status: bad value for restricted picklist field: … (Status)",
        ),
        ("no last name", "no last name"),
        ("two\nlines", "two lines"),
    ],
)
def test_known_messages(text, kept):
    assert redact(text) == kept


@given(st.text(max_size=700))
def test_it_is_short_and_stays_as_it_is(text):
    once = redact(text)
    assert len(once) <= 500
    assert "\n" not in once


@given(st.from_regex(r"[A-Za-z]{3,9}(, |: | )[a-z]{2,8}", fullmatch=True))
def test_a_value_too_large_never_stays(value):
    assert value not in redact(f"Name: data value too large: {value} (max length=2)")
