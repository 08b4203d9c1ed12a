"""Builds the inbox and the outboxes of a partner file, as the project's settings name them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sfsync.clock import Clock
from sfsync.errors import ConfigError
from sfsync.transports.base import Inbox, Outbox
from sfsync.transports.folder import FolderInbox, FolderOutbox
from sfsync.transports.settings import ImapSettings, PartnerSettings, PlaceSettings, SftpSettings

if TYPE_CHECKING:
    from sfsync.salesforce.org import Org
    from sfsync.transports.imap import ImapServer
    from sfsync.transports.ssh import SftpServer

SETTINGS = "config/sfsync.yaml"
T = TypeVar("T")
_NOWHERE = PartnerSettings()


@dataclass(frozen=True)
class Places:
    """Where partners' files come from and go to. ``secret`` resolves a reference; ``org`` is asked for when needed.

    A relative folder of this machine is looked for in ``root``.
    """

    state: Path
    clock: Clock
    org: "Callable[[], Org]"
    partners: Mapping[str, PartnerSettings] = field(default_factory=dict)
    sftp: Mapping[str, SftpSettings] = field(default_factory=dict)
    imap: Mapping[str, ImapSettings] = field(default_factory=dict)
    secret: Callable[[str], str] = str
    root: Path = Path()

    def inbox(self, partner_file: str, say: Callable[[str], None]) -> Inbox:
        """Where files of this kind arrive; ``say`` is told of what never becomes a file. Raises ConfigError."""
        place = self.partners.get(partner_file, _NOWHERE).inbox
        if place is None:
            return FolderInbox(self.state / "inbox" / partner_file, clock=self.clock)
        scratch = self.state / "fetched" / partner_file
        settled = timedelta(seconds=place.settled)
        if place.sftp is not None:
            from sfsync.transports.sftp import SftpInbox

            return SftpInbox(
                server=self._sftp(place.sftp),
                folder=place.folder or "",
                scratch=scratch,
                clock=self.clock,
                pattern=place.pattern,
                done=place.done,
                settled=settled,
            )
        if place.imap is not None:
            from sfsync.transports.imap import MailInbox

            return MailInbox(
                server=self._imap(place.imap),
                senders=place.senders,
                scratch=scratch,
                clock=self.clock,
                folder=place.folder or "INBOX",
                archive=place.archive,
                quarantine=place.quarantine,
                pattern=place.pattern,
                largest=int(place.largest_mb * 1e6),
                say=say,
            )
        if place.record is not None:
            from sfsync.transports.files import FilesInbox

            return FilesInbox(self.org(), place.record, scratch, pattern=place.pattern)
        return FolderInbox(self._folder(place), self.clock, pattern=place.pattern, settled=settled)

    def outbox(self, partner_file: str) -> Outbox | None:
        """Where files for the partner go besides the state folder; None when nowhere else. Raises ConfigError."""
        place = self.partners.get(partner_file, _NOWHERE).outbox
        return None if place is None else self._out(place)

    def answers(self, partner_file: str) -> Outbox | None:
        """Where a partner's own file is put back with its results; None when nowhere. Raises ConfigError."""
        place = self.partners.get(partner_file, _NOWHERE).answers
        return None if place is None else self._out(place)

    def all(self) -> "Iterator[tuple[str, Callable[[], Inbox | Outbox]]]":
        """Every place of the settings by what it is for, such as ``allocation.inbox``, and how to open it."""
        for name, partner in self.partners.items():
            if partner.inbox is not None:
                yield f"{name}.inbox", partial(self.inbox, name, _nobody)
            if partner.outbox is not None:
                yield f"{name}.outbox", partial(self._out, partner.outbox)
            if partner.answers is not None:
                yield f"{name}.answers", partial(self._out, partner.answers)

    def _out(self, place: PlaceSettings) -> Outbox:
        if place.sftp is not None:
            from sfsync.transports.sftp import SftpOutbox

            return SftpOutbox(self._sftp(place.sftp), place.folder or "")
        if place.record is not None:
            from sfsync.transports.files import FilesOutbox

            return FilesOutbox(self.org(), place.record)
        return FolderOutbox(self._folder(place))

    def _folder(self, place: PlaceSettings) -> Path:
        return self.root / Path(place.folder or "").expanduser()

    def _sftp(self, name: str) -> "SftpServer":
        from sfsync.transports.ssh import SftpServer

        found = _named(name, self.sftp, "sftp")
        return SftpServer(
            host=found.host,
            username=found.username,
            port=found.port,
            password=self._secret(found.password),
            private_key=self._secret(found.private_key),
            passphrase=self._secret(found.passphrase),
            host_keys=found.host_keys,
            known_hosts=found.known_hosts,
            timeout=found.timeout,
        )

    def _imap(self, name: str) -> "ImapServer":
        from sfsync.transports.imap import ImapServer

        found = _named(name, self.imap, "imap")
        return ImapServer(
            host=found.host,
            username=found.username,
            password=self.secret(found.password),
            port=found.port,
            security=found.security,
            timeout=found.timeout,
            ca_file=found.ca_file and self.root / found.ca_file.expanduser(),
        )

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else self.secret(reference)


def _named(name: str, known: Mapping[str, T], section: str) -> T:
    found = known.get(name)
    if found is None:
        names = ", ".join(sorted(known)) or "none"
        raise ConfigError(
            f"There is no {name!r} under `{section}:` in {SETTINGS}.", hint=f"There are: {names}."
        )
    return found


def _nobody(_: str) -> None: ...
