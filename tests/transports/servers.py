"""Real servers as child processes on loopback; tests are skipped with the reason where they are not installed."""

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.ports import free_port

PATIENCE = 20.0  # seconds that a server may take to start


def program(name: str, package: str) -> str:
    """Where a server's program is; skips the test when the package is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/lib/dovecot")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return found


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)  # a real process starts in real time
    raise AssertionError(f"the server does not listen: {log()}")


@contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, process, lambda: log.read_text(errors="replace"))
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Sshd:
    """A running sshd that lets this user in with ``key``."""

    port: int
    user: str
    key: Path
    host_key: Path
    fingerprint: str


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """An OpenSSH server with keys of its own."""
    server, keygen = program("sshd", "openssh-server"), program("ssh-keygen", "openssh-client")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it when root starts it
    for name in ("host", "user"):
        subprocess.run(
            [keygen, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True
        )
    shutil.copy(folder / "user.pub", folder / "authorized")
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"""Port {port}
ListenAddress 127.0.0.1
HostKey {folder / "host"}
PidFile {folder / "pid"}
AuthorizedKeysFile {folder / "authorized"}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
PerSourcePenalties no
Subsystem sftp internal-sftp
"""
    )
    if subprocess.run([server, "-t", "-f", str(config)], capture_output=True, check=False).returncode:
        lines = [line for line in config.read_text().splitlines() if "PerSourcePenalties" not in line]
        config.write_text("\n".join(lines) + "\n")  # only newer servers know it
    shown = subprocess.run(
        [keygen, "-l", "-f", str(folder / "host.pub")], capture_output=True, check=True, text=True
    )
    with _running([server, "-D", "-e", "-f", str(config)], port, folder / "log"):
        yield Sshd(port, getpass.getuser(), folder / "user", folder / "host.pub", shown.stdout.split()[1])


@dataclass(frozen=True)
class Dovecot:
    """A running IMAP server. Any user name opens a mailbox of its own; the password is always the same."""

    port: int
    tls_port: int = 0
    password: str = "secret"


@contextmanager
def dovecot(folder: Path, certificate: Path | None = None) -> Iterator[Dovecot]:
    """A Dovecot whose settings and log are in ``folder``.

    With a ``certificate`` (PEM, its key too) it speaks TLS on a port of its own, and STARTTLS on the other one. Its
    mails are elsewhere: pytest keeps its folders closed to the user that Dovecot reads mails as.
    """
    with (
        TemporaryDirectory(prefix="sfsync-mails-") as mails,
        _dovecot(folder, Path(mails), certificate) as running,
    ):
        yield running


@contextmanager
def _dovecot(folder: Path, mails: Path, certificate: Path | None) -> Iterator[Dovecot]:
    server = program("dovecot", "dovecot-imapd")
    program("imap", "dovecot-imapd")
    port, user = free_port(), getpass.getuser()
    tls_port = free_port() if certificate else 0
    tls = f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else "ssl = no"
    group = grp.getgrgid(os.getgid()).gr_name
    # As root, Dovecot refuses to let its login processes and mail users be root: others do that then.
    root = os.geteuid() == 0
    login = "dovenull" if root else user
    inner = "dovecot" if root else user
    person = pwd.getpwnam("mail") if root else pwd.getpwuid(os.getuid())
    os.chown(mails, person.pw_uid, person.pw_gid)
    config = folder / "dovecot.conf"
    config.write_text(
        f"""protocols = imap
listen = 127.0.0.1
base_dir = {folder / "run"}
state_dir = {folder / "state"}
log_path = {folder / "dovecot.log"}
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain login
default_login_user = {login}
default_internal_user = {inner}
default_internal_group = {inner if root else group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{mails}/%u
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={person.pw_uid} gid={person.pw_gid} home={mails}/%u
}}
"""
    )
    with _running([server, "-F", "-c", str(config)], port, folder / "out"):
        yield Dovecot(port, tls_port)
