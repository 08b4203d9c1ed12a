"""A session whose org is a few dictionaries: it does what a bulk test scripts, and keeps what was sent."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sfsync.clock import ManualClock
from sfsync.errors import OrgError
from sfsync.salesforce.session import Answer

START = datetime(2024, 11, 22, 4, 31, tzinfo=UTC)

Row = dict[str, str]
Verdict = tuple[str, str]  # ("created" | "updated" | "failed" | "unprocessed" | "lost", id or error text)


class FakeSession:
    """Ingest jobs of Bulk API 2.0. ``judge`` decides about each row; ``troubles`` are raised once, by call.

    A trouble is keyed by (method, end of the path); with ``after`` the org does the work before the answer is lost.
    """

    instance_url = "https://org.example"
    version = "62.0"
    token = "00D000000000001!secret"

    def __init__(self, judge: Callable[[Row], Verdict] = lambda row: ("created", "")) -> None:
        self.clock = ManualClock(START)
        self.judge = judge
        self.troubles: list[tuple[str, str, Exception, bool]] = []
        self.calls: list[tuple[str, str]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, list[bytes]] = {}
        self.looks_until_done = 2
        self.end_state = "JobComplete"
        self.error = ""

    def trouble(self, method: str, ending: str, error: Exception, *, after: bool = False) -> None:
        self.troubles.append((method, ending, error, after))

    def request(self, method: str, path: str, *, json=None, data=None, stream_to=None, **_: Any) -> Answer:
        self.calls.append((method, path))
        found = next((one for one in self.troubles if one[0] == method and path.endswith(one[1])), None)
        if found:
            self.troubles.remove(found)
            if not found[3]:
                raise found[2]
        answer = self._answer(method, path, json, data, stream_to)
        if found:
            raise found[2]
        return answer

    def _answer(self, method, path, body, data, stream_to) -> Answer:
        parts = path.split("/")
        if method == "POST":
            job_id = f"750{len(self.jobs) + 1:012d}AAA"
            self.jobs[job_id] = {
                "id": job_id,
                "state": "Open",
                "looks": 0,
                "numberRecordsProcessed": 0,
                **body,
            }
            self.uploads[job_id] = []
            return _json(self.jobs[job_id])
        job = self.jobs.get(parts[2])
        if job is None:
            raise OrgError("no such job", code="NOT_FOUND", status=404)
        if method == "PUT":
            self.uploads[parts[2]].append(data.read())
            return Answer(201, {}, b"")
        if method == "PATCH":
            if job["state"] != "Open":
                raise OrgError("the job is not open", code="INVALIDJOBSTATE", status=400)
            job["state"] = body["state"]
            return _json(job)
        if len(parts) == 3:
            self._look(job)
            return _json(job)
        stream_to.write(self._results(job, parts[3]))
        return Answer(200, {}, b"")

    def _look(self, job: dict[str, Any]) -> None:
        if job["state"] in {"UploadComplete", "InProgress"}:
            job["looks"] += 1
            job["state"] = "InProgress"
            if job["looks"] >= self.looks_until_done:
                job["state"] = self.end_state
                job["errorMessage"] = self.error
                done = [
                    row for row in self.rows(job["id"]) if self.judge(row)[0] not in {"unprocessed", "lost"}
                ]
                job["numberRecordsProcessed"] = len(done)

    def rows(self, job_id: str) -> Iterator[Row]:
        for upload in self.uploads[job_id]:
            yield from csv.DictReader(io.StringIO(upload.decode(), newline=""))

    def sent(self) -> list[Row]:
        return [row for job_id in self.uploads for row in self.rows(job_id)]

    def _results(self, job: dict[str, Any], name: str) -> bytes:
        upload = self.uploads[job["id"]][0] if self.uploads[job["id"]] else b""
        columns = next(csv.reader([upload.decode().partition("\n")[0]]), [])
        wanted = {"successfulResults": ("created", "updated"), "failedResults": ("failed",)}
        first = {"successfulResults": ["sf__Id", "sf__Created"], "failedResults": ["sf__Id", "sf__Error"]}
        lines = [[*first.get(name, []), *columns]]
        rows = [] if job["state"] == "Aborted" else list(self.rows(job["id"]))
        for row in reversed(rows):  # the org keeps no order
            verdict, text = self.judge(row)
            if verdict not in wanted.get(name, ("unprocessed",)):
                continue
            told = {
                "created": [text or "00Q000000000001EAA", "true"],
                "updated": [text or "00Q000000000001EAA", "false"],
                "failed": ["", text],
            }
            lines.append([*told.get(verdict, []), *row.values()])
        buffer = io.StringIO()
        csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(lines)
        return buffer.getvalue().encode()


def _json(body: dict[str, Any]) -> Answer:
    import json

    return Answer(200, {}, json.dumps(body).encode())
