"""Composite batch: up to 25 independent requests one after another; each counts as an API call and stands for itself.

Source: REST API Developer Guide, "Composite Batch".
"""

from typing import Any

from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call, json_list

MOST_SUBREQUESTS = 25


def batch(call: Call) -> Reply:
    """POST /composite/batch."""
    body = call.request.json_object()
    subrequests = json_list(body.get("batchRequests"), "batchRequests")
    if not 1 <= len(subrequests) <= MOST_SUBREQUESTS:
        raise Refused(
            "LIMIT_EXCEEDED", f"A batch holds 1 to {MOST_SUBREQUESTS} requests, not {len(subrequests)}"
        )
    halt = body.get("haltOnError") is True
    results: list[dict[str, Any]] = []
    bad = False
    for number, each in enumerate(subrequests):
        if bad and halt:
            text = "The request was not processed, because a previous one failed and haltOnError is set."
            results.append(
                {"statusCode": 412, "result": [{"errorCode": "BATCH_PROCESSING_HALTED", "message": text}]}
            )
            continue
        if number:
            call.state.stats.count(call.kind)  # the first is the request itself
        reply = call.state.subrequest(call, _request(call, each))
        bad = bad or reply.status >= 300
        results.append({"statusCode": reply.status, "result": reply.value})
    return Reply(200, {"hasErrors": bad, "results": results})


def _request(call: Call, subrequest: Any) -> Request:
    if not isinstance(subrequest, dict) or not isinstance(subrequest.get("url"), str):
        raise Refused("JSON_PARSER_ERROR", "Every request of a batch needs method and url")
    url: str = subrequest["url"]
    target = url if url.startswith("/services/data/") else f"/services/data/{url.removeprefix('/')}"
    parsed = subrequest.get("richInput")
    method = str(subrequest.get("method", "")).upper()
    return Request(method, target, base=call.request.base, parsed={} if parsed is None else parsed)


ROUTES = (Route("POST", "/services/data/{version}/composite/batch", batch, "batch"),)
