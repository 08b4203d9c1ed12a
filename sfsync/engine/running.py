"""A run while it goes on: what it works with, what its steps may do, whom it tells."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from sfsync.clock import Clock, today
from sfsync.engine.apply import write_phases
from sfsync.engine.flow import Decision, Look, PartnerFile, Result
from sfsync.engine.plan import Meter
from sfsync.engine.results import RunResult, StepResult
from sfsync.errors import TransportFailed
from sfsync.journal.values import FileRecord
from sfsync.languages.catalogue import ENGLISH, Catalogue
from sfsync.tabular.table import digest
from sfsync.transports.folder import FolderOutbox

if TYPE_CHECKING:
    from sfsync.journal.journal import Journal
    from sfsync.journal.leases import Lease
    from sfsync.mapping.compile import CompiledMapping
    from sfsync.salesforce.org import Org
    from sfsync.transports.mail import Message
    from sfsync.transports.places import Places


class Watcher(Protocol):
    """Somebody who watches a run: a terminal with progress bars, or nobody."""

    def step(self, name: str, about: str) -> None: ...
    def rows(self, count: int) -> None: ...
    def done(self, result: StepResult) -> None: ...


class Mailer(Protocol):
    """Sends mails as ``transports.mail.MailOut`` does."""

    def send(self, message: "Message") -> None: ...
    def send_all(self, messages: "Iterable[Message]") -> "Iterator[TransportFailed | None]": ...


class Nobody:
    """A watcher for runs that nobody watches."""

    def step(self, name: str, about: str) -> None: ...
    def rows(self, count: int) -> None: ...
    def done(self, result: StepResult) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What an operation works with; built by ``sfsync.project``."""

    org: "Org"
    open_journal: Callable[[], "Journal"]
    clock: Clock
    zone: str
    state: Path
    places: "Places"
    mail: "Mailer | None"
    partner_file: Callable[[str], PartnerFile]
    mapping: Callable[[str], "CompiledMapping"]
    holder: str
    watcher: Watcher
    lease_seconds: float = 1800.0
    override: frozenset[str] = frozenset()
    catalogue: Callable[[str], Catalogue] = field(default=lambda _language: ENGLISH)
    """The sentences of a language, for the answer to a partner."""

    @property
    def day(self) -> date:
        return today(self.clock, self.zone)


@contextmanager
def meanwhile(name: str, make: Callable[[Path], object]) -> Iterator[Callable[[Path], object]]:
    """A thread makes the file ``name`` while the caller does something else; what is yielded puts it to its place.

    The thread writes to a folder of its own and nowhere else. Its trouble is raised when the file is wanted.
    """
    with TemporaryDirectory(prefix="sfsync-") as scratch, ThreadPoolExecutor(1) as thread:
        made = Path(scratch) / name
        making = thread.submit(make, made)

        def put(path: Path) -> None:
            making.result()
            made.replace(path)

        yield put


@dataclass(slots=True)
class Running:
    """One run while it goes on: also the hands of its steps."""

    ports: Ports
    journal: "Journal"
    run_id: str
    command: str
    name: str
    """The flow or export that runs."""
    look: Look
    lease: "Lease"
    meter: Meter
    started: float
    """By the clock's ``monotonic``, seconds."""
    done: list[StepResult] = field(default_factory=list)
    rows_read: int | None = None
    """Rows of the file that is taken; None where there is none."""
    files: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    outgoing: list[FileRecord] = field(default_factory=list)
    output: Path | None = None
    """The file that somebody wants instead of the one in the outbox."""
    refused: bool = False
    put_aside: bool = False
    """Whether a file went to quarantine: its rows were not applied."""
    failed: bool = False
    """Whether a part of the run failed that the rest did not depend on."""

    @property
    def status(self) -> str:
        """How the run ends whatever its rows say; empty when they decide."""
        if self.failed:
            return "failed"
        if self.refused:
            return "refused"
        return "partial" if self.put_aside else ""

    def ended(self, status: str | None = None) -> RunResult:
        """The run as it stands; ``status`` where it is not the run's own."""
        return RunResult(
            self.run_id,
            self.command,
            self.name,
            tuple(self.done),
            self.meter.spent(),
            self.meter.remaining(),
            self.ports.clock.monotonic() - self.started,
            tuple(self.files),
            tuple(self.messages),
            self.status if status is None else status,
            self.rows_read,
        )

    def write(self, decisions: Sequence[Decision]) -> list[Result]:
        return write_phases(self.ports.org, decisions, self.progress)

    def outbox(self, partner_file: str, name: str, make: Callable[[Path], object]) -> Path:
        if self.output is not None:
            return self._put(self.output.parent, self.output.name, make, partner_file)
        path = self._put(self.ports.state / "outbox" / partner_file, name, make, partner_file)
        elsewhere = self.ports.places.outbox(partner_file)
        if elsewhere is not None:
            elsewhere.put(name, path)
        return path

    def result(self, name: str, make: Callable[[Path], object]) -> Path:
        folder = self.ports.state / "results" / self.run_id
        number, path = 1, folder / name
        while str(path) in self.files:  # two files of one name in one run: both are answered
            number += 1
            path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        return self._put(folder, path.name, make, "result")

    def mail(self, message: "Message") -> None:
        """Send one mail; raises TransportFailed, which says whether it may have gone out."""
        for trouble in self.mails([message]):
            if trouble is not None:
                raise trouble

    def mails(self, messages: "Sequence[Message]") -> list[TransportFailed | None]:
        """Send mails; for each None, or the trouble that says whether it may have gone out."""
        if self.ports.mail is None:
            trouble = TransportFailed(
                "No mail server is configured, so nothing was mailed.",
                sent=False,
                hint="Fill in `mail:` in config/sfsync.yaml.",
            )
            return [trouble] * len(messages)
        return list(self.ports.mail.send_all(messages))

    def say(self, text: str) -> None:
        self.messages.append(text)

    def _put(self, folder: Path, name: str, make: Callable[[Path], object], partner_file: str) -> Path:
        path = folder / name
        with TemporaryDirectory(prefix="sfsync-") as scratch, ThreadPoolExecutor(1) as thread:
            made = Path(scratch) / name
            make(made)
            digested = thread.submit(digest, made)
            FolderOutbox(folder).take(path.name, made)
            record = FileRecord(path.name, digested.result(), "out", partner_file, made.stat().st_size)
        if str(path) not in self.files:
            self.files.append(str(path))
        self.outgoing.append(record)
        return path

    def progress(self, rows: int) -> None:
        """Rows that were just written, 0 as a sign of life: the lease is kept, the watcher is told."""
        self.lease.renew()
        self.ports.watcher.rows(rows)
