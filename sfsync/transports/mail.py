"""Mail out by SMTP: text and HTML, attachments, and an honest answer to "did it go out?" for every message.

The message is lost or doubled nowhere: a refusal before or after the data means that nothing went out; a connection
that breaks while the server's answer to the data is awaited means that nobody knows (RFC 5321 4.5.3.2.6, 6.1). The
Message-ID is given by the caller and is the same for the same content, so that a copy sent twice is recognisable.
"""

import mimetypes
import re
import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Literal

from sfsync.clock import Clock, SystemClock
from sfsync.errors import TransportFailed
from sfsync.logs import redact
from sfsync.transports.tls import no_secure_connection, trusting

Security = Literal["starttls", "tls", "none"]

_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[^\s@<>,;:\"\\()\[\]]+")
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to send. ``message_id`` is in angle brackets and unique to this content."""

    to: tuple[str, ...] | str
    subject: str
    body: str
    attachments: tuple[Path, ...]
    message_id: str
    html: str | None = None
    """The same content for readers that show HTML; ``body`` is for the others."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses, one by one; a single text may hold several with commas between."""
        given = self.to.split(",") if isinstance(self.to, str) else self.to
        return tuple(address.strip() for address in given)


class OneByOne:
    """What takes mails one by one (a folder, a list) as a mailer that takes many."""

    def send(self, message: Message) -> None:
        """Take one message; raises TransportFailed as ``MailOut.send`` does."""
        raise NotImplementedError

    def send_all(self, messages: Iterable[Message]) -> Iterator[TransportFailed | None]:
        """As ``MailOut.send_all``."""
        for message in messages:
            try:
                self.send(message)
            except TransportFailed as error:
                yield error
            else:
                yield None


@dataclass(frozen=True, slots=True)
class MailOut:
    """A mail server to send through. ``timeout`` in seconds, for connecting and for each answer.

    ``ca_file``: certificates of authorities that are trusted besides those of this machine.
    """

    host: str
    sender: str
    port: int = 587
    security: Security = "starttls"
    username: str | None = None
    password: str | None = None
    timeout: float = 30.0
    ca_file: Path | None = None
    clock: Clock = SystemClock()  # noqa: RUF009  it holds nothing

    def send(self, message: Message) -> None:
        """Send one message to all its recipients, or to none.

        Raises TransportFailed: ``sent=False`` when it is certain that nothing went out, ``sent=None`` when the
        answer to the data was lost.
        """
        for trouble in self.send_all([message]):
            if trouble is not None:
                raise trouble

    def send_all(self, messages: Iterable[Message]) -> Iterator[TransportFailed | None]:
        """Send messages over one connection, each when its outcome is asked for: None, or why it failed.

        A message that fails stops no other one. A connection that is gone is opened again for the next message; a
        server that does not answer is asked once, and all that is left fails with that.
        """
        server: smtplib.SMTP | None = None
        down: TransportFailed | None = None
        try:
            for message in messages:
                if down is None and not _is_free(server):
                    _close(server)
                    try:
                        server = self._connect()
                    except TransportFailed as error:
                        server, down = None, error
                yield down if server is None else self._trouble(server, message)
        finally:
            _close(server)

    def _trouble(self, server: smtplib.SMTP, message: Message) -> TransportFailed | None:
        """Send a message; why it failed, if it did."""
        try:
            data = compose(message, self.sender, self.clock.now()).as_bytes(policy=SMTP_POLICY)
            _envelope(server, parseaddr(self.sender)[1], message.recipients)
            _data(server, data)
        except TransportFailed as error:
            return error
        return None

    def _connect(self) -> smtplib.SMTP:
        where = f"the mail server {self.host}:{self.port}"
        try:
            return self._open()
        except smtplib.SMTPAuthenticationError as error:
            hint = "Correct the user and the password of the mail server."
            raise TransportFailed(f"{where} refused the login ({error.smtp_code}).", hint=hint) from error
        except ssl.SSLError as error:
            raise no_secure_connection(error, where) from error
        except smtplib.SMTPException as error:
            raise TransportFailed(f"{where} does not do what is asked of it ({_brief(error)}).") from error
        except OSError as error:
            hint = "Check host and port, and whether it runs."
            raise TransportFailed(f"{where} does not answer ({error}).", hint=hint) from error

    def _open(self) -> smtplib.SMTP:
        if self.security == "none" and self.password is not None and not _loopback(self.host):
            raise TransportFailed(
                "a password is never sent over a plain connection.", hint="Set `security` to starttls or tls."
            )
        server: smtplib.SMTP
        if self.security == "tls":
            context = trusting(self.ca_file)
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=trusting(self.ca_file))
            if self.username is not None:
                server.login(self.username, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


def _is_free(server: smtplib.SMTP | None) -> bool:
    """Whether there is a connection that takes the next message; what was begun on it is forgotten."""
    if server is None:
        return False
    try:
        return server.rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _close(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def compose(message: Message, sender: str, now: datetime) -> EmailMessage:
    """The message as it is sent; pure. Raises TransportFailed for addresses and headers that are none."""
    for address in (parseaddr(sender)[1], *message.recipients):
        if not _ADDRESS.fullmatch(address):
            raise TransportFailed(
                "a mail address is not valid.", hint="Check sender and recipients of the mail."
            )
    if not message.recipients:
        raise TransportFailed("the mail has no recipient.", hint="Set `to`.")
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise TransportFailed("the Message-ID must look like <name@domain>.")
    if any(ord(character) < 0x20 for text in (message.subject, sender) for character in text):
        raise TransportFailed(
            "a line break in the subject or the sender of a mail.", hint="Headers are one line."
        )
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = ", ".join(message.recipients)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answer, please
    mail.set_content(message.body)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    for path in message.attachments:
        kind = _WORKBOOK if path.suffix.lower() == ".xlsx" else mimetypes.guess_type(path.name)[0]
        main, _, sub = (kind or "application/octet-stream").partition("/")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise TransportFailed(f"the attachment {path.name} cannot be read ({error.strerror}).") from error
        mail.add_attachment(content, maintype=main, subtype=sub, filename=path.name)
    return mail


def _envelope(server: smtplib.SMTP, sender: str, recipients: tuple[str, ...]) -> None:
    """Sender and recipients; one refused recipient stops the mail, for half a delivery is hard to repeat."""
    try:
        server.ehlo_or_helo_if_needed()
        code, text = server.mail(sender)
        if code != 250:
            raise TransportFailed(f"the mail server refused the sender ({_answer(code, text)}).")
        for number, recipient in enumerate(recipients, start=1):
            code, text = server.rcpt(recipient)
            if code not in {250, 251}:
                raise TransportFailed(
                    f"the mail server refused recipient {number} of {len(recipients)} ({code}); nothing was sent.",
                    hint="Correct the address and send again.",
                )
    except (smtplib.SMTPException, OSError) as error:
        raise TransportFailed(
            f"the mail server broke off before the message was sent ({_brief(error)}).", hint="Send again."
        ) from error


def _data(server: smtplib.SMTP, data: bytes) -> None:
    try:
        code, text = server.data(data)
    except smtplib.SMTPDataError as error:  # the answer to the word DATA, before any data
        answer = _answer(error.smtp_code, error.smtp_error)
        raise TransportFailed(f"the mail server does not take the message ({answer}).") from error
    except (smtplib.SMTPException, OSError) as error:
        raise TransportFailed(
            "the connection broke before the mail server confirmed the message; it may have gone out or not.",
            sent=None,
            hint="Ask the recipient, or look into the mail server, before sending again.",
        ) from error
    if code != 250:
        raise TransportFailed(
            f"the mail server refused the message ({_answer(code, text)}); nothing was sent."
        )


def _answer(code: int, text: bytes | str) -> str:
    """The server's words without addresses and numbers of people: messages carry no personal data."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    words = redact(re.sub(r"\S+@\S+", "…", " ".join(words.split())))
    return f"{code} {words[:120]}".strip()


def _brief(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return re.sub(r"\S+@\S+", "…", str(error)) or type(error).__name__


def _loopback(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}
