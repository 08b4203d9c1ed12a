from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.clock import ManualClock
from sfsync.errors import TransportFailed
from sfsync.transports.imap import ImapServer, MailInbox, sort_out
from sfsync.transports.names import tame
from tests.ports import free_port
from tests.transports.mails import in_folder, mail_with, post

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)
SENDERS = ("@partner.example",)


@pytest.fixture
def server(dovecot, tmp_path):
    return ImapServer("127.0.0.1", f"{tmp_path.name}@cards.example", dovecot.password, dovecot.port, "none")


@pytest.fixture
def inbox(server, tmp_path):
    def make(**options):
        return MailInbox(
            server, **{"senders": SENDERS, **options}, scratch=tmp_path / "scratch", clock=ManualClock(NOW)
        )

    return make


def names(found):
    return [file.name for file in found]


def test_a_mail_moves_when_all_its_files_are_done(server, inbox):
    post(server, mail_with({"a.csv": b"one", "b.csv": b"two"}), NOW)
    first, second = inbox().claim()
    first.archive()
    assert len(in_folder(server, "INBOX")) == 1
    second.archive()
    assert in_folder(server, "INBOX") == []
    (kept,) = in_folder(server, "sfsync-archive")
    assert [part.get_filename() for part in kept.iter_attachments()] == ["a.csv", "b.csv"]


def test_one_bad_file_puts_the_mail_aside_with_a_note(server, inbox):
    post(server, mail_with({"a.csv": b"one", "b.csv": b"two"}), NOW)
    first, second = inbox().claim()
    first.archive()
    second.quarantine("no header row was found; größer.")
    assert in_folder(server, "sfsync-archive") == []
    mail, note = in_folder(server, "sfsync-quarantine")
    assert mail["From"] == "Cards <cards@partner.example>"
    assert note.get_content().strip() == "b.csv: no header row was found; größer."


def test_two_files_of_one_name_in_one_mail(server, inbox):
    mail = mail_with({"a.csv": b"one"})
    mail.add_attachment(b"two", maintype="text", subtype="plain", filename="a.csv")
    post(server, mail, NOW)
    assert [(file.name, file.path.read_bytes()) for file in inbox().claim()] == [
        ("a.csv", b"one"),
        ("a.csv", b"two"),
    ]


def test_a_mail_that_somebody_read_is_taken_all_the_same(server, inbox):
    post(server, mail_with({"a.csv": b"one"}), NOW)
    with server.connected("test") as client:
        client.select_folder("INBOX")
        client.add_flags(client.search(), [b"\\Seen"])
    assert names(inbox().claim()) == ["a.csv"]


@pytest.mark.parametrize(
    "sender",
    [
        "eve@evil.example",
        "eve@partner.example.evil.example",
        '"cards@partner.example" <eve@evil.example>',
        "",
        "a@partner.example, b@partner.example",
    ],
)
def test_other_senders_are_put_aside_unread(server, inbox, sender):
    said = []
    post(server, mail_with({"a.csv": b"one"}, sender=sender), NOW)
    assert names(inbox(say=said.append).claim()) == []
    assert in_folder(server, "INBOX") == []
    _, note = in_folder(server, "sfsync-quarantine")
    assert "`senders:`" in note.get_content()
    assert "sender" in said[0]
    assert "evil" not in said[0]


def test_single_addresses_and_large_letters(server, inbox):
    post(server, mail_with({"a.csv": b"one"}, sender="CARDS@Partner.Example"), NOW)
    assert names(inbox(senders=("cards@partner.example",)).claim()) == ["a.csv"]


def test_too_large_a_mail_is_put_aside(server, inbox):
    said = []
    post(server, mail_with({"a.csv": b"x" * 30_000}), NOW)
    assert names(inbox(largest=20_000, say=said.append).claim()) == []
    assert "more than 0 MB" in said[0]
    assert len(in_folder(server, "sfsync-quarantine")) == 2


def test_a_mail_without_an_expected_file(server, inbox):
    said = []
    post(server, mail_with({"logo.png": b"x", "~$a.csv": b"x"}), NOW)
    assert names(inbox(pattern="*.csv", say=said.append).claim()) == []
    assert "no file that is called *.csv" in said[0]


def test_signatures_beside_the_file_do_not_matter(server, inbox):
    post(server, mail_with({"logo.png": b"x", "a.csv": b"one"}), NOW)
    assert names(inbox(pattern="*.csv").claim()) == ["a.csv"]


def test_files_in_a_forwarded_mail(server, inbox):
    mail = mail_with({})
    mail.add_attachment(mail_with({"a.csv": b"one"}, sender="somebody@else.example"))
    post(server, mail, NOW)
    assert [(file.name, file.path.read_bytes()) for file in inbox().claim()] == [("a.csv", b"one")]


def test_hundreds_of_files_in_one_mail():
    refusal, files = sort_out(mail_with({f"{n}.csv": b"x" for n in range(51)}).as_bytes(), SENDERS, "*")
    assert "more than 50 files" in refusal
    assert files == []


def test_oldest_first_by_arrival(server, inbox):
    post(server, mail_with({"late.csv": b"x"}), NOW)
    post(server, mail_with({"early.csv": b"x"}), NOW - timedelta(hours=1))
    assert names(inbox().claim()) == ["early.csv", "late.csv"]


def test_a_server_without_move(server, inbox, monkeypatch):
    from imapclient import IMAPClient

    known = IMAPClient.has_capability
    monkeypatch.setattr(IMAPClient, "has_capability", lambda self, name: name != "MOVE" and known(self, name))
    post(server, mail_with({"a.csv": b"one"}), NOW)
    for file in inbox().claim():
        file.archive()
    assert in_folder(server, "INBOX") == []
    assert len(in_folder(server, "sfsync-archive")) == 1


def test_a_mail_that_was_moved_meanwhile(server, inbox):
    for name in ("a.csv", "b.csv"):
        post(server, mail_with({name: b"x"}), NOW)
    claimed = []
    for file in inbox().claim():
        claimed.append(file.name)
        with server.connected("test") as client:
            client.select_folder("INBOX")
            client.delete_messages(client.search())
            client.expunge()
    assert claimed == ["a.csv"]


def test_another_folder_and_one_that_is_not_there(server, inbox):
    with server.connected("test") as client:
        client.create_folder("Cards")
    post(server, mail_with({"a.csv": b"one"}), NOW, "Cards")
    assert names(inbox(folder="Cards").claim()) == ["a.csv"]
    with pytest.raises(TransportFailed, match="the mail folder Lost cannot be read"):
        inbox(folder="Lost").check()


def test_a_wrong_password(server, inbox):
    wrong = ImapServer(server.host, server.username, "nonsense", server.port, "none")
    with pytest.raises(TransportFailed, match="refused the login") as caught, wrong.connected("test"):
        pass
    assert "nonsense" not in str(caught.value) + repr(wrong)


def test_no_server():
    with (
        pytest.raises(TransportFailed, match="does not answer"),
        ImapServer("127.0.0.1", "u", "p", free_port(), "none").connected("x"),
    ):
        pass


def test_a_server_that_speaks_no_tls(dovecot):
    for security in ("tls", "starttls"):
        server = ImapServer("127.0.0.1", "u", "secret", dovecot.port, security, timeout=5)
        with pytest.raises(TransportFailed), server.connected("x"):
            pass


def test_a_password_never_travels_in_the_open():
    with (
        pytest.raises(TransportFailed, match="never sent"),
        ImapServer("mail.example.com", "u", "p", security="none").connected("x"),
    ):
        pass


@given(st.data())
def test_broken_mails_are_refused_or_read_but_never_a_traceback(data):
    body = bytearray(mail_with({"a b.csv": b"one", "größe.csv": b"two"}).as_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        piece = data.draw(
            st.sampled_from([b"", b"\x00", b"\xff", b"=?utf-8?q?", b"<", b"@", b'"', b"\r\n", b";", b":"])
        )
        body[at : at + data.draw(st.integers(0, 20))] = piece
    refusal, files = sort_out(bytes(body), SENDERS, "*")
    assert bool(refusal) != bool(files)
    assert all("/" not in name and name == tame(name) for name, _ in files)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"From: <a@partner.example>\n" + b"X: y\n" * 50_000,
        b"From: " + b"<" * 100_000,
        b"From: a@partner.example\n"
        + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(2_000)),
    ],
    ids=["empty", "flood", "brackets", "nested"],
)
def test_hostile_mails_are_put_aside(body):
    refusal, files = sort_out(body, SENDERS, "*")
    assert refusal
    assert files == []
