"""``config/sfsync.yaml``, the file that marks a project: orgs, places, mail, zone. Secrets only by reference."""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sfsync.salesforce.auth import OrgSettings
from sfsync.transports.settings import ImapSettings, PartnerSettings, SftpSettings


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MailSettings(_Section):
    """The server that takes our mails."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(description="The address that mails come from.")
    username: str | None = None
    password: str | None = Field(None, description="A reference such as env:SMTP_PASSWORD.")
    ca_file: Path | None = Field(
        None,
        description="A PEM file: certificates of authorities of your own, trusted besides this machine's.",
    )
    timeout: float = 60.0


class ScheduleEntry(_Section):
    """One line of `sfsync schedule`."""

    command: str = Field(description="What to run, such as: run charge_card.")
    at: str = Field(description="Five cron fields, such as: */15 * * * *.")


class ProjectSettings(_Section):
    """All of ``config/sfsync.yaml``."""

    orgs: dict[str, OrgSettings] = {}
    default_org: str | None = Field(None, description="The org that is meant when --org is not given.")
    timezone: str = Field("UTC", description="Zone of the business day, such as Europe/Amsterdam.")
    state: Path | None = Field(None, description="Folder for journal, inbox, outbox, results.")
    journal: str | None = Field(None, description="Journal URL; without it SQLite in the state folder.")
    mail: MailSettings | None = None
    sftp: dict[str, SftpSettings] = Field({}, description="SFTP servers by name.")
    imap: dict[str, ImapSettings] = Field({}, description="Mailboxes by name.")
    partners: dict[str, PartnerSettings] = Field(
        {}, description="Partner files by name: where they come and go."
    )
    metrics: Path | None = Field(
        None, description="Folder of node_exporter's textfile collector; without it no metrics are written."
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"{value!r} is not a time zone; expected a name such as Europe/Amsterdam"
            ) from None
        return value

    bulk_from: int = Field(2000, ge=1, description="From so many records of one kind Bulk API 2.0 is used.")
    lease_minutes: int = Field(
        30, ge=1, description="A run that shows no life for so long has lost its lease."
    )
    schedule: dict[str, ScheduleEntry] = {}
