import os
import sqlite3

import pytest

from sfsync.errors import ConfigError, JournalError
from sfsync.journal import database
from sfsync.journal.database import parse_url, place
from sfsync.journal.journal import open_journal
from sfsync.journal.values import RowRecord
from sfsync.records import Bucket


def test_folders_are_made(tmp_path, clock):
    open_journal(f"sqlite:///{tmp_path}/a/b/j.sqlite", clock=clock).close()
    assert (tmp_path / "a/b/j.sqlite").is_file()


def test_a_journal_in_memory(clock):
    with open_journal("sqlite://", clock=clock) as journal:
        journal.start_run("run", "x", org="dev", arguments={})
        assert len(journal.runs()) == 1


@pytest.mark.parametrize("content", [b"name;city\nJan;Gent\n" * 100, b"\x00" * 4096])
def test_another_kind_of_file_is_refused(tmp_path, clock, content):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(JournalError, match=r"list\.csv is another kind of file\. Name another"):
        open_journal(f"sqlite:///{tmp_path}/list.csv", clock=clock)
    assert (tmp_path / "list.csv").read_bytes() == content


def test_a_folder_in_its_place(tmp_path, clock):
    with pytest.raises(JournalError, match="cannot be opened"):
        open_journal(f"sqlite:///{tmp_path}", clock=clock)


def test_a_file_where_its_folder_should_be(tmp_path, clock):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be made"):
        open_journal(f"sqlite:///{tmp_path}/file/j.sqlite", clock=clock)


def test_a_read_only_journal(tmp_path, clock, monkeypatch):
    url = f"sqlite:///{tmp_path}/j.sqlite"
    open_journal(url, clock=clock).close()
    read_only = f"sqlite:///file:{tmp_path}/j.sqlite?mode=ro&uri=true"  # root may write any file: ask SQLite
    monkeypatch.setattr(database, "_make_folder", lambda file: None)
    with pytest.raises(JournalError, match="read-only"):
        open_journal(read_only, clock=clock).start_run("run", "x", org="dev", arguments={})


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs file permissions that bind")
def test_a_journal_without_write_permission(tmp_path, clock):
    url = f"sqlite:///{tmp_path}/j.sqlite"
    open_journal(url, clock=clock).close()
    (tmp_path / "j.sqlite").chmod(0o444)
    with pytest.raises(JournalError, match="read-only"):
        open_journal(url, clock=clock).start_run("run", "x", org="dev", arguments={})


def test_a_locked_journal(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path}/j.sqlite"
    with open_journal(url, clock=clock) as journal:
        other = sqlite3.connect(tmp_path / "j.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked by another program"):
            journal.start_run("run", "x", org="dev", arguments={})
        assert journal.runs() == []  # reading goes on
        other.close()


def test_a_full_disk(tmp_path, clock):
    with open_journal(f"sqlite:///{tmp_path}/j.sqlite", clock=clock) as journal:
        run_id = journal.start_run("run", "x", org="dev", arguments={})
        with journal._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite's own way to a full disk
            connection.commit()
        with pytest.raises(JournalError, match=r"the disk is full\. Free some space"):
            journal.record_rows(run_id, "x", [RowRecord("K" * 1000, Bucket.APPLIED) for _ in range(5_000)])


def test_a_damaged_journal(tmp_path, clock):
    file = tmp_path / "j.sqlite"
    with open_journal(f"sqlite:///{file}", clock=clock) as journal:
        run_id = journal.start_run("run", "x", org="dev", arguments={})
        journal.record_rows(run_id, "x", [RowRecord(f"K{n}", Bucket.APPLIED) for n in range(5_000)])
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    file.write_bytes(content)
    with (
        pytest.raises(JournalError, match="Nothing in the org depends on the journal"),
        open_journal(f"sqlite:///{file}", clock=clock) as journal,
    ):
        journal.runs()


def test_a_server_that_is_not_there(clock):
    pytest.importorskip("psycopg")
    with pytest.raises(JournalError, match="cannot be reached") as refused:
        open_journal("postgresql://me:secret@127.0.0.1:1/x", clock=clock)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("journal.sqlite", "cannot be read"),
        ("mysql://localhost/x", "cannot be kept in mysql"),
        ("", "cannot be read"),
    ],
)
def test_urls_that_are_no_journal(url, message):
    with pytest.raises(ConfigError, match=message):
        parse_url(url)


def test_names_in_messages_hide_the_password():
    assert place(parse_url("postgres://me:secret@db/x")) == "The journal postgresql+psycopg://me:***@db/x"
    assert place(parse_url("sqlite:///a/j.sqlite")) == "The journal a/j.sqlite"
