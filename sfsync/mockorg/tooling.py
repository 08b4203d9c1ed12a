"""The Tooling API, as far as the Salesforce CLI and data tools ask it.

What the org has objects for is answered from them; what it never has (sandboxes, Apex) is an empty answer.

Source: Tooling API Developer Guide, "REST Resources".
"""

import re
from typing import Any

from sfsync.mockorg.http import Reply
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call

V = "/services/data/{version}/tooling"

EMPTY = {
    "activescratchorg", "apexclass", "apexcomponent", "apexpage", "apextrigger", "customfield", "customobject",
    "flow", "flowdefinition", "flowdefinitionview", "installedsubscriberpackage", "package2", "package2version",
    "sandboxinfo", "sandboxprocess", "scratchorginfo", "sourcemember", "validationrule", "workflowrule",
}  # fmt: skip
"""Objects that the Tooling API has and this org no records of, in lower case."""


def query(call: Call) -> Reply:
    """GET /tooling/query?q=…"""
    soql = call.request.query.get("q", "")
    if not soql:
        raise Refused("MALFORMED_QUERY", "The query parameter q is required")
    found = re.search(r"\bfrom\s+(\w+)", soql, re.IGNORECASE)
    name = found[1] if found else ""
    if name in call.core.schema.objects:
        result = call.core.query(soql)
        return Reply(200, _answer(result.object, result.rows(version=call.version), result.total))
    if name.lower() in EMPTY:
        return Reply(200, _answer(name, [], 0))
    raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")


def _answer(name: str, records: list[dict[str, Any]], total: int) -> dict[str, Any]:
    return {
        "size": len(records),
        "totalSize": total,
        "done": True,
        "queryLocator": None,
        "entityTypeName": name if records else None,
        "records": records,
    }


def resources(call: Call) -> Reply:
    """GET /tooling: where things are."""
    return Reply(200, {"query": f"{call.root}/tooling/query", "sobjects": f"{call.root}/tooling/sobjects"})


def objects(call: Call) -> Reply:
    """GET /tooling/sobjects: none that could be read one by one."""
    del call
    return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": []})


ROUTES = (
    Route("GET", V, resources, "tooling"),
    Route("GET", V + "/query", query, "tooling"),
    Route("GET", V + "/sobjects", objects, "tooling"),
)
