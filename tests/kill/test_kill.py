"""A few of the points of `python -m tests.kill`, with a handful of leads."""

from collections.abc import Iterator

import pytest

from tests.kill.site import AFTER, BEFORE, DELETED, EXPIRED, Calm, Point, Site, points

LEADS = 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Calm]]:
    found = Site(tmp_path_factory.mktemp("kill"), LEADS)
    with found.open():
        yield found, found.calm()


def test_a_killed_process_is_followed_by_one_that_finishes_the_work(site: tuple[Site, Calm]):
    place, calm = site
    assert calm.picture["counts"]["Order"] == LEADS
    assert len(calm.picture["outbox"]) >= LEADS
    wrote = {}
    for point in (
        Point(3, BEFORE, EXPIRED),
        Point(3, AFTER, DELETED),
        Point(calm.requests - 1, AFTER, EXPIRED),
    ):
        verdict = place.play(point, calm)
        assert verdict.problem == ""
        assert verdict.request, "the process was not killed"
        assert verdict.written + verdict.rewritten == calm.written
        wrote[point.number, point.when] = verdict.written
    assert 0 <= wrote[3, BEFORE] < wrote[3, AFTER] < wrote[calm.requests - 1, AFTER]


def test_the_lease_of_the_dead_holds_until_it_runs_out(site: tuple[Site, Calm]):
    place, calm = site
    place.begin()
    assert place.run(Point(calm.requests // 2, AFTER, EXPIRED)).code == -9
    locked = place.run()
    assert (locked.code, locked.status, locked.written, locked.requests) == (75, "locked", 0, 0)
    place.release(EXPIRED)
    assert place.run().code == 0
    assert place.picture() == calm.picture


def test_a_picture_that_differs_is_a_problem(site: tuple[Site, Calm]):
    place, calm = site
    other = Calm(calm.requests, calm.written, calm.picture | {"orders": []})
    verdict = place.play(Point(1, BEFORE, DELETED), other)
    assert verdict.problem == "the org is not as after an undisturbed run: orders"


def test_every_request_is_met_before_and_after_and_both_ways_with_the_lease():
    found = points(20)
    assert {(point.number, point.when) for point in found} == {
        (number, when) for number in range(1, 21) for when in (BEFORE, AFTER)
    }
    assert {(point.when, point.lease) for point in found} == {
        (when, lease) for when in (BEFORE, AFTER) for lease in (DELETED, EXPIRED)
    }
