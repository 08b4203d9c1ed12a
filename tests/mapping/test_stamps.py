"""Days and instants as texts, by tables and one by one."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mapping import stamps
from sfsync.mapping.stamps import iso

DAYS = st.dates(date(1890, 1, 1), date(2110, 1, 1))
INSTANTS = st.datetimes(datetime(1890, 1, 1), datetime(2110, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  bounds


@pytest.fixture(autouse=True, params=[1, 1_000])
def _many(request, monkeypatch):
    monkeypatch.setattr(stamps, "_MANY", request.param)


@settings(max_examples=60)
@given(st.lists(st.none() | DAYS, max_size=30))
def test_days(values):
    texts = [value and value.isoformat() for value in values]
    assert iso(pl.Series("d", values, dtype=pl.Date)).to_list() == texts


@settings(max_examples=60)
@given(st.lists(st.none() | INSTANTS, max_size=30))
def test_instants_to_the_second(values):
    texts = [value and value.strftime("%Y-%m-%dT%H:%M:%SZ") for value in values]
    found = iso(pl.Series("d", values, dtype=pl.Datetime("us", "UTC")))
    assert (found.to_list(), found.name) == (texts, "d")
