"""The org's background work: Bulk jobs, done a chunk at a time between requests.

A task is an iterator that yields after each chunk how many rows it got through, or 0 when it waits for the next
request. Without a server a request moves one task on by a slice before it is answered: always the same way, so
tests can look at a job half done. A served org has a worker, a thread that takes turns with the requests.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterator

from sfsync.mockorg.lock import FairLock

Task = Iterator[int]

log = logging.getLogger(__name__)


class Background:
    """The tasks under way. All methods want the org's lock to be held, except ``Worker``'s own."""

    def __init__(self) -> None:
        self._ready: deque[Task] = deque()
        self._waiting: deque[Task] = deque()
        self.arrived = threading.Event()
        self.workers = 0

    def start(self, task: Task) -> None:
        """Take on a task."""
        self._ready.append(task)
        self.arrived.set()

    def clear(self) -> None:
        """Drop all tasks where they are."""
        self._ready.clear()
        self._waiting.clear()

    def poll(self, slice_rows: int) -> None:
        """A request has come: tasks that waited for it may go on, and without a worker one of them does."""
        while self._waiting:
            self._ready.append(self._waiting.popleft())
            self.arrived.set()
        if self.workers:
            return
        rows = 0
        while self._ready and rows < slice_rows:
            done = self._next()
            if done is None or done == 0:
                return
            rows += done

    def step(self) -> bool:
        """Do one chunk of one task; False when there is nothing to do."""
        if not self._ready:
            return False
        self._next()
        self._ready.rotate(-1)
        return True

    def _next(self) -> int | None:
        """One chunk of the first task: its rows, 0 when the task waits now, None when it has ended."""
        task = self._ready[0]
        try:
            done = next(task, None)
        except Exception:
            log.exception("The mock org failed at its background work")
            done = None
        if not done:
            self._ready.popleft()
        if done == 0:
            self._waiting.append(task)
        return done


class Worker:
    """The thread that works while a server runs."""

    def __init__(self, background: Background, lock: FairLock) -> None:
        self._background = background
        self._lock = lock
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        with self._lock:
            self._background.workers += 1
        self._thread.start()

    def stop(self) -> None:
        """End after the chunk in hand; what is left goes on with the requests of a door without a worker."""
        self._ended = True
        self._background.arrived.set()
        self._thread.join()
        with self._lock:
            self._background.workers -= 1

    def _run(self) -> None:
        while not self._ended:
            self._background.arrived.wait()
            with self._lock:
                if not self._background.step():
                    self._background.arrived.clear()
        self._background.arrived.set()  # for another server's worker
