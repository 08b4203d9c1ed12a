"""An SFTP server to talk to: login, host keys, time-outs, and errors in plain words.

paramiko is used directly: fsspec's SFTP file system accepts any host key without asking. A server is only spoken to
when its key is known, by fingerprint in the settings or from a known_hosts file; nothing is learned on first use.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.errors import TransportFailed

if TYPE_CHECKING:
    from paramiko import PKey, SFTPClient, SSHClient

KNOWN_HOSTS = Path("~/.ssh/known_hosts")


@dataclass(frozen=True, slots=True)
class SftpServer:
    """A server and how to log in. ``private_key`` is the key itself as text; ``timeout`` in seconds.

    ``host_keys`` are fingerprints (``SHA256:…``); when there are none, ``known_hosts`` decides.
    """

    host: str
    username: str
    port: int = 22
    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    host_keys: tuple[str, ...] = ()
    known_hosts: Path = KNOWN_HOSTS
    timeout: float = 30.0

    @property
    def where(self) -> str:
        return f"the SFTP server {self.host}:{self.port}"

    @contextmanager
    def connected(self, what: str) -> "Iterator[SFTPClient]":
        """A connection for one piece of work, which ``what`` names in messages. Raises TransportFailed.

        Connections are short on purpose: between two files a run may work for an hour, and servers hang up.
        """
        client = self._client()
        try:
            self._login(client)
            with self._explained(what):
                sftp = client.open_sftp()
                channel = sftp.get_channel()
                if channel is not None:
                    channel.settimeout(self.timeout)
                yield sftp
        finally:
            client.close()

    def _client(self) -> "SSHClient":
        import paramiko

        server = self

        class Known(paramiko.MissingHostKeyPolicy):
            """Accepts the keys of the settings and no other."""

            def missing_host_key(self, client: object, hostname: str, key: "PKey") -> None:
                if key.fingerprint not in server.host_keys:
                    raise server._unknown(key)

        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(Known())
        path = self.known_hosts.expanduser()
        if not self.host_keys and path.is_file():
            try:
                client.load_host_keys(str(path))
            except (OSError, paramiko.SSHException) as error:
                raise TransportFailed(f"{path} cannot be read ({error}).") from error
        return client

    def _unknown(self, key: "PKey") -> TransportFailed:
        found = f"{self.where} shows the host key {key.fingerprint} ({key.get_name()})"
        if self.host_keys:
            expected = f"which is not {' or '.join(self.host_keys)} of the settings"
        else:
            expected = f"which is not in {self.known_hosts}"
        return TransportFailed(
            f"{found}, {expected}. Nothing was sent.",
            hint="Ask the partner for the fingerprint of the server. If it is this one, write it under `host_keys:`.",
        )

    def _login(self, client: "SSHClient") -> None:
        import paramiko

        try:
            client.connect(
                self.host,
                self.port,
                self.username,
                password=self.password,
                pkey=self._key(),
                timeout=self.timeout,
                banner_timeout=self.timeout,
                auth_timeout=self.timeout,
                channel_timeout=self.timeout,
                allow_agent=False,
                look_for_keys=False,
            )
        except paramiko.BadHostKeyException as error:
            raise TransportFailed(
                f"{self.where} shows the host key {error.key.fingerprint}, but {self.known_hosts} has "
                f"{error.expected_key.fingerprint} for it. Somebody may be listening; nothing was sent.",
                hint="Ask the partner whether the server has a new key before you correct the file.",
            ) from None
        except paramiko.AuthenticationException:
            hint = "Correct the user and its password or private key."
            raise TransportFailed(f"{self.where} refused the login.", hint=hint) from None
        except (paramiko.SSHException, OSError, EOFError) as error:
            reason = str(error) or type(error).__name__
            hint = "Check host and port, and whether it runs."
            raise TransportFailed(f"{self.where} does not answer ({reason}).", hint=hint) from error

    def _key(self) -> "PKey | None":
        import paramiko

        if self.private_key is None:
            return None
        for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
            try:
                return kind.from_private_key(io.StringIO(self.private_key + "\n"), password=self.passphrase)
            except paramiko.PasswordRequiredException:
                raise TransportFailed(
                    f"the private key for {self.where} needs a passphrase.", hint="Set `passphrase:`."
                ) from None
            except (paramiko.SSHException, ValueError):
                continue  # a key of another kind, or none: the message below
        raise TransportFailed(
            f"the private key for {self.where} cannot be read.",
            hint="It must be an Ed25519, ECDSA or RSA key as ssh-keygen writes it, with the right passphrase.",
        )

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        from paramiko import SSHException

        try:
            yield
        except (TimeoutError, EOFError, SSHException) as error:
            reason = str(error) or "it hung up"
            raise TransportFailed(f"{what}: {self.where} broke off ({reason}).", hint="Run again.") from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise TransportFailed(
                f"{what}: {self.where} says: {reason}.", hint="Check the folder and its permissions there."
            ) from error
        except UnicodeError as error:
            raise TransportFailed(
                f"{what}: {self.where} has a file whose name is not UTF-8.", hint="Rename it there."
            ) from error
