"""Composite graph: groups of dependent writes, each group all or nothing, the groups independent of each other.

Source: REST API Developer Guide, "Using Composite Graphs", "Composite Graph Limits".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sfsync.mockorg.composite import Subrequest, checked, run
from sfsync.mockorg.http import Reply
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call, json_list

MOST_GRAPHS = 75
MOST_NODES = 500
MOST_DEPTH = 15
MOST_KINDS = 15
MOST_FAILED = 14

_GRAPH_ID = re.compile(r"[A-Za-z0-9][^.]{0,38}")
_ROW = re.compile(r"/services/data/(v[\d.]+)/sobjects/(\w+)(/[^/?]+){0,2}/?(\?.*)?", re.IGNORECASE)
_METHODS = {0: {"POST"}, 1: {"GET", "PATCH", "DELETE", "POST"}, 2: {"GET", "PATCH", "POST", "DELETE"}}
_REFERENCE = re.compile(r"@\{(\w+)")


def graph(call: Call) -> Reply:
    """POST /composite/graph."""
    graphs = json_list(call.request.json_object().get("graphs"), "graphs")
    parts = _checked_graphs(graphs)
    answers: list[dict[str, Any]] = []
    failed = 0
    for graph_id, subrequests in parts.items():
        if failed > MOST_FAILED:
            answers.append(_answer(graph_id, _halted(subrequests), good=False))
            continue
        responses, good = run(call, subrequests, all_or_none=True)
        failed += not good
        answers.append(_answer(graph_id, responses, good=good))
    return Reply(200, {"graphs": answers})


def _answer(graph_id: str, responses: list[dict[str, Any]], *, good: bool) -> dict[str, Any]:
    return {"graphId": graph_id, "graphResponse": {"compositeResponse": responses}, "isSuccessful": good}


def _halted(subrequests: Sequence[Subrequest]) -> list[dict[str, Any]]:
    text = "The maximum number of failed graphs was reached, so this graph was not processed."
    body = [{"errorCode": "PROCESSING_HALTED", "message": text}]
    return [
        {"body": body, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": each["referenceId"]}
        for each in subrequests
    ]


def _checked_graphs(graphs: Sequence[Any]) -> dict[str, list[Subrequest]]:
    if not graphs or len(graphs) > MOST_GRAPHS:
        raise Refused("LIMIT_EXCEEDED", f"A request holds 1 to {MOST_GRAPHS} graphs, not {len(graphs)}")
    parts: dict[str, list[Subrequest]] = {}
    kinds: set[tuple[str, str, str]] = set()
    for each in graphs:
        graph_id = each.get("graphId") if isinstance(each, dict) else None
        if not isinstance(graph_id, str) or not _GRAPH_ID.fullmatch(graph_id) or graph_id in parts:
            raise Refused("INVALID_INPUT", f"Invalid or repeated graph ID: {graph_id}")
        subrequests = checked(json_list(each.get("compositeRequest"), "compositeRequest"))
        parts[graph_id] = subrequests
        kinds |= {_kind(subrequest) for subrequest in subrequests}
        if _depth(subrequests) > MOST_DEPTH:
            raise Refused("LIMIT_EXCEEDED", f"Graph {graph_id} is deeper than {MOST_DEPTH}")
    if (nodes := sum(map(len, parts.values()))) > MOST_NODES:
        raise Refused("LIMIT_EXCEEDED", f"The limit of {MOST_NODES} nodes is exceeded: {nodes}")
    if len(kinds) > MOST_KINDS:
        raise Refused(
            "LIMIT_EXCEEDED", f"The limit of {MOST_KINDS} different nodes is exceeded: {len(kinds)}"
        )
    return parts


def _kind(subrequest: Subrequest) -> tuple[str, str, str]:
    found = _ROW.fullmatch(subrequest["url"])
    method = subrequest["method"].upper()
    places = subrequest["url"].partition("?")[0].rstrip("/").count("/") - 5 if found else 0
    if found is None or method not in _METHODS[places]:
        raise Refused(
            "INVALID_INPUT",
            f"{method} {subrequest['url']} is not allowed in a graph: only single records are",
        )
    return found[1].lower(), method, found[2].lower()


def _depth(subrequests: Sequence[Subrequest]) -> int:
    """The longest chain of references."""
    depths: dict[str, int] = {}
    for each in subrequests:
        depths[each["referenceId"]] = 1 + max((depths.get(name, 0) for name in _parents(each)), default=0)
    return max(depths.values())


def _parents(subrequest: Mapping[str, Any]) -> set[str]:
    return set(_REFERENCE.findall(f"{subrequest['url']} {subrequest.get('body')!r}"))


ROUTES = (Route("POST", "/services/data/{version}/composite/graph", graph, "graph"),)
