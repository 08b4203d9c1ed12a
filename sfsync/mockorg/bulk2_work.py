"""The work on Bulk 2.0 jobs: CSV in, rows written in slices between requests, query results out.

Source: "Prepare CSV Files", "Relationship Fields in a Header Row (2.0)" in the Bulk API Developer Guide.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sfsync.mockorg.bulk_rows import columns_of, flat, nested, row_failure, whole_rows
from sfsync.mockorg.csv_text import BadCsv, BadRow, read
from sfsync.mockorg.jobs import Job2, RowResult
from sfsync.mockorg.org import DmlOptions
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import delete, insert, update, upsert

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
CHUNK = 200
"""Rows that the org writes in one transaction."""


def run_ingest(call: Call, job: Job2) -> Iterator[None]:
    """Work on a job, pausing after every slice; ends when the job is done, failed or was aborted."""
    for _ in range(call.state.quirks.bulk_waits):
        yield
    if job.state != "UploadComplete":
        return
    job.state = "InProgress"
    try:
        _load(call, job)
    except BadCsv as trouble:
        _end(call, job, "Failed", f"ClientInputError : {trouble}")
        return
    failing = call.state.faults.request(("job_failed",), "bulk2", "")
    if failing is not None:
        _end(call, job, "Failed", failing.message or "InternalServerError : Processing was stopped")
        return
    leaving = call.state.faults.request(("unprocessed",), "bulk2", "")
    last = len(job.rows) - (leaving.rows if leaving else 0)
    write = _writer(call, job)
    for start in range(0, max(last, 0), CHUNK):
        if job.state != "InProgress":
            return
        for number in range(start, min(start + CHUNK, last)):
            job.results[number] = write(job.rows[number])
        if (start + CHUNK) % call.state.quirks.bulk_slice == 0 and start + CHUNK < last:
            yield
    if leaving is not None:
        _end(call, job, leaving.state, leaving.message or "InternalServerError : Retries exceeded")
    else:
        _end(call, job, "JobComplete", "")


def _end(call: Call, job: Job2, state: str, error: str) -> None:
    job.state, job.error = state, "" if state == "JobComplete" else error
    job.changed = call.core.clock.stamp()


def _load(call: Call, job: Job2) -> None:
    """Read the upload; what makes the whole job fail is raised here."""
    try:
        text = (job.data or b"").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCsv("The data is not UTF-8") from None
    first = text.partition("\n")[0]
    if text and "\n" in text and first.endswith("\r") != (job.line_ending == "CRLF"):
        raise BadCsv("LineEnding is invalid on user data. Current LineEnding setting is " + job.line_ending)
    lines = read(text, DELIMITERS[job.delimiter])
    job.header = next(lines, [])
    if not job.header:
        raise BadCsv("The data has no header line")
    unknown = columns_of(call, job.object, job.header)
    if unknown:
        raise BadCsv(f"InvalidBatch : Field name not found : {unknown}")
    if job.operation in {"delete", "hardDelete"} and [name.lower() for name in job.header] != ["id"]:
        raise BadCsv("InvalidBatch : A delete takes the column Id and no other")
    if job.operation == "upsert" and job.key_field.lower() not in {name.lower() for name in job.header}:
        raise BadCsv(f"InvalidBatch : Field name not found : {job.key_field}")
    width = len(job.header)
    job.rows = [line + [""] * (width - len(line)) if len(line) < width else line for line in lines]
    job.data = b""


def _writer(call: Call, job: Job2) -> Callable[[list[str]], RowResult]:
    options = DmlOptions(user_id=call.user or None, from_text=True, auto_assign=bool(job.assignment_rule))
    key = job.key_field.lower()

    def write(row: list[str]) -> RowResult:
        given: dict[str, Any] = {}
        record_id = ""
        try:
            if isinstance(row, BadRow):
                raise Refused("INVALID_CSV", f"Invalid CSV row: {row.reason}")
            if len(row) > len(job.header):
                text = f"The number of columns ({len(row)}) is not that of the header ({len(job.header)})"
                raise Refused("INVALID_FIELD", text)
            given = nested(job.header, row)
            record_id = next(
                (str(given.pop(name)) for name in list(given) if name.lower() == "id" and given[name]), ""
            )
            if job.operation == "insert":
                return RowResult(insert(call, job.object, given, options), created=True)
            if job.operation == "upsert":
                return _upsert(call, job, key, given, record_id, options)
            if not record_id:
                raise Refused("MISSING_ARGUMENT", "Id not specified", fields=["Id"])
            if job.operation == "update":
                update(call, job.object, record_id, given, options)
            else:
                delete(call, job.object, record_id)
            return RowResult(record_id)
        except Refused as refusal:
            return row_failure(refusal, record_id)

    return write


def _upsert(
    call: Call, job: Job2, key: str, given: dict[str, Any], record_id: str, options: DmlOptions
) -> RowResult:
    if key == "id":
        if not record_id:
            return RowResult(insert(call, job.object, given, options), created=True)
        update(call, job.object, record_id, given, options)
        return RowResult(record_id)
    value = next((given.pop(name) for name in list(given) if name.lower() == key), None)
    if value in {None, ""}:
        raise Refused("MISSING_ARGUMENT", f"{job.key_field} not specified", fields=[job.key_field])
    made, created = upsert(call, job.object, job.key_field, value, given, options)
    return RowResult(made, created)


def run_query(call: Call, job: Job2, *, check_only: bool = False) -> str:
    """Run a job's query (or only check it) and return the object it reads.

    Raises:
        Refused: while checking, when the query cannot run; later the job fails instead.

    """
    try:
        result = whole_rows(call.core.query(job.query, all_rows=job.operation == "queryAll"))
    except Refused as refusal:
        if check_only:
            raise
        _end(call, job, "Failed", f"{refusal.code}: {refusal.message}")
        return job.object
    if not check_only:
        job.lines = flat(result)
        _end(call, job, "JobComplete", "")
    return result.object
