"""One served mock org, processes of sfsync that work against it, and the kill at an exact request."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfsync.mockorg import MockOrg
from sfsync.mockorg.background import Worker
from sfsync.mockorg.http import Request, Response
from sfsync.mockorg.server import Server
from sfsync.tabular.table import open_table
from tests.flows.test_crash import picture, without_urls

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300
"""Seconds after which a process that does not end is one that hangs."""

SFSYNC = """
from sfsync.cli import main
from sfsync.salesforce import bulk_job
object.__setattr__(bulk_job.PATIENCE, "first", 0.05)
main()
"""
"""`sfsync`, only that it looks after 50 ms how a bulk job comes on, not after a second."""

BEFORE, AFTER = "before", "after"
DELETED, EXPIRED = "journal deleted", "lease ran out"


@dataclass(frozen=True, slots=True)
class Point:
    """A moment to die: the number of the request, whether the org still acts on it, and what is done about the
    lease that the dead process holds.
    """

    number: int
    when: str
    lease: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that ended: its exit code (-9: killed), and what it wrote into the org."""

    code: int
    out: str
    err: str
    written: int
    requests: int

    @property
    def status(self) -> str:
        return str(json.loads(self.out)["status"]) if self.out else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one point; ``problem`` is empty when every promise was kept."""

    point: Point
    request: str = ""
    """Kind of the request at which the process died; empty when the run ended before it came so far."""
    written: int = 0
    """Records that the dead process had written."""
    rewritten: int = 0
    """Records that the second run wrote."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Calm:
    """An undisturbed run: its requests, what it wrote, and the picture it left."""

    requests: int
    written: int
    picture: Any


class Site:
    """A mock org at a port, brought back to its beginning for each point."""

    def __init__(self, folder: Path, leads: int, *, bulk_from: int | None = None) -> None:
        self.folder = folder
        self.org = MockOrg(metadata=[ROOT / "config" / "org"])
        self.org.seed("charge_card", leads)
        self._start = self.org.snapshot()
        self._token = self.org.token
        self._project = ROOT if bulk_from is None else _project(folder / "project", bulk_from)
        self._guard = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._moment: Point | None = None
        self._seen = 0
        self._died_at = ""
        self._url = ""
        self.state = folder / "state"
        self._lives = 0

    @contextmanager
    def open(self) -> Iterator["Site"]:
        """Serve the org while the block runs."""
        worker = Worker(self.org._state.background, self.org.core.lock)
        with Server(self._answer, self._token, spool=self.org._state.spool, worker=worker) as server:
            self._url = server.url
            yield self
        self.org.close()

    def records(self, soql: str) -> list[dict[str, Any]]:
        """What the org holds; ``picture`` asks for it."""
        return self.org.query(soql)

    def begin(self) -> None:
        """The org as it was in the beginning, and an empty state folder."""
        self.org.restore(self._start)
        shutil.rmtree(self.state, ignore_errors=True)
        self._lives += 1
        self.state = self.folder / f"state-{self._lives}"

    def run(self, moment: Point | None = None) -> Ended:
        """`sfsync run charge_card` in a process of its own; killed at ``moment``."""
        written, requests = self.org.stats.records_written, self.org.stats.requests
        with self._guard:  # no request is looked at before it is known who sends it
            self._moment, self._seen, self._died_at = moment, 0, ""
            self._child = subprocess.Popen(
                [sys.executable, "-c", SFSYNC, "run", "charge_card", "--json"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        with self._child as child:
            try:
                out, err = child.communicate(timeout=PATIENCE)
            except BaseException:
                child.kill()
                raise
        with self._guard:
            self._child = None
        stats = self.org.stats
        return Ended(child.returncode, out, err, stats.records_written - written, stats.requests - requests)

    def calm(self) -> Calm:
        """An undisturbed run, and the proof that a second one writes nothing."""
        self.begin()
        first, again = self.run(), self.run()
        assert (first.code, again.code, again.written) == (0, 0, 0), (first, again)
        return Calm(first.requests, first.written, self.picture())

    def picture(self) -> Any:
        """The org by keys, and the file that lies ready for the partner."""
        found = without_urls(picture(self))
        (path,) = (self.state / "outbox" / "allocation").iterdir()
        table = open_table(path)
        found["outbox"] = sorted(row for block in table.blocks() for row in block.drop("row").rows())
        return found

    def play(self, point: Point, calm: Calm) -> Verdict:
        """Kill at a point, run again, and look; then run once more."""
        self.begin()
        dead = self.run(point)
        died_at = self._died_at
        if dead.code != -signal.SIGKILL:
            problem = "" if died_at == "" and dead.code == 0 else f"exit code {dead.code}: {dead.err}"
            return Verdict(point, written=dead.written, problem=problem)
        self.release(point.lease)
        second = self.run()
        problem = self._problem(second, calm) or self._rest()
        return Verdict(point, died_at, dead.written, second.written, problem)

    def release(self, way: str) -> None:
        """What time or an operator does about the lease of the dead."""
        journal = self.state / "journal.sqlite"
        if way == DELETED:
            for path in self.state.glob("journal.sqlite*"):
                path.unlink()
        elif journal.is_file():
            with closing(sqlite3.connect(journal)) as connection, connection:
                connection.execute("UPDATE leases SET expires_at = '2001-01-01 00:00:00.000000'")

    def _problem(self, second: Ended, calm: Calm) -> str:
        if second.code != 0:
            return f"the second run ended with {second.code}: {second.err or second.out}"
        found = self.picture()
        if found != calm.picture:
            parts = [name for name in calm.picture if found[name] != calm.picture[name]]
            return f"the org is not as after an undisturbed run: {', '.join(parts)}"
        return ""

    def _rest(self) -> str:
        third = self.run()
        if third.code != 0:
            return f"the third run ended with {third.code}: {third.err or third.out}"
        return f"the third run wrote {third.written} records" if third.written else ""

    def _answer(self, request: Request) -> Response:
        handle = self.org._dispatcher.handle
        with self._guard:
            self._seen += 1
            moment = self._moment
            if moment is None or self._seen != moment.number or self._child is None:
                return handle(request)
            if moment.when == AFTER:
                handle(request)
            self._child.kill()
            self._died_at = f"{request.method} {request.path.removeprefix('/services/')}"
            return Response(0, lost=True)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "SF_INSTANCE_URL": self._url,
            "SF_ACCESS_TOKEN": self._token,
            "SFSYNC_STATE": str(self.state),
            "SFSYNC_PROJECT": str(self._project),
        }


def points(requests: int) -> list[Point]:
    """Every request, before and after; the two ways with the lease in turn, so that each meets both moments."""
    return [
        Point(number, when, (DELETED, EXPIRED)[(number + (when == AFTER)) % 2])
        for number in range(1, requests + 1)
        for when in (BEFORE, AFTER)
    ]


def _project(folder: Path, bulk_from: int) -> Path:
    """A copy of the project that uses Bulk API 2.0 from so many records of one kind."""
    for name in ("config", "flows", "mappings", "partner_files"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "config" / "sfsync.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nbulk_from: {bulk_from}\n")
    return folder
