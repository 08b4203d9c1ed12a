"""Bulk API 1.0: jobs and batches in XML, JSON and CSV. The work on batches is in bulk1_work.py.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Create a Job", "Add a Batch", "Get Batch Results",
"PK Chunking".
"""

import re
from dataclasses import replace
from typing import Any

from sfsync.mockorg.bulk1_documents import batch_list, batch_values, document, job_values, wants_json
from sfsync.mockorg.bulk1_work import result_list, results, run_batch
from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.jobs import Batch1, Job1
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rest import key_field
from sfsync.mockorg.router import Route
from sfsync.mockorg.spool import Spool
from sfsync.mockorg.state import Call
from sfsync.mockorg.xml_in import parse

OPERATIONS = {"insert", "update", "upsert", "delete", "hardDelete", "query", "queryAll"}
CONTENT_TYPES = {"CSV", "XML", "JSON"}
WITH_FILES = {"ZIP_CSV", "ZIP_XML", "ZIP_JSON"}
LARGEST_BATCH = 10 * 1024 * 1024
MOST_CHARACTERS = 10_000_000

B = "/services/async/{version}/job"

MODES = {"parallel": "Parallel", "serial": "Serial", "0": "Parallel", "1": "Serial"}


def _asked(request: Request) -> dict[str, Any]:
    """A job document of a request, whatever its format."""
    if wants_json(request):
        return request.json_object()
    return {node.name: node.text.strip() for node in parse(request.body).children}


def create(call: Call) -> Reply:
    """POST /job."""
    asked = _asked(call.request)
    operation = str(asked.get("operation", ""))
    if operation not in OPERATIONS:
        raise Refused("InvalidJob", f"Unable to find operation: {operation}")
    definition = call.core.schema.objects.get(str(asked.get("object", "")))
    if definition is None:
        raise Refused("InvalidJob", f"InvalidEntity : Unknown entity: {asked.get('object')}")
    content_type = str(asked.get("contentType") or "XML").upper()
    if content_type in WITH_FILES:
        text = (
            f"FeatureNotEnabled : {content_type}: batches with attachments are not offered by this mock org"
        )
        raise Refused("FeatureNotEnabled", text)
    if operation == "hardDelete" and not call.state.quirks.hard_delete:
        raise Refused("FeatureNotEnabled", "hardDelete is not enabled for this user")
    if content_type not in CONTENT_TYPES:
        raise Refused("InvalidJob", f"contentType must be one of {', '.join(sorted(CONTENT_TYPES))}")
    stamp = call.core.clock.stamp()
    made = call.state.jobs.new_id("750")
    job = Job1(
        made, operation, definition.name, call.version, stamp, call.user, stamp, content_type=content_type
    )
    job.concurrency = _mode(call, asked.get("concurrencyMode", "Parallel"))
    job.assignment_rule = str(asked.get("assignmentRuleId") or "")
    job.chunk = _chunk(call.request.header("sforce-enable-pkchunking"))
    if operation == "upsert":
        try:
            job.key_field = key_field(call, definition.name, str(asked.get("externalIdFieldName") or ""))
        except Refused as refusal:
            raise Refused("InvalidJob", refusal.message) from None
    call.state.jobs.bulk1[job.id] = job
    return document("jobInfo", job_values(job), as_json=wants_json(call.request), status=201)


def _mode(call: Call, given: Any) -> str:
    text = str(given).lower()
    if text not in MODES or (text.isdigit() and not call.state.quirks.numeric_concurrency):
        raise Refused("InvalidJob", f"Unable to find concurrencyMode: {given}")
    return MODES[text]


def _chunk(header: str) -> int:
    if not header or header.strip().lower() == "false":
        return 0
    found = re.search(r"chunkSize\s*=\s*(\d+)", header, re.IGNORECASE)
    return min(int(found[1]), 250_000) if found else 100_000


def _job(call: Call) -> Job1:
    job = call.state.jobs.bulk1.get(call.args["job"])
    if job is None:
        raise Refused("InvalidJob", f"Unable to find job for id: {call.args['job']}")
    return job


def _batch(call: Call) -> tuple[Job1, Batch1]:
    job = _job(call)
    for batch in job.batches:
        if batch.id == call.args["batch"]:
            return job, batch
    raise Refused("InvalidBatch", f"Unable to find batch for id: {call.args['batch']}")


def info(call: Call) -> Reply:
    """GET /job/ID."""
    return document("jobInfo", job_values(_job(call)), as_json=wants_json(call.request))


def change(call: Call) -> Reply:
    """POST /job/ID with state Closed or Aborted."""
    job, wanted = _job(call), str(_asked(call.request).get("state", ""))
    if wanted not in {"Closed", "Aborted"} or job.state != "Open":
        raise Refused("InvalidJobState", f"Changing the state from {job.state} to {wanted} is not allowed")
    job.state = wanted
    job.changed = call.core.clock.stamp()
    for batch in job.batches:
        if wanted == "Aborted" and batch.state == "Queued":
            batch.state = "NotProcessed"
    return document("jobInfo", job_values(job), as_json=wants_json(call.request))


def add_batch(call: Call) -> Reply:
    """POST /job/ID/batch."""
    job = _job(call)
    allowance, now = call.state.jobs.batches, call.core.clock.now()
    if not allowance.left(now):
        text = f"ExceededQuota : {allowance.maximum:,} batches in 24 hours are used up"
        raise Refused("ExceededQuota", text)
    allowance.take(now)  # also for a batch that is refused now
    if job.state != "Open":
        raise Refused("InvalidJobState", f"Job is not open: {job.state}")
    body = call.request.body
    if call.request.media_type in {"zip/csv", "zip/xml", "zip/json", "application/zip"}:
        raise Refused("FeatureNotEnabled", "Batches with attachments are not offered by this mock org")
    if len(body) > LARGEST_BATCH:
        raise Refused("ClientInputError", "The batch is larger than 10 MB")
    if len(body) > MOST_CHARACTERS and len(body.decode("utf-8", "replace")) > MOST_CHARACTERS:
        raise Refused("ClientInputError", f"The batch has more than {MOST_CHARACTERS:,} characters")
    stamp = call.core.clock.stamp()
    batch = Batch1(
        call.state.jobs.new_id("751"),
        job.id,
        stamp,
        Spool(call.state.folder, body),
        call.request.media_type,
        changed=stamp,
    )
    job.batches.append(batch)
    call.state.background.start(
        run_batch(replace(call, kind="bulk1", request=replace(call.request, body=b"")), job, batch)
    )
    return document("batchInfo", batch_values(batch), as_json=job.content_type == "JSON", status=201)


def batches(call: Call) -> Reply:
    """GET /job/ID/batch."""
    job = _job(call)
    return batch_list(job.batches, as_json=job.content_type == "JSON")


def batch_info(call: Call) -> Reply:
    """GET /job/ID/batch/ID."""
    job, batch = _batch(call)
    return document("batchInfo", batch_values(batch), as_json=job.content_type == "JSON")


def batch_request(call: Call) -> Reply:
    """GET /job/ID/batch/ID/request: what was sent."""
    _, batch = _batch(call)
    return Reply(200, body=batch.body.read(), content_type=batch.media_type or "text/csv")


def batch_result(call: Call) -> Reply:
    """GET /job/ID/batch/ID/result: the rows' results in order, or the list of a query's results."""
    job, batch = _batch(call)
    if batch.state in {"Queued", "InProgress"}:
        raise Refused("InvalidBatch", f"Batch not completed: {batch.state}")
    return result_list(job, batch) if job.operation.startswith("query") else results(job, batch)


def batch_file(call: Call) -> Reply:
    """GET /job/ID/batch/ID/result/ID: one file of a query's results."""
    _, batch = _batch(call)
    if call.args["result"] not in batch.files:
        raise Refused("InvalidBatch", f"Unable to find result for id: {call.args['result']}")
    media, body = batch.files[call.args["result"]]
    return Reply(200, chunks=body.blocks(), content_type=media)


ROUTES = (
    Route("POST", B, create, "bulk1_create", "bulk1"),
    Route("GET", B + "/{job}", info, "bulk1_info", "bulk1"),
    Route("POST", B + "/{job}", change, "bulk1_state", "bulk1"),
    Route("POST", B + "/{job}/batch", add_batch, "bulk1_batch", "bulk1"),
    Route("GET", B + "/{job}/batch", batches, "bulk1_batches", "bulk1"),
    Route("GET", B + "/{job}/batch/{batch}", batch_info, "bulk1_batch_info", "bulk1"),
    Route("GET", B + "/{job}/batch/{batch}/request", batch_request, "bulk1_request", "bulk1"),
    Route("GET", B + "/{job}/batch/{batch}/result", batch_result, "bulk1_result", "bulk1"),
    Route("GET", B + "/{job}/batch/{batch}/result/{result}", batch_file, "bulk1_file", "bulk1"),
)
