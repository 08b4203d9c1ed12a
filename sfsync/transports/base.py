"""What files come in through and go out through: two small interfaces, whatever carries the files.

An inbox gives each file to one run only. A claimed file is either archived (taken, nothing more to do) or put in
quarantine with the reason; a run that dies leaves it claimed, and the next run gets it again.
An outbox puts a file in one step: a partner never sees half of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Claimed(Protocol):
    """A file that this run holds, as a local path."""

    @property
    def path(self) -> Path:
        """Where it can be read until it is archived or put in quarantine."""
        ...

    @property
    def name(self) -> str:
        """Its name as the partner gave it."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, in hex."""
        ...

    def archive(self) -> None:
        """Keep it as done. Raises TransportFailed."""
        ...

    def quarantine(self, reason: str) -> None:
        """Set it aside with the reason, for a person to look at. Raises TransportFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits, for somebody who only looks. ``path`` is readable until the next one is asked for."""

    name: str
    path: Path


class Inbox(Protocol):
    """Where partners' files arrive."""

    def claim(self) -> Iterator[Claimed]:
        """The complete files that wait, oldest first; each is claimed when it is handed out.

        Raises TransportFailed when the inbox cannot be reached.
        """
        ...

    def waiting(self) -> Iterator[Waiting]:
        """What ``claim`` would hand out now; nothing is claimed and nothing written, for a plan."""
        ...

    def check(self) -> str:
        """What was found there, in a few words; writes nothing. Raises TransportFailed with what to mend."""
        ...


class Outbox(Protocol):
    """Where files for partners are put."""

    def put(self, name: str, path: Path) -> bool:
        """Put the file at ``path`` under ``name``; False when the same content was already there.

        Raises TransportFailed.
        """
        ...

    def check(self) -> str:
        """What was found there, in a few words; writes nothing. Raises TransportFailed with what to mend."""
        ...
