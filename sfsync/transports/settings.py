"""What ``config/sfsync.yaml`` says about servers and about where each partner's files come from and go to."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_REFERENCE = r"^(env|file|keyring):.+$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SftpSettings(_Section):
    """An SFTP server. Secrets are references: env:NAME, file:PATH or keyring:SERVICE/NAME."""

    host: str
    port: int = Field(22, ge=1, le=65535)
    username: str
    password: str | None = Field(
        None, pattern=_REFERENCE, description="A reference, such as env:BANK_PASSWORD."
    )
    private_key: str | None = Field(
        None, pattern=_REFERENCE, description="A reference to the key itself, such as file:~/.ssh/id_ed25519."
    )
    passphrase: str | None = Field(None, pattern=_REFERENCE, description="A reference; for an encrypted key.")
    host_keys: tuple[str, ...] = Field(
        (), description="Fingerprints (SHA256:…) that the server may show; without them known_hosts decides."
    )
    known_hosts: Path = Field(Path("~/.ssh/known_hosts"), description="A file as OpenSSH keeps it.")
    timeout: float = Field(30.0, gt=0, description="Seconds, for connecting and for each answer.")

    @field_validator("host_keys")
    @classmethod
    def _fingerprints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            if not key.startswith("SHA256:"):
                raise ValueError(f"{key!r} is no fingerprint; expected SHA256:… as `ssh-keygen -l` prints it")
        return tuple(key.rstrip("=") for key in value)

    @model_validator(mode="after")
    def _login(self) -> Self:
        if self.password is None and self.private_key is None:
            raise ValueError("a password or a private_key is needed to log in")
        return self


class ImapSettings(_Section):
    """A mailbox."""

    host: str
    port: int = Field(993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str
    password: str = Field(pattern=_REFERENCE, description="A reference, such as env:IMAP_PASSWORD.")
    ca_file: Path | None = Field(
        None,
        description="A PEM file: certificates of authorities of your own, trusted besides this machine's.",
    )
    timeout: float = Field(30.0, gt=0, description="Seconds, for connecting and for each answer.")


class PlaceSettings(_Section):
    """Where files come from or go to: a folder, a folder of an SFTP server, a mailbox, or a record's files."""

    sftp: str | None = Field(None, description="A server named under sftp:.")
    imap: str | None = Field(None, description="A mailbox named under imap:. Only files in.")
    record: str | None = Field(
        None,
        description="A record of the org: its id, or Object/KeyField/Value such as Account/Sfsync_Key__c/A-1.",
    )
    folder: str | None = Field(None, description="A folder of the server, the mailbox or this machine.")
    pattern: str = Field("*", description="Only files with such names, such as *.xlsx.")
    done: str = Field(
        "", description="Only files beside which an empty file of this further suffix lies, such as .done."
    )
    settled: float = Field(
        10.0, ge=0, description="Seconds that a file must stay the same before it is taken."
    )
    senders: tuple[str, ...] = Field((), description="Mail: addresses or @domains whose mails are taken.")
    largest_mb: float = Field(25.0, gt=0, description="Mail: larger ones are put aside.")
    archive: str = Field("sfsync-archive", description="Mail: the folder for mails that are done.")
    quarantine: str = Field(
        "sfsync-quarantine", description="Mail: the folder for mails that were put aside."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in ("sftp", "imap", "record") if getattr(self, name) is not None]
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} exclude each other: a place is one of them")
        if not kinds and self.folder is None:
            raise ValueError("a place is one of sftp, imap, record and folder")
        if self.sftp is not None and self.folder is None:
            raise ValueError("a folder of the server is needed")
        if self.record is not None and self.folder is not None:
            raise ValueError("the files of a record lie in no folder")
        if self.imap is not None and not self.senders:
            raise ValueError("senders are needed: the addresses or @domains whose mails are taken")
        return self


class PartnerSettings(_Section):
    """The places of one partner file; what is not named stays in the state folder."""

    inbox: PlaceSettings | None = Field(None, description="Where the partner's files arrive.")
    outbox: PlaceSettings | None = Field(None, description="Where files for the partner are put.")
    answers: PlaceSettings | None = Field(
        None, description="Where the partner's own files are put back, with a result for each row."
    )

    @field_validator("outbox", "answers")
    @classmethod
    def _out(cls, value: PlaceSettings | None) -> PlaceSettings | None:
        if value is not None and value.imap is not None:
            raise ValueError("a mailbox only takes files in")
        return value
