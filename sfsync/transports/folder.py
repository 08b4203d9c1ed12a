"""Folders as inbox and outbox: what a partner, an SFTP server or a mounted share drops in and fetches from.

An inbox folder has three folders of its own making: ``.taken`` (claimed by a run), ``archive/2024-01-31`` and
``quarantine`` (each file with its ``.reason.txt``). Claiming is a rename, which the file system does for one run
only. Only one run of a flow is at work at a time (the lease), so what lies in ``.taken`` at the start of a claim was
left by a run that died, and is handed out again.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sfsync.clock import Clock
from sfsync.errors import TransportFailed
from sfsync.transports.base import Waiting
from sfsync.transports.names import ARCHIVE, QUARANTINE, TAKEN, free, safe_name, tame, temporary

SETTLED = timedelta(seconds=10)
"""A file is complete when it was not touched for so long, and did not change while we looked."""


@dataclass(frozen=True, slots=True)
class FolderClaimed:
    """A file in the ``.taken`` folder of an inbox."""

    path: Path
    name: str
    digest: str
    _inbox: "FolderInbox"

    def archive(self) -> None:
        """Move it to ``archive/<day of the clock>``; a file of the same name gets a number."""
        self._inbox.keep(self.path, self._inbox.folder / ARCHIVE / self._inbox.day(), self.name)

    def quarantine(self, reason: str) -> None:
        """Move it to ``quarantine`` and write the reason beside it."""
        kept = self._inbox.keep(self.path, self._inbox.folder / QUARANTINE, self.name)
        with _explained(f"the reason for {self.name} cannot be written"):
            kept.with_name(f"{kept.name}.reason.txt").write_text(reason.rstrip() + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class FolderInbox:
    """Files that arrive in a folder. ``pattern`` is a glob on their names."""

    folder: Path
    clock: Clock
    pattern: str = "*"
    settled: timedelta = SETTLED

    def claim(self) -> Iterator[FolderClaimed]:
        """What a crashed run left, then the complete files, oldest first; each claimed when it is handed out."""
        with _explained(f"the inbox {self.folder.name} cannot be read"):
            taken = self.folder / TAKEN
            taken.mkdir(parents=True, exist_ok=True)
            left = sorted(path for path in taken.iterdir() if path.is_file())
            waiting = self._waiting()
        for path in left:
            yield self._claimed(path)
        for path, size, changed in waiting:
            claimed = self._take(path, taken, size, changed)
            if claimed is not None:
                yield claimed

    def waiting(self) -> Iterator[Waiting]:
        """What ``claim`` would hand out now; nothing is claimed, for a plan."""
        with _explained(f"the inbox {self.folder.name} cannot be read"):
            left = sorted(path for path in (self.folder / TAKEN).glob("*") if path.is_file())
            found = [*left, *(path for path, _, _ in self._waiting())]
        yield from (Waiting(tame(path.name), path) for path in found)

    def check(self) -> str:
        """How many files wait."""
        return f"{self.folder}, {sum(1 for _ in self.waiting()):,} waiting"

    def _waiting(self) -> list[tuple[Path, int, float]]:
        """The files that look complete, with their size and time of change, oldest first."""
        latest = (self.clock.now() - self.settled).timestamp()
        found = []
        for path in self.folder.glob(self.pattern):
            if temporary(path.name) or path.is_symlink() or not path.is_file():
                continue
            with suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime <= latest:
                    found.append((path, status.st_size, status.st_mtime))
        return sorted(found, key=lambda item: (item[2], item[0].name))

    def _take(self, path: Path, taken: Path, size: int, changed: float) -> FolderClaimed | None:
        with _explained(f"{path.name} cannot be claimed"):
            try:
                status = path.stat()
                if (status.st_size, status.st_mtime) != (size, changed):
                    return None  # somebody is still writing it: the next run takes it
                target = _free(taken / path.name)
                path.rename(target)
            except FileNotFoundError:
                return None  # another run was faster
        return self._claimed(target, path.name)

    def _claimed(self, path: Path, name: str | None = None) -> FolderClaimed:
        with _explained(f"{path.name} cannot be read"), path.open("rb") as stream:
            return FolderClaimed(
                path, tame(name or path.name), hashlib.file_digest(stream, "sha256").hexdigest(), self
            )

    def keep(self, path: Path, folder: Path, name: str) -> Path:
        """Move a claimed file for good; never over another one."""
        with _explained(f"{name} cannot be moved to {folder.name}"):
            folder.mkdir(parents=True, exist_ok=True)
            target = _free(folder / name)
            path.rename(target)
        return target

    def day(self) -> str:
        """Today by the clock, in UTC: the name of an archive folder."""
        return self.clock.now().date().isoformat()


@dataclass(frozen=True, slots=True)
class FolderOutbox:
    """A folder that a partner fetches files from."""

    folder: Path

    def check(self) -> str:
        """The folder, or the first one above it that is there, can be written to."""
        there = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise TransportFailed(
                f"{there} cannot be written to.", hint="Check the folder and its permissions."
            )
        return str(self.folder)

    def put(self, name: str, path: Path) -> bool:
        """Copy the file in under a temporary name, then rename; False when the same content is there already."""
        return self._put(name, path, shutil.copyfile)

    def take(self, name: str, path: Path) -> bool:
        """As ``put``, of a file that nobody writes to any more: where it can, it gets a second name, and no copy."""
        return self._put(name, path, _linked)

    def _put(self, name: str, path: Path, bring: Callable[[Path, Path], object]) -> bool:
        checked = safe_name(name)
        target = self.folder / checked
        scratch = self.folder / f".{checked}.{os.getpid()}.tmp"
        with _explained(f"{checked} cannot be put into {self.folder.name}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            if target.is_file() and _same(target, path):
                return False
            try:
                bring(path, scratch)
                with scratch.open("rb") as stream:
                    os.fsync(stream.fileno())
                scratch.replace(target)
            finally:
                with suppress(FileNotFoundError):
                    scratch.unlink()
        return True


def _linked(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError:  # on another disk, or one that knows no links
        shutil.copyfile(path, other)


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        return hashlib.file_digest(left, "sha256").digest() == hashlib.file_digest(right, "sha256").digest()


def _free(path: Path) -> Path:
    return path.with_name(free(path.name, lambda name: path.with_name(name).exists()))


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransportFailed(
            f"{what} ({error.strerror}).", hint="Check the folder and its permissions."
        ) from error
