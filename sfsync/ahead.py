"""Work on several blocks at a time, in order: polars lets go of Python's lock while it works."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MOST = 4
"""Threads at most; each holds a block in memory."""


def ahead(function: Callable[[T], R], items: Iterable[T], *, threads: int | None = None) -> Iterator[R]:
    """``map``, with some results prepared in threads while the caller deals with those before.

    The items are taken in the caller's thread.
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
                if len(pending) >= threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
