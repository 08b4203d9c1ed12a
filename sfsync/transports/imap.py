"""A mailbox as inbox: attachments of the mails in one folder of an IMAP server.

Every mail of the folder counts, read or unread: somebody who looks into the mailbox must not make a file disappear.
A mail stays where it is until all its files are done; then it moves to the archive folder, or to quarantine when one
of its files was put aside, with a note that says why. So a mail is taken as a whole: when a run dies between two of
its files, both come again. Mails from other senders, too large ones and those without a file go to quarantine unread.

The sender of a mail is easily forged. The list of senders keeps mistakes out; against forgers the mail server must
check SPF, DKIM and DMARC.
"""

import email.policy
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sfsync.clock import Clock
from sfsync.errors import TransportFailed
from sfsync.tabular.digest import digest
from sfsync.transports.base import Waiting
from sfsync.transports.fetched import Fetched, Scratch, emptied, passing
from sfsync.transports.names import tame, temporary
from sfsync.transports.tls import no_secure_connection, trusting

if TYPE_CHECKING:
    from imapclient import IMAPClient

Security = Literal["tls", "starttls", "none"]
LARGEST = 25_000_000
"""Bytes of a mail that is still fetched, attachments as they travel."""
MOST_FILES = 50
"""Files that one mail may bring."""


@dataclass(frozen=True, slots=True)
class ImapServer:
    """A mailbox and how to open it. ``timeout`` in seconds, for connecting and for each answer.

    ``ca_file``: certificates of authorities that are trusted besides those of this machine.
    """

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 993
    security: Security = "tls"
    timeout: float = 30.0
    ca_file: Path | None = None

    @contextmanager
    def connected(self, what: str) -> "Iterator[IMAPClient]":
        """A login for one piece of work, which ``what`` names in messages. Raises TransportFailed."""
        from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

        where = f"the mailbox on {self.host}:{self.port}"
        if self.security == "none" and self.host not in {"localhost", "127.0.0.1", "::1"}:
            raise TransportFailed(
                "a password is never sent over a plain connection.", hint="Set `security` to tls or starttls."
            )
        try:
            client = self._open()
            try:
                client.login(self.username, self.password)
                yield client
            finally:
                _leave(client)
        except LoginError:
            hint = "Correct the user and the password."
            raise TransportFailed(f"{where} refused the login.", hint=hint) from None
        except ssl.SSLError as error:
            raise no_secure_connection(error, where) from error
        except (IMAPClientAbortError, OSError) as error:
            hint = "Check host and port, and run again."
            raise TransportFailed(f"{what}: {where} does not answer ({_brief(error)}).", hint=hint) from error
        except IMAPClientError as error:
            raise TransportFailed(f"{what}: {where} says: {_brief(error)}.") from error

    def _open(self) -> "IMAPClient":
        from imapclient import IMAPClient

        secure = self.security == "tls"
        context = None if self.security == "none" else trusting(self.ca_file)
        client = IMAPClient(
            self.host, self.port, ssl=secure, ssl_context=context if secure else None, timeout=self.timeout
        )
        try:
            if self.security == "starttls":
                client.starttls(context)
        except BaseException:
            with suppress(OSError):  # a handshake that failed has closed the socket already
                client.shutdown()
            raise
        return client


@dataclass(frozen=True, slots=True)
class MailInbox:
    """The files in a folder's mails. ``senders`` are addresses or ``@domain``; ``pattern`` is a glob on file names.

    ``say`` is told of mails that were put aside without a file being handed out. ``scratch`` as for ``SftpInbox``.
    """

    server: ImapServer
    senders: tuple[str, ...]
    scratch: Path
    clock: Clock
    folder: str = "INBOX"
    archive: str = "sfsync-archive"
    quarantine: str = "sfsync-quarantine"
    pattern: str = "*"
    largest: int = LARGEST
    say: Callable[[str], None] = lambda _: None

    def claim(self) -> Iterator[Fetched]:
        """The files of the mails that wait, oldest mail first."""
        scratch = emptied(self.scratch)
        validity, numbers = self._look()
        for number in numbers:
            letter = self._open(number, validity, scratch)
            if letter.refusal:
                self._move(number, validity, self.quarantine, letter.refusal)
                self.say(f"A mail was put aside into {self.quarantine}: {letter.refusal}")
            for file in letter.files:
                yield Fetched(
                    file,
                    file.name,
                    digest(file),
                    partial(self._done, letter, file, None),
                    partial(self._done, letter, file),
                )

    def waiting(self) -> Iterator[Waiting]:
        """Copies of the files that ``claim`` would hand out."""
        validity, numbers = self._look()
        for number in numbers:
            with passing() as scratch:
                letter = self._open(number, validity, scratch)
                yield from (Waiting(file.name, file) for file in letter.files)

    def check(self) -> str:
        """The folder is there, and how many mails wait in it."""
        _, numbers = self._look()
        return f"{self.folder} on {self.server.host}, {len(numbers):,} mails waiting"

    def _look(self) -> tuple[int, list[int]]:
        """The folder's UIDVALIDITY, and its mails by UID, oldest first."""
        with self._selected("cannot be read", readonly=True) as (client, validity):
            found = client.search(["UNDELETED"])
            dates = client.fetch(found, ["INTERNALDATE"]) if found else {}
            return validity, sorted(dates, key=lambda number: (dates[number][b"INTERNALDATE"], number))

    @contextmanager
    def _selected(self, what: str, *, readonly: bool = False) -> "Iterator[tuple[IMAPClient, int]]":
        with self.server.connected(f"the mail folder {self.folder} {what}") as client:
            facts = client.select_folder(self.folder, readonly=readonly)
            yield client, int(facts[b"UIDVALIDITY"])

    def _open(self, number: int, validity: int, scratch: Scratch) -> "_Letter":
        with self._selected("cannot be read", readonly=True) as (client, now):
            self._same(now, validity)
            found = client.fetch([number], ["RFC822.SIZE"]).get(number)
            if found is None:
                return _Letter(number, validity)  # somebody moved it
            size = int(found[b"RFC822.SIZE"])
            if size > self.largest:
                limit = f"{self.largest / 1e6:,.0f} MB"
                return _Letter(number, validity, refusal=f"it has {size / 1e6:,.1f} MB, more than {limit}.")
            body = client.fetch([number], ["BODY.PEEK[]"])[number][b"BODY[]"]
        refusal, files = sort_out(body, self.senders, self.pattern)
        letter = _Letter(number, validity, refusal=refusal)
        for name, content in files:
            path = scratch.place(name)
            path.write_bytes(content)
            letter.files.append(path)
        return letter

    def _same(self, now: int, then: int) -> None:
        if now != then:
            raise TransportFailed(
                f"the mail folder {self.folder} was made anew meanwhile.", hint="Run again."
            )

    def _done(self, letter: "_Letter", file: Path, reason: str | None) -> None:
        letter.done[file] = reason
        if len(letter.done) < len(letter.files):
            return
        reasons = [f"{path.name}: {why}" for path, why in letter.done.items() if why is not None]
        folder = self.quarantine if reasons else self.archive
        self._move(letter.number, letter.validity, folder, "\n".join(reasons))

    def _move(self, number: int, validity: int, folder: str, note: str) -> None:
        with self._selected(f"does not let a mail go to {folder}") as (client, now):
            self._same(now, validity)
            if not client.folder_exists(folder):
                client.create_folder(folder)
            if client.has_capability("MOVE"):
                client.move([number], folder)
            else:
                # A run that dies in between leaves the mail in both folders; its files come again.
                client.copy([number], folder)
                client.delete_messages([number])
                client.uid_expunge([number]) if client.has_capability("UIDPLUS") else client.expunge()
            if note:
                client.append(folder, self._note(note), flags=[b"\\Seen"], msg_time=self.clock.now())

    def _note(self, reason: str) -> bytes:
        note = EmailMessage(policy=email.policy.SMTP)
        note["From"] = note["To"] = "sfsync@localhost"
        note["Subject"] = "Why the mail before this one was put aside"
        note["Date"] = format_datetime(self.clock.now())
        note["Message-ID"] = make_msgid(domain="sfsync.localhost")
        note.set_content(reason.rstrip() + "\n")
        return note.as_bytes()


@dataclass(slots=True)
class _Letter:
    """A mail that was opened: its files as copies, and what became of each."""

    number: int
    validity: int
    files: list[Path] = field(default_factory=list)
    refusal: str = ""
    done: dict[Path, str | None] = field(default_factory=dict)


def sort_out(body: bytes, senders: tuple[str, ...], pattern: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Why a mail is not taken (or an empty text), and its files by name; pure."""
    try:
        mail = message_from_bytes(body, policy=email.policy.default)
        if not _allowed(mail, senders):
            return "its sender is not among `senders:`.", []
        files = list(islice(_files(mail, pattern), MOST_FILES + 1))
    except Exception:  # noqa: BLE001  the standard library's mail parser fails in many ways on mails that are none
        return "it is no mail that can be read.", []
    if len(files) > MOST_FILES:
        return f"it brings more than {MOST_FILES} files.", []
    if not files:
        return f"it brings no file that is called {pattern}.", []
    return "", files


def _files(mail: EmailMessage, pattern: str) -> Iterator[tuple[str, bytes]]:
    for part in mail.walk():
        given = part.get_filename()
        if not given or part.is_multipart():
            continue
        name = tame(given)
        if temporary(name) or not fnmatchcase(name, pattern):
            continue
        content = part.get_payload(decode=True)
        yield name, content if isinstance(content, bytes) else b""


def _allowed(mail: EmailMessage, senders: tuple[str, ...]) -> bool:
    found = [
        address.casefold() for _, address in getaddresses([str(value) for value in mail.get_all("from", [])])
    ]
    if len(found) != 1:
        return False  # nobody, or several: which of them wrote it?
    domain = "@" + found[0].rpartition("@")[2]
    return any(sender.casefold() in {found[0], domain} for sender in senders)


def _leave(client: "IMAPClient") -> None:
    from imapclient.exceptions import IMAPClientError

    try:
        client.logout()
    except (IMAPClientError, OSError):
        client.shutdown()


def _brief(error: Exception) -> str:
    """The server's words without addresses: messages carry no personal data."""
    return re.sub(r"\S+@\S+", "…", " ".join(str(error).split()))[:150] or type(error).__name__
