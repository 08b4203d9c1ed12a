"""A lock that serves in the order of asking: the org's background work and its clients take turns."""

from collections import deque
from threading import Lock, get_ident
from types import TracebackType


class FairLock:
    """Like ``threading.RLock``, but who releases it hands it to the one who has waited longest.

    With an ordinary lock a thread that releases and at once asks again wins nearly always, and the others starve.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._owner: int | None = None
        self._depth = 0
        self._waiting: deque[tuple[int, Lock]] = deque()

    def acquire(self) -> None:
        """Wait for one's turn; who holds the lock already gets it once more."""
        me = get_ident()
        with self._guard:
            if self._owner in {None, me}:
                self._owner = me
                self._depth += 1
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append((me, turn))
        turn.acquire()  # released by the one before us, who has made us the owner

    def release(self) -> None:
        """Give it up, once for each time it was taken.

        Raises:
            RuntimeError: the thread does not hold it.

        """
        with self._guard:
            if self._owner != get_ident():
                raise RuntimeError("Only the thread that holds the lock can release it.")
            self._depth -= 1
            if self._depth:
                return
            self._owner = None
            if self._waiting:
                self._owner, turn = self._waiting.popleft()
                self._depth = 1
                turn.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
