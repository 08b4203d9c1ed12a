"""Folders of an SFTP server as inbox and outbox.

The inbox has the folders ``.taken``, ``archive/2024-01-31`` and ``quarantine`` on the server, made by sfsync, as an
inbox folder on this machine has: claiming is a rename on the server. A file is complete when its size and time were
the same in two looks with a pause between them, or, where the partner keeps to that, when an empty file of the same
name with ``done`` behind it lies beside it; then nobody waits.
"""

import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from errno import EEXIST
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.clock import Clock
from sfsync.tabular.digest import digest
from sfsync.transports.base import Waiting
from sfsync.transports.fetched import Fetched, Scratch, emptied, passing
from sfsync.transports.names import ARCHIVE, QUARANTINE, TAKEN, free, safe_name, tame, temporary
from sfsync.transports.ssh import SftpServer

if TYPE_CHECKING:
    from paramiko import SFTPClient

SETTLED = timedelta(seconds=10)
"""Pause between two looks at a file."""

_Look = tuple[float, str, int]  # time of change in seconds, name, bytes


@dataclass(frozen=True, slots=True)
class SftpInbox:
    """Files that arrive in a folder of a server. ``pattern`` is a glob on names; ``done`` such as ``.done``.

    ``scratch`` is a folder of this machine for the copies, of this inbox alone.
    """

    server: SftpServer
    folder: str
    scratch: Path
    clock: Clock
    pattern: str = "*"
    done: str = ""
    settled: timedelta = SETTLED

    def claim(self) -> Iterator[Fetched]:
        """What a crashed run left in ``.taken``, then the complete files, oldest first."""
        scratch = emptied(self.scratch)
        with self._connected("cannot be read") as sftp:
            taken = self._inside(TAKEN)
            _make(sftp, taken)
            left = [name for _, name, _ in _files(sftp, taken)]
            waiting = self._complete(sftp, left)
        for name in left:
            yield self._left(name, scratch)
        for look in waiting:
            claimed = self._take(look, scratch)
            if claimed is not None:
                yield claimed

    def waiting(self) -> Iterator[Waiting]:
        """Copies of what ``claim`` would hand out now."""
        with passing() as scratch:
            with self._connected("cannot be read") as sftp:
                left = [name for _, name, _ in _files(sftp, self._inside(TAKEN))]
                found = [self._inside(f"{TAKEN}/{name}") for name in left]
                found += [self._inside(name) for _, name, _ in self._complete(sftp, [])]
            for path in found:
                with self._connected("cannot be read") as sftp:
                    copy = scratch.place(path.rpartition("/")[2])
                    sftp.get(path, str(copy))
                yield Waiting(copy.name, copy)

    def check(self) -> str:
        """The folder is there and can be listed."""
        with self._connected("cannot be read") as sftp:
            count = len(self._candidates(sftp))
            sftp.listdir(self.folder)  # an inbox that is not there has no candidates either
        return f"{self.folder} on {self.server.host}, {count:,} waiting"

    def _connected(self, what: str) -> "AbstractContextManager[SFTPClient]":
        return self.server.connected(f"the inbox {self.folder} {what}")

    def _inside(self, name: str) -> str:
        return _join(self.folder, name)

    def _complete(self, sftp: "SFTPClient", left: list[str]) -> list[_Look]:
        """The files that nobody is writing any more, oldest first."""
        first = self._candidates(sftp)
        if self.done:
            self._drop_marks(sftp, left, {name for _, name, _ in first})
            marks = {name for _, name, _ in _files(sftp, self.folder)}
            return [look for look in first if look[1] + self.done in marks]
        if first and self.settled:
            self.clock.sleep(self.settled.total_seconds())
            second = set(self._candidates(sftp))
            return [look for look in first if look in second]
        return first

    def _candidates(self, sftp: "SFTPClient") -> list[_Look]:
        return sorted(
            look
            for look in _files(sftp, self.folder)
            if fnmatchcase(look[1], self.pattern)
            and not temporary(look[1])
            and not (self.done and look[1].endswith(self.done))
        )

    def _drop_marks(self, sftp: "SFTPClient", left: list[str], present: set[str]) -> None:
        """A run died between taking a file and its mark: the mark must not vouch for the next file of that name."""
        for name in left:
            if name not in present:
                with suppress(FileNotFoundError):
                    sftp.remove(self._inside(name + self.done))

    def _left(self, name: str, scratch: Scratch) -> Fetched:
        with self._connected(f"does not give {tame(name)}") as sftp:
            return self._fetch(sftp, name, name, scratch)

    def _take(self, look: _Look, scratch: Scratch) -> Fetched | None:
        changed, name, size = look
        with self._connected(f"does not give {tame(name)}") as sftp:
            try:
                now = sftp.lstat(self._inside(name))
                if (now.st_mtime or 0, now.st_size or 0) != (changed, size):
                    return None  # somebody is writing it again: the next run takes it
                claimed = free(name, lambda other: _exists(sftp, self._inside(f"{TAKEN}/{other}")))
                sftp.rename(self._inside(name), self._inside(f"{TAKEN}/{claimed}"))
            except FileNotFoundError:
                return None  # another run was faster
            if self.done:
                with suppress(FileNotFoundError):
                    sftp.remove(self._inside(name + self.done))
            return self._fetch(sftp, claimed, name, scratch)

    def _fetch(self, sftp: "SFTPClient", claimed: str, name: str, scratch: Scratch) -> Fetched:
        copy = scratch.place(name)
        sftp.get(self._inside(f"{TAKEN}/{claimed}"), str(copy))
        return Fetched(
            copy,
            tame(name),
            digest(copy),
            partial(self._keep, claimed, f"{ARCHIVE}/{self.clock.now().date().isoformat()}", name),
            partial(self._put_aside, claimed, name),
        )

    def _keep(self, claimed: str, folder: str, name: str) -> str:
        """Move a claimed file for good, never over another one; its new name."""
        target = self._inside(folder)
        with self._connected(f"cannot move {tame(name)} to {folder}") as sftp:
            _make(sftp, target)
            kept = free(name, lambda other: _exists(sftp, _join(target, other)))
            sftp.rename(self._inside(f"{TAKEN}/{claimed}"), _join(target, kept))
        return kept

    def _put_aside(self, claimed: str, name: str, reason: str) -> None:
        kept = self._keep(claimed, QUARANTINE, name)
        path = self._inside(f"{QUARANTINE}/{kept}.reason.txt")
        with (
            self._connected(f"does not take the reason for {tame(name)}") as sftp,
            sftp.open(path, "wb") as file,
        ):
            file.write((reason.rstrip() + "\n").encode())


@dataclass(frozen=True, slots=True)
class SftpOutbox:
    """A folder of a server that a partner fetches files from. It must be there already."""

    server: SftpServer
    folder: str

    def put(self, name: str, path: Path) -> bool:
        """Upload under a temporary name, then rename; False when the same content is there already."""
        checked = safe_name(name)
        target, scratch = _join(self.folder, checked), _join(self.folder, f".{checked}.sfsync.tmp")
        with self.server.connected(f"{checked} cannot be put into {self.folder}") as sftp:
            if _same(sftp, target, path):
                return False
            try:
                sftp.put(str(path), scratch)  # looks afterwards whether all bytes arrived
                _replace(sftp, scratch, target)
            except BaseException:
                with suppress(OSError, EOFError):
                    sftp.remove(scratch)
                raise
        return True

    def check(self) -> str:
        """The folder is there and can be listed."""
        with self.server.connected(f"the outbox {self.folder} cannot be read") as sftp:
            sftp.listdir(self.folder)
        return f"{self.folder} on {self.server.host}"


def _files(sftp: "SFTPClient", folder: str) -> list[_Look]:
    """The ordinary files of a folder, oldest first; links and folders are none."""
    try:
        entries = sftp.listdir_attr(folder)
    except FileNotFoundError:
        if folder.endswith(f"/{TAKEN}"):
            return []
        raise
    return sorted(
        (entry.st_mtime or 0, entry.filename, entry.st_size or 0)
        for entry in entries
        if entry.st_mode is None or stat.S_ISREG(entry.st_mode)
    )


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _exists(sftp: "SFTPClient", path: str) -> bool:
    try:
        sftp.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _make(sftp: "SFTPClient", folder: str) -> None:
    """Make a folder of the inbox, and the one above it if that is missing too; never the inbox itself."""
    if _exists(sftp, folder):
        return
    above = folder.rpartition("/")[0]
    if above.rpartition("/")[2] == ARCHIVE:
        _make(sftp, above)
    try:
        sftp.mkdir(folder)
    except OSError as error:
        if error.errno != EEXIST and not _exists(sftp, folder):  # else another run was faster
            raise


def _same(sftp: "SFTPClient", target: str, path: Path) -> bool:
    try:
        if sftp.stat(target).st_size != path.stat().st_size:
            return False
    except FileNotFoundError:
        return False
    with passing() as scratch:
        copy = scratch.place("there")
        sftp.get(target, str(copy))
        return digest(copy) == digest(path)


def _replace(sftp: "SFTPClient", source: str, target: str) -> None:
    try:
        sftp.posix_rename(source, target)
    except FileNotFoundError:
        raise
    except OSError as error:
        if "unsupported" not in str(error).lower():
            raise
        # A server without OpenSSH's extension refuses to rename over a file: for a moment there is none.
        with suppress(FileNotFoundError):
            sftp.remove(target)
        sftp.rename(source, target)
