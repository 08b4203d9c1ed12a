"""Spool, lock, allowance and background work."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.allowance import Allowance
from sfsync.mockorg.background import Background, Worker
from sfsync.mockorg.lock import FairLock
from sfsync.mockorg.spool import IN_MEMORY, Spool


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(0, 100), st.integers(0, 100))
def test_a_spool_gives_back_what_it_took(pieces: list[bytes], start: int, length: int):
    whole = b"".join(pieces)
    spool = Spool()
    for piece in pieces:
        spool.write(piece)
    assert (spool.size, spool.read(), spool.read(start, length)) == (
        len(whole),
        whole,
        whole[start : start + length],
    )
    assert b"".join(spool.blocks(start)) == whole[start:]
    assert b"".join(spool.lines()) == whole
    assert all(line.find(b"\n") in {-1, len(line) - 1} for line in spool.lines())


def test_a_long_spool_is_on_disk_and_just_the_same(tmp_path: Path):
    line = b"x" * 999 + b"\n"
    spool = Spool(tmp_path)
    for _ in range(3 * IN_MEMORY // len(line)):
        spool.write(line)
    assert set(spool.lines()) == {line}
    assert spool.read(len(line) * 400, len(line)) == line
    assert b"".join(spool.blocks(1000, 3000)) == line * 2


def test_the_lock_is_given_in_the_order_of_asking():
    lock, order, asked = FairLock(), list[int](), threading.Event()

    def want(number: int) -> None:
        asked.set()
        with lock, lock:
            order.append(number)

    threads = []
    with lock:
        for number in range(5):
            asked.clear()
            threads.append(threading.Thread(target=want, args=(number,)))
            threads[-1].start()
            asked.wait()
            while len(lock._waiting) <= number:
                pass
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError):
        lock.release()


@given(st.lists(st.integers(0, 40), max_size=20), st.integers(1, 5))
def test_an_allowance_counts_the_last_24_hours(hours: list[int], maximum: int):
    allowance, now, taken = Allowance(maximum), datetime(2024, 1, 1, tzinfo=UTC), list[datetime]()
    for step in hours:
        now += timedelta(hours=step)
        recent = [each for each in taken if each > now - timedelta(hours=24)]
        assert allowance.left(now) == max(maximum - len(recent), 0)
        allowance.take(now)
        taken.append(now)


def numbers(count: int, done: list[int]) -> Iterator[int]:
    yield 0
    for number in range(count):
        done.append(number)
        yield 1


def test_without_a_worker_a_request_does_a_slice_of_one_task():
    background, one, other = Background(), list[int](), list[int]()
    background.start(numbers(3, one))
    background.start(numbers(3, other))
    background.poll(2)
    assert (one, other) == ([], [])
    for _ in range(8):
        background.poll(2)
    assert (one, other) == ([0, 1, 2], [0, 1, 2])
    assert not background.step()


def test_a_task_that_fails_is_dropped_and_others_go_on(caplog: pytest.LogCaptureFixture):
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("oops")

    background, done = Background(), list[int]()
    background.start(broken())
    background.start(numbers(1, done))
    for _ in range(6):
        background.poll(1)
    assert done == [0]
    assert "oops" in caplog.text


def test_a_worker_does_everything_but_waiting():
    background, lock, finished = Background(), FairLock(), threading.Event()

    def task() -> Iterator[int]:
        yield from range(1, 4)
        yield 0
        finished.set()

    worker = Worker(background, lock)
    worker.start()
    with lock:
        background.start(task())
    for _ in range(1000):
        if finished.wait(0.01):
            break
        with lock:
            background.poll(1)
    assert finished.is_set()
    worker.stop()
    assert background.workers == 0
