"""What an org allows in any 24 hours: batches of Bulk jobs, leads from web forms."""

from collections import deque
from datetime import datetime, timedelta

DAY = timedelta(hours=24)


class Allowance:
    """At most ``maximum`` in a span that rolls on with the clock."""

    def __init__(self, maximum: int, span: timedelta = DAY) -> None:
        self.maximum = maximum
        self._span = span
        self._taken: deque[tuple[datetime, int]] = deque()
        self._used = 0

    def used(self, now: datetime) -> int:
        """How much of it the span that ends now has seen."""
        while self._taken and self._taken[0][0] <= now - self._span:
            self._used -= self._taken.popleft()[1]
        return self._used

    def left(self, now: datetime) -> int:
        """How much of it is left."""
        return max(self.maximum - self.used(now), 0)

    def take(self, now: datetime, count: int = 1) -> None:
        """Note that so much was used, allowed or not."""
        self._taken.append((now, count))
        self._used += count
