"""The house for end-to-end tests: a mock org behind the in-process door, the project's content, a state folder."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfsync.clock import SystemClock
from sfsync.engine.files import read_file
from sfsync.engine.operation import export_file, import_file, plan, run_flow
from sfsync.engine.results import RunResult, StepPlan
from sfsync.engine.running import Nobody
from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.project import Project, open_project
from sfsync.transports.mail import Message

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's own orgs, projects or state."""
    for name in list(os.environ):
        if name.startswith(("SF_", "SFSYNC_")) and name != "SFSYNC_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))


class QuickClock(SystemClock):
    """The machine's time, without waiting."""

    def sleep(self, seconds: float) -> None:
        pass


@dataclass
class Mails:
    """Takes mails; ``fail`` makes it fail as a server would."""

    sent: list[Message] = field(default_factory=list)
    fail: Exception | None = None

    def send(self, message: Message) -> None:
        if self.fail is not None:
            raise self.fail
        self.sent.append(message)


@dataclass
class House:
    """A project operated against a mock org."""

    org: MockOrg
    state: Path
    mails: Mails = field(default_factory=Mails)

    @property
    def project(self) -> Project:
        """A new process's view of the project: nothing is remembered but what is on disk and in the org."""
        env = {
            "SF_INSTANCE_URL": "https://mock.example.my.salesforce.com",
            "SF_ACCESS_TOKEN": self.org.token,
            "SFSYNC_STATE": str(self.state),
        }
        return open_project(str(ROOT), env=env, clock=QuickClock())

    def run(self, name: str = "charge_card", *override: str) -> RunResult:
        project = self.project
        family, _, step = name.partition(".")
        flow = project.content.flow(family)
        return run_flow(project.ports(Nobody(), override, mail=self.mails), flow, step or None)

    def plan(self, name: str = "charge_card") -> tuple[RunResult, list[StepPlan]]:
        project = self.project
        family, _, step = name.partition(".")
        return plan(project.ports(Nobody()), project.content.flow(family), step or None)

    def take(self, name: str, path: Path) -> RunResult:
        """`sfsync import NAME FILE`."""
        project = self.project
        partner_file = project.content.partner_file(name)
        rows = read_file(path, project.content.mapping(str(partner_file.mapping)))
        flow = project.content.flow(partner_file.family)
        return import_file(project.ports(Nobody(), mail=self.mails), flow, partner_file, rows)

    def give(self, name: str, **options: Any) -> RunResult:
        """`sfsync export NAME`."""
        project = self.project
        partner_file = project.content.partner_file(name)
        assert partner_file.give
        flow = project.content.flow(partner_file.family)
        return export_file(project.ports(Nobody(), mail=self.mails), flow, partner_file.give(options))

    def deliver(self, partner_file: str, name: str, text: str) -> Path:
        """Put a file into the inbox, as if it had arrived a minute ago."""
        inbox = self.state / "inbox" / partner_file
        inbox.mkdir(parents=True, exist_ok=True)
        path = inbox / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (time.time() - 60, time.time() - 60))
        return path

    def records(self, soql: str) -> list[dict[str, Any]]:
        """What the org holds, past all counters."""
        found = self.org.core.query(soql)
        return found.rows(0, found.total)

    @property
    def written(self) -> int:
        return self.org.stats.records_written


NewHouse = Callable[..., House]


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[NewHouse]:
    """Makes houses with N open web leads; the latest one answers requests."""
    doors = []
    count = 0

    def make(leads: int = 0) -> House:
        nonlocal count
        while doors:
            doors.pop().__exit__(None, None, None)
        count += 1
        org = MockOrg(metadata=[ROOT / "config" / "org"])
        org.seed("charge_card", leads)
        door = activated(lambda request: org.handle(request))  # noqa: PLW0108  tests replace `handle`
        door.__enter__()
        doors.append(door)
        return House(org, tmp_path / f"state-{count}")

    yield make
    while doors:
        doors.pop().__exit__(None, None, None)


@pytest.fixture
def house(new_house: NewHouse) -> House:
    """A house with 20 open web leads."""
    return new_house(20)
