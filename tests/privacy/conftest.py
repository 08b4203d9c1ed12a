"""Canaries: values of one person and one project's secrets, followed through all that commands leave behind."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sfsync.project import Project
from sfsync.settings import MailSettings
from tests.cli import conftest as cli
from tests.cli.conftest import Said, Shell
from tests.ports import free_port

shell = cli.shell

CARD, OTHER_CARD, BROKEN_CARD = "3104777700007777001", "3104777700007777002", "31047777 KAPOT"
PASSWORD = "Tralie!smtp-9f2c"  # a test's own
TOKEN = "00D000000000001!Zangzaad.4711"

FORM = {
    "submission_id": "WF-C1", "submitted_at": "2026-03-01T10:00:00+01:00", "first_name": "Kanarietje",
    "last_name": "Vogelkooi", "customer_type": "company", "company_name": "Zitstok BV",
    "vat_number": "NL000099991B01", "email": "geel.veertje@voliere.example", "phone": "06 87654321",
    "street": "Fluitpad", "house_number": "7731", "postcode": "9876 ZX", "city": "Dam", "country": "NL",
    "number_of_cards": 2, "subscription_plan": "basic", "consent_terms": True,
    "message": "Mijn parkiet heet Snaveltje.",
}  # fmt: skip

CANARIES = (
    "kanarietje", "vogelkooi", "zitstok", "geel.veertje", "voliere.example", "87654321", "fluitpad", "9876 zx",
    "9876zx", "snaveltje", "31047777", "tralie!", "zangzaad",
)  # fmt: skip
"""Parts that are found in no other word; compared without regard to case, spaces between digits taken out."""

LINE = (
    "Kanarietje Vogelkooi (Zitstok BV, geel.veertje@voliere.example, +31687654321) of Fluitpad 7731, 9876 ZX, card "
    f"{CARD}"
)
"""What a validation rule of an org may say to an integration."""


def found(text: str) -> list[str]:
    """The canaries in a text, each with what stands around it."""
    seen = []
    for candidate in (text, re.sub(r"(?<=\d) (?=\d)", "", text)):
        for canary in CANARIES:
            place = candidate.casefold().find(canary)
            if place >= 0:
                seen.append(f"{canary}: …{candidate[max(place - 60, 0) : place + 60]}…")
    return seen


@dataclass
class Postbox:
    """A mail server that answers as it is told, and quotes what it was given."""

    rcpt: str = "250 OK"
    data: str = "250 OK"
    mails: int = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's names
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails += self.data.startswith("250")
        return self.data


@dataclass
class Witness:
    """Runs commands and keeps all they said, and looks at what they left on disk."""

    shell: Shell
    postbox: Postbox
    said: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, *words: str | Path, code: int | None = None) -> Said:
        said = self.shell(*words)
        if code is not None:
            assert said.code == code, said
        self.said.append((" ".join(map(str, words)), said.out + said.err))
        return said

    def leaks(self) -> dict[str, list[str]]:
        """Where canaries stand that must not: command or file → canaries."""
        places = dict(self.said)
        for path in self.shell.state.rglob("*"):
            places[f"name of {path.name}"] = path.name
            if path.name.startswith("journal.sqlite"):
                places[f"bytes of {path.name}"] = path.read_bytes().decode("utf-8", "replace")
        for path in (self.shell.folder / "metrics").glob("*"):
            places[f"{path.name}"] = path.name + path.read_text(encoding="utf-8")
        return {place: seen for place, text in places.items() if (seen := found(text))}

    def forms(self, *forms: dict[str, Any]) -> Path:
        return self.shell.file("forms.jsonl", "".join(json.dumps(form) + "\n" for form in forms))


@pytest.fixture
def witness(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    postbox = Postbox()
    server = Controller(
        postbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=lambda *_: AuthResult(success=True),
        auth_require_tls=False,
    )
    server.start()
    mail = MailSettings(
        host="127.0.0.1",
        port=server.port,
        security="none",
        sender="cards@example.org",
        username="cards",
        password="env:SMTP_PASSWORD",
    )
    made = Project.__init__

    def with_mail(self: Project, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.settings = self.settings.model_copy(update={"mail": mail, "metrics": shell.folder / "metrics"})

    monkeypatch.setattr(Project, "__init__", with_mail)
    shell.setenv("SMTP_PASSWORD", PASSWORD)
    (shell.folder / "metrics").mkdir()
    shell.org.sessions._sessions[TOKEN] = shell.org.sessions._sessions[shell.org.token]
    shell.setenv("SF_ACCESS_TOKEN", TOKEN)
    yield Witness(shell, postbox)
    server.stop()
