"""Time as a parameter: a clock that only moves when somebody moves it, and the day in a zone."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfoNotFoundError

import pytest

from sfsync.clock import ManualClock, SystemClock, today


def test_a_manual_clock_moves_by_sleeping_only() -> None:
    clock = ManualClock(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == clock.now() == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() == 0
    clock.sleep(90)
    assert clock.now() == datetime(2025, 12, 31, 23, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == 90


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2026, 6, 1, 21, 59, tzinfo=UTC), "Europe/Amsterdam", date(2026, 6, 1)),
        (datetime(2026, 6, 1, 22, 0, tzinfo=UTC), "Europe/Amsterdam", date(2026, 6, 2)),
        (datetime(2026, 1, 1, 22, 30, tzinfo=UTC), "Europe/Amsterdam", date(2026, 1, 1)),
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "Europe/Amsterdam", date(2026, 1, 2)),
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "UTC", date(2026, 1, 1)),
    ],
)
def test_today_is_the_day_of_the_zone(moment: datetime, zone: str, day: date) -> None:
    assert today(ManualClock(moment), zone) == day


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        today(ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), "Europe/Amsterdm")


def test_the_machines_clock_is_aware_and_its_durations_grow() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.monotonic() >= before
    assert clock.now().utcoffset() == timedelta(0)
