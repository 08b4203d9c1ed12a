"""Runs real Salesforce clients against the mock org and prints what each of them can do with it.

The exit code is 1 when something fails. Each client has a fresh org, and gets a home of its own in
``.clients/``; nothing of the machine's user is read or changed.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from tests.clients.checks import CHECKS, Wrong, task
from tests.clients.install import CACHE, CLIENTS, ROOT, Client, install, node_folder
from tests.clients.org import Witness, served

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 900
"""Seconds for all abilities of one client."""
PAGE = ROOT / "docs" / "mock-org-clients.md"


@dataclass(frozen=True, slots=True)
class Result:
    """One ability of one client. ``detail`` says what failed; empty when it passed."""

    client: str
    version: str
    ability: str
    detail: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    names = [client.name for client in CLIENTS]
    parser.add_argument("--only", metavar="CLIENT", choices=names, action="append", help=", ".join(names))
    parser.add_argument("--json", action="store_true", help="One JSON object on stdout instead of the table.")
    parser.add_argument("--page", action="store_true", help="Put the table into docs/mock-org-clients.md.")
    words = parser.parse_args()
    if words.page and words.only:
        parser.error("The page shows all clients: --page goes without --only.")
    results: list[Result] = []
    for client in CLIENTS:
        if not words.only or client.name in words.only:
            for result in _results(client):
                results.append(result)
                shown = " | ".join(result.detail.splitlines()[-3:])[-600:] or "ok"
                _say(f"{result.client:<20}{result.ability:<16}{result.seconds:>6} s  {shown}", sys.stderr)
    if words.json:
        _say(json.dumps({"results": [asdict(each) for each in results]}))
    else:
        _say(table(results))
    if words.page:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table(results)), encoding="utf-8")
    return int(not results or any(each.detail for each in results))


def _say(line: str, stream: TextIO = sys.stdout) -> None:
    stream.write(line + "\n")
    stream.flush()


def _results(client: Client) -> Iterator[Result]:
    """Install, run, and hold what the client saw against the org once it is done; an ability that never reported
    has failed.
    """
    waiting = [ability for ability in CHECKS if ability not in client.lacks]
    try:
        for needed in (*(each for each in CLIENTS if each.name in client.needs), client):
            install(needed)
        folder = CACHE / "work" / client.name
        folder.mkdir(parents=True, exist_ok=True)
        with served(folder) as witness:
            reports, trouble = _reports(client, folder, witness)
            for line, seconds in reports:
                detail = _judged(line, witness)
                waiting.remove(line["ability"])
                yield Result(client.name, client.version, line["ability"], detail, seconds)
    except (RuntimeError, OSError) as error:
        trouble = str(error)
    for ability in waiting:
        yield Result(client.name, client.version, ability, trouble or "never reported", 0.0)


def _reports(client: Client, folder: Path, witness: Witness) -> tuple[list[tuple[dict, float]], str]:
    """The lines that a client's program says, one for each ability, with its seconds; and why it ended early."""
    (folder / "task.json").write_text(json.dumps(task(witness, str(folder), str(CACHE))))
    program = PROGRAMS / client.program
    if program.suffix == ".mjs":
        runner = str(node_folder() / "node")
    else:
        runner = str(client.folder / "bin" / "python") if client.kind == "python" else sys.executable
    reports: list[tuple[dict, float]] = []
    begun = time.monotonic()
    with (folder / "stderr.log").open("w") as noise:
        process = subprocess.Popen(
            [runner, str(program), str(folder / "task.json")],
            cwd=folder,
            env=_environment(client, folder, witness),
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
        )
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"ability"'):
                now = time.monotonic()
                reports.append((json.loads(line), round(now - begun, 1)))
                begun = now
    patience.cancel()
    if process.returncode:
        said = (folder / "stderr.log").read_text(errors="replace")[-2000:]
        return reports, f"{client.program} ended early with {process.returncode}:\n{said}"
    return reports, ""


def _judged(line: dict, witness: Witness) -> str:
    if "error" in line:
        return line["error"].strip()
    try:
        CHECKS[line["ability"]](line["saw"], witness)
    except (Wrong, LookupError, TypeError, ValueError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _environment(client: Client, folder: Path, witness: Witness) -> dict[str, str]:
    """A home in the work folder, no telemetry, and nothing of the machine's own settings."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    made = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MOCK_ORG": witness.url,
        "NODE_PATH": str(client.folder / "node_modules"),
        "PATH": os.pathsep.join((str(node_folder()), os.environ["PATH"])),
        "TMPDIR": str(home),
        "DO_NOT_TRACK": "1",
        "SF_DISABLE_TELEMETRY": "true",
        "SFDX_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
        "SF_DATA_DIR": str(home / "sf-data"),
        "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        "SFDX_USE_GENERIC_UNIX_KEYCHAIN": "true",
    }
    if client.kind == "python":
        made["PYTHONPATH"] = str(PROGRAMS)
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        made[f"XDG_{name}_HOME"] = str(home / f".{name.lower()}")
    return made


def with_table(page: str, made: str) -> str:
    """The page with another table between its two marks."""
    before, begin, rest = page.partition("<!-- table -->\n")
    _, end, after = rest.partition("<!-- end of table -->")
    return f"{before}{begin}\n{made}\n\n{end}{after}"


def table(results: list[Result]) -> str:
    """Clients down, abilities across, in Markdown; a dash stands for what a client does not do."""
    by_cell = {(each.client, each.ability): each for each in results}
    clients = dict.fromkeys((each.client, each.version) for each in results)
    lines = ["| client | version | " + " | ".join(each.replace("_", " ") for each in CHECKS) + " |"]
    lines.append("|---" * (len(CHECKS) + 2) + "|")
    for name, version in clients:
        cells = [by_cell.get((name, ability)) for ability in CHECKS]
        words = ["–" if cell is None else "FAILS" if cell.detail else "ok" for cell in cells]
        lines.append(f"| {name} | {version} | " + " | ".join(words) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
