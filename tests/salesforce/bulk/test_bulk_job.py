from itertools import pairwise

import pytest

from sfsync.clock import ManualClock
from sfsync.salesforce.bulk_job import Patience
from tests.salesforce.bulk.fake_session import START


def looks(patience: Patience, rows: int = 0) -> list[float]:
    clock = ManualClock(START)
    return [clock.monotonic() for _ in patience.pauses(clock, rows)]


def test_pauses_grow_with_the_time_taken_and_end():
    assert looks(Patience(first=1, share=0.5, longest=4, total=20)) == [
        0, 1, 2, 3, 4.5, 6.75, 10.125, 14.125, 18.125, 20,
    ]  # fmt: skip


@pytest.mark.parametrize(("seconds", "most"), [(60, 18), (300, 25), (3600, 80)])
def test_looks_are_few_however_long_a_job_takes(seconds: int, most: int):
    """A look more than a quarter of the time, or a minute, after the end would be a wait for nothing."""
    seen = looks(Patience(total=seconds))
    assert len(seen) <= most
    assert all(after - before <= max(1, min(60, before / 4)) for before, after in pairwise(seen))


def test_a_large_job_is_not_looked_at_before_it_can_have_ended():
    assert looks(Patience(total=30), rows=300_000)[0] == 15
    assert looks(Patience(total=30), rows=10_000)[0] == 0
    assert looks(Patience(total=30), rows=300_000_000)[0] == 30


def test_there_is_one_look_without_any_patience():
    assert looks(Patience(total=0)) == [0]
