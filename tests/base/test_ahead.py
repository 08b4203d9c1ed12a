"""Work ahead keeps the order, holds little, and ends when the caller does."""

import threading

import pytest

from sfsync.ahead import ahead, beside, in_order


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_results_come_in_order(threads):
    assert list(ahead(lambda n: n * n, range(50), threads=threads)) == [n * n for n in range(50)]


def test_items_are_taken_only_as_they_are_needed():
    taken = []

    def items():
        for n in range(100):
            taken.append(n)
            yield n

    results = ahead(lambda n: n, items(), threads=2)
    assert next(results) == 0
    assert len(taken) <= 4
    results.close()
    assert len(taken) <= 4


def test_an_error_comes_where_its_result_would_have_stood():
    results = ahead(lambda n: 1 // (n - 3), range(10), threads=2)
    assert [next(results) for _ in range(3)] == [-1, -1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_one_thread_is_the_caller_s():
    here = threading.current_thread()
    assert list(ahead(lambda _: threading.current_thread(), [1, 2, 3], threads=1)) == [here] * 3
    assert list(ahead(lambda n: n, [], threads=4)) == []


def test_the_first_item_is_begun_before_the_second_is_taken():
    begun = threading.Event()

    def items():
        yield 1
        assert begun.wait(10)
        yield 2

    assert list(ahead(lambda _: begun.set(), items(), threads=2)) == [None, None]


@pytest.mark.parametrize("threads", [1, 3])
def test_what_must_be_done_in_order_is(threads):
    later, done = threading.Event(), []

    def first(n):
        if n == 0 and threads > 1:
            assert later.wait(10)
        if n == 2:
            later.set()
        return n * 10

    def then(n):
        done.append(n)
        return n + 1

    calls = in_order(first, then, range(5), lambda: -1)
    assert list(ahead(lambda call: call(), calls, threads=threads)) == [1, 11, 21, 31, 41, -1]
    assert done == [0, 10, 20, 30, 40]


def test_nobody_waits_for_what_failed():
    calls = in_order(lambda n: 1 // n, lambda n: n, [1, 0, 1, 1, 1], lambda: -1)
    results = ahead(lambda call: call(), calls, threads=2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_beside_is_another_thread_unless_there_is_but_one():
    here = threading.current_thread()
    with beside(threading.current_thread) as other, beside(threading.current_thread, threads=1) as same:
        assert other() is not here
        assert same() is here


def test_an_error_beside_comes_to_whoever_asks():
    with beside(lambda: 1 // 0) as other, pytest.raises(ZeroDivisionError):
        other()
