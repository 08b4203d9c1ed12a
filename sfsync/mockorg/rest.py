"""REST: versions, resources, describe, single records by id and by external id. Queries are in query.py.

Source: REST API Developer Guide, "sObject Rows", "sObject Rows by External ID", "sObject Basic Information".
"""

import base64
from collections.abc import Callable
from typing import Any

from sfsync.mockorg.conditional import asked, marks, row_marks, unmet
from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.multipart import parts_of
from sfsync.mockorg.problems import MultipleMatches, Refused, not_found
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import delete, insert, options_of, update, upsert

OLDEST_VERSION = 31
MOST_RECENT = 10
_SEASONS = ("Spring", "Summer", "Winter")

V = "/services/data/{version}"
X = V + "/sobjects/{object}"


def versions(call: Call) -> Reply:
    """GET /services/data: oldest first; needs no token and is not counted."""
    listed = []
    for number in range(OLDEST_VERSION, call.state.quirks.newest_version + 1):
        season, year = _SEASONS[number % 3], 4 + (number + 1) // 3
        label = f"{season} '{year:02}"
        listed.append({"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"})
    return Reply(200, listed)


def resources(call: Call) -> Reply:
    """GET /services/data/vX: where things are."""
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "search", "parameterizedSearch",
             "tooling", "actions")  # fmt: skip
    answer = {name: f"{call.root}/{name}" for name in names}
    answer["identity"] = f"{call.request.base}/id/{call.state.sessions.org_id}/{call.user}"
    return Reply(200, answer)


def nothing(_: Call) -> Reply:
    """GET /: some clients look whether anybody is there."""
    return Reply(200, body=b"<html><body>A mock org.</body></html>", content_type="text/html;charset=UTF-8")


def describe_global(call: Call) -> Reply:
    """GET /sobjects."""
    return _unless(call, lambda: call.core.describe_global(version=call.version))


def object_info(call: Call) -> Reply:
    """GET /sobjects/X: what the list of objects says of it, and the records changed last."""
    name = call.object_name()
    listed = call.core.describe_global(version=call.version)["sobjects"]
    own = next(each for each in listed if each["name"] == name)
    return Reply(200, {"objectDescribe": own, "recentItems": _recent(call, name)})


def _recent(call: Call, sobject: str) -> list[dict[str, Any]]:
    fields = call.core.schema.objects[sobject].fields
    if "SystemModstamp" not in fields:
        return []
    shown = ["Id", *(each.name for each in fields.values() if each.name_field)]
    soql = (
        f"SELECT {', '.join(shown)} FROM {sobject} ORDER BY SystemModstamp DESC, Id DESC LIMIT {MOST_RECENT}"
    )
    return call.core.query(soql).rows(version=call.version)


def describe(call: Call) -> Reply:
    """GET /sobjects/X/describe."""
    name = call.object_name()
    return _unless(call, lambda: call.core.describe(name, version=call.version))


def _unless(call: Call, make: Callable[[], dict[str, Any]]) -> Reply:
    """What describes the org: it last changed when its metadata was loaded."""
    headers = marks(call.state.began)
    return unmet(call.request, headers) or Reply(
        200, make(), headers={"Last-Modified": headers["Last-Modified"]}
    )


def record(call: Call, sobject: str, record_id: str, fields: str = "") -> dict[str, Any]:
    """One record as REST shows it; ``fields`` are names between commas, empty for all."""
    wanted = [name.strip() for name in fields.split(",") if name.strip()] or None
    return call.core.read(sobject, record_id, wanted, version=call.version)


def create(call: Call) -> Reply:
    """POST /sobjects/X, as JSON, or as a form of several parts when a file comes with the record."""
    sobject = call.object_name()
    several = call.request.media_type == "multipart/form-data"
    made = insert(call, sobject, _with_file(call) if several else _values(call), options_of(call))
    answer = {"id": made, "success": True, "errors": []}
    return Reply(201, answer, headers={"Location": f"{call.root}/sobjects/{sobject}/{made}"})


def retrieve(call: Call) -> Reply:
    """GET /sobjects/X/ID."""
    return _shown(call, call.object_name(), call.args["id"])


def _shown(call: Call, sobject: str, record_id: str) -> Reply:
    """A record, unless the request's conditions say otherwise."""
    headers = row_marks(call, sobject, record_id)
    refused = unmet(call.request, headers) if asked(call.request) else None
    return refused or Reply(
        200, record(call, sobject, record_id, call.request.query.get("fields", "")), headers=headers
    )


def _guarded(call: Call, sobject: str, record_id: str) -> Reply | None:
    """The refusal of a change whose conditions do not hold."""
    if not asked(call.request):
        return None
    return unmet(call.request, row_marks(call, sobject, record_id))


def change(call: Call) -> Reply:
    """PATCH /sobjects/X/ID."""
    values = _values(call)
    if any(name.lower() == "id" for name in values):
        raise Refused(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=["Id"]
        )
    sobject = call.object_name()
    if refused := _guarded(call, sobject, call.args["id"]):
        return refused
    update(call, sobject, call.args["id"], values, options_of(call))
    return Reply(204)


def remove(call: Call) -> Reply:
    """DELETE /sobjects/X/ID."""
    delete(call, call.object_name(), call.args["id"])
    return Reply(204)


def _values(call: Call) -> dict[str, Any]:
    values = call.request.json_object()
    return {name: value for name, value in values.items() if name.lower() != "attributes"}


def _with_file(call: Call) -> dict[str, Any]:
    """The values of a record whose file is a part of its own; that part's name is the field's."""
    values: dict[str, Any] = {}
    for part in parts_of(call.request):
        if part.media_type == "application/json":
            values |= Request("POST", "", body=part.body).json_object()
        else:
            values[part.name] = base64.b64encode(part.body).decode()
    return values


def _by_key(call: Call) -> tuple[str, str]:
    """The object and the one record that the key of the path names."""
    sobject, field = call.object_name(), call.args["field"]
    key_field(call, sobject, field)
    found = call.core.find(sobject, field, call.args["value"])
    if not found:
        raise not_found()
    if len(found) > 1:
        raise MultipleMatches(sobject, field, found)
    return sobject, found[0]


def key_field(call: Call, sobject: str, field: str) -> str:
    """The name of a field that may serve as a key, in the schema's spelling.

    Raises:
        Refused: NOT_FOUND when the field is neither an external id nor an idLookup field.

    """
    definition = call.core.schema.objects[sobject].fields.get(field)
    if definition is None or not definition.key:
        message = f"Provided external ID field does not exist or is not accessible: {field}"
        raise Refused("NOT_FOUND", message, status=404)
    return definition.name


def retrieve_by_key(call: Call) -> Reply:
    """GET /sobjects/X/FIELD/VALUE, or GET /sobjects/X/ID/FIELD for the bytes of a file."""
    last = call.core.schema.objects[call.object_name()].fields.get(call.args["value"])
    if last is not None and last.type == "base64":
        body = call.core.blob(call.object_name(), call.args["field"], last.name)
        return Reply(200, body=body, content_type="application/octetstream")
    sobject, found = _by_key(call)
    return _shown(call, sobject, found)


def remove_by_key(call: Call) -> Reply:
    """DELETE /sobjects/X/FIELD/VALUE."""
    sobject, found = _by_key(call)
    delete(call, sobject, found)
    return Reply(204)


def upsert_by_key(call: Call) -> Reply:
    """PATCH /sobjects/X/FIELD/VALUE: 201 when made, 200 when changed, 300 when the key fits several.

    Source: "Insert or Update (Upsert) a Record Using an External ID".
    """
    sobject, values = call.object_name(), _values(call)
    field = key_field(call, sobject, call.args["field"])
    repeated = [name for name in values if name.lower() == field.lower()]
    if repeated and not call.state.quirks.key_in_body:
        raise Refused(
            "INVALID_FIELD", f"The {field} field should not be specified in the sobject data.", fields=[field]
        )
    for name in repeated:
        del values[name]
    only_update = call.request.query.get("updateOnly", "").lower() == "true"
    if only_update or asked(call.request):
        found = call.core.find(sobject, field, call.args["value"])
        if only_update and not found:
            raise not_found()
        if len(found) == 1 and (refused := _guarded(call, sobject, found[0])):
            return refused
    made, created = upsert(call, sobject, field, call.args["value"], values, options_of(call))
    if not created and float(call.version) < 46:
        return Reply(204)
    answer = {"id": made, "success": True, "errors": [], "created": created}
    return Reply(201 if created else 200, answer)


def create_by_id_path(call: Call) -> Reply:
    """POST /sobjects/X/Id: a plain create, as the other end of an upsert by Id."""
    if call.args["id"].lower() != "id":
        raise Refused(
            "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are GET,PATCH,DELETE", status=405
        )
    return create(call)


ROUTES = (
    Route("GET", "/services/data", versions, "versions", "open"),
    Route("GET", "/", nothing, "root", "open"),
    Route("GET", V, resources, "resources"),
    Route("GET", V + "/sobjects", describe_global, "describe_global"),
    Route("GET", X, object_info, "object_info"),
    Route("POST", X, create, "create"),
    Route("GET", X + "/describe", describe, "describe"),
    Route("GET", X + "/{id}", retrieve, "retrieve"),
    Route("PATCH", X + "/{id}", change, "update"),
    Route("DELETE", X + "/{id}", remove, "delete"),
    Route("POST", X + "/{id}", create_by_id_path, "create"),
    Route("GET", X + "/{field}/{value}", retrieve_by_key, "retrieve_by_key"),
    Route("PATCH", X + "/{field}/{value}", upsert_by_key, "upsert"),
    Route("DELETE", X + "/{field}/{value}", remove_by_key, "delete_by_key"),
)
