"""The activation partner's mailbox, behind a mail server that passes the schedule where it confirms a mail."""

import smtplib
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sfsync.tabular.table import open_table
from sfsync.transports.mail import MailOut, Message, OneByOne

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass
class Mailbox(OneByOne):
    """What the partner got: of each mail its batch and the keys of the cards in it."""

    world: "World"
    mails: list[tuple[str, list[str]]] = field(default_factory=list)

    def send(self, message: Message) -> None:
        """By the product's own transport, over a connection that only looks like one."""
        _Out("mail.example", "cards@sfsync.example", security="none", clock=self.world.clock, box=self).send(
            message
        )

    def deliver(self, data: bytes) -> None:
        mail = message_from_bytes(data, policy=policy.default)
        (attachment,) = mail.iter_attachments()
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / str(attachment.get_filename())
            path.write_bytes(attachment.get_content())
            table = open_table(path)
            place = str(table.columns.index("Order number"))
            keys = [key for block in table.blocks() for key in block[place].to_list()]
        self.mails.append((str(mail["Message-ID"]).strip("<>").partition("@")[0].upper(), keys))


@dataclass(frozen=True, slots=True)
class _Out(MailOut):
    box: Mailbox | None = None

    def _open(self) -> smtplib.SMTP:
        assert self.box is not None
        return _Server(self.box)  # type: ignore[return-value]  # it has what is called


class _Server:
    """The other side of an SMTP connection."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    def __getattr__(self, name: str) -> Any:
        """EHLO, MAIL, RCPT and the like go well."""
        return lambda *_: (250, b"OK")

    def data(self, data: bytes) -> tuple[int, bytes]:
        schedule = self._box.world.schedule
        return schedule.mail("DATA", lambda: self._box.deliver(data))
