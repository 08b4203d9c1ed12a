"""sObject Collections: up to 200 records in one request, each with a result of its own, in order.

Source: REST API Developer Guide, "Create (Update, Upsert, Delete) Records Using sObject Collections",
"Get Records Using sObject Collections", "Get Records With a Request Body Using sObject Collections".
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sfsync.mockorg import ids as record_ids
from sfsync.mockorg.http import Reply
from sfsync.mockorg.problems import Refused, malformed_id
from sfsync.mockorg.rest import key_field, record
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call, json_list
from sfsync.mockorg.writes import delete, insert, options_of, row_error, update, upsert

MOST_ROWS = 200
MOST_CHUNKS = 10
MOST_READ = 2_000

C = "/services/data/{version}/composite/sobjects"

ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}

Row = dict[str, Any]


def create(call: Call) -> Reply:
    """POST /composite/sobjects."""
    rows, options = _rows(call), options_of(call)

    def write(row: Row) -> dict[str, Any]:
        sobject = _type_of(call, row)
        return {"id": insert(call, sobject, _values(row), options)}

    return _each(call, rows, write)


def change(call: Call) -> Reply:
    """PATCH /composite/sobjects."""
    rows, options = _rows(call), options_of(call)

    def write(row: Row) -> dict[str, Any]:
        record_id = next((value for name, value in row.items() if name.lower() == "id"), None)
        if not record_id:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call", fields=["Id"])
        sobject = _type_of(call, row)
        update(call, sobject, record_id, _values(row, "id"), options)
        return {"id": record_ids.normalise(record_id) or record_id}

    return _each(call, rows, write)


def upsert_by_key(call: Call) -> Reply:
    """PATCH /composite/sobjects/X/FIELD: one object; with the field Id, an empty Id means a new record."""
    rows, options = _rows(call), options_of(call)
    sobject = call.object_name()
    field = key_field(call, sobject, call.args["field"])
    seen: set[str] = set()

    def write(row: Row) -> dict[str, Any]:
        if _type_of(call, row) != sobject:
            raise Refused("INVALID_TYPE", f"The type of every record must be {sobject}")
        key = next((value for name, value in row.items() if name.lower() == field.lower()), None)
        values = _values(row, field.lower())
        if key in {None, ""}:
            if field != "Id":
                raise Refused("MISSING_ARGUMENT", f"{field} not specified", fields=[field])
            return {"id": insert(call, sobject, values, options), "created": True}
        if str(key) in seen and call.state.quirks.repeated_keys:
            raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {key}", fields=[field])
        seen.add(str(key))
        made, created = upsert(call, sobject, field, key, values, options)
        return {"id": made, "created": created}

    return _each(call, rows, write)


def remove(call: Call) -> Reply:
    """DELETE /composite/sobjects?ids=…"""
    wanted = [each for each in call.request.query.get("ids", "").split(",") if each]
    _check_count(wanted)
    all_or_none = call.request.query.get("allOrNone", "").lower() == "true"

    def write(given: str) -> dict[str, Any]:
        record_id = record_ids.normalise(given)
        owner = call.core.schema.by_prefix(given)
        if record_id is None or owner is None:
            raise Refused("MALFORMED_ID", f"malformed id {given}")
        delete(call, owner.name, record_id)
        return {"id": record_id}

    return Reply(200, each_row(call, wanted, write, all_or_none=all_or_none))


def retrieve(call: Call) -> Reply:
    """GET /composite/sobjects/X?ids=…&fields=…: null in the place of a record that is not there."""
    asked = call.request.query
    return _read(call, asked.get("ids", "").split(","), asked.get("fields", "").split(","))


def retrieve_many(call: Call) -> Reply:
    """POST /composite/sobjects/X with ``ids`` and ``fields`` in the body: up to 2,000 records."""
    body = call.request.json_object()
    return _read(call, json_list(body.get("ids"), "ids"), json_list(body.get("fields"), "fields"))


def _read(call: Call, wanted: Sequence[str], fields: Sequence[str]) -> Reply:
    sobject = call.object_name()
    names = [name.strip() for name in fields if name.strip()]
    if not names or not any(wanted):
        raise Refused("MISSING_ARGUMENT", "The parameters ids and fields are required")
    if len(wanted) > MOST_READ:
        raise Refused("EXCEEDED_ID_LIMIT", f"The maximum number of records is {MOST_READ}")
    definition = call.core.schema.objects[sobject]
    for name in names:
        if name not in definition.fields and "." not in name:
            raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")
    found: list[dict[str, Any] | None] = []
    for each in wanted:
        record_id = record_ids.normalise(each)
        if record_id is None:
            raise malformed_id(sobject, each, "Id")
        try:
            found.append(record(call, sobject, record_id, ",".join(names)))
        except Refused as refusal:
            if refusal.status != 404:
                raise
            found.append(None)
    return Reply(200, found)


def _rows(call: Call) -> list[Row]:
    rows = json_list(call.request.json_object().get("records"), "records")
    _check_count(rows)
    if not all(isinstance(row, dict) for row in rows):
        raise Refused("JSON_PARSER_ERROR", "Every record must be a JSON object")
    types = [_type_name(row).lower() for row in rows]
    chunks = sum(1 for number, each in enumerate(types) if number == 0 or types[number - 1] != each)
    if chunks > MOST_CHUNKS:
        text = (
            f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. "
            "Please rearrange the data to reduce chunking."
        )
        raise Refused("EXCEEDED_MAX_TYPES_LIMIT", text)
    return rows


def _check_count(rows: Sequence[Any]) -> None:
    if not rows:
        raise Refused("INVALID_INPUT", "At least one record is required")
    if len(rows) > MOST_ROWS:
        text = f"record limit reached. cannot submit more than {MOST_ROWS} records into this call"
        raise Refused("EXCEEDED_ID_LIMIT", text)


def _type_name(row: Row) -> str:
    found = row.get("attributes")
    return str(found.get("type", "")) if isinstance(found, dict) else ""


def _type_of(call: Call, row: Row) -> str:
    name = _type_name(row)
    definition = call.core.schema.objects.get(name)
    if definition is None:
        raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return definition.name


def _values(row: Row, *left_out: str) -> Row:
    return {name: value for name, value in row.items() if name.lower() not in {"attributes", *left_out}}


def _each(call: Call, rows: Sequence[Row], write: Callable[[Row], dict[str, Any]]) -> Reply:
    all_or_none = call.request.json_object().get("allOrNone") is True
    return Reply(200, each_row(call, rows, write, all_or_none=all_or_none))


def each_row(
    call: Call, rows: Iterable[Any], write: Callable[[Any], dict[str, Any]], *, all_or_none: bool
) -> list[dict[str, Any]]:
    """Write row by row and collect the results; with ``all_or_none`` one bad row undoes the rest."""
    results: list[dict[str, Any]] = []
    with call.state.transaction() as unit:
        for row in rows:
            try:
                done = write(row)
                results.append({"id": done["id"], "success": True, "errors": []} | done)
            except Refused as refusal:
                results.append({"success": False, "errors": [row_error(refusal)]})
        if all_or_none and not all(result["success"] for result in results):
            unit.rollback()
            return [
                {"success": False, "errors": [ROLLED_BACK]} if result["success"] else result
                for result in results
            ]
    return results


def all_good(reply: Reply) -> bool:
    """Whether a reply of this file holds no failed row."""
    return not isinstance(reply.value, list) or all(
        row is None or row.get("success", True) for row in reply.value if row is None or isinstance(row, dict)
    )


ROUTES = (
    Route("POST", C, create, "collections"),
    Route("PATCH", C, change, "collections"),
    Route("DELETE", C, remove, "collections"),
    Route("GET", C + "/{object}", retrieve, "collections_read"),
    Route("POST", C + "/{object}", retrieve_many, "collections_read"),
    Route("PATCH", C + "/{object}/{field}", upsert_by_key, "collections"),
)
