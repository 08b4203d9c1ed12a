import os
from datetime import UTC, datetime, timedelta

import pytest

from sfsync.clock import ManualClock
from sfsync.errors import TransportFailed
from sfsync.transports.folder import FolderInbox, FolderOutbox
from sfsync.transports.names import safe_name

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def folder(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


def drop(folder, name, content=b"x", age=60.0):
    path = folder / name
    path.write_bytes(content)
    at = NOW.timestamp() - age
    os.utime(path, (at, at))
    return path


def names(inbox):
    return [file.name for file in inbox.claim()]


def test_a_file_that_was_just_touched_waits(folder, clock):
    drop(folder, "a.csv", age=5)
    assert names(FolderInbox(folder, clock)) == []
    clock.sleep(5)
    assert names(FolderInbox(folder, clock)) == ["a.csv"]


def test_a_file_that_grows_while_we_look_waits(folder, clock):
    drop(folder, "a.csv", age=120)
    drop(folder, "b.csv", age=60)
    claimed = []
    for file in FolderInbox(folder, clock).claim():
        claimed.append(file.name)
        (folder / "b.csv").write_bytes(b"more")
    assert claimed == ["a.csv"]
    assert (folder / "b.csv").exists()


def test_a_file_that_another_run_took_is_passed_over(folder, clock):
    drop(folder, "a.csv", age=120)
    drop(folder, "b.csv", age=60)
    claimed = []
    for file in FolderInbox(folder, clock).claim():
        claimed.append(file.name)
        (folder / "b.csv").unlink(missing_ok=True)
    assert claimed == ["a.csv"]


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.csv",
        "~$open.xlsx",
        "a.csv.part",
        "a.tmp",
        "a.filepart",
        "a.csv~",
        "x.crdownload",
        "A.UPLOADING",
    ],
)
def test_temporary_names_are_left_alone(folder, clock, name):
    drop(folder, name)
    assert names(FolderInbox(folder, clock)) == []


def test_only_names_that_match(folder, clock):
    drop(folder, "a.csv")
    drop(folder, "b.xlsx")
    assert names(FolderInbox(folder, clock, pattern="*.xlsx")) == ["b.xlsx"]


def test_links_and_folders_are_no_files(folder, clock, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("x")
    (folder / "link.csv").symlink_to(secret)
    (folder / "folder.csv").mkdir()
    assert names(FolderInbox(folder, clock, settled=timedelta(0))) == []


def test_archive_by_day_never_over_another(folder, clock):
    for content in (b"one", b"two"):
        drop(folder, "a.csv", content)
        (file,) = FolderInbox(folder, clock).claim()
        file.archive()
    kept = folder / "archive" / "2024-01-31"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"a.csv": b"one", "a-2.csv": b"two"}
    assert list((folder / ".taken").iterdir()) == []


def test_quarantine_with_the_reason_beside_it(folder, clock):
    drop(folder, "a.csv")
    (file,) = FolderInbox(folder, clock).claim()
    file.quarantine("a.csv: the file is empty.")
    assert (folder / "quarantine" / "a.csv.reason.txt").read_text() == "a.csv: the file is empty.\n"
    assert (folder / "quarantine" / "a.csv").exists()


def test_a_new_file_beside_a_left_over_of_the_same_name(folder, clock):
    drop(folder, "a.csv", b"one")
    next(iter(FolderInbox(folder, clock).claim()))
    drop(folder, "a.csv", b"two")
    found = [(file.name, file.path.read_bytes()) for file in FolderInbox(folder, clock).claim()]
    assert found == [("a.csv", b"one"), ("a.csv", b"two")]


def test_an_inbox_that_is_no_folder(tmp_path, clock):
    (tmp_path / "inbox").write_text("a file")
    with pytest.raises(TransportFailed, match="the inbox inbox cannot be read") as caught:
        list(FolderInbox(tmp_path / "inbox", clock).claim())
    assert caught.value.sent is False


def test_nothing_but_the_file_is_left_in_the_outbox(tmp_path):
    source = tmp_path / "s"
    source.write_bytes(b"x")
    FolderOutbox(tmp_path / "out").put("a.csv", source)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.csv"]
    before = (tmp_path / "out" / "a.csv").stat().st_mtime_ns
    FolderOutbox(tmp_path / "out").put("a.csv", source)
    assert (tmp_path / "out" / "a.csv").stat().st_mtime_ns == before


def test_a_failed_put_leaves_the_old_file(tmp_path, monkeypatch):
    source = tmp_path / "s"
    source.write_bytes(b"one")
    outbox = FolderOutbox(tmp_path / "out")
    outbox.put("a.csv", source)
    source.write_bytes(b"two")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sfsync.transports.folder.os.fsync", full)
    with pytest.raises(TransportFailed, match=r"a\.csv cannot be put into out \(No space left on device\)"):
        outbox.put("a.csv", source)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {"a.csv": b"one"}


@pytest.mark.parametrize("name", ["../a.csv", "a/b.csv", "", ".hidden", "a\nb", "C:\\x", "a\0"])
def test_names_that_are_paths_are_refused(name, tmp_path):
    with pytest.raises(TransportFailed):
        safe_name(name)
