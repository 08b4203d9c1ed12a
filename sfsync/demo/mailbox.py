"""The demo's mail server: a folder. Every mail becomes an .eml file that a mail program opens."""

from dataclasses import dataclass
from pathlib import Path

from sfsync.clock import Clock
from sfsync.transports.mail import Message, OneByOne, compose


@dataclass(frozen=True, slots=True)
class Mailbox(OneByOne):
    """Takes mails as ``MailOut`` does, and keeps them in ``folder``."""

    folder: Path
    clock: Clock
    sender: str = "cards@shop.example"

    def send(self, message: Message) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = message.message_id.strip("<>").partition("@")[0]
        (self.folder / f"{name}.eml").write_bytes(bytes(compose(message, self.sender, self.clock.now())))
