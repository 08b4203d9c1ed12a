"""Wall times to instants: the tables of long columns say what Python's own zones say."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfsync.mapping import zones
from sfsync.mapping.zones import in_utc

ZONES = [
    "Europe/Amsterdam",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Monrovia",
    "UTC",
]
WALLS = st.datetimes(datetime(1968, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001  wall times are meant
NEAR = st.integers(1970, 2099).flatmap(
    lambda year: st.datetimes(datetime(year, 3, 1), datetime(year, 11, 30))  # noqa: DTZ001  here too
)


def instant(wall: datetime, zone: str) -> datetime | None:
    """The instant when the clocks of a zone show a time; None when they never do, or twice."""
    first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first == second else None


@pytest.fixture
def _tables(monkeypatch):
    monkeypatch.setattr(zones, "_MANY", 1)


@pytest.mark.usefixtures("_tables")
@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | WALLS, max_size=5) | st.lists(NEAR | st.none(), max_size=5))
@example([datetime(2022, 10, 30, 2, 30), datetime(2022, 3, 27, 2, 30)])  # noqa: DTZ001  wall times are meant
@example([datetime(1970, 1, 1), datetime(2099, 12, 31, 23, 59, 59, 999999)])  # noqa: DTZ001  here too
def test_tables_say_what_the_zone_says_or_nothing(zone: str, walls: list[datetime | None]):
    found = in_utc(pl.Series(walls, dtype=pl.Datetime("us")), zone)
    assert found.dtype == pl.Datetime("us", "UTC")
    for wall, value in zip(walls, found, strict=True):
        if value is not None:
            assert wall is not None
            assert value == instant(wall, zone)


@pytest.mark.usefixtures("_tables")
@pytest.mark.parametrize("zone", ZONES)
def test_tables_leave_out_few_hours(zone: str):
    walls = pl.datetime_range(datetime(2022, 1, 1), datetime(2022, 12, 31), "15m", eager=True)  # noqa: DTZ001  walls
    found = in_utc(walls, zone)
    for wall, value in zip(walls, found, strict=True):
        if value is None:
            near = (instant(wall + timedelta(minutes=minutes), zone) for minutes in range(-60, 61, 15))
            assert None in near
    assert found.null_count() <= 12


def test_short_columns_need_no_tables():
    walls = pl.Series([datetime(1968, 5, 1, 12), None], dtype=pl.Datetime("us"))  # noqa: DTZ001  a wall time
    assert in_utc(walls, "Europe/Amsterdam").to_list() == [instant(walls[0], "Europe/Amsterdam"), None]
