"""Mails for the tests of mailboxes."""

import email.policy
from datetime import datetime
from email.message import EmailMessage

from sfsync.transports.imap import ImapServer


def mail_with(files: dict[str, bytes], sender: str = "Cards <cards@partner.example>") -> EmailMessage:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender
    mail["To"] = "cards@sfsync.example"
    mail["Subject"] = "Your cards"
    mail.set_content("Please find the cards attached.\n")
    for name, content in files.items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail


def post(server: ImapServer, mail: EmailMessage, at: datetime, folder: str = "INBOX") -> None:
    """Put a mail into a mailbox, as if it had arrived."""
    with server.connected("test") as client:
        client.append(folder, mail.as_bytes(), msg_time=at)


def in_folder(server: ImapServer, folder: str) -> list[EmailMessage]:
    """The mails of a folder; none where it does not exist."""
    from email import message_from_bytes

    with server.connected("test") as client:
        if not client.folder_exists(folder):
            return []
        client.select_folder(folder, readonly=True)
        found = client.fetch(client.search(), ["BODY.PEEK[]"])
        return [
            message_from_bytes(found[number][b"BODY[]"], policy=email.policy.default)
            for number in sorted(found)
        ]
