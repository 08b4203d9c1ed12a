import threading
from datetime import timedelta

import pytest

from sfsync.clock import SystemClock
from sfsync.errors import JournalError, LeaseHeld
from sfsync.journal.journal import open_journal
from sfsync.journal.leases import Lease


def test_a_second_holder_is_told_who_is_at_work_and_until_when(journal, clock):
    with journal.lease("charge_card", holder="pc1:4711", ttl_seconds=600):
        clock.sleep(60)
        with pytest.raises(LeaseHeld) as refused:
            journal.lease("charge_card", holder="pc2:1", ttl_seconds=600)
        assert "pc1:4711" in str(refused.value)
        assert "since 2024-11-22 04:31:28 UTC" in str(refused.value)
        assert "at 2024-11-22 04:41:28 UTC" in str(refused.value)
        assert refused.value.exit_code == 75
    journal.lease("charge_card", holder="pc2:1", ttl_seconds=600)


def test_leases_of_other_names_are_free(journal):
    with (
        journal.lease("a", holder="1", ttl_seconds=60),
        journal.lease("b", holder="2", ttl_seconds=60) as other,
    ):
        assert other.holder == "2"


def test_an_expired_lease_is_taken_over_and_its_former_holder_finds_out(journal, clock):
    first = journal.lease("f", holder="died", ttl_seconds=60)
    clock.sleep(60)
    second = journal.lease("f", holder="next", ttl_seconds=60)
    with pytest.raises(LeaseHeld, match="taken over by next"):
        first.renew()
    first.release()  # it no longer is the first one's to give back
    with pytest.raises(LeaseHeld):
        journal.lease("f", holder="third", ttl_seconds=60)
    second.release()
    with pytest.raises(LeaseHeld, match="was taken over"):
        second.renew()


def test_renewing_starts_the_time_anew(journal, clock):
    lease = journal.lease("f", holder="one", ttl_seconds=60)
    clock.sleep(50)
    lease.renew()
    assert lease.expires_at == clock.now() + timedelta(seconds=60)
    clock.sleep(50)
    with pytest.raises(LeaseHeld):
        journal.lease("f", holder="two", ttl_seconds=60)


def test_it_is_released_when_the_work_fails(journal):
    with pytest.raises(ZeroDivisionError), journal.lease("f", holder="one", ttl_seconds=60):
        raise ZeroDivisionError
    journal.lease("f", holder="two", ttl_seconds=60)


@pytest.mark.parametrize("expired", [False, True])
def test_one_of_many_wins(url, clock, expired):
    """Each has its own journal, as processes have: at an empty name, and at one that just ran out."""
    journals = [open_journal(url, clock=clock) for _ in range(6)]
    if expired:
        journals[0].lease("f", holder="died", ttl_seconds=1)
        clock.sleep(2)
    start, won, refused = threading.Barrier(len(journals)), [], []

    def contend(number: int) -> None:
        start.wait()
        try:
            won.append(journals[number].lease("f", holder=str(number), ttl_seconds=60))
        except LeaseHeld:
            refused.append(number)

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(len(journals))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for journal in journals:
        journal.close()
    assert (len(won), len(refused)) == (1, 5)


def test_many_processes_may_open_a_new_journal_at_once(url):
    failures = []

    def open_it() -> None:
        try:
            open_journal(url, clock=SystemClock()).close()
        except Exception as error:  # noqa: BLE001  any failure fails the test
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_failed_release_does_not_hide_why_the_work_failed(journal, monkeypatch):
    def broken(self):
        raise JournalError("The disk is full.")

    monkeypatch.setattr(Lease, "release", broken)
    with pytest.raises(ZeroDivisionError), journal.lease("f", holder="one", ttl_seconds=60):
        raise ZeroDivisionError
    with pytest.raises(JournalError), journal.lease("g", holder="one", ttl_seconds=60):
        pass
