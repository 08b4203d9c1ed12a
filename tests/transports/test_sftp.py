import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sfsync.clock import ManualClock
from sfsync.errors import TransportFailed
from sfsync.transports.sftp import SftpInbox, SftpOutbox
from sfsync.transports.ssh import SftpServer

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)


class Busy(ManualClock):
    """A clock in whose pauses something happens."""

    def __init__(self, meanwhile):
        super().__init__(NOW)
        self._meanwhile = meanwhile

    def sleep(self, seconds):
        super().sleep(seconds)
        self._meanwhile()


@pytest.fixture
def server(sshd):
    return SftpServer(
        "127.0.0.1", sshd.user, sshd.port, private_key=sshd.key.read_text(), host_keys=(sshd.fingerprint,)
    )


@pytest.fixture
def folder(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


@pytest.fixture
def inbox(server, folder, tmp_path):
    def make(clock=None, **options):
        return SftpInbox(server, str(folder), tmp_path / "scratch", clock or ManualClock(NOW), **options)

    return make


def names(found):
    return [file.name for file in found]


def changed(server, **changes):
    values = {name: getattr(server, name) for name in SftpServer.__slots__}
    return SftpServer(**{**values, **changes})


# --- whom we talk to ---


def test_an_unknown_host_is_refused_with_its_fingerprint(server, sshd, tmp_path):
    stranger = changed(server, host_keys=(), known_hosts=tmp_path / "none")
    with pytest.raises(TransportFailed, match="Nothing was sent") as caught:
        SftpOutbox(stranger, str(tmp_path)).check()
    assert sshd.fingerprint in str(caught.value)
    assert "`host_keys:`" in caught.value.hint


def test_another_key_than_that_of_the_settings(server, sshd, tmp_path):
    with pytest.raises(TransportFailed, match="which is not SHA256:other of the settings") as caught:
        SftpOutbox(changed(server, host_keys=("SHA256:other",)), str(tmp_path)).check()
    assert sshd.fingerprint in str(caught.value)


def test_a_known_hosts_file_is_believed(server, sshd, tmp_path):
    known = tmp_path / "known_hosts"
    kind, key, _ = sshd.host_key.read_text().split()
    known.write_text(f"[127.0.0.1]:{sshd.port} {kind} {key}\n")
    assert SftpOutbox(changed(server, host_keys=(), known_hosts=known), str(tmp_path)).check()


def test_a_key_that_is_not_the_known_one_any_more(server, sshd, tmp_path):
    known = tmp_path / "known_hosts"
    kind, key, _ = sshd.key.with_suffix(".pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{sshd.port} {kind} {key}\n")
    with pytest.raises(TransportFailed, match="Somebody may be listening") as caught:
        SftpOutbox(changed(server, host_keys=(), known_hosts=known), str(tmp_path)).check()
    assert sshd.fingerprint in str(caught.value)


def test_another_user_key_is_refused_without_showing_it(server, sshd, tmp_path):
    wrong = (sshd.key.parent / "host").read_text()
    with pytest.raises(TransportFailed, match="refused the login") as caught:
        SftpOutbox(changed(server, private_key=wrong), str(tmp_path)).check()
    assert wrong.splitlines()[1] not in str(caught.value) + repr(server)


def test_a_key_that_is_none(server, tmp_path):
    with pytest.raises(TransportFailed, match="cannot be read"):
        SftpOutbox(changed(server, private_key="nonsense"), str(tmp_path)).check()


def test_no_server(server, tmp_path):
    from tests.ports import free_port

    with pytest.raises(TransportFailed, match="does not answer") as caught:
        SftpOutbox(changed(server, port=free_port(), timeout=2.0), str(tmp_path)).check()
    assert caught.value.sent is False


# --- complete files only ---


def test_a_file_that_grows_between_two_looks_waits(inbox, folder):
    (folder / "a.csv").write_bytes(b"half")
    os.utime(folder / "a.csv", (1, 1))
    growing = Busy(lambda: (folder / "a.csv").write_bytes(b"half and"))
    assert names(inbox(growing).claim()) == []
    assert names(inbox(Busy(lambda: None)).claim()) == ["a.csv"]


def test_a_file_that_is_touched_between_two_looks_waits(inbox, folder):
    (folder / "a.csv").write_bytes(b"one")
    os.utime(folder / "a.csv", (1, 1))
    assert names(inbox(Busy(lambda: os.utime(folder / "a.csv", (2, 2)))).claim()) == []


def test_nobody_waits_for_an_empty_inbox(inbox):
    clock = ManualClock(NOW)
    assert names(inbox(clock).claim()) == []
    assert clock.monotonic() == 0


def test_a_file_that_changes_before_its_turn_waits(inbox, folder):
    for number, name in enumerate(("a.csv", "b.csv")):
        (folder / name).write_bytes(b"one")
        os.utime(folder / name, (number, number))
    claimed = []
    for file in inbox().claim():
        claimed.append(file.name)
        (folder / "b.csv").write_bytes(b"more")
    assert claimed == ["a.csv"]


def test_a_file_that_another_run_took_is_passed_over(inbox, folder):
    for number, name in enumerate(("a.csv", "b.csv")):
        (folder / name).write_bytes(b"one")
        os.utime(folder / name, (number, number))
    claimed = []
    for file in inbox().claim():
        claimed.append(file.name)
        (folder / "b.csv").unlink(missing_ok=True)
    assert claimed == ["a.csv"]


def test_with_marks_only_marked_files_are_complete_and_nobody_waits(inbox, folder):
    clock = ManualClock(NOW)
    for name in ("a.csv", "a.csv.done", "b.csv"):
        (folder / name).write_bytes(b"x")
    (file,) = inbox(clock, done=".done").claim()
    file.archive()
    assert clock.monotonic() == 0
    assert sorted(path.name for path in folder.glob("*.*")) == [".taken", "b.csv"]


def test_a_mark_that_a_dead_run_left_does_not_vouch_for_the_next_file(inbox, folder):
    (folder / ".taken").mkdir()
    (folder / ".taken" / "a.csv").write_bytes(b"one")
    (folder / "a.csv.done").write_bytes(b"")
    (file,) = inbox(done=".done").claim()
    file.archive()
    (folder / "a.csv").write_bytes(b"half")
    assert names(inbox(done=".done").claim()) == []


def test_links_folders_and_temporary_names_are_left_alone(inbox, folder, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("x")
    (folder / "link.csv").symlink_to(secret)
    (folder / "folder.csv").mkdir()
    (folder / "a.csv.part").write_bytes(b"x")
    (folder / "b.xlsx").write_bytes(b"x")
    assert names(inbox(pattern="*.csv").claim()) == []
    assert names(inbox().claim()) == ["b.xlsx"]


# --- where files go ---


def test_archive_by_day_and_never_over_another(inbox, folder):
    for content in (b"one", b"two"):
        (folder / "a.csv").write_bytes(content)
        (file,) = inbox().claim()
        file.archive()
        assert not file.path.exists()
    kept = folder / "archive" / "2024-01-31"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"a.csv": b"one", "a-2.csv": b"two"}


def test_quarantine_with_the_reason_beside_it(inbox, folder):
    (folder / "a.csv").write_bytes(b"x")
    (file,) = inbox().claim()
    file.quarantine("a.csv: größer als erwartet.")
    assert (folder / "quarantine" / "a.csv.reason.txt").read_text() == "a.csv: größer als erwartet.\n"


def test_copies_of_a_dead_run_do_not_stay(inbox, folder, tmp_path):
    (folder / "a.csv").write_bytes(b"x")
    next(inbox().claim())
    (file,) = inbox().claim()
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == [file.path]


def test_a_name_that_is_not_utf8(inbox, folder):
    with open(os.fsencode(folder) + b"/a\xff.csv", "wb"):  # noqa: PTH123  pathlib has no names of bytes
        pass
    with pytest.raises(TransportFailed, match="not UTF-8"):
        names(inbox().claim())


def test_an_inbox_that_is_not_there(server, tmp_path):
    lost = SftpInbox(server, str(tmp_path / "lost"), tmp_path / "scratch", ManualClock(NOW))
    for use in (lambda: list(lost.claim()), lambda: list(lost.waiting()), lost.check):
        with pytest.raises(TransportFailed, match="No such file"):
            use()
    assert not (tmp_path / "lost").exists()


def test_an_outbox_that_is_not_there_is_not_made(server, tmp_path):
    source = tmp_path / "s"
    source.write_bytes(b"x")
    with pytest.raises(TransportFailed, match=r"a\.csv cannot be put into"):
        SftpOutbox(server, str(tmp_path / "lost")).put("a.csv", source)
    assert not (tmp_path / "lost").exists()


def test_a_put_that_breaks_leaves_the_old_file_and_nothing_else(server, tmp_path, monkeypatch):
    import paramiko

    out, source = tmp_path / "out", tmp_path / "s"
    out.mkdir()
    source.write_bytes(b"one")
    outbox = SftpOutbox(server, str(out))
    outbox.put("a.csv", source)
    source.write_bytes(b"two")

    def broken(*_):
        raise EOFError

    monkeypatch.setattr(paramiko.SFTPClient, "posix_rename", broken)
    with pytest.raises(TransportFailed, match="broke off") as caught:
        outbox.put("a.csv", source)
    assert caught.value.sent is False
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {"a.csv": b"one"}


def test_a_server_that_cannot_rename_over_a_file(server, tmp_path, monkeypatch):
    import paramiko

    out, source = tmp_path / "out", tmp_path / "s"
    out.mkdir()
    outbox = SftpOutbox(server, str(out))

    def unsupported(*_):
        raise OSError("Operation unsupported")

    monkeypatch.setattr(paramiko.SFTPClient, "posix_rename", unsupported)
    for content in (b"one", b"two"):
        source.write_bytes(content)
        assert outbox.put("a.csv", source)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == {"a.csv": content}


def test_the_settled_pause_can_be_left_out(inbox, folder):
    clock = ManualClock(NOW)
    (folder / "a.csv").write_bytes(b"x")
    assert names(inbox(clock, settled=timedelta(0)).claim()) == ["a.csv"]
    assert clock.monotonic() == 0


class Password:
    """An SSH server of paramiko's own, for logins by password: sshd asks the system's users."""

    def __init__(self, folder: Path) -> None:
        import socket
        import threading

        import paramiko

        class Interface(paramiko.ServerInterface):
            def check_auth_password(self, username, password):
                right = (username, password) == ("bank", "right")
                return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

            def get_allowed_auths(self, username):
                return "password"

            def check_channel_request(self, kind, chanid):
                return paramiko.OPEN_SUCCEEDED

        self._key = paramiko.RSAKey.generate(2048)
        self.fingerprint = self._key.fingerprint
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

        def serve():
            connection, _ = self._socket.accept()
            self._transport = paramiko.Transport(connection)
            self._transport.add_server_key(self._key)
            self._transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Listing)
            self._transport.start_server(server=Interface())

        class Listing(paramiko.SFTPServerInterface):
            def list_folder(self, path):
                return []

        self._thread = threading.Thread(target=serve)
        self._thread.start()

    def close(self) -> None:
        self._thread.join()
        self._transport.close()
        self._socket.close()


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_login_by_password(tmp_path, password):
    stub = Password(tmp_path)
    server = SftpServer(
        "127.0.0.1", "bank", stub.port, password=password, host_keys=(stub.fingerprint,), timeout=10
    )
    try:
        if password == "right":
            assert SftpOutbox(server, "/out").check() == "/out on 127.0.0.1"
        else:
            with pytest.raises(TransportFailed, match="refused the login") as caught:
                SftpOutbox(server, "/out").check()
            assert "wrong" not in str(caught.value)
    finally:
        stub.close()
