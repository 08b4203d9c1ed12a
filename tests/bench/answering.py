"""A server that only answers: Bulk API 2.0 ingest as far as an import asks for it, with the org's own work left out.

It reads an upload, counts its rows and gives every row back as a success: all columns as they came, an id in front,
every cell quoted, and block by block in an order of its own, as an org does. Nothing is checked, written or found,
and a job is done as soon as it is closed. So what a load takes against it is what the client costs, as with an org
whose work is done elsewhere.
"""

import atexit
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from tests.bench.measure import ROOT

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 10_000
"""Rows that stay together in the results."""
_TOGETHER = 50_000
"""Rows that are written at once."""
_NO_RECORDS = {"totalSize": 0, "done": True, "records": []}
"""What a query of the number of records finds."""
_JOB = re.compile(r"/services/data/v[\d.]+/jobs/ingest(?:/(\w+)(?:/(\w+))?)?/?")


class Answering:
    """The server in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        atexit.register(self._stop)  # after the work was timed
        self.port = int(self._process.stdout.readline())
        self.token = "00DMk0000000001!AnyTokenIsGood"

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


@dataclass(slots=True)
class _Job:
    """A job as the org tells of it, and the columns of its results of success."""

    told: dict[str, Any]
    rows: "pl.DataFrame | None" = None

    @property
    def done(self) -> "pl.DataFrame":
        assert self.rows is not None
        return self.rows


class _Org(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.jobs: dict[str, _Job] = {}
        self._numbers = count(1)

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"750Mk{next(self._numbers):010}IAA"
        job = self.jobs[name] = _Job({"id": name, "state": "Open", **asked})
        return job.told


def _take(job: _Job, upload: bytes) -> None:
    import polars as pl

    rows = pl.read_csv(upload, infer_schema=False, empty_string_is_null=False)
    made = pl.int_range(rows.height, eager=True).cast(pl.String).str.zfill(7)
    ids = pl.lit(f"00QMk{job.told['id'][12:15]}") + made + pl.lit("MAA")
    job.rows = rows.select(ids.alias("sf__Id"), pl.lit("true").alias("sf__Created"), pl.all())


def _change(job: _Job, asked: dict[str, Any]) -> dict[str, Any]:
    """What a job says when its state is changed; one that is closed is done by the next look at it."""
    if asked["state"] == "UploadComplete":
        counts = {"numberRecordsProcessed": job.done.height, "numberRecordsFailed": 0}
        job.told |= {"state": "JobComplete", **counts}
    return job.told | asked


def _successes(job: _Job) -> Iterator[bytes]:
    import polars as pl

    starts = list(range(0, job.done.height, _BLOCK))
    Random(job.told["id"]).shuffle(starts)
    yield _header(job.done.columns)
    mixed = pl.concat([job.done[start : start + _BLOCK] for start in starts], rechunk=False)
    for some in mixed.iter_slices(_TOGETHER):
        lines = io.BytesIO()
        some.write_csv(lines, include_header=False, quote_style="always")
        yield lines.getvalue()


def _results(job: _Job, name: str) -> Iterable[bytes]:
    """One of the three result files."""
    if name == "successfulResults":
        return _successes(job)
    sent = job.done.columns[2:]
    return [_header(["sf__Id", "sf__Error", *sent] if name == "failedResults" else sent)]


def _header(columns: Iterable[str]) -> bytes:
    return (",".join(f'"{column}"' for column in columns) + "\n").encode()


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: _Org

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server gives it
        """Say nothing."""

    def do_GET(self) -> None:
        found = _JOB.fullmatch(self.path)
        if found is None:
            self._tell(200, _NO_RECORDS)
        elif found[2]:
            self._stream(_results(self.server.jobs[found[1]], found[2]))
        else:
            self._tell(200, self.server.jobs[found[1]].told)

    def do_POST(self) -> None:
        self._tell(200, self.server.create(json.loads(self._body())))

    def do_PUT(self) -> None:
        _take(self._job(), self._body())
        self._tell(201, None)

    def do_PATCH(self) -> None:
        self._tell(200, _change(self._job(), json.loads(self._body())))

    def _job(self) -> _Job:
        found = _JOB.fullmatch(self.path)
        assert found is not None
        return self.server.jobs[found[1]]

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _tell(self, status: int, value: Any) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self._head(status, "application/json", "Content-Length", str(len(body)))
        self.wfile.write(body)

    def _stream(self, pieces: Iterable[bytes]) -> None:
        self._head(200, "text/csv; charset=UTF-8", "Transfer-Encoding", "chunked")
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, media: str, framed: str, value: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Sforce-Limit-Info", "api-usage=1/1000000")
        self.send_header(framed, value)
        self.end_headers()


def main() -> None:
    import polars  # noqa: F401, ICN001  before the first client asks

    org = _Org()
    print(org.server_address[1], flush=True)  # noqa: T201  read by Answering
    org.serve_forever()


if __name__ == "__main__":
    main()
