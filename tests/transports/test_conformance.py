"""What every inbox and outbox promises. A further transport adds its makers to the two lists and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sfsync.clock import ManualClock
from sfsync.tabular.digest import digest
from sfsync.transports.base import Inbox, Outbox
from sfsync.transports.folder import FolderInbox, FolderOutbox

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


def folder_inbox(tmp_path: Path) -> InboxCase:
    import os

    folder = tmp_path / "inbox"
    folder.mkdir()
    dropped = [0]

    def drop(name: str, content: bytes) -> None:
        path = folder / name
        path.write_bytes(content)
        dropped[0] += 1
        at = (NOW - timedelta(hours=1)).timestamp() + dropped[0]
        os.utime(path, (at, at))

    return InboxCase(lambda: FolderInbox(folder, ManualClock(NOW)), drop)


def folder_outbox(tmp_path: Path) -> OutboxCase:
    folder = tmp_path / "outbox"
    return OutboxCase(
        lambda: FolderOutbox(folder),
        lambda: {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {},
    )


@pytest.fixture(params=[folder_inbox], ids=["folder"])
def inbox(request: Any, tmp_path: Path) -> InboxCase:
    case: InboxCase = request.param(tmp_path)
    return case


@pytest.fixture(params=[folder_outbox], ids=["folder"])
def outbox(request: Any, tmp_path: Path) -> OutboxCase:
    case: OutboxCase = request.param(tmp_path)
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
