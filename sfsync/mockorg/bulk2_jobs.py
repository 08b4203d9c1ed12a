"""What ingest and query jobs of Bulk 2.0 have in common: creation, the job's document, lists, deletion.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Job States", "Get Information About All Ingest Jobs",
"Get Information About All Query Jobs", "Delete a Job".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sfsync.mockorg.bulk1_documents import list_values
from sfsync.mockorg.csv_text import inner, written
from sfsync.mockorg.http import Reply
from sfsync.mockorg.jobs import Job2
from sfsync.mockorg.problems import Refused, not_found
from sfsync.mockorg.state import Call

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LIST_PAGE = 1_000


def new_job(call: Call, kind: str, operation: str, asked: dict[str, Any]) -> Job2:
    """A job in state Open.

    Raises:
        Refused: INVALIDJOB for a delimiter or a line end that the API does not have.

    """
    delimiter = str(asked.get("columnDelimiter") or "COMMA").upper()
    line_ending = str(asked.get("lineEnding") or "LF").upper()
    if delimiter not in DELIMITERS:
        raise Refused("INVALIDJOB", f"columnDelimiter must be one of {', '.join(DELIMITERS)}")
    if line_ending not in {"LF", "CRLF"}:
        raise Refused("INVALIDJOB", "lineEnding must be LF or CRLF")
    made = call.state.jobs.new_id("750")
    stamp = call.core.clock.stamp()
    job = Job2(made, kind, operation, "", call.version, stamp, call.user, stamp)
    job.delimiter, job.line_ending = delimiter, line_ending
    return job


def job_info(call: Call, job: Job2) -> dict[str, Any]:
    """A job as both kinds of job requests answer it."""
    info: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": job.created,
        "systemModstamp": job.changed,
        "state": job.state,
    }
    if job.key_field:
        info["externalIdFieldName"] = job.key_field
    if job.assignment_rule:
        info["assignmentRuleId"] = job.assignment_rule
    info |= {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(job.version)}
    if job.kind == "ingest":
        slash = "/" if call.state.quirks.content_slash else ""
        info["contentUrl"] = f"{slash}services/data/v{job.version}/jobs/ingest/{job.id}/batches"
        info["jobType"] = "V2Ingest"
    else:
        info["jobType"] = "V2Query"
    info |= {"lineEnding": job.line_ending, "columnDelimiter": job.delimiter}
    if job.state == "Open":
        return info
    if job.error:
        info["errorMessage"] = job.error
    processed = job.processed - (0 if call.state.quirks.count_failed else job.failed)
    info |= {"numberRecordsProcessed": processed, "numberRecordsFailed": job.failed, "retries": 0}
    return info | {"totalProcessingTime": 0, "apiActiveProcessingTime": 0, "apexProcessingTime": 0}


def job_of(call: Call, kind: str) -> Job2:
    """The job that the path names; raises Refused NOT_FOUND."""
    job = call.state.jobs.bulk2.get(call.args["job"])
    if job is None or job.kind != kind:
        raise not_found()
    return job


def end(call: Call, job: Job2, state: str, error: str = "") -> None:
    """Put a job into its last state."""
    job.state, job.error = state, "" if state == "JobComplete" else error
    job.changed = call.core.clock.stamp()


def listed(call: Call) -> Reply:
    """GET /jobs/ingest, or /jobs/query: at most 1,000 jobs a page, those of Bulk 1.0 among them as ``Classic``."""
    kind = "query" if call.kind.startswith("bulk2_query") else "ingest"
    asked = call.request.query
    jobs: list[dict[str, Any]] = [
        job_info(call, job) for job in call.state.jobs.bulk2.values() if job.kind == kind
    ]
    classic = [job for job in call.state.jobs.bulk1.values()
               if job.operation.startswith("query") is (kind == "query")]  # fmt: skip
    jobs += [list_values(job) for job in classic]
    for name in ("jobType", "concurrencyMode", "isPkChunkingEnabled"):
        if wanted := asked.get(name, "").lower():
            jobs = [job for job in jobs if str(job.get(name, False)).lower() == wanted]
    locator = asked.get("queryLocator", "")
    if locator and not locator.isdigit():
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    start = int(locator or 0)
    stop = start + LIST_PAGE
    more = f"{call.root}/jobs/{kind}?queryLocator={stop}" if stop < len(jobs) else None
    return Reply(200, {"done": more is None, "records": jobs[start:stop], "nextRecordsUrl": more})


def remove(call: Call) -> Reply:
    """DELETE …/ID: an open or running job must be aborted first."""
    job = job_of(call, "query" if call.kind.startswith("bulk2_query") else "ingest")
    if job.state not in {"UploadComplete", "JobComplete", "Aborted", "Failed"}:
        raise Refused("INVALIDJOBSTATE", f"A job in state {job.state} cannot be deleted; abort it first")
    if job.state == "UploadComplete":
        end(call, job, "Aborted")  # its task finds that and stops
    del call.state.jobs.bulk2[job.id]
    return Reply(204)


def csv_reply(call: Call, chunks: Iterator[bytes], headers: dict[str, str] | None = None) -> Reply:
    """Lines of CSV as an answer, made while they are sent."""
    media = "text/csv; charset=UTF-8" if call.state.quirks.bulk2_charset else "text/csv"
    return Reply(200, chunks=chunks, content_type=media, headers=headers or {})


def csv_of(job: Job2, lines: Iterable[list[str]]) -> bytes:
    """Lines in the job's own delimiter and line end."""
    return written(lines, DELIMITERS[job.delimiter], job.line_ending)


def csv_line(job: Job2) -> Callable[[list[str]], bytes]:
    """The function that makes a line of values in the job's own delimiter and line end."""
    between = f'"{DELIMITERS[job.delimiter]}"'
    end = "\r\n" if job.line_ending == "CRLF" else "\n"
    return lambda values: f'"{inner(values, between)}"{end}'.encode()
