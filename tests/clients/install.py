"""Fetches the real clients from their registries into ``.clients/``: a virtual environment for each Python one,
a folder for each of Node, and a Node that is new enough for all of them.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".clients"
NODE = "node@22"
"""npm has Node itself as a package; the Salesforce CLI and jsforce need at least 22."""


@dataclass(frozen=True, slots=True)
class Client:
    """A published client. ``program`` runs its checks; ``package`` is its name in the registry; ``lacks``
    are the abilities that it has not; ``needs`` are clients that it cannot be without.
    """

    name: str
    kind: Literal["python", "node"]
    package: str
    program: str
    lacks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return CACHE / (f"venv-{self.name}" if self.kind == "python" else self.name)

    @property
    def version(self) -> str:
        """The version that is installed; empty when there is none."""
        if self.kind == "node":
            manifest = self.folder / "node_modules" / self.package / "package.json"
            return json.loads(manifest.read_text())["version"] if manifest.is_file() else ""
        name = self.package.replace("-", "_")
        found = sorted(self.folder.glob(f"lib/python*/site-packages/{name}-*.dist-info"))
        return found[0].name.removesuffix(".dist-info").rpartition("-")[2] if found else ""


_TWICE = ("bulk_load_1", "bulk_query_1")
"""What only clients with both Bulk APIs do."""

CLIENTS = (
    Client("simple-salesforce", "python", "simple-salesforce", "use_simple_salesforce.py", ("tree",)),
    Client(
        "salesforce-bulk",
        "python",
        "salesforce-bulk",
        "use_salesforce_bulk.py",
        ("describe", "query", *_TWICE, "tree"),
    ),
    Client("cumulusci", "python", "cumulusci", "use_cumulusci.py", (*_TWICE, "session_ends", "tree")),
    Client("jsforce", "node", "jsforce", "use_jsforce.mjs", ("tree",)),
    Client("salesforce-cli", "node", "@salesforce/cli", "use_salesforce_cli.py", _TWICE),
    Client(
        "sfdmu",
        "node",
        "sfdmu",
        "use_sfdmu.py",
        ("describe", "bulk_query", "bulk_query_1", "session_ends", "tree"),
        ("salesforce-cli",),
    ),
)


def node_folder() -> Path:
    """Where the ``node`` of the clients is."""
    return CACHE / "node" / "node_modules" / "node" / "bin"


def install(client: Client) -> None:
    """Install a client that is not there yet.

    Raises:
        RuntimeError: pip or npm failed; the message holds the end of what it said.

    """
    CACHE.mkdir(exist_ok=True)
    if client.kind == "node" and not node_folder().is_dir():
        _npm(CACHE / "node", NODE, os.environ["PATH"])
    if client.version:
        return
    if client.kind == "node":
        _npm(client.folder, client.package, f"{node_folder()}{os.pathsep}{os.environ['PATH']}")
        return
    _run([sys.executable, "-m", "venv", "--clear", str(client.folder)])
    _run([str(client.folder / "bin" / "pip"), "install", "--quiet", client.package])


def _npm(folder: Path, package: str, path: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is needed for the clients that run on Node.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    environment = {
        **os.environ,
        "PATH": path,
        "npm_config_cache": str(CACHE / "npm-cache"),
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
    }
    _run([npm, "install", package], folder, environment)


def _run(words: list[str], folder: Path | None = None, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
