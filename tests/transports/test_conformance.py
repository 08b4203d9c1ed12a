"""What every inbox and outbox promises. A further transport adds its makers to the two lists and nothing else."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sfsync.clock import ManualClock
from sfsync.errors import TransportFailed
from sfsync.tabular.digest import digest
from sfsync.transports.base import Inbox, Outbox
from sfsync.transports.files import FilesInbox, FilesOutbox
from sfsync.transports.folder import FolderInbox, FolderOutbox
from sfsync.transports.imap import ImapServer, MailInbox
from sfsync.transports.sftp import SftpInbox, SftpOutbox, SftpServer
from tests.transports.mails import mail_with, post
from tests.transports.orgs import RECORD
from tests.transports.servers import Sshd

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)


@dataclass
class InboxCase:
    """An inbox, and a way for the partner to drop a complete file into it."""

    make: Callable[[], Inbox]
    drop: Callable[[str, bytes], None]


@dataclass
class OutboxCase:
    """An outbox, and what the partner sees in it."""

    make: Callable[[], Outbox]
    listing: Callable[[], dict[str, bytes]]


def dropping(folder: Path) -> Callable[[str, bytes], None]:
    """Writes complete files into a folder, each a second after the one before."""
    dropped = [0]

    def drop(name: str, content: bytes) -> None:
        path = folder / name
        path.write_bytes(content)
        dropped[0] += 1
        at = (NOW - timedelta(hours=1)).timestamp() + dropped[0]
        os.utime(path, (at, at))

    return drop


def folder_inbox(request: Any, tmp_path: Path) -> InboxCase:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return InboxCase(lambda: FolderInbox(folder, ManualClock(NOW)), dropping(folder))


def server_of(sshd: Sshd) -> SftpServer:
    return SftpServer(
        "127.0.0.1", sshd.user, sshd.port, private_key=sshd.key.read_text(), host_keys=(sshd.fingerprint,)
    )


def sftp_inbox(request: Any, tmp_path: Path) -> InboxCase:
    server = server_of(request.getfixturevalue("sshd"))
    folder = tmp_path / "inbox"
    folder.mkdir()
    return InboxCase(
        lambda: SftpInbox(server, str(folder), tmp_path / "scratch", ManualClock(NOW)), dropping(folder)
    )


def mail_inbox(request: Any, tmp_path: Path) -> InboxCase:
    port = request.getfixturevalue("dovecot").port
    server = ImapServer("127.0.0.1", f"{tmp_path.name}@cards.example", "secret", port, "none")
    dropped = [0]

    def drop(name: str, content: bytes) -> None:
        dropped[0] += 1
        at = NOW - timedelta(hours=1) + timedelta(seconds=dropped[0])
        post(server, mail_with({name: content}), at)

    senders = ("@partner.example",)
    return InboxCase(lambda: MailInbox(server, senders, tmp_path / "scratch", ManualClock(NOW)), drop)


def files_inbox(request: Any, tmp_path: Path) -> InboxCase:
    portal = request.getfixturevalue("portal")
    return InboxCase(lambda: FilesInbox(portal.org, RECORD, tmp_path / "scratch"), portal.upload)


def files_outbox(request: Any, tmp_path: Path) -> OutboxCase:
    portal = request.getfixturevalue("portal")
    return OutboxCase(lambda: FilesOutbox(portal.org, RECORD), portal.shown)


def sftp_outbox(request: Any, tmp_path: Path) -> OutboxCase:
    server = server_of(request.getfixturevalue("sshd"))
    folder = tmp_path / "outbox"
    folder.mkdir()
    return OutboxCase(
        lambda: SftpOutbox(server, str(folder)),
        lambda: {path.name: path.read_bytes() for path in folder.iterdir()},
    )


def folder_outbox(request: Any, tmp_path: Path) -> OutboxCase:
    folder = tmp_path / "outbox"
    return OutboxCase(
        lambda: FolderOutbox(folder),
        lambda: {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {},
    )


@pytest.fixture(
    params=[folder_inbox, sftp_inbox, mail_inbox, files_inbox], ids=["folder", "sftp", "mail", "files"]
)
def inbox(request: Any, tmp_path: Path) -> InboxCase:
    case: InboxCase = request.param(request, tmp_path)
    return case


@pytest.fixture(params=[folder_outbox, sftp_outbox, files_outbox], ids=["folder", "sftp", "files"])
def outbox(request: Any, tmp_path: Path) -> OutboxCase:
    case: OutboxCase = request.param(request, tmp_path)
    return case


def test_files_come_oldest_first_with_name_and_digest(inbox):
    inbox.drop("b.csv", b"one")
    inbox.drop("a.csv", b"two")
    claimed = list(inbox.make().claim())
    assert [file.name for file in claimed] == ["b.csv", "a.csv"]
    assert [file.path.read_bytes() for file in claimed] == [b"one", b"two"]
    assert [file.digest for file in claimed] == [digest(file.path) for file in claimed]


def test_an_empty_inbox_gives_nothing(inbox):
    assert list(inbox.make().claim()) == []


def test_an_archived_file_never_comes_again(inbox):
    inbox.drop("a.csv", b"one")
    for file in inbox.make().claim():
        file.archive()
    assert list(inbox.make().claim()) == []


def test_a_quarantined_file_never_comes_again(inbox):
    inbox.drop("a.csv", b"one")
    for file in inbox.make().claim():
        file.quarantine("no header row")
    assert list(inbox.make().claim()) == []


def test_a_file_that_a_dead_run_held_comes_again(inbox):
    inbox.drop("a.csv", b"one")
    (lost,) = inbox.make().claim()
    (again,) = inbox.make().claim()
    assert (again.name, again.digest) == (lost.name, lost.digest)


def test_a_run_that_dies_between_two_files_loses_none_and_repeats_no_archived_one(inbox):
    for name in ("a.csv", "b.csv", "c.csv"):
        inbox.drop(name, name.encode())
    waiting = inbox.make().claim()
    next(waiting).archive()
    next(waiting)  # claimed, not done: here the run dies
    waiting.close()  # type: ignore[attr-defined]  all are generators
    assert [file.name for file in inbox.make().claim()] == ["b.csv", "c.csv"]


def test_looking_claims_nothing(inbox):
    inbox.drop("a.csv", b"one")
    for _ in range(2):
        assert [(file.name, file.path.read_bytes()) for file in inbox.make().waiting()] == [("a.csv", b"one")]
    (file,) = inbox.make().claim()
    assert file.name == "a.csv"
    assert next(iter(inbox.make().waiting())).name == "a.csv"  # what a run holds would be handed out again
    file.archive()
    assert list(inbox.make().waiting()) == []


@pytest.mark.parametrize(
    "name",
    [
        "cards of May.csv",
        "Bestätigung größer 10 %.csv",
        "名单.csv",
        "-rf.csv",
        "$(id) `id`.csv",
        "a'b;c&d.csv",
        "a" * 140 + ".csv",
    ],
)
def test_names_that_people_give(inbox, name):
    inbox.drop(name, b"one")
    (file,) = inbox.make().claim()
    assert file.name == name
    assert file.path.read_bytes() == b"one"
    file.quarantine("It is not what was expected: größer.")
    assert list(inbox.make().claim()) == []


def test_a_name_never_leads_out_of_the_folder(inbox):
    inbox.drop("a\\..\\..\\evil\u202e.csv", b"one")
    (file,) = inbox.make().claim()
    assert not set(file.name) & set('/\\:*?"<>|\u202e')
    assert not file.name.startswith(".")
    file.archive()
    assert list(inbox.make().claim()) == []


def test_an_empty_file_and_a_large_one(inbox):
    inbox.drop("empty.csv", b"")
    inbox.drop("large.csv", bytes(range(256)) * 8_000)
    empty, large = inbox.make().claim()
    assert (empty.path.read_bytes(), large.path.read_bytes()) == (b"", bytes(range(256)) * 8_000)


def test_what_is_found_there_can_be_said(inbox):
    before = inbox.make().check()
    inbox.drop("a.csv", b"one")
    assert before != inbox.make().check()
    assert [file.name for file in inbox.make().claim()] == ["a.csv"]


def test_the_same_name_may_come_again(inbox):
    for content in (b"one", b"two"):
        inbox.drop("a.csv", content)
        (file,) = inbox.make().claim()
        assert file.path.read_bytes() == content
        file.archive()
    assert list(inbox.make().claim()) == []


def test_a_file_is_claimed_only_when_it_is_handed_out(inbox):
    inbox.drop("a.csv", b"one")
    inbox.drop("b.csv", b"two")
    first = next(iter(inbox.make().claim()))
    first.archive()
    assert [file.name for file in inbox.make().claim()] == ["b.csv"]


def test_a_file_is_put_whole_and_replaced_when_it_changed(outbox, tmp_path):
    source = tmp_path / "source.xlsx"
    source.write_bytes(b"one")
    assert outbox.make().put("cards.xlsx", source)
    source.write_bytes(b"two")
    assert outbox.make().put("cards.xlsx", source)
    assert outbox.listing() == {"cards.xlsx": b"two"}
    assert source.exists()


def test_unchanged_content_is_not_put_again(outbox, tmp_path):
    source = tmp_path / "source.xlsx"
    source.write_bytes(b"one")
    outbox.make().put("cards.xlsx", source)
    assert not outbox.make().put("cards.xlsx", source)
    assert outbox.listing() == {"cards.xlsx": b"one"}


def test_paths_are_no_names(outbox, tmp_path):
    source = tmp_path / "source.xlsx"
    source.write_bytes(b"one")
    for name in ("../evil.xlsx", "a/b.xlsx", ".hidden", ""):
        with pytest.raises(TransportFailed):
            outbox.make().put(name, source)
    assert outbox.listing() == {}


def test_names_with_blanks_and_umlauts_go_out(outbox, tmp_path):
    source = tmp_path / "source.xlsx"
    source.write_bytes(b"one")
    assert outbox.make().put("Karten für Mai.xlsx", source)
    assert not outbox.make().put("Karten für Mai.xlsx", source)
    assert outbox.listing() == {"Karten für Mai.xlsx": b"one"}


def test_an_outbox_that_is_well_says_where_it_is(outbox):
    assert outbox.make().check()
