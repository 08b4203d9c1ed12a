"""The world of one schedule: org, journal, folders, mailbox and clock, all passing the schedule's boundaries."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sfsync.clock import ManualClock
from sfsync.engine.files import held, read_file
from sfsync.engine.flow import PartnerFile
from sfsync.engine.importing import TableImport
from sfsync.engine.operation import export_file, import_file, import_table, run_flow
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody, Ports
from sfsync.engine.tables import open_file
from sfsync.errors import LeaseHeld, SfsyncError
from sfsync.journal.journal import Journal, open_journal
from sfsync.mapping.compile import CompiledMapping
from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.http import Request, Response
from sfsync.mockorg.quirks import Quirks
from sfsync.project import Content
from sfsync.salesforce.auth import OrgSettings
from sfsync.salesforce.org import Org
from sfsync.salesforce.session import connect
from sfsync.transports.places import Places
from tests.simulation.postbox import Mailbox
from tests.simulation.schedule import Crash, Schedule

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
LOGIN = OrgSettings(
    login="client_credentials",
    login_url="https://mock.example.my.salesforce.com",
    client_id="sim",
    client_secret="env:SIM_SECRET",
)


_PROCESS = re.compile(r"\.[0-9]+(?=\.tmp$)")
"""The process's number in the name of a temporary file."""


class OneClock(ManualClock):
    """The time of client and org; it passes when somebody waits."""

    def __init__(self, org: MockClock) -> None:
        super().__init__(START)
        self._org = org

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._org.set(max(self.now(), self._org.now()))

    def step_back(self, step: timedelta) -> None:
        """The machine's clock is set back; the org's is not."""
        self._now -= step


class World:
    """Everything one process of the simulation needs; prepared once, brought back to a snapshot for each schedule."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.org = MockOrg(
            metadata=[ROOT / "config" / "org"],
            clock=MockClock(START),
            sleep=lambda _: None,
            quirks=Quirks(logins_per_hour=1_000_000),  # every schedule begins in the same hour
        )
        self.content = Content(ROOT)
        self._mappings: dict[str, CompiledMapping] = {}
        self._partner_files: dict[str, PartnerFile] = {}
        self.flow = self.content.flow("charge_card")
        self._blank = folder / "blank.sqlite"
        open_journal(f"sqlite:///{self._blank}", clock=ManualClock(START)).close()
        self._own, self._other = folder / "life", folder / "rival"
        # One engine for all lives: its compiled statements are kept. Closing it lets go of the file all the same.
        self._journals: dict[Path, Journal] = {}
        self._journals |= {state: self._journal(state) for state in (self._own, self._other)}
        self.end()
        self.schedule = Schedule(0, 2, calm=True)
        self.state = self._own
        self.mailbox = Mailbox(self)
        self.clock = OneClock(self.org.clock)
        self.bulk_from = 2000
        self.sent: dict[str, str] = {}
        self.replaced = 0
        self.imported: Path | None = None
        self.touched: set[str] = set()
        self.act: Callable[[], object] = self.run
        self._lost = False

    def begin(
        self, snapshot: bytes, schedule: Schedule, *, bulk_from: int = 2000, rivals: bool = True
    ) -> None:
        """A new schedule from a prepared org: fresh folders, journal, mailbox, clock."""
        self.org.clock.set(START)
        self.org.restore(snapshot)
        self.schedule = schedule
        self.clock = OneClock(self.org.clock)
        self.mailbox = Mailbox(self)
        self.bulk_from = bulk_from
        self.state = self._own
        self.sent, self.replaced, self.touched = {}, 0, set()
        self.imported = None
        self._lost = False
        self._new_journal(self._own)
        schedule.others = {
            "rival run": lambda _: self._beside(self._other, self.act if rivals else self.run),
            "second run": lambda _: self._beside(self._own, self.act),
            "journal lost": lambda _: setattr(self, "_lost", True),
            "record touched": lambda dice: touch(self, dice),
            "parent locked": lambda dice: lock_parent(self, dice),
            "file replaced": lambda _: self.send_again(),
            "clock forward": lambda _: self.clock.sleep(timedelta(days=2).total_seconds()),
            "clock backward": lambda _: self.clock.step_back(timedelta(hours=1)),
        }

    def end(self) -> None:
        shutil.rmtree(self._own, ignore_errors=True)
        shutil.rmtree(self._other, ignore_errors=True)

    def _journal(self, state: Path) -> Journal:
        self._new_journal(state)
        journal = open_journal(f"sqlite:///{state / 'journal.sqlite'}", clock=ManualClock(START))
        journal._engine = _Engine(journal._engine, self)
        return journal

    def _new_journal(self, state: Path) -> None:
        if journal := self._journals.get(state):
            journal.close()  # who looked at the old one may have left it open
        state.mkdir(parents=True, exist_ok=True)
        for ending in ("-wal", "-shm"):
            (state / f"journal.sqlite{ending}").unlink(missing_ok=True)
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
        with self._process() as ports, held(path) as own:
            self.imported = path
            return import_file(ports, self.flow, partner_file, read_file(own, self.mapping(name)))

    def table(self, name: str, path: Path) -> RunResult:
        """`sfsync import MAPPING FILE` in a new process."""
        with self._process() as ports:
            return import_table(ports, name, TableImport(open_file(path, self.mapping(name))))

    def give(self, name: str, **options: Any) -> RunResult:
        """`sfsync export NAME` in a new process."""
        partner_file = self.partner_file(name)
        assert partner_file.give
        with self._process() as ports:
            return export_file(ports, self.flow, partner_file.give(options))

    def deliver(self, partner_file: str, name: str, text: str) -> None:
        """A partner's file arrives in the inbox."""
        self.sent[f"{partner_file}/{name}"] = text
        path = self.inbox(partner_file) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        arrived = (self.clock.now() - timedelta(hours=6)).timestamp()  # long ago by a clock set back as well
        os.utime(path, (arrived, arrived))

    def inbox(self, partner_file: str) -> Path:
        return self._own / "inbox" / partner_file

    def waiting(self) -> list[Path]:
        """Files in inboxes that nobody has claimed yet."""
        return [path for name in self.sent if (path := self._own / "inbox" / name).is_file()]

    def troubles(self) -> tuple[int, int]:
        """A mark that changes whenever trouble strikes: at a boundary, or at a row or job in the org."""
        return self.schedule.struck.total(), sum(fault["struck"] for fault in self.org.faults.as_json())

    def send_again(self) -> None:
        """The partner sends its file again under the same name: over one that waits, beside one that was claimed.

        A file that is imported by hand is replaced by one of other lines.
        """
        if self.imported is not None:
            self.imported.unlink(missing_ok=True)
            self.imported.write_text('{"submission_id": "other"}\n', encoding="utf-8")
        for name, text in list(self.sent.items()):
            partner_file, _, file = name.partition("/")
            self.replaced += not (self.inbox(partner_file) / file).is_file()
            first, *lines = text.splitlines()
            self.deliver(partner_file, file, "\n".join([first, *reversed(lines)]) + "\n")

    @contextmanager
    def _process(self) -> Iterator[Ports]:
        """A process: a session, an open journal, files; all of it gone when it ends or dies."""
        self.schedule.dead = False
        if self._lost:  # somebody deleted it: it is evidence, not state
            self._lost = False
            self._new_journal(self.state)
        with ExitStack() as stack:
            stack.enter_context(activated(self._answer, sleep=lambda _: None))
            journal = self.journal
            journal._clock = self.clock
            stack.callback(journal.close)
            session = connect(LOGIN, {"SIM_SECRET": "right"}, self.clock)
            org = Org(session, clock=self.clock, bulk_from=self.bulk_from)
            yield Ports(
                org=org,
                open_journal=lambda: journal,
                clock=self.clock,
                zone="UTC",
                state=self.state,
                places=Places(self.state, self.clock, lambda: org),
                mail=self.mailbox,
                partner_file=self.partner_file,
                mapping=self.mapping,
                holder=f"simulation:{self.state.name}",
                watcher=Nobody(),
            )

    def _answer(self, request: Request) -> Response:
        return self.schedule.request(request, self.org.handle, self.org.faults)

    @property
    def journal(self) -> Journal:
        return self._journals[self.state]

    def _beside(self, state: Path, act: Callable[[], object]) -> None:
        """Another process: elsewhere with a journal of its own, or the same command here, where the lease is."""
        schedule, mine = self.schedule, self.state
        self.schedule, self.state = Schedule(0, 2, calm=True), state
        if state != mine:
            self._new_journal(state)
        try:
            act()
        except LeaseHeld:
            schedule.log.append("   the second run found the lease held")
        except SfsyncError as error:
            schedule.log.append(f"   the second run failed: {error.message}")
        finally:
            self.schedule, self.state = schedule, mine

    @contextmanager
    def moves(self) -> Iterator[None]:
        """While this holds, renames and deletions below the state folder pass the schedule."""
        rename, replace, unlink = Path.rename, Path.replace, Path.unlink

        def moving(real: Any, verb: str) -> Any:
            def move(path: Path, target: Any) -> Any:
                if self._own not in path.parents:
                    return real(path, target)
                return self.schedule.move(f"{verb} {_PROCESS.sub('', path.name)}", lambda: real(path, target))

            return move

        def remove(path: Path, missing_ok: bool = False) -> None:
            if self._own in path.parents and self.schedule.dead:
                raise Crash(f"unlink {path.name}")
            unlink(path, missing_ok)

        Path.rename, Path.replace, Path.unlink = moving(rename, "rename"), moving(replace, "replace"), remove
        try:
            yield
        finally:
            Path.rename, Path.replace, Path.unlink = rename, replace, unlink


class _Engine:
    """The journal's engine; every transaction that writes passes the schedule where it commits."""

    def __init__(self, real: Any, world: World) -> None:
        self._real = real
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with ExitStack() as stack:
            connection = stack.enter_context(self._real.begin())
            yield connection
            self._world.schedule.commit("commit", stack.close)


_TOUCHES: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("Lead", "SELECT Id, Sfsync_Key__c FROM Lead WHERE IsConverted = false", None),
    ("Lead", "SELECT Id, Sfsync_Key__c FROM Lead WHERE IsConverted = false", {"Email": "other@example.org"}),
    ("Opportunity", "SELECT Id, Sfsync_Key__c FROM Opportunity", None),
    ("Opportunity", "SELECT Id, Sfsync_Key__c FROM Opportunity", {"StageName": "Closed Lost"}),
    ("Order", "SELECT Id, Sfsync_Key__c FROM Order WHERE Status = 'Draft'", None),
    ("Asset", "SELECT Id, Sfsync_Key__c FROM Asset", None),
    ("Asset", "SELECT Id, Sfsync_Key__c FROM Asset", {"Status": "Obsolete"}),
)
"""What a person may do to a record while a run is at work: object, records to choose from, values (None: delete)."""


def touch(world: World, dice: Random) -> None:
    """A person changes or deletes a record; the sale it belongs to is not compared afterwards."""
    sobject, soql, values = dice.choice(_TOUCHES)
    records = world.org.query(f"{soql} ORDER BY Id")
    if not records:
        return
    record = dice.choice(records)
    key = record["Sfsync_Key__c"] or _sale_of(world, sobject, record["Id"])
    world.touched.add(key)
    world.schedule.log.append(f"   {'changed' if values else 'deleted'} the {sobject} of {key}")
    if values is None:
        world.org.core.delete(sobject, record["Id"])
    else:
        world.org.core.update(sobject, record["Id"], values)


def lock_parent(world: World, dice: Random) -> None:
    """Somebody else's transaction holds a record; rows of it are refused, more or fewer times."""
    sobject = dice.choice(("Account", "Opportunity", "Order"))
    records = world.org.query(f"SELECT Id, Sfsync_Key__c FROM {sobject} ORDER BY Id")
    if not records:
        return
    record, times = dice.choice(records), dice.randint(1, 9)
    for parent in filter(None, (record["Id"], record["Sfsync_Key__c"])):
        world.org.faults.script("lock", parent=parent, times=times)
    world.schedule.log.append(f"   the {sobject} {record['Id']} is locked {times} times")


def _sale_of(world: World, sobject: str, record_id: str) -> str:
    """The key of the sale that a record without a key will belong to."""
    if sobject == "Opportunity":
        (lead,) = world.org.query(
            f"SELECT Id, Sfsync_Key__c FROM Lead WHERE ConvertedOpportunityId = '{record_id}'"
        )
        return str(lead["Sfsync_Key__c"])
    return f"W2L-{record_id.upper()}"
