"""Files that were brought to this machine from somewhere else: a server, a mailbox, an org."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sfsync.errors import TransportFailed
from sfsync.transports.names import tame


@dataclass(frozen=True, slots=True)
class Fetched:
    """A claimed file whose original lies elsewhere; ``path`` is a copy that goes away when the file is done."""

    path: Path
    name: str
    digest: str
    _archive: Callable[[], object]
    _quarantine: Callable[[str], object]

    def archive(self) -> None:
        self._archive()
        self.path.unlink(missing_ok=True)

    def quarantine(self, reason: str) -> None:
        self._quarantine(reason)
        self.path.unlink(missing_ok=True)


class Scratch:
    """A folder for copies. Each copy has a folder of its own, so that equal names do not meet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def place(self, name: str) -> Path:
        """A path for one copy; its name is the partner's, made plain."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir(parents=True)
        return folder / tame(name)


def emptied(folder: Path) -> Scratch:
    """The scratch folder of a run, without what a dead run left in it. Raises TransportFailed."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise TransportFailed(
            f"the folder {folder} cannot be emptied ({error.strerror}).", hint="Check its permissions."
        ) from error
    return Scratch(folder)


@contextmanager
def passing() -> Iterator[Scratch]:
    """A scratch folder for a look that claims nothing; gone afterwards."""
    with TemporaryDirectory(prefix="sfsync-") as folder:
        yield Scratch(Path(folder))
