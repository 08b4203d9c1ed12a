import pytest

from sfsync.salesforce.faults import Fault, FaultKind
from sfsync.salesforce.retry import Policy, Trouble, attempt
from tests.salesforce.support import manual_clock

CALM = Policy(jitter=lambda: 0.5)


def fails(kind, times, **kwargs):
    left = [times]

    def send():
        if left[0]:
            left[0] -= 1
            raise Trouble(Fault(kind, **kwargs))
        return "done"

    return send


def test_pauses_grow():
    clock = manual_clock()
    assert attempt(fails(FaultKind.BUSY, 4), repeatable=False, clock=clock, policy=CALM) == "done"
    assert clock.monotonic() == 0.5 + 1 + 2 + 4


def test_the_last_trouble_is_raised():
    clock = manual_clock()
    with pytest.raises(Trouble):
        attempt(fails(FaultKind.BUSY, 5), repeatable=True, clock=clock, policy=CALM)


def test_a_fault_may_ask_for_fewer_tries_and_longer_pauses():
    clock = manual_clock()
    with pytest.raises(Trouble):
        attempt(fails(FaultKind.BUSY, 2, tries=2, wait=30.0), repeatable=True, clock=clock, policy=CALM)
    assert clock.monotonic() == 37.5


@pytest.mark.parametrize("kind", [FaultKind.LIMIT, FaultKind.LOGIN, FaultKind.PERMISSION, FaultKind.REFUSED])
def test_what_a_person_must_mend_is_never_repeated(kind):
    clock = manual_clock()
    with pytest.raises(Trouble):
        attempt(fails(kind, 1), repeatable=True, clock=clock, policy=CALM)
    assert clock.monotonic() == 0


@pytest.mark.parametrize("jitter", [0.0, 0.25, 1.0])
def test_pauses_stay_near_the_policy(jitter):
    policy = Policy(jitter=lambda: jitter)
    assert 0.5 * 30 <= policy.pause(20) <= 1.5 * 30
    assert 100 <= policy.pause(1, least=100) <= 150


def test_other_errors_pass_through():
    def send():
        raise KeyError("bug")

    with pytest.raises(KeyError):
        attempt(send, repeatable=True, clock=manual_clock(), policy=CALM)
