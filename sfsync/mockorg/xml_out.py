"""REST answers as XML, for clients that ask for ``Accept: application/xml``.

Source: REST API Developer Guide, "Use cURL in the REST Examples" and the XML samples of its resources.
"""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

_ROOTS = {
    "query": "QueryResult",
    "queryAll": "QueryResult",
    "query_more": "QueryResult",
    "versions": "Versions",
    "describe_global": "DescribeGlobal",
    "describe": "DescribeSObject",
    "limits": "LimitsSnapshot",
    "updated": "GetUpdatedResult",
    "deleted": "GetDeletedResult",
}


def document(value: Any, kind: str, status: int) -> bytes:
    """An answer as an XML document; ``kind`` is the route's, ``status`` tells errors from results."""
    if status >= 400:
        text = _element("Errors", [{"Error": each} for each in value], flat=True)
    elif isinstance(value, dict) and "attributes" in value and "type" in value["attributes"]:
        text = _element(str(value["attributes"]["type"]), value)
    elif kind == "versions":
        text = _element("Versions", [{"Version": each} for each in value], flat=True)
    elif isinstance(value, list):
        text = _element("Results", [{"Result": each} for each in value], flat=True)
    else:
        text = _element(_ROOTS.get(kind, "Result"), value)
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def _element(name: str, value: Any, *, flat: bool = False) -> str:
    if value is None:
        return f'<{name} xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    if isinstance(value, list):
        inside = "".join(_inside(each) if flat else _element(name, each) for each in value)
        return f"<{name}>{inside}</{name}>" if flat else inside
    if isinstance(value, dict):
        marks = value.get("attributes")
        shown = "".join(f" {key}={quoteattr(str(each))}" for key, each in (marks or {}).items())
        return f"<{name}{shown}>{_inside(value)}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _inside(value: dict[str, Any]) -> str:
    return "".join(_element(key, each) for key, each in value.items() if key != "attributes")
