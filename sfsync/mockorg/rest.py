"""REST: versions, resources, describe, single records by id and by external id, limits and counts. Queries are
in query.py.

Source: REST API Developer Guide, "sObject Rows", "sObject Rows by External ID", "Limits", "Record Count".
"""

import base64
from typing import Any

from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.multipart import parts_of
from sfsync.mockorg.problems import MultipleMatches, Refused, not_found
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import delete, insert, options_of, update, upsert

OLDEST_VERSION = 31
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
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "search", "tooling", "actions")
    answer = {name: f"{call.root}/{name}" for name in names}
    answer["identity"] = f"{call.request.base}/id/{call.state.sessions.org_id}/{call.user}"
    return Reply(200, answer)


def nothing(_: Call) -> Reply:
    """GET /: some clients look whether anybody is there."""
    return Reply(200, body=b"<html><body>A mock org.</body></html>", content_type="text/html;charset=UTF-8")


def describe_global(call: Call) -> Reply:
    """GET /sobjects."""
    return Reply(200, call.core.describe_global(version=call.version))


def object_info(call: Call) -> Reply:
    """GET /sobjects/X."""
    name = call.object_name()
    listed = call.core.describe_global(version=call.version)["sobjects"]
    own = next(each for each in listed if each["name"] == name)
    return Reply(200, {"objectDescribe": own, "recentItems": []})


def describe(call: Call) -> Reply:
    """GET /sobjects/X/describe."""
    return Reply(200, call.core.describe(call.object_name(), version=call.version))


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
    return Reply(200, record(call, call.object_name(), call.args["id"], call.request.query.get("fields", "")))


def change(call: Call) -> Reply:
    """PATCH /sobjects/X/ID."""
    values = _values(call)
    if any(name.lower() == "id" for name in values):
        raise Refused(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=["Id"]
        )
    update(call, call.object_name(), call.args["id"], values, options_of(call))
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
    return Reply(200, record(call, sobject, found, call.request.query.get("fields", "")))


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
    if only_update and not call.core.find(sobject, field, call.args["value"]):
        raise not_found()
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


def limits(call: Call) -> Reply:
    """GET /limits."""
    stats = call.state.stats
    left = max(stats.maximum - stats.used, 0)
    batches = sum(len(job.batches) for job in call.state.jobs.bulk1.values())
    fixed = {
        "DailyBulkV2QueryJobs": 10_000,
        "DailyBulkV2QueryFileStorageMB": 976_562,
        "DailyAsyncApexExecutions": 250_000,
        "DailyWorkflowEmails": 1_000,
        "DataStorageMB": 1_073,
        "FileStorageMB": 1_073,
        "HourlyODataCallout": 1_000,
        "MassEmail": 5_000,
        "SingleEmail": 5_000,
    }
    answer = {
        "DailyApiRequests": {"Max": stats.maximum, "Remaining": left},
        "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000 - batches},
        **{name: {"Max": value, "Remaining": value} for name, value in fixed.items()},
    }
    return Reply(200, answer)


def record_count(call: Call) -> Reply:
    """GET /limits/recordCount: objects that hold nothing are left out when none were named."""
    asked = call.request.query.get("sObjects", "")
    names = [name.strip() for name in asked.split(",") if name.strip()] or list(call.core.schema.objects)
    counted = []
    for name in names:
        definition = call.core.schema.objects.get(name)
        count = call.core.query(f"SELECT COUNT() FROM {definition.name}").total if definition else 0
        if definition and (count or asked):
            counted.append({"count": count, "name": definition.name})
    return Reply(200, {"sObjects": counted})


ROUTES = (
    Route("GET", "/services/data", versions, "versions", "open"),
    Route("GET", "/", nothing, "root", "open"),
    Route("GET", V, resources, "resources"),
    Route("GET", V + "/sobjects", describe_global, "describe_global"),
    Route("GET", V + "/limits", limits, "limits"),
    Route("GET", V + "/limits/recordCount", record_count, "record_count"),
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
