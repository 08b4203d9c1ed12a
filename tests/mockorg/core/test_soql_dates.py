from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.soql.dates import day_range, last_day_of_quarter

WEDNESDAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("name", "count", "first", "end"),
    [
        ("TODAY", None, "2026-03-04", "2026-03-05"),
        ("YESTERDAY", None, "2026-03-03", "2026-03-04"),
        ("THIS_WEEK", None, "2026-03-01", "2026-03-08"),
        ("LAST_MONTH", None, "2026-02-01", "2026-03-01"),
        ("NEXT_QUARTER", None, "2026-04-01", "2026-07-01"),
        ("THIS_FISCAL_YEAR", None, "2026-01-01", "2027-01-01"),
        ("LAST_90_DAYS", None, "2025-12-04", "2026-03-05"),
        ("LAST_N_DAYS", 7, "2026-02-25", "2026-03-05"),
        ("NEXT_N_DAYS", 2, "2026-03-05", "2026-03-07"),
        ("LAST_N_MONTHS", 2, "2026-01-01", "2026-03-01"),
        ("NEXT_N_WEEKS", 1, "2026-03-08", "2026-03-15"),
        ("N_DAYS_AGO", 3, "2026-03-01", "2026-03-02"),
        ("N_YEARS_AGO", 1, "2025-01-01", "2026-01-01"),
    ],
)
def test_words(name, count, first, end):
    assert day_range(name, count, WEDNESDAY) == (date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("name", "count"), [("SOON", None), ("LAST_DAY", None), ("TODAY", 3), ("LAST_N_CARDS", 2)]
)
def test_no_such_word(name, count):
    assert day_range(name, count, WEDNESDAY) is None


def test_quarters_of_long_months():
    assert day_range("THIS_QUARTER", None, date(2026, 5, 31)) == (date(2026, 4, 1), date(2026, 7, 1))


def test_out_of_range():
    with pytest.raises(OverflowError):
        day_range("LAST_N_YEARS", 5000, WEDNESDAY)
    with pytest.raises(OverflowError):
        day_range("LAST_N_DAYS", 10**7, WEDNESDAY)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(["WEEK", "MONTH", "QUARTER", "YEAR"]))
def test_neighbouring_units_touch_and_hold_today(day, unit):
    last, this, following = (day_range(f"{shift}_{unit}", None, day) for shift in ("LAST", "THIS", "NEXT"))
    assert last[1] == this[0] <= day < this[1] == following[0]


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_quarters_end(day):
    end = last_day_of_quarter(day)
    assert day <= end
    assert day_range("THIS_QUARTER", None, day)[1] == end + timedelta(days=1)
