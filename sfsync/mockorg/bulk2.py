"""Bulk API 2.0 ingest jobs, from create to results. The work on rows is in bulk2_work.py, results in
bulk2_results.py.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest", "Job States".
"""

from dataclasses import replace

from sfsync.mockorg.bulk2_jobs import job_info, job_of, listed, new_job, remove
from sfsync.mockorg.bulk2_results import failed, successful, unprocessed
from sfsync.mockorg.bulk2_work import run_ingest
from sfsync.mockorg.http import Reply
from sfsync.mockorg.jobs import Job2
from sfsync.mockorg.multipart import parts_of
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rest import key_field
from sfsync.mockorg.router import Route
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.state import Call

OPERATIONS = {"insert", "update", "upsert", "delete", "hardDelete"}
LARGEST_UPLOAD = 150 * 1024 * 1024
LONGEST_PART = 100_000
"""Characters of data that may come in one request with the job; source: "Bulk Insert with a Multipart Request"."""

J = "/services/data/{version}/jobs/ingest"


def create(call: Call) -> Reply:
    """POST /jobs/ingest; with the data in a second part, the job goes straight to UploadComplete."""
    data: bytes | None = None
    request = call.request
    if request.media_type == "multipart/form-data":
        named = {part.name: part.body for part in parts_of(request)}
        request, data = replace(request, body=named.get("job", b"")), named.get("content", b"")
        if len(data) > LONGEST_PART:
            text = f"The data of a multipart request may have {LONGEST_PART:,} characters, not {len(data):,}"
            raise Refused("INVALIDJOB", text)
    asked = request.json_object()
    operation = str(asked.get("operation", ""))
    if operation not in OPERATIONS:
        known = ", ".join(sorted(OPERATIONS))
        raise Refused("INVALIDJOB", f"operation must be one of {known}, not '{operation}'")
    if operation == "hardDelete" and not call.state.quirks.hard_delete:
        raise Refused("FEATURENOTENABLED", "hardDelete is not enabled for this user")
    definition = call.core.schema.objects.get(str(asked.get("object", "")))
    if definition is None:
        raise Refused("INVALIDENTITY", f"InvalidEntity : Unknown entity: {asked.get('object')}")
    if asked.get("contentType", "CSV") != "CSV":
        raise Refused("INVALIDJOB", "contentType must be CSV")
    job = new_job(call, "ingest", operation, asked)
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
        job.data = Spool(call.state.folder, data)
        _start(call, job)
    return Reply(200, job_info(call, job))


def _start(call: Call, job: Job2) -> None:
    job.state = "UploadComplete"
    plain = replace(call.request, body=b"", upload=None)
    call.state.background.start(run_ingest(replace(call, kind="bulk2", request=plain), job))


def upload(call: Call) -> Reply:
    """PUT …/batches: once for each job."""
    job = job_of(call, "ingest")
    if job.state != "Open" or job.data is not None:
        text = f"Data was uploaded already, or the job is not open: {job.state}"
        raise Refused("INVALIDJOBSTATE", text)
    if call.request.media_type not in {"", "text/csv", "application/x-www-form-urlencoded"}:
        raise Refused("INVALIDJOB", "The data must be text/csv", status=415)
    data = call.request.upload or Spool(call.state.folder, call.request.body)
    if data.size > LARGEST_UPLOAD:
        raise Refused("CLIENTINPUTERROR", "The data is larger than 150 MB", status=413)
    job.data = data
    return Reply(201)


def change(call: Call) -> Reply:
    """PATCH: UploadComplete starts the work, Aborted ends it; what was written by then stays."""
    job, wanted = job_of(call, "ingest"), call.request.json_object().get("state")
    if wanted == "UploadComplete" and job.state == "Open":
        if job.data is None:
            raise Refused("INVALIDJOBSTATE", "There is no data to process")
        _start(call, job)
    elif wanted == "Aborted" and job.state in {"Open", "UploadComplete", "InProgress"}:
        job.state = "Aborted"
    else:
        raise Refused("INVALIDJOBSTATE", f"Changing the state from {job.state} to {wanted} is not allowed")
    job.changed = call.core.clock.stamp()
    return Reply(200, job_info(call, job))


def info(call: Call) -> Reply:
    """GET …/ID."""
    return Reply(200, job_info(call, job_of(call, "ingest")))


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
)
