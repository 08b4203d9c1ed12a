"""Bulk API 2.0: ingest jobs from create to results, and query jobs. The work on rows is in bulk2_work.py.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest", "Bulk API 2.0 Query", "Job States".
"""

from dataclasses import replace
from typing import Any

from sfsync.mockorg.bulk2_work import DELIMITERS, run_ingest, run_query
from sfsync.mockorg.csv_text import written
from sfsync.mockorg.http import Reply
from sfsync.mockorg.jobs import Job2, shuffled
from sfsync.mockorg.multipart import parts_of
from sfsync.mockorg.problems import Refused, not_found
from sfsync.mockorg.rest import key_field
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call

OPERATIONS = {"insert", "update", "upsert", "delete", "hardDelete"}
LARGEST_UPLOAD = 150 * 1024 * 1024

J = "/services/data/{version}/jobs/ingest"
Q = "/services/data/{version}/jobs/query"


def create(call: Call) -> Reply:
    """POST /jobs/ingest; with the data in a second part, the job goes straight to UploadComplete."""
    data: bytes | None = None
    request = call.request
    if request.media_type == "multipart/form-data":
        named = {part.name: part.body for part in parts_of(request)}
        request, data = replace(request, body=named.get("job", b"")), named.get("content", b"")
    asked = request.json_object()
    operation = str(asked.get("operation", ""))
    if operation not in OPERATIONS:
        raise Refused(
            "INVALIDJOB", f"operation must be one of {', '.join(sorted(OPERATIONS))}, not '{operation}'"
        )
    definition = call.core.schema.objects.get(str(asked.get("object", "")))
    if definition is None:
        raise Refused("INVALIDENTITY", f"InvalidEntity : Unknown entity: {asked.get('object')}")
    if asked.get("contentType", "CSV") != "CSV":
        raise Refused("INVALIDJOB", "contentType must be CSV")
    job = _new_job(call, "ingest", operation, asked)
    job.object = definition.name
    job.assignment_rule = str(asked.get("assignmentRuleId") or "")
    if operation == "upsert":
        if not asked.get("externalIdFieldName"):
            raise Refused("INVALIDJOB", "externalIdFieldName is required for upsert")
        try:
            job.key_field = key_field(call, definition.name, str(asked["externalIdFieldName"]))
        except Refused as refusal:
            raise Refused("INVALIDJOB", f"InvalidJob : {refusal.message}") from None
    call.state.jobs.bulk2[job.id] = job
    if data is not None:
        job.data = data
        _start(call, job)
    return Reply(200, job_info(job))


def _start(call: Call, job: Job2) -> None:
    job.state = "UploadComplete"
    call.state.background.append(run_ingest(replace(call, kind="bulk2"), job))


def _new_job(call: Call, kind: str, operation: str, asked: dict[str, Any]) -> Job2:
    delimiter = str(asked.get("columnDelimiter") or "COMMA").upper()
    line_ending = str(asked.get("lineEnding") or "LF").upper()
    if delimiter not in DELIMITERS:
        raise Refused("INVALIDJOB", f"columnDelimiter must be one of {', '.join(DELIMITERS)}")
    if line_ending not in {"LF", "CRLF"}:
        raise Refused("INVALIDJOB", "lineEnding must be LF or CRLF")
    made = call.state.jobs.new_id("750")
    stamp = call.core.clock.stamp()
    return Job2(
        made,
        kind,
        operation,
        "",
        call.version,
        stamp,
        call.user,
        stamp,
        delimiter=delimiter,
        line_ending=line_ending,
    )


def job_info(job: Job2) -> dict[str, Any]:
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
        info["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
        info["jobType"] = "V2Ingest"
    else:
        info["jobType"] = "V2Query"
    info |= {"lineEnding": job.line_ending, "columnDelimiter": job.delimiter}
    if job.state == "Open":
        return info
    if job.error:
        info["errorMessage"] = job.error
    processed = len(job.results) if job.kind == "ingest" else max(len(job.lines) - 1, 0)
    info |= {"numberRecordsProcessed": processed, "numberRecordsFailed": job.failed, "retries": 0}
    return info | {"totalProcessingTime": 0, "apiActiveProcessingTime": 0, "apexProcessingTime": 0}


def _job(call: Call, kind: str) -> Job2:
    job = call.state.jobs.bulk2.get(call.args["job"])
    if job is None or job.kind != kind:
        raise not_found()
    return job


def upload(call: Call) -> Reply:
    """PUT …/batches: once for each job."""
    job = _job(call, "ingest")
    if job.state != "Open" or job.data is not None:
        text = f"Data was uploaded already, or the job is not open: {job.state}"
        raise Refused("INVALIDJOBSTATE", text)
    if len(call.request.body) > LARGEST_UPLOAD:
        raise Refused("CLIENTINPUTERROR", "The data is larger than 150 MB", status=413)
    job.data = call.request.body
    return Reply(201)


def change(call: Call) -> Reply:
    """PATCH: UploadComplete starts the work, Aborted ends it; what was written by then stays."""
    job, wanted = _job(call, "ingest"), call.request.json_object().get("state")
    if wanted == "UploadComplete" and job.state == "Open":
        if job.data is None:
            raise Refused("INVALIDJOBSTATE", "There is no data to process")
        _start(call, job)
    elif wanted == "Aborted" and job.state in {"Open", "UploadComplete", "InProgress"}:
        job.state = "Aborted"
    else:
        raise Refused("INVALIDJOBSTATE", f"Changing the state from {job.state} to {wanted} is not allowed")
    job.changed = call.core.clock.stamp()
    return Reply(200, job_info(job))


def info(call: Call) -> Reply:
    """GET …/ID."""
    return Reply(200, job_info(_job(call, "ingest")))


def listed(call: Call) -> Reply:
    """GET /jobs/ingest, or /jobs/query."""
    kind = "query" if call.kind.startswith("bulk2_query") else "ingest"
    records = [job_info(job) for job in call.state.jobs.bulk2.values() if job.kind == kind]
    return Reply(200, {"done": True, "records": records, "nextRecordsUrl": None})


def remove(call: Call) -> Reply:
    """DELETE …/ID: an open or running job must be aborted first."""
    job = _job(call, "query" if call.kind.startswith("bulk2_query") else "ingest")
    if job.state not in {"UploadComplete", "JobComplete", "Aborted", "Failed"}:
        raise Refused("INVALIDJOBSTATE", f"A job in state {job.state} cannot be deleted; abort it first")
    del call.state.jobs.bulk2[job.id]
    return Reply(204)


def successful(call: Call) -> Reply:
    """GET …/successfulResults: not in the order of the upload."""
    job = _job(call, "ingest")
    lines = [["sf__Id", "sf__Created", *job.header]]
    for number in shuffled(len(job.rows), job.id):
        result = job.results.get(number)
        if result and not result.error:
            lines.append([result.id, str(result.created).lower(), *job.rows[number]])
    return _csv(call, job, lines)


def failed(call: Call) -> Reply:
    """GET …/failedResults: not in the order of the upload."""
    job = _job(call, "ingest")
    lines = [["sf__Id", "sf__Error", *job.header]]
    for number in shuffled(len(job.rows), f"{job.id} failed"):
        result = job.results.get(number)
        if result and result.error:
            lines.append([result.id, result.error, *job.rows[number]])
    return _csv(call, job, lines)


def unprocessed(call: Call) -> Reply:
    """GET …/unprocessedrecords."""
    job = _job(call, "ingest")
    left = [row for number, row in enumerate(job.rows) if number not in job.results]
    return _csv(call, job, [job.header, *left] if job.header else [])


def _csv(call: Call, job: Job2, lines: list[list[str]]) -> Reply:
    media = "text/csv; charset=UTF-8" if call.state.quirks.bulk2_charset else "text/csv"
    return Reply(200, body=written(lines, DELIMITERS[job.delimiter], job.line_ending), content_type=media)


def create_query(call: Call) -> Reply:
    """POST /jobs/query."""
    asked = call.request.json_object()
    operation = str(asked.get("operation", ""))
    if operation not in {"query", "queryAll"}:
        raise Refused("INVALIDJOB", f"operation must be query or queryAll, not '{operation}'")
    if not asked.get("query"):
        raise Refused("INVALIDJOB", "query is required")
    job = _new_job(call, "query", operation, asked)
    job.query = str(asked["query"])
    job.state = "UploadComplete"
    job.object = run_query(call, job, check_only=True)
    call.state.jobs.bulk2[job.id] = job
    return Reply(200, job_info(job))


def query_info(call: Call) -> Reply:
    """GET /jobs/query/ID: the query runs when somebody asks after it."""
    job = _job(call, "query")
    _advance_query(call, job)
    return Reply(200, job_info(job))


def _advance_query(call: Call, job: Job2) -> None:
    if job.state == "UploadComplete":
        job.waited += 1
        if job.waited > call.state.quirks.bulk_waits:
            run_query(call, job)


def change_query(call: Call) -> Reply:
    """PATCH /jobs/query/ID: only aborting."""
    job, wanted = _job(call, "query"), call.request.json_object().get("state")
    if wanted != "Aborted" or job.state not in {"UploadComplete", "InProgress"}:
        raise Refused("INVALIDJOBSTATE", f"Changing the state from {job.state} to {wanted} is not allowed")
    job.state = "Aborted"
    return Reply(200, job_info(job))


def query_results(call: Call) -> Reply:
    """GET /jobs/query/ID/results?maxRecords=&locator=: pages, the last one with the locator ``null``."""
    job, asked = _job(call, "query"), call.request.query
    if job.version != call.version:
        raise Refused("API_VERSION_MISMATCH", "Use the API version with which the job was made", status=409)
    _advance_query(call, job)
    if job.state != "JobComplete":
        status = call.state.quirks.query_job_not_ready
        return Reply(
            status, None if status == 204 else [{"errorCode": "JOB_NOT_COMPLETE", "message": job.state}]
        )
    rows = job.lines[1:]
    start, most = _page_of(asked.get("locator", ""), asked.get("maxRecords", ""), len(rows))
    page = rows[start : start + most]
    end = start + len(page)
    headers = {
        "Sforce-NumberOfRecords": str(len(page)),
        "Sforce-Locator": "null" if end >= len(rows) else f"MTAw{end}",
    }
    reply = _csv(call, job, [job.lines[0], *page])
    return Reply(200, body=reply.body, content_type=reply.content_type, headers=headers)


def _page_of(locator: str, most: str, total: int) -> tuple[int, int]:
    digits = locator.removeprefix("MTAw")
    if locator and not digits.isdigit():
        raise Refused("INVALID_LOCATOR", f"Invalid locator: {locator}")
    if most and (not most.isdigit() or int(most) < 1):
        raise Refused("INVALID_INPUT", f"maxRecords must be a whole number above 0, not {most}")
    return int(digits or 0), int(most or max(total, 1))


ROUTES = (
    Route("POST", J, create, "bulk2_create"),
    Route("GET", J, listed, "bulk2_list"),
    Route("GET", J + "/{job}", info, "bulk2_info"),
    Route("PATCH", J + "/{job}", change, "bulk2_state"),
    Route("DELETE", J + "/{job}", remove, "bulk2_delete"),
    Route("PUT", J + "/{job}/batches", upload, "bulk2_upload"),
    Route("GET", J + "/{job}/successfulResults", successful, "bulk2_results"),
    Route("GET", J + "/{job}/failedResults", failed, "bulk2_results"),
    Route("GET", J + "/{job}/unprocessedRecords", unprocessed, "bulk2_results"),
    Route("POST", Q, create_query, "bulk2_query_create"),
    Route("GET", Q, listed, "bulk2_query_list"),
    Route("GET", Q + "/{job}", query_info, "bulk2_query_info"),
    Route("PATCH", Q + "/{job}", change_query, "bulk2_query_state"),
    Route("DELETE", Q + "/{job}", remove, "bulk2_query_delete"),
    Route("GET", Q + "/{job}/results", query_results, "bulk2_query_results"),
)
