import email
import socket
import ssl
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sfsync.clock import ManualClock
from sfsync.errors import TransportFailed
from sfsync.transports.mail import MailOut, Message, compose
from tests.ports import free_port

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)


class Handler:
    """A server that remembers what came, and refuses what a test tells it to."""

    def __init__(self, *, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt, self.data = rcpt, data
        self.received: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's names
        if address.startswith("bad"):
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.data.startswith("250"):
            self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients += envelope.rcpt_tos
        return self.data


@pytest.fixture
def serve(request):
    running = []

    def start(handler, **options) -> int:
        port = free_port()  # the controller cannot choose one itself
        controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


def mail_out(port: int, **options) -> MailOut:
    settings = {"security": "none", "timeout": 5.0, **options}
    return MailOut("127.0.0.1", "Sfsync <cards@sfsync.example>", port, clock=ManualClock(NOW), **settings)


def message(tmp_path: Path, to=("one@partner.example",), **changes) -> Message:
    workbook = tmp_path / "cards été.xlsx"
    workbook.write_bytes(b"PK\x03\x04 cards")
    values = {
        "subject": "Cards to activate – été",
        "body": "3 cards.\n.\n",
        "message_id": "<act-1@sfsync>",
        **changes,
    }
    return Message(to, attachments=(workbook,), **values)


def test_a_mail_with_its_workbook(serve, tmp_path):
    handler = Handler()
    mail_out(serve(handler)).send(message(tmp_path, to="one@partner.example, two@partner.example"))
    (mail,) = handler.received
    assert handler.recipients == ["one@partner.example", "two@partner.example"]
    assert mail["Subject"] == "Cards to activate – été"
    assert mail["From"] == "Sfsync <cards@sfsync.example>"
    assert mail["Message-ID"] == "<act-1@sfsync>"
    assert mail["Date"] == "Wed, 31 Jan 2024 12:00:00 +0000"
    body = mail.get_body()
    assert body.get_content().replace("\r\n", "\n") == "3 cards.\n.\n"
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "cards été.xlsx"
    assert attachment.get_content_type().endswith("spreadsheetml.sheet")
    assert attachment.get_content() == b"PK\x03\x04 cards"


def test_the_same_mail_is_the_same_but_for_its_boundary(tmp_path):
    one, two = (compose(message(tmp_path), "a@b.example", NOW) for _ in range(2))
    assert dict(one.items()).keys() == dict(two.items()).keys()
    assert one["Message-ID"] == two["Message-ID"] == "<act-1@sfsync>"


def test_one_refused_recipient_stops_the_mail(serve, tmp_path):
    handler = Handler(rcpt="550 no such user bad@partner.example")
    with pytest.raises(TransportFailed, match="recipient 2 of 2") as caught:
        mail_out(serve(handler)).send(message(tmp_path, to=("one@partner.example", "bad@partner.example")))
    assert caught.value.sent is False
    assert "bad@" not in str(caught.value)
    assert handler.received == []


def test_refused_after_the_data(serve, tmp_path):
    handler = Handler(data="554 spam from cards@sfsync.example")
    with pytest.raises(TransportFailed, match="554 spam from …") as caught:
        mail_out(serve(handler)).send(message(tmp_path))
    assert caught.value.sent is False


class CutServer:
    """A server that hangs up at a chosen moment: on connect, or after the data was taken."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.data = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rwb") as stream:
            if self._moment == "connect":
                return
            stream.write(b"220 hello\r\n")
            stream.flush()
            for line in stream:
                word = line[:4].upper()
                if word == self._moment.encode():
                    return
                stream.write(b"354 go\r\n" if word == b"DATA" else b"250 OK\r\n")
                stream.flush()
                if word == b"DATA":
                    while not self.data.endswith(b"\r\n.\r\n"):
                        self.data += stream.readline()
                    return

    def close(self) -> None:
        self._socket.close()
        self._thread.join()


@pytest.fixture
def cut():
    servers = []

    def start(moment: str) -> CutServer:
        servers.append(CutServer(moment))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_a_connection_cut_after_the_data_leaves_the_outcome_unknown(cut, tmp_path):
    server = cut("after the data")
    with pytest.raises(TransportFailed, match="may have gone out or not") as caught:
        mail_out(server.port).send(message(tmp_path))
    assert caught.value.sent is None
    assert b"act-1@sfsync" in server.data


@pytest.mark.parametrize("moment", ["connect", "EHLO", "MAIL", "RCPT"])
def test_a_connection_cut_before_the_data_sent_nothing(cut, tmp_path, moment):
    with pytest.raises(TransportFailed) as caught:
        mail_out(cut(moment).port).send(message(tmp_path))
    assert caught.value.sent is False


def test_no_server(tmp_path):
    port = free_port()
    with pytest.raises(TransportFailed, match="does not answer") as caught:
        mail_out(port).send(message(tmp_path))
    assert caught.value.sent is False


def test_a_server_without_starttls_gets_nothing(serve, tmp_path):
    handler = Handler()
    with pytest.raises(TransportFailed, match="STARTTLS") as caught:
        mail_out(serve(handler), security="starttls").send(message(tmp_path))
    assert caught.value.sent is False
    assert handler.received == []


def authenticator(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"user", b"right"), handled=False)


def test_login(serve, tmp_path):
    handler = Handler()
    port = serve(handler, authenticator=authenticator, auth_require_tls=False)
    with pytest.raises(TransportFailed, match="refused the login") as caught:
        mail_out(port, username="user", password="wrong").send(message(tmp_path))
    assert caught.value.sent is False
    assert "wrong" not in str(caught.value)
    mail_out(port, username="user", password="right").send(message(tmp_path))
    assert len(handler.received) == 1


def test_a_password_never_travels_in_the_open(tmp_path):
    out = MailOut("mail.partner.example", "a@b.example", security="none", username="u", password="p")
    with pytest.raises(TransportFailed, match="never sent over a plain connection"):
        out.send(message(tmp_path))


@pytest.fixture
def certificate(tmp_path):
    from datetime import timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "cert.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_and_only_with_a_trusted_certificate(certificate, serve, tmp_path, monkeypatch, security):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = Handler()
    options = (
        {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )
    port = serve(handler, **options)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mail_out(port, security=security).send(message(tmp_path))
    assert len(handler.received) == 1
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cards été.xlsx"))
    with pytest.raises(TransportFailed, match="is not trusted") as caught:
        mail_out(port, security=security).send(message(tmp_path))
    assert caught.value.sent is False
    assert len(handler.received) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ("a@b.example\r\nBcc: c@d.example",)},
        {"to": ("nobody",)},
        {"to": ()},
        {"to": "a@b.example, "},
        {"subject": "x\r\nBcc: c@d.example"},
        {"subject": "x\ny"},
        {"message_id": "act-1"},
        {"message_id": "<a@b>\r\nX: y"},
    ],
)
def test_no_header_can_be_smuggled_in(tmp_path, changes):
    with pytest.raises(TransportFailed) as caught:
        compose(message(tmp_path, **changes), "a@b.example", NOW)
    assert caught.value.sent is False


def test_a_sender_that_is_none(tmp_path):
    for sender in ("x", "a@b.example\nBcc: c@d.example"):
        with pytest.raises(TransportFailed):
            compose(message(tmp_path), sender, NOW)


def test_an_attachment_that_is_not_there(tmp_path):
    lost = Message(("a@b.example",), "s", "b", (tmp_path / "lost.xlsx",), "<a@b>")
    with pytest.raises(TransportFailed, match=r"lost\.xlsx cannot be read"):
        compose(lost, "a@b.example", NOW)


def letter(number: int, to: str = "one@partner.example", **changes) -> Message:
    return Message(to, f"Letter {number}", "text", (), f"<letter-{number}@sfsync>", **changes)


def subjects(handler: Handler) -> list[str]:
    return [mail["Subject"] for mail in handler.received]


def test_text_and_html_say_the_same_thing_to_different_readers(serve, tmp_path):
    handler = Handler()
    html = "<p>Zwölf Karten, 十二张卡</p>"
    mail_out(serve(handler)).send(message(tmp_path, html=html))
    (mail,) = handler.received
    assert mail.get_content_type() == "multipart/mixed"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == "3 cards.\n.\n"
    assert mail.get_body(("html",)).get_content().strip() == html
    assert [part.get_filename() for part in mail.iter_attachments()] == ["cards été.xlsx"]
    alone = compose(letter(1, html=html), "a@b.example", NOW)
    assert alone.get_content_type() == "multipart/alternative"


def test_many_mails_go_over_one_connection(serve):
    class Counting(Handler):
        connections = 0

        async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
            self.connections += 1
            session.host_name = hostname
            return responses

    handler = Counting(rcpt="550 no such user")
    out = mail_out(serve(handler))
    letters = [letter(1), letter(2, "bad@partner.example"), letter(3, "nobody"), letter(4)]
    outcomes = list(out.send_all(letters))
    assert [outcome is None for outcome in outcomes] == [True, False, False, True]
    assert {outcome.sent for outcome in outcomes if outcome} == {False}
    assert subjects(handler) == ["Letter 1", "Letter 4"]
    assert handler.connections == 1


def test_a_connection_that_is_gone_is_opened_again(serve):
    class Impatient(Handler):
        async def handle_RSET(self, server, session, envelope):  # noqa: N802
            return "421 one message is enough"

    handler = Impatient()
    assert list(mail_out(serve(handler)).send_all(map(letter, range(3)))) == [None, None, None]
    assert subjects(handler) == ["Letter 0", "Letter 1", "Letter 2"]


def test_a_server_that_does_not_answer_is_asked_once():
    port = free_port()
    first, second = mail_out(port).send_all(map(letter, range(2)))
    assert first is second
    assert first.sent is False


def test_a_mail_whose_outcome_is_unknown_stops_no_other_one(serve):
    class Hanging(Handler):
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            answer = await super().handle_DATA(server, session, envelope)
            if len(self.received) == 1:
                server.transport.close()
            return answer

    handler = Hanging()
    first, second = mail_out(serve(handler)).send_all(map(letter, range(2)))
    assert first.sent is None
    assert second is None
    assert subjects(handler) == ["Letter 0", "Letter 1"]
