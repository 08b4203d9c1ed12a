"""A shell for tests: commands through the real entry point, a mock org on loopback, a state folder of its own."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfsync.cli.root import main
from sfsync.clock import SystemClock
from sfsync.mockorg import MockOrg

ROOT = Path(__file__).resolve().parents[2]
CARDS = "Order number,Card ID,Ship date\n"


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout; fails when there is anything else."""
        assert self.out.count("\n") == 1
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def sentence(self) -> str:
        """The error for the person at the keyboard; fails when it is not exactly one."""
        lines = [line for line in self.err.splitlines() if not line.startswith(("{", "Usage:", "Try "))]
        text = "\n".join(lines).strip()
        assert text.startswith("Error: "), self.err
        assert text.count("Error: ") == 1
        assert "Traceback" not in text
        return text.removeprefix("Error: ")


@dataclass
class Shell:
    """Runs `sfsync …` in this process, in a folder of its own, against ``org``."""

    org: MockOrg
    folder: Path
    state: Path
    setenv: Callable[[str, str], None]
    capture: Callable[[], Any]
    patch_argv: Callable[[list[str]], None]
    waited: list[float] = field(default_factory=list)

    def __call__(self, *words: str | Path) -> Said:
        self.patch_argv(["sfsync", *map(str, words)])
        self.capture()
        with pytest.raises(SystemExit) as stop:
            main()
        printed = self.capture()
        assert isinstance(stop.value.code, int)
        return Said(stop.value.code, printed.out, printed.err)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def orders(self) -> list[str]:
        """The keys of orders for one card each that wait for it."""
        found = self.org.query("SELECT Sfsync_Key__c, Number_of_Cards__c FROM Order ORDER BY Sfsync_Key__c")
        return [order["Sfsync_Key__c"] for order in found if order["Number_of_Cards__c"] == 1]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    folder, state = tmp_path / "here", tmp_path / "state"
    folder.mkdir()
    org = MockOrg(metadata=[ROOT / "config" / "org"])
    org.seed("charge_card", 12)
    with org.serve() as server:
        monkeypatch.chdir(folder)
        for name, value in {
            "SF_INSTANCE_URL": server.url,
            "SF_ACCESS_TOKEN": server.token,
            "SFSYNC_STATE": str(state),
            "SFSYNC_PROJECT": str(ROOT),
        }.items():
            monkeypatch.setenv(name, value)
        made = Shell(
            org,
            folder,
            state,
            monkeypatch.setenv,
            capsys.readouterr,
            lambda words: monkeypatch.setattr(sys, "argv", words),
        )
        monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: made.waited.append(seconds))
        yield made
    org.close()
