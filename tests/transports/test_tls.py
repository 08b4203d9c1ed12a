"""Mail servers over TLS: only with a certificate for their name from an authority that is trusted."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sfsync.clock import ManualClock
from sfsync.errors import TransportFailed
from sfsync.transports.imap import ImapServer, MailInbox, Security
from sfsync.transports.tls import trusting
from tests.transports import servers
from tests.transports.authority import Authority, authority
from tests.transports.mails import in_folder, mail_with, post

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)
WAYS: tuple[Security, ...] = ("tls", "starttls")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca") / "ours.pem")


@pytest.fixture(scope="module")
def secure(ours: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Dovecot]:
    """A Dovecot with a certificate of an authority that nobody knows but those who are told."""
    folder = tmp_path_factory.mktemp("dovecot")
    with servers.dovecot(folder, ours.signs(folder / "server.pem")) as running:
        yield running


def mailbox(
    running: servers.Dovecot, security: Security, ca_file: Path | None, host: str = "127.0.0.1"
) -> ImapServer:
    port = running.tls_port if security == "tls" else running.port
    return ImapServer(host, "cards@x.example", running.password, port, security, timeout=10, ca_file=ca_file)


@pytest.mark.parametrize("security", WAYS)
def test_a_file_comes_in_over_tls(
    secure: servers.Dovecot, ours: Authority, tmp_path: Path, security: Security
) -> None:
    server = mailbox(secure, security, ours.file)
    post(server, mail_with({f"{security}.csv": b"one"}), NOW)
    inbox = MailInbox(server, ("@partner.example",), tmp_path, clock=ManualClock(NOW))
    (file,) = inbox.claim()
    assert (file.name, file.path.read_bytes()) == (f"{security}.csv", b"one")
    file.archive()
    assert in_folder(server, "INBOX") == []


@pytest.mark.parametrize("security", WAYS)
@pytest.mark.parametrize("known", ["this machine's", "another"])
def test_an_unknown_authority_is_refused_before_the_password_is_sent(
    secure: servers.Dovecot, tmp_path: Path, security: Security, known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imapclient import IMAPClient

    monkeypatch.setattr(IMAPClient, "login", lambda *_: pytest.fail("the password was sent"))
    ca_file = authority(tmp_path / "another.pem").file if known == "another" else None
    server = mailbox(secure, security, ca_file)
    with pytest.raises(
        TransportFailed, match=r"certificate of the mailbox on 127\.0\.0\.1:\d+ is not trusted"
    ) as caught:
        post(server, mail_with({"a.csv": b"one"}), NOW)
    assert "`ca_file`" in caught.value.hint


def test_a_certificate_for_another_name_is_refused(ours: Authority, tmp_path: Path) -> None:
    with servers.dovecot(tmp_path, ours.signs(tmp_path / "server.pem", "127.0.0.9")) as running:
        server = mailbox(running, "tls", ours.file)
        with pytest.raises(TransportFailed, match="not trusted: IP address mismatch"):
            post(server, mail_with({"a.csv": b"one"}), NOW)


def test_a_file_without_a_certificate_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(TransportFailed, match=r"ca\.pem holds no certificate"):
        trusting(tmp_path / "ca.pem")
    with pytest.raises(TransportFailed, match=r"none\.pem cannot be read: No such file"):
        trusting(tmp_path / "none.pem")


def test_the_authorities_of_the_machine_stay_trusted(ours: Authority) -> None:
    known = ssl.create_default_context().cert_store_stats()["x509_ca"]
    assert trusting(ours.file).cert_store_stats()["x509_ca"] == known + 1


def test_other_trouble_is_about_port_and_security(secure: servers.Dovecot, ours: Authority) -> None:
    server = ImapServer("127.0.0.1", "u", "p", secure.port, "tls", timeout=10, ca_file=ours.file)
    with pytest.raises(TransportFailed, match="no secure connection") as caught, server.connected("x"):
        pass
    assert "`security`" in caught.value.hint
