"""A project operated against a mock org, as cron and operators would operate it; nothing leaves the process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfsync.clock import Clock, SystemClock
from sfsync.engine.files import read_file
from sfsync.engine.operation import export_file, import_file, plan, run_flow
from sfsync.engine.results import RunResult, StepPlan
from sfsync.engine.running import Nobody, Ports
from sfsync.errors import ConfigError
from sfsync.mockorg import MockOrg
from sfsync.project import Project, find_root, open_project
from sfsync.transports.mail import Message, OneByOne

URL = "https://mock.example.my.salesforce.com"
"""Where a bound project believes its org to be."""


class QuickClock(SystemClock):
    """The machine's time, without waiting."""

    def sleep(self, seconds: float) -> None:
        """Return at once."""


@dataclass
class Mails(OneByOne):
    """Takes mails; ``fail`` makes it fail as a server would."""

    sent: list[Message] = field(default_factory=list)
    fail: Exception | None = None

    def send(self, message: Message) -> None:
        """Keep a mail, or raise ``fail``."""
        if self.fail is not None:
            raise self.fail
        self.sent.append(message)


@dataclass(frozen=True, slots=True)
class ServedOrg:
    """A mock org on a port, and how clients reach it."""

    org: MockOrg
    url: str
    token: str

    @property
    def env(self) -> dict[str, str]:
        """The environment that leads sfsync, and what reads the same names, to the org."""
        return {"SF_INSTANCE_URL": self.url, "SF_ACCESS_TOKEN": self.token}


def new_org(project: str | None = None) -> MockOrg:
    """A mock org with the fields of a project (default: as commands find it) and its catalogue."""
    root = find_root(project, os.environ, Path.cwd())
    org = MockOrg(metadata=[root / "config" / "org"])
    org.seed("catalogue")
    return org


@dataclass
class BoundProject:
    """A project, a mock org, a state folder.

    ``root`` is the project folder (default: as commands find it); ``clock`` is what sfsync believes the time to be.
    """

    org: MockOrg
    state: Path
    root: Path | None = None
    mails: Mails = field(default_factory=Mails)
    clock: Clock = field(default_factory=QuickClock)

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of a command of this project."""
        return {"SF_INSTANCE_URL": URL, "SF_ACCESS_TOKEN": self.org.token, "SFSYNC_STATE": str(self.state)}

    @property
    def project(self) -> Project:
        """A new process's view of the project: nothing is remembered but what is on disk and in the org."""
        root = self.root or find_root(None, os.environ, Path.cwd())
        return open_project(str(root), env=self.env, clock=self.clock)

    def _ports(self, project: Project, override: tuple[str, ...] = ()) -> Ports:
        return project.ports(Nobody(), override, mail=self.mails)

    def run(self, name: str = "charge_card", *override: str) -> RunResult:
        """`sfsync run NAME`, with the guards in ``override`` off."""
        project = self.project
        family, _, step = name.partition(".")
        return run_flow(self._ports(project, override), project.content.flow(family), step or None)

    def plan(self, name: str = "charge_card") -> tuple[RunResult, list[StepPlan]]:
        """`sfsync plan NAME`."""
        project = self.project
        family, _, step = name.partition(".")
        return plan(self._ports(project), project.content.flow(family), step or None)

    def take(self, name: str, path: Path) -> RunResult:
        """`sfsync import NAME FILE` of a partner file."""
        project = self.project
        partner_file = project.content.partner_file(name)
        rows = read_file(path, project.content.mapping(str(partner_file.mapping)))
        return import_file(
            self._ports(project), project.content.flow(partner_file.family), partner_file, rows
        )

    def give(self, name: str, **options: Any) -> RunResult:
        """`sfsync export NAME`; raises ConfigError for a partner file that is only taken in."""
        project = self.project
        partner_file = project.content.partner_file(name)
        if partner_file.give is None:
            raise ConfigError(f"{name} is a file that partners send; it cannot be exported.")
        flow = project.content.flow(partner_file.family)
        return export_file(self._ports(project), flow, partner_file.give(options))

    def deliver(self, partner_file: str, name: str, text: str) -> Path:
        """Put a file into the inbox, as if it had arrived a minute ago."""
        inbox = self.state / "inbox" / partner_file
        inbox.mkdir(parents=True, exist_ok=True)
        path = inbox / name
        path.write_text(text, encoding="utf-8")
        arrived = self.clock.now().timestamp() - 60
        os.utime(path, (arrived, arrived))
        return path

    def records(self, soql: str) -> list[dict[str, Any]]:
        """What the org holds, past all counters."""
        return self.org.query(soql)

    @property
    def written(self) -> int:
        """How many records were written in the org so far, by anybody."""
        return self.org.stats.records_written
