"""The world of one schedule: org, journal, folders, mailbox and clock, all passing the schedule's boundaries."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sfsync.clock import ManualClock
from sfsync.engine.files import read_file
from sfsync.engine.flow import PartnerFile
from sfsync.engine.operation import export_file, import_file, run_flow
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody, Ports
from sfsync.journal.journal import Journal, open_journal
from sfsync.mapping.compile import CompiledMapping
from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.http import Request, Response
from sfsync.project import Content
from sfsync.salesforce.auth import OrgSettings
from sfsync.salesforce.org import Org
from sfsync.salesforce.session import connect
from sfsync.tabular.table import open_table
from sfsync.transports.mail import Message
from tests.simulation.schedule import Schedule

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
LOGIN = OrgSettings(
    login="client_credentials",
    login_url="https://mock.example.my.salesforce.com",
    client_id="sim",
    client_secret="env:SIM_SECRET",
)


class OneClock(ManualClock):
    """The time of client and org; it passes when somebody waits."""

    def __init__(self, org: MockClock) -> None:
        super().__init__(START)
        self._org = org

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._org.set(self.now())


@dataclass
class Mailbox:
    """What the activation partner got, and the boundary on the way."""

    schedule: Schedule
    mails: list[tuple[str, list[str]]] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.schedule.mail(message.message_id, lambda: self._deliver(message))

    def _deliver(self, message: Message) -> None:
        table = open_table(message.attachments[0])
        place = str(table.columns.index("Order number"))
        keys = [key for block in table.blocks() for key in block[place].to_list()]
        self.mails.append((message.message_id.strip("<>").partition("@")[0].upper(), keys))


class World:
    """Everything one process of the simulation needs; prepared once, brought back to a snapshot for each schedule."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.org = MockOrg(metadata=[ROOT / "config" / "org"], clock=MockClock(START), sleep=lambda _: None)
        self.content = Content(ROOT)
        self._mappings: dict[str, CompiledMapping] = {}
        self._partner_files: dict[str, PartnerFile] = {}
        self.flow = self.content.flow("charge_card")
        self._blank = folder / "blank.sqlite"
        open_journal(f"sqlite:///{self._blank}", clock=ManualClock(START)).close()
        self.schedule = Schedule(0, 2, calm=True)
        self.state = folder
        self.mailbox = Mailbox(self.schedule)
        self.clock = OneClock(self.org.clock)
        self.bulk_from = 2000
        self._lives = 0

    def begin(self, snapshot: bytes, schedule: Schedule, *, bulk_from: int = 2000) -> None:
        """A new schedule from a prepared org: fresh folders, journal, mailbox, clock."""
        self._lives += 1
        self.org.clock.set(START)
        self.org.restore(snapshot)
        self.schedule = schedule
        self.clock = OneClock(self.org.clock)
        self.mailbox = Mailbox(schedule)
        self.bulk_from = bulk_from
        self.state = self.folder / f"life-{self._lives}"
        self.new_journal(self.state)
        schedule.forward = lambda: self.clock.sleep(timedelta(days=2).total_seconds())
        schedule.rival = self._rival

    def end(self) -> None:
        shutil.rmtree(self.folder / f"life-{self._lives}", ignore_errors=True)
        shutil.rmtree(self.folder / f"life-{self._lives}-rival", ignore_errors=True)

    def new_journal(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._blank, state / "journal.sqlite")

    def mapping(self, name: str) -> CompiledMapping:
        if name not in self._mappings:
            self._mappings[name] = self.content.mapping(name)
        return self._mappings[name]

    def partner_file(self, name: str) -> PartnerFile:
        if name not in self._partner_files:
            self._partner_files[name] = self.content.partner_file(name)
        return self._partner_files[name]

    def run(self, *steps: str) -> RunResult:
        """`sfsync run charge_card` in a new process; only these steps, where some are named."""
        chosen = tuple(step for step in self.flow.steps if not steps or step.name in steps)
        with self._process() as ports:
            return run_flow(ports, replace(self.flow, steps=chosen), None)

    def take(self, name: str, path: Path) -> RunResult:
        """`sfsync import NAME FILE` in a new process."""
        partner_file = self.partner_file(name)
        with self._process() as ports:
            return import_file(ports, self.flow, partner_file, read_file(path, self.mapping(name)))

    def give(self, name: str, **options: Any) -> RunResult:
        """`sfsync export NAME` in a new process."""
        partner_file = self.partner_file(name)
        assert partner_file.give
        with self._process() as ports:
            return export_file(ports, self.flow, partner_file.give(options))

    def deliver(self, partner_file: str, name: str, text: str) -> None:
        """A partner's file arrives in the inbox."""
        inbox = self.state / "inbox" / partner_file
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_text(text, encoding="utf-8")
        arrived = (self.clock.now() - timedelta(minutes=5)).timestamp()
        os.utime(inbox / name, (arrived, arrived))

    @contextmanager
    def _process(self) -> Iterator[Ports]:
        """A process: a session, an open journal, files; all of it gone when it ends or dies."""
        with ExitStack() as stack:
            stack.enter_context(activated(self._answer, sleep=lambda _: None))
            journal = open_journal(f"sqlite:///{self.state / 'journal.sqlite'}", clock=self.clock)
            stack.callback(journal.close)
            stack.enter_context(_boundaries(self.schedule, journal, self.state))
            session = connect(LOGIN, {"SIM_SECRET": "right"}, self.clock)
            org = Org(session, clock=self.clock, bulk_from=self.bulk_from)
            yield Ports(
                org=org,
                open_journal=lambda: journal,
                clock=self.clock,
                zone="UTC",
                state=self.state,
                mail=self.mailbox,
                partner_file=self.partner_file,
                mapping=self.mapping,
                holder=f"simulation:{self._lives}",
                watcher=Nobody(),
            )

    def _answer(self, request: Request) -> Response:
        return self.schedule.request(request, self.org.handle, self.org.faults)

    def _rival(self) -> None:
        """Another machine runs the same flow from beginning to end, with a journal and a lease of its own."""
        schedule, state = self.schedule, self.state
        self.schedule = Schedule(0, 2, calm=True)
        self.state = self.folder / f"life-{self._lives}-rival"
        self.new_journal(self.state)
        try:
            self.run()
        finally:
            self.schedule, self.state = schedule, state


@contextmanager
def _boundaries(schedule: Schedule, journal: Journal, state: Path) -> Iterator[None]:
    """While this holds, commits of this journal and renames below ``state`` pass the schedule."""
    writes = Journal._write
    rename, replace = Path.rename, Path.replace

    @contextmanager
    def _write(self: Journal) -> Iterator[Any]:
        if self is not journal:
            with writes(self) as connection:
                yield connection
            return
        with ExitStack() as stack:
            connection = stack.enter_context(writes(self))
            yield connection
            schedule.commit("commit", stack.close)

    def moving(real: Any, verb: str) -> Any:
        def move(self: Path, target: Any) -> Any:
            if state not in self.parents:
                return real(self, target)
            return schedule.move(f"{verb} {self.name}", lambda: real(self, target))

        return move

    Journal._write = _write
    Path.rename, Path.replace = moving(rename, "rename"), moving(replace, "replace")
    try:
        yield
    finally:
        Journal._write = writes
        Path.rename, Path.replace = rename, replace
