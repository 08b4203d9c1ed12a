from sfsync.clock import ManualClock
from sfsync.salesforce.bulk_job import Patience
from tests.salesforce.bulk.fake_session import START


def looks(patience: Patience) -> list[float]:
    clock = ManualClock(START)
    return [clock.monotonic() for _ in patience.pauses(clock)]


def test_pauses_grow_with_the_time_taken_and_end():
    assert looks(Patience(first=1, share=0.5, longest=4, total=20)) == [
        0, 1, 2, 3, 4.5, 6.75, 10.125, 14.125, 18.125, 20,
    ]  # fmt: skip


def test_an_hour_costs_about_a_hundred_looks():
    assert 80 < len(looks(Patience(total=3600))) < 130


def test_there_is_one_look_without_any_patience():
    assert looks(Patience(total=0)) == [0]
