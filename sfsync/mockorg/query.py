"""Queries over REST: query, queryAll, pages by locator, columnMetadata, plans.

Source: REST API Developer Guide, "Query", "QueryAll", "Query Options Header"; SOQL limits for the page size.
"""

import re
from typing import Any

from sfsync.mockorg.http import Reply
from sfsync.mockorg.org import QueryResult
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call

V = "/services/data/{version}"
_LOCATOR = re.compile(r"(01g\w{12,15})-(\d+)", re.IGNORECASE)


def query(call: Call) -> Reply:
    """GET /query?q=…"""
    return _first_page(call, all_rows=False)


def query_all(call: Call) -> Reply:
    """GET /queryAll?q=…: with the rows in the recycle bin."""
    return _first_page(call, all_rows=True)


def _first_page(call: Call, *, all_rows: bool) -> Reply:
    asked = call.request.query
    if "explain" in asked:
        return _explained(call, asked["explain"])
    soql = asked.get("q")
    if not soql:
        raise Refused("MALFORMED_QUERY", "The query parameter q is required")
    size = _page_size(call)
    result = call.core.query(soql, all_rows=all_rows, version=call.version)
    if asked.get("columns", "").lower() == "true":
        return Reply(
            200, {"columnMetadata": column_metadata(result), "entityName": result.object, "groupBy": False}
        )
    return _page(call, result, "", 0, size)


def _explained(call: Call, soql: str) -> Reply:
    """What a query would cost: here always a walk over the table. Source: "Get Feedback on Query Performance"."""
    result = call.core.query(soql)
    every = call.core.count(result.object)
    plan = {
        "cardinality": result.total,
        "fields": [],
        "leadingOperationType": "TableScan",
        "notes": [],
        "relativeCost": round(result.total / every, 3) if every else 0.0,
        "sobjectCardinality": every,
        "sobjectType": result.object,
    }
    return Reply(200, {"plans": [plan], "sourceQuery": soql})


def query_more(call: Call) -> Reply:
    """GET /query/LOCATOR: the next page; a repeated ``q`` is ignored."""
    found = _LOCATOR.fullmatch(call.args["locator"])
    result = call.state.cursors.get(found[1]) if found else None
    if found is None or result is None:
        raise Refused(
            "INVALID_QUERY_LOCATOR", "invalid query locator", status=call.state.quirks.stale_locator
        )
    return _page(call, result, found[1], int(found[2]), _page_size(call))


def _page_size(call: Call) -> int:
    asked = re.search(r"batchSize\s*=\s*(-?\w+)", call.request.header("sforce-query-options"), re.IGNORECASE)
    if asked is None:
        return call.state.quirks.page_size
    if not asked[1].isdigit() or not 200 <= int(asked[1]) <= 2000:
        raise Refused("INVALID_BATCH_SIZE", f"Invalid batch size {asked[1]}: must be between 200 and 2000")
    return int(asked[1])


def _page(call: Call, result: QueryResult, cursor: str, start: int, size: int) -> Reply:
    fetched = result.rows(start, size, version=call.version)
    rows = _whole_rows(fetched, size)
    end = start + (size if len(rows) == len(fetched) else len(rows))
    done = end >= result.total or not fetched  # COUNT() has a total and no rows
    answer: dict[str, Any] = {"totalSize": result.total, "done": done}
    if not done:
        cursor = cursor or _open(call, result)
        answer["nextRecordsUrl"] = f"{call.root}/query/{cursor}-{end}"
    answer["records"] = rows
    return Reply(200, answer)


def _whole_rows(rows: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """As many rows as fit the page; the child rows of sub-queries count too, but one row always fits."""
    taken = 0
    for number, row in enumerate(rows):
        taken += 1 + sum(
            len(each["records"]) for each in row.values() if isinstance(each, dict) and "records" in each
        )
        if taken > size and number:
            return rows[:number]
    return rows


def _open(call: Call, result: QueryResult) -> str:
    cursors = call.state.cursors
    cursor = call.state.jobs.new_id("01g")
    cursors[cursor] = result
    while len(cursors) > call.state.quirks.open_cursors:
        cursors.popitem(last=False)
    return cursor


def column_metadata(result: QueryResult) -> list[dict[str, Any]]:
    """What ``columns=true`` tells of the columns; parents' fields are joined under the parent's name."""
    top: list[dict[str, Any]] = []
    for column in result.columns:
        level = top
        *parents, last = column.name.split(".")
        for name in parents:
            joint = next((each for each in level if each["columnName"] == name), None)
            if joint is None:
                joint = _column(name, "", aggregate=False)
                level.append(joint)
            level = joint["joinColumns"]
        made = _column(last, column.type, aggregate=column.aggregate or bool(column.children))
        made["joinColumns"] = [
            _column(each.name, each.type, aggregate=each.aggregate) for each in column.children
        ]
        level.append(made)
    return top


_APEX_TYPES = {"boolean": "Boolean", "int": "Integer", "double": "Double", "currency": "Double", "percent": "Double",
               "date": "Date", "datetime": "Datetime", "time": "Time", "id": "Id", "reference": "Id"}  # fmt: skip


def _column(name: str, kind: str, *, aggregate: bool) -> dict[str, Any]:
    apex = _APEX_TYPES.get(kind, "String")
    return {
        "aggregate": aggregate,
        "apexType": apex,
        "booleanType": apex == "Boolean",
        "columnName": name,
        "custom": name.endswith(("__c", "__r")),
        "displayName": name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": apex in {"Integer", "Double"},
        "textType": apex == "String",
        "updatable": False,
    }


ROUTES = (
    Route("GET", V + "/query", query, "query"),
    Route("GET", V + "/queryAll", query_all, "queryAll"),
    Route("GET", V + "/query/{locator}", query_more, "query_more"),
    Route("GET", V + "/queryAll/{locator}", query_more, "query_more"),
)
