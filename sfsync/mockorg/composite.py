"""Composite: up to 25 subrequests in one call, later ones using what earlier ones answered.

Source: REST API Developer Guide, "Composite", "allOrNone Parameters in Composite and Collections Requests".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.sobject_collections import all_good
from sfsync.mockorg.state import Call, json_list

MOST_SUBREQUESTS = 25
MOST_HEAVY = 5

ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."

_REFERENCE = re.compile(r"@\{([^.}\[]+)([^}]*)\}")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_HEAVY = re.compile(r"/services/data/v[\d.]+/(query|queryAll|composite/sobjects)(/|\?|$)", re.IGNORECASE)
_NESTED = re.compile(r"/services/data/v[\d.]+/composite(/batch|/graph|/tree/[^/]*)?/?(\?|$)", re.IGNORECASE)

Subrequest = dict[str, Any]

_HALTED = Reply(400, [{"errorCode": "PROCESSING_HALTED", "message": ROLLED_BACK}])


class _NoValue(Exception):
    """A reference that points at nothing; its text is the message of the subrequest."""


def composite(call: Call) -> Reply:
    """POST /composite: always 200; the subrequests carry their own statuses."""
    body = call.request.json_object()
    subrequests = checked(json_list(body.get("compositeRequest"), "compositeRequest"))
    if len(subrequests) > MOST_SUBREQUESTS:
        raise Refused(
            "LIMIT_EXCEEDED", f"The limit of {MOST_SUBREQUESTS} subrequests is exceeded: {len(subrequests)}"
        )
    heavy = sum(1 for each in subrequests if _HEAVY.match(each["url"]))
    if heavy > MOST_HEAVY:
        text = f"The limit of {MOST_HEAVY} query and sObject collection subrequests is exceeded: {heavy}"
        raise Refused("LIMIT_EXCEEDED", text)
    collated = body.get("collateSubrequests", True) is not False
    backwards = collated and call.state.quirks.reverse_collated
    answers, _ = run(call, subrequests, all_or_none=body.get("allOrNone") is True, backwards=backwards)
    return Reply(200, {"compositeResponse": answers})


def checked(subrequests: Sequence[Any]) -> list[Subrequest]:
    """The subrequests when each has method, url and a referenceId of its own.

    Raises:
        Refused: for the whole request.

    """
    if not subrequests:
        raise Refused("INVALID_INPUT", "At least one subrequest is required")
    names: set[str] = set()
    for each in subrequests:
        if not isinstance(each, dict) or not all(
            isinstance(each.get(key), str) for key in ("method", "url", "referenceId")
        ):
            raise Refused("JSON_PARSER_ERROR", "Every subrequest needs method, url and referenceId")
        if not re.fullmatch(r"\w+", each["referenceId"]):
            raise Refused("INVALID_INPUT", f"Invalid reference ID: {each['referenceId']}")
        if each["referenceId"] in names:
            raise Refused("INVALID_INPUT", f"Duplicate reference ID: {each['referenceId']}")
        names.add(each["referenceId"])
    return list(subrequests)


def run(
    call: Call, subrequests: Sequence[Subrequest], *, all_or_none: bool, backwards: bool = False
) -> tuple[list[dict[str, Any]], bool]:
    """Run subrequests and return their answers in the order of the request, and whether all went well."""
    replies: dict[str, Reply] = {}
    good = True
    with call.state.transaction() as unit:
        for each in _order(subrequests, backwards=backwards):
            reply = _run_one(call, each, replies)
            replies[each["referenceId"]] = reply
            if not (reply.status < 300 or reply.status == 304) or (
                all_or_none and _is_collection(each) and not all_good(reply)
            ):
                good = False
                if all_or_none:
                    break
        if all_or_none and not good:
            unit.rollback()
            culprit = each["referenceId"]
            replies = {culprit: replies[culprit]}
    answers = [
        _answer(each["referenceId"], replies.get(each["referenceId"], _HALTED)) for each in subrequests
    ]
    return answers, good


def _answer(name: str, reply: Reply) -> dict[str, Any]:
    return {
        "body": reply.value,
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": name,
    }


def _is_collection(subrequest: Subrequest) -> bool:
    return "/composite/sobjects" in subrequest["url"].lower()


def _run_one(call: Call, subrequest: Subrequest, replies: Mapping[str, Reply]) -> Reply:
    try:
        url = _fill(subrequest["url"], replies, in_url=True)
        body = _fill_all(subrequest.get("body"), replies)
    except _NoValue as gap:
        return Reply(400, [{"errorCode": "PROCESSING_HALTED", "message": str(gap)}])
    if not url.lower().startswith("/services/data/v") or _NESTED.match(url):
        return Reply(400, [{"errorCode": "INVALID_INPUT", "message": f"This URL is not allowed here: {url}"}])
    headers = subrequest.get("httpHeaders")
    sent = (
        {str(name).lower(): str(value) for name, value in headers.items()}
        if isinstance(headers, dict)
        else {}
    )
    request = Request(
        subrequest["method"].upper(), url, sent, base=call.request.base, parsed={} if body is None else body
    )
    return call.state.subrequest(call, request)


def _fill_all(value: Any, replies: Mapping[str, Reply]) -> Any:
    if isinstance(value, str):
        return _fill(value, replies, in_url=False)
    if isinstance(value, list):
        return [_fill_all(each, replies) for each in value]
    if isinstance(value, dict):
        return {name: _fill_all(each, replies) for name, each in value.items()}
    return value


def _fill(text: str, replies: Mapping[str, Reply], *, in_url: bool) -> Any:
    if "@{" not in text:
        return text
    whole = _REFERENCE.fullmatch(text)
    if whole and not in_url:
        return _look_up(whole, replies)

    def replace(found: re.Match[str]) -> str:
        value = str(_look_up(found, replies))
        return quote(value, safe="") if in_url else value

    return _REFERENCE.sub(replace, text)


def _look_up(reference: re.Match[str], replies: Mapping[str, Reply]) -> Any:
    name, path = reference[1], reference[2]
    value: Any = replies[name].value if name in replies and replies[name].status < 300 else None
    steps = _STEP.findall(path)
    if "".join(f".{key}" if key else f"[{index}]" for key, index in steps) != path:
        value = None
    for key, index in steps:
        if key:
            value = value.get(key) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    if value is None:
        raise _NoValue(f"Invalid reference specified. No value for {name}{path} found in {name}")
    return value


def _order(subrequests: Sequence[Subrequest], *, backwards: bool) -> list[Subrequest]:
    """The order of running: as written, or backwards as far as the references allow."""
    if not backwards:
        return list(subrequests)
    names = {each["referenceId"] for each in subrequests}
    waiting, done, order = list(subrequests), set[str](), list[Subrequest]()
    while waiting:
        ready = [each for each in waiting if names & _mentioned(each) <= done]
        each = ready[-1] if ready else waiting[0]
        waiting.remove(each)
        done.add(each["referenceId"])
        order.append(each)
    return order


def _mentioned(subrequest: Subrequest) -> set[str]:
    found = {match[1] for match in _REFERENCE.finditer(f"{subrequest['url']} {subrequest.get('body')!r}")}
    return found - {subrequest["referenceId"]}


ROUTES = (Route("POST", "/services/data/{version}/composite", composite, "composite"),)
