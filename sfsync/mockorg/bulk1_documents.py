"""The documents of Bulk 1.0, in XML and in JSON: jobs, batches, lists, errors.

Job documents answer in the format of the request; batch documents in that of the job (JSON only for JSON jobs).
Source: Bulk API Developer Guide, "JobInfo", "BatchInfo", "Errors".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sfsync.mockorg.http import Reply, Request, to_json
from sfsync.mockorg.jobs import Batch1, Job1
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.xml_in import tag

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XML_TYPE = "application/xml"
JSON_TYPE = "application/json"  # exactly so: clients compare it, a charset would break them

_CODES = {
    "INVALID_SESSION_ID": "InvalidSessionId",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "JSON_PARSER_ERROR": "InvalidJob",
    "UNSUPPORTED_API_VERSION": "InvalidVersion",
}


def wants_json(request: Request) -> bool:
    """Whether a request speaks JSON, by its Content-Type, or without one by its Accept."""
    return JSON_TYPE in (request.media_type or request.header("accept"))


def document(name: str, values: Mapping[str, Any], *, as_json: bool, status: int = 200) -> Reply:
    """One document: an element with simple children, or a JSON object."""
    if as_json:
        return Reply(status, body=to_json(values), content_type=JSON_TYPE)
    inside = "".join(tag(key, value) for key, value in values.items() if value is not None)
    return xml_reply(f'<{name} xmlns="{NAMESPACE}">{inside}</{name}>', status)


def xml_reply(text: str, status: int = 200) -> Reply:
    """An XML document as an answer."""
    return Reply(status, body=f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), content_type=XML_TYPE)


def error_document(refusal: Refused, request: Request) -> Reply:
    """The error of a request; Bulk 1.0 has its own names and answers 400 to an ended session."""
    code = _CODES.get(refusal.code) or (refusal.code if "_" not in refusal.code else _camel(refusal.code))
    status = 400 if refusal.status in {401, 403, 404} else refusal.status
    values = {"exceptionCode": code, "exceptionMessage": refusal.message}
    return document("error", values, as_json=wants_json(request), status=status)


def _camel(code: str) -> str:
    return "".join(word.capitalize() for word in re.split("_+", code))


def zulu(stamp: str) -> str:
    """A REST time stamp as Bulk writes it, with Z instead of +0000."""
    return stamp.replace("+0000", "Z")


def job_values(job: Job1) -> dict[str, Any]:
    """The contents of a JobInfo, in the order in which orgs give them."""
    states = [batch.state for batch in job.batches]
    times = {"totalProcessingTime": 0, "apiActiveProcessingTime": 0, "apexProcessingTime": 0}
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": zulu(job.created),
        "systemModstamp": zulu(job.changed or job.created),
        "state": job.state,
        **({"externalIdFieldName": job.key_field} if job.key_field else {}),
        **({"assignmentRuleId": job.assignment_rule} if job.assignment_rule else {}),
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "numberBatchesQueued": states.count("Queued"),
        "numberBatchesInProgress": states.count("InProgress"),
        "numberBatchesCompleted": states.count("Completed"),
        "numberBatchesFailed": states.count("Failed"),
        "numberBatchesTotal": len(states),
        "numberRecordsProcessed": sum(batch.processed for batch in job.batches),
        "numberRetries": 0,
        "apiVersion": float(job.version),
        "numberRecordsFailed": sum(batch.failed for batch in job.batches),
        **times,
    }


def list_values(job: Job1) -> dict[str, Any]:
    """A job as the lists of Bulk 2.0 show it."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": job.created,
        "systemModstamp": job.changed,
        "state": job.state,
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "apiVersion": float(job.version),
        "jobType": "Classic",
        **({"isPkChunkingEnabled": True} if job.chunk else {}),
    }


def batch_values(batch: Batch1) -> dict[str, Any]:
    """The contents of a BatchInfo."""
    return {
        "id": batch.id,
        "jobId": batch.job,
        "state": batch.state,
        **({"stateMessage": batch.message} if batch.message else {}),
        "createdDate": zulu(batch.created),
        "systemModstamp": zulu(batch.changed or batch.created),
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }


def batch_list(batches: Iterable[Batch1], *, as_json: bool) -> Reply:
    """The BatchInfoList of a job."""
    values = [batch_values(batch) for batch in batches]
    if as_json:
        return Reply(200, body=to_json({"batchInfo": values}), content_type=JSON_TYPE)
    inside = "".join(
        "<batchInfo>" + "".join(tag(key, value) for key, value in each.items()) + "</batchInfo>"
        for each in values
    )
    return xml_reply(
        f'<batchInfoList xmlns="{NAMESPACE}">{inside}</batchInfoList>'
        if inside
        else f'<batchInfoList xmlns="{NAMESPACE}" />'
    )
