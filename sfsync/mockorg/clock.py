"""The org's clock: frozen for tests, running for a served org, set and moved by hand in both cases."""

import math
import time
from datetime import UTC, date, datetime, timedelta


class MockClock:
    """Where every stamp of the org comes from.

    ``MockClock(datetime)`` stands still there; ``MockClock(datetime, running=True)`` goes on from there with the
    machine's pace; ``MockClock()`` runs from the machine's present.
    """

    def __init__(self, start: datetime | None = None, *, running: bool | None = None) -> None:
        self._running = start is None if running is None else running
        self._base = (start or datetime.now(UTC)).astimezone(UTC)
        self._since = time.monotonic()
        self._stamp = ""  # a bulk load asks often in a second
        self._stamp_until = 0.0

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self._running

    def now(self) -> datetime:
        """The org's present, aware and in UTC."""
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def today(self) -> date:
        """The org's calendar day (the org's time zone is UTC)."""
        return self.now().date()

    def stamp(self) -> str:
        """The present as REST writes it: ``2024-01-31T10:00:00.000+0000``. Stamps have no milliseconds."""
        if time.monotonic() >= self._stamp_until:
            read = time.monotonic()
            now = self.now()
            self._stamp = f"{now:%Y-%m-%dT%H:%M:%S}.000+0000"
            self._stamp_until = (
                read + (1_000_000 - now.microsecond) / 1_000_000 if self._running else math.inf
            )
        return self._stamp

    def set(self, moment: datetime) -> None:
        """Make it ``moment`` (aware) now; a running clock goes on from there."""
        self._base = moment.astimezone(UTC)
        self._since = time.monotonic()
        self._stamp_until = 0.0

    def advance(self, step: timedelta | float) -> None:
        """Move forward by a timedelta or by seconds."""
        self.set(self.now() + (step if isinstance(step, timedelta) else timedelta(seconds=step)))

    def freeze(self) -> None:
        """Stop here."""
        self.set(self.now())
        self._running = False

    def run(self) -> None:
        """Go on from here with the machine's pace."""
        self.set(self.now())
        self._running = True
