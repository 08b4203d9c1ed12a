"""Work on several blocks at a time, in order: polars lets go of Python's lock while it works."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")
R = TypeVar("R")

_MOST = 4
"""Threads at most; each holds a block in memory."""


def ahead(function: Callable[[T], R], items: Iterable[T], *, threads: int | None = None) -> Iterator[R]:
    """``map``, with some results prepared in threads while the caller deals with those before.

    The items are taken in the caller's thread, one more than there are threads, so that none waits for the next.
    """
    threads = min(_MOST, os.cpu_count() or 1) if threads is None else threads
    if threads < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="sfsync-ahead") as pool:
        pending: deque[Future[R]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                del item  # a block that is done must not be held
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


@contextmanager
def beside(function: Callable[[], R], *, threads: int | None = None) -> Iterator[Callable[[], R]]:
    """Have something done in a thread of its own; what is given waits for the result."""
    if threads == 1:
        result = function()
        yield lambda: result
        return
    with ThreadPoolExecutor(1, thread_name_prefix="sfsync-beside") as pool:
        yield pool.submit(function).result


def in_order(
    first: Callable[[T], U], then: Callable[[U], R], items: Iterable[T], last: Callable[[], R]
) -> Iterator[Callable[[], R]]:
    """Calls that do ``first`` with their item whenever they are called, and ``then`` one after the other.

    At the very end comes a call of ``last``. All must be called, in any thread, begun in order.
    """
    before = Event()
    before.set()
    for item in items:
        after, held = Event(), [item]
        del item  # as above
        yield partial(_in_turn, first, then, held, before, after)
        before = after
    yield partial(_after, before, last)


def _in_turn(
    first: Callable[[T], U], then: Callable[[U], R], held: list[T], before: Event, after: Event
) -> R:
    try:
        found = first(held.pop())
        before.wait()
        return then(found)
    finally:
        after.set()


def _after(before: Event, last: Callable[[], R]) -> R:
    before.wait()
    return last()
