"""The company's org, mail server and machines: seeded trouble on the way, and people who clear up after it."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import requests

from sfsync.engine.operation import run_flow
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.errors import SfsyncError, TransportFailed
from sfsync.mockorg import MockOrg
from sfsync.mockorg.callbacks import activated
from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.http import Request, Response
from sfsync.mockorg.quirks import Quirks
from sfsync.project import Content, open_project
from sfsync.records import Bucket
from sfsync.transports.mail import Message, OneByOne
from tests.aftersales import LEAD, ROOT, OneClock
from tests.traffic.model import Mail

URL = "https://traffic.example.my.salesforce.com"
CLAIMS = {
    ("confirmation", "customer"): "Customer_Confirmed_For__c",
    ("confirmation", "dealer"): "Dealer_Confirmed_For__c",
    ("reminder", "customer"): "Customer_Reminded_For__c",
    ("reminder", "dealer"): "Dealer_Reminded_For__c",
}


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Trouble:
    """How often something goes wrong, by request and by mail; what did."""

    dice: Random
    requests: float = 0.04
    mails: float = 0.005
    happened: Counter[str] = field(default_factory=Counter)
    dead: bool = False
    calm: bool = True

    def draw(self, share: float, *kinds: str) -> str:
        """What happens now; "" for nothing."""
        if self.dead:
            raise Crash
        if self.calm or self.dice.random() >= share:
            return ""
        kind = self.dice.choice(kinds)
        self.happened[kind] += 1
        return kind

    def die(self) -> None:
        self.dead = True
        raise Crash


@dataclass
class Mailbox(OneByOne):
    """Everybody's mailbox."""

    trouble: Trouble
    mails: Counter[Mail] = field(default_factory=Counter)

    def send(self, message: Message) -> None:
        kind = self.trouble.draw(
            self.trouble.mails,
            "mail refused",
            "mail unsure",
            "mail lost",
            "died before mail",
            "died after mail",
        )
        if kind == "died before mail":
            self.trouble.die()
        if kind == "mail refused":
            raise TransportFailed("the mail server is busy.", sent=False)
        if kind != "mail lost":
            self.mails[mail_of(message.message_id)] += 1
        if kind == "died after mail":
            self.trouble.die()
        if kind:
            raise TransportFailed("the connection broke.", sent=None)


def mail_of(message_id: str) -> Mail:
    """What a mail was about."""
    kind, whom, *name, moment = message_id.strip("<>").partition("@")[0].split("-")
    at = datetime.strptime(moment, "%Y%m%dt%H%Mz").replace(tzinfo=UTC)
    return kind, whom, "-".join(name).upper(), at


class World:
    """The org and all that runs against it."""

    def __init__(self, folder: Path, start: datetime, dice: Random) -> None:
        self.org = MockOrg(
            metadata=[ROOT / "config" / "org"],
            clock=MockClock(start),
            sleep=lambda _: None,
            quirks=Quirks(logins_per_hour=1_000_000),
        )
        self.org.stats.maximum = 100_000_000
        self.clock = OneClock(self.org.clock, start)
        self.trouble = Trouble(dice)
        self.mailbox = Mailbox(self.trouble)
        self.inbox = folder / "inbox" / "dealer_updates"
        self.inbox.mkdir(parents=True)
        env = {"SF_INSTANCE_URL": URL, "SF_ACCESS_TOKEN": self.org.token, "SFSYNC_STATE": str(folder)}
        self._project = open_project(str(ROOT), env=env, clock=self.clock)
        content: Content = self._project.content
        self._flow = content.flow("aftersales")
        self._mapping, self._partner_file = cache(content.mapping), cache(content.partner_file)
        self._catalogue = cache(content.catalogue)
        self.calls = self.runs = 0
        self._again = False
        self._sent: list[tuple[str, Path]] = []

    def run(self, name: str) -> tuple[Counter[str], bool]:
        """`sfsync run aftersales[.name]`, again and again until nothing went wrong, as cron and people would.

        Returns the buckets of the last step of dealers' files over all tries, and whether there was any trouble.
        """
        found: Counter[str] = Counter()
        before = self.trouble.happened.total()
        for _ in range(50):
            self.trouble.dead = False
            try:
                result = self._once(name)
            except Crash:
                continue
            except (SfsyncError, requests.RequestException):
                self.clock.sleep(60)
                continue
            finally:
                self.trouble.dead = False
                self._settle_mails()
            found += Counter(
                {
                    bucket.value: count
                    for step in result.steps
                    if step.name == "dealer_updates_in"
                    for bucket, count in step.buckets.items()
                }
            )
            if result.status == "refused":
                found["refused"] += 1
            if any(step.buckets.get(Bucket.FAILED) for step in result.steps):
                self._send_again()
            elif not self._again:
                self._sent.clear()
                return found, self.trouble.happened.total() > before
        raise AssertionError(f"{name} does not come to an end")

    def _once(self, name: str) -> RunResult:
        self.runs += 1
        before = self.org.stats.api_calls
        self._project.__dict__.pop("org", None)  # a new process logs in anew
        with activated(self._answer, sleep=lambda _: None):
            ports = self._project.ports(Nobody(), mail=self.mailbox)
            ports = replace(
                ports, mapping=self._mapping, partner_file=self._partner_file, catalogue=self._catalogue
            )
            try:
                return run_flow(ports, self._flow, name or None)
            finally:
                self.calls += self.org.stats.api_calls - before

    def _answer(self, request: Request) -> Response:
        kind = self.trouble.draw(
            self.trouble.requests, "lost before", "lost after", "died before", "died after", "unavailable"
        )
        if kind == "died before":
            self.trouble.die()
        if kind == "lost before":
            raise requests.exceptions.ConnectionError("Connection aborted: no answer")
        if kind == "unavailable":
            return Response(503, {"Content-Type": "text/html"}, b"busy")
        response = self.org.handle(request)
        if kind == "died after":
            self.trouble.die()
        if kind == "lost after":
            raise requests.exceptions.ConnectionError("Connection aborted: no answer")
        return response

    def _settle_mails(self) -> None:
        """A person looks whether mails in doubt arrived, and says so in the org."""
        self._again = False
        fields = "Id, Name, Mail_Claim__c, Appointment_At__c"
        for lead in self.org.query(f"SELECT {fields} FROM {LEAD} WHERE Mail_Claim__c != null"):
            values: dict[str, Any] = {"Mail_Claim__c": None}
            for claim in lead["Mail_Claim__c"].split(", "):
                kind, _, whom = claim.partition(" ")
                if not self.mailbox.mails[kind, whom, lead["Name"], moment(lead["Appointment_At__c"])]:
                    values[CLAIMS[kind, whom]] = None
                    self._again = True
            self.org.core.update(LEAD, lead["Id"], values)

    def deliver(self, name: str, path: Path, made: datetime) -> None:
        """A dealer's file arrives, with the time at which it was made."""
        os.utime(path, (made.timestamp(), made.timestamp()))
        self._sent.append((name, path))
        shutil.copy2(path, self.inbox / name)

    def _send_again(self) -> None:
        """Dealers whose answer says that rows failed send the same file again; so do the others."""
        for name, path in self._sent:
            shutil.copy2(path, self.inbox / name)

    @contextmanager
    def storm(self) -> Iterator[None]:
        """While this holds, things go wrong."""
        self.trouble.calm = False
        try:
            yield
        finally:
            self.trouble.calm = True


def moment(text: str) -> datetime:
    """A moment as the org writes it."""
    return datetime.fromisoformat(text.replace("+0000", "+00:00")).astimezone(UTC)
