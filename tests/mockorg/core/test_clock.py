from datetime import UTC, datetime, timedelta, timezone

from sfsync.mockorg.clock import MockClock

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_a_frozen_clock_stands_still():
    clock = MockClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert not clock.running


def test_it_moves_by_hand():
    clock = MockClock(NOON)
    clock.advance(90)
    clock.advance(timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1, seconds=90)
    assert clock.stamp() == "2026-03-05T12:01:30.000+0000"
    assert clock.today().isoformat() == "2026-03-05"


def test_set_takes_any_zone():
    clock = MockClock(NOON)
    clock.set(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    assert clock.stamp() == "2025-12-31T23:00:00.000+0000"


def test_a_running_clock_goes_on_and_can_stop():
    clock = MockClock(NOON, running=True)
    first = clock.now()
    assert NOON <= first <= clock.now() < NOON + timedelta(minutes=5)
    clock.freeze()
    assert clock.now() == clock.now()
    clock.run()
    assert clock.running


def test_without_a_start_it_is_now():
    clock = MockClock()
    assert clock.running
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
