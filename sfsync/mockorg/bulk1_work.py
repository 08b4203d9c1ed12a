"""The work on Bulk 1.0 batches: rows in three formats, results in the order of the rows, query results in files.

Source: "Batch Results", "Bulk Query", "Sample JSON/XML/CSV" in the Bulk API Developer Guide.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sfsync.mockorg.bulk1_documents import JSON_TYPE, NAMESPACE, XML_TYPE, xml_reply
from sfsync.mockorg.bulk_rows import columns_of, lines_of, nester, padded, row_failure, whole_rows
from sfsync.mockorg.csv_text import BadCsv, BadRow, read, written
from sfsync.mockorg.http import Reply, to_json
from sfsync.mockorg.jobs import Batch1, Job1, RowResult
from sfsync.mockorg.org import DmlOptions, QueryResult
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import delete, insert, purge, update, upsert
from sfsync.mockorg.xml_in import Node, parse, tag

MOST_ROWS = 10_000
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")

Row = dict[str, Any]


CHUNK = 200
"""Rows that the org writes in one transaction."""
QUERY_CHUNK = 1_000
"""Rows that are read between two requests."""


def run_batch(call: Call, job: Job1, batch: Batch1) -> Iterator[int]:
    """Work on a batch; yields rows done, 0 to wait for a request. Aborted jobs are left alone."""
    for _ in range(call.state.quirks.bulk_waits):
        yield 0
    if batch.state != "Queued":
        return
    batch.state = "InProgress"
    failing = call.state.faults.request(("job_failed",), "bulk1", "")
    if failing is not None:
        _end(call, batch, "Failed", failing.message or "InternalServerError : Processing was stopped")
        return
    if job.operation.startswith("query"):
        yield from _run_query(call, job, batch)
        return
    try:
        rows = _rows(call, job, batch)
    except (BadCsv, Refused) as trouble:
        text = trouble.message if isinstance(trouble, Refused) else str(trouble)
        _end(call, batch, "Failed", f"InvalidBatch : {text}")
        return
    options = DmlOptions(
        user_id=call.user or None,
        from_text=job.content_type != "JSON",
        auto_assign=job.assignment_rule or False,
    )
    write = _writer(call, job, options)
    for start in range(0, len(rows), CHUNK):
        with call.state.transaction():
            batch.results += [write(row) for row in rows[start : start + CHUNK]]
        batch.processed = len(batch.results)
        yield CHUNK
    _end(call, batch, "Completed", "")


def _end(call: Call, batch: Batch1, state: str, message: str) -> None:
    batch.state, batch.message, batch.changed = state, message, call.core.clock.stamp()


def _rows(call: Call, job: Job1, batch: Batch1) -> list[Row | Refused]:
    """The rows of a batch; one that cannot be read is a refusal in its place."""
    readers: dict[str, Callable[[Call, Job1, bytes], list[Row | Refused]]] = {
        "CSV": _csv_rows, "JSON": _json_rows, "XML": _xml_rows,
    }  # fmt: skip
    rows = readers[job.content_type](call, job, batch.body.read())
    if len(rows) > MOST_ROWS:
        raise Refused("InvalidBatch", f"Records not processed: a batch holds at most {MOST_ROWS}")
    return rows


def _csv_rows(call: Call, job: Job1, body: bytes) -> list[Row | Refused]:
    try:
        lines = read(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadCsv("The data is not UTF-8") from None
    header = next(lines, [])
    if not header:
        raise BadCsv("The data has no header line")
    if unknown := columns_of(call, job.object, header):
        raise BadCsv(f"Field name not found : {unknown}")
    rows: list[Row | Refused] = []
    nested = nester(header)
    for line in lines:
        if isinstance(line, BadRow) or len(line) > len(header):
            reason = line.reason if isinstance(line, BadRow) else "more values than columns"
            rows.append(Refused("INVALID_CSV", f"Invalid CSV row: {reason}"))
        else:
            rows.append(nested(padded(line, len(header))))
    return rows


def _json_rows(call: Call, job: Job1, body: bytes) -> list[Row | Refused]:
    del call, job
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Refused("InvalidBatch", f"Failed to parse the JSON: {error}") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Refused("InvalidBatch", "A JSON batch is a list of objects")
    return [{name: value for name, value in each.items() if name != "attributes"} for each in found]


def _xml_rows(call: Call, job: Job1, body: bytes) -> list[Row | Refused]:
    del call, job
    return [_values(node) for node in parse(body).all("sObject")]


def _values(node: Node) -> Row:
    values: Row = {}
    for child in node.children:
        if child.name == "type":
            continue
        inner = child.find("sObject")
        values[child.name] = _values(inner) if inner else None if child.nil else child.text
    return values


def _writer(call: Call, job: Job1, options: DmlOptions) -> Callable[[Row | Refused], RowResult]:
    key = job.key_field.lower()

    def write(row: Row | Refused) -> RowResult:
        record_id = ""
        try:
            if isinstance(row, Refused):
                raise row
            values = dict(row)
            record_id = next(
                (str(values.pop(name) or "") for name in list(values) if name.lower() == "id"), ""
            )
            if job.operation == "insert" or (job.operation == "upsert" and key == "id" and not record_id):
                return RowResult(insert(call, job.object, values, options), created=True)
            if job.operation == "upsert" and key != "id":
                value = next((values.pop(name) for name in list(values) if name.lower() == key), None)
                if value in {None, ""}:
                    raise Refused(
                        "MISSING_ARGUMENT", f"{job.key_field} not specified", fields=[job.key_field]
                    )
                made, created = upsert(call, job.object, job.key_field, value, values, options)
                return RowResult(made, created)
            if not record_id:
                raise Refused("MISSING_ARGUMENT", "Id not specified", fields=["Id"])
            if job.operation == "hardDelete":
                purge(call, job.object, record_id)
            elif job.operation == "delete":
                delete(call, job.object, record_id)
            else:
                update(call, job.object, record_id, values, options)
            return RowResult(record_id)
        except Refused as refusal:
            return row_failure(refusal)

    return write


def results(job: Job1, batch: Batch1) -> Reply:
    """The results of a batch, row by row in its order."""
    if job.content_type == "JSON":
        return Reply(
            200, body=to_json([_result_json(each) for each in batch.results]), content_type=JSON_TYPE
        )
    if job.content_type == "XML":
        inside = "".join(_result_xml(each) for each in batch.results)
        return xml_reply(f'<results xmlns="{NAMESPACE}">{inside}</results>')
    lines = [["Id", "Success", "Created", "Error"]]
    for each in batch.results:
        good = "false" if each.error else "true"
        lines.append([each.id, good, "true" if each.created else "false", each.error])
    return Reply(200, body=written(lines), content_type="text/csv")


def result_list(job: Job1, batch: Batch1) -> Reply:
    """The list of a query's result files."""
    if job.content_type == "JSON":
        return Reply(200, body=to_json(list(batch.files)), content_type=JSON_TYPE)
    inside = "".join(tag("result", each) for each in batch.files)
    return xml_reply(f'<result-list xmlns="{NAMESPACE}">{inside}</result-list>')


def _result_json(result: RowResult) -> dict[str, Any]:
    errors = [
        {
            "message": result.message,
            "fields": list(result.fields),
            "statusCode": result.code,
            "extendedErrorDetails": None,
        }
    ]
    return {
        "success": not result.error,
        "created": result.created,
        "id": result.id or None,
        "errors": errors if result.error else [],
    }


def _result_xml(result: RowResult) -> str:
    errors = "".join(tag("fields", name) for name in result.fields)
    errors += tag("message", result.message) + tag("statusCode", result.code)
    body = f"<errors>{errors}</errors>" if result.error else tag("id", result.id)
    return f"<result>{body}{tag('success', not result.error)}{tag('created', result.created)}</result>"


def _run_query(call: Call, job: Job1, batch: Batch1) -> Iterator[int]:
    """Run the SOQL text of a batch. With PK chunking the batch itself is not processed, and one for each chunk
    appears; an order asked for switches chunking off. Source: "PK Chunking".
    """
    soql = batch.body.read().decode("utf-8", "replace").strip()
    try:
        result = whole_rows(call.core.query(soql, all_rows=job.operation == "queryAll"))
    except Refused as refusal:
        text = f"InvalidBatch : Failed to process query: {refusal.code}: {refusal.message}"
        _end(call, batch, "Failed", text)
        return
    if not job.chunk or re.search(r"\border\s+by\b", soql, re.IGNORECASE):
        yield from _keep(call, job, batch, result, 0, result.total)
        return
    _end(call, batch, "NotProcessed", "")
    parts = []
    for start in range(0, max(result.total, 1), job.chunk):
        part = Batch1(call.state.jobs.new_id("751"), job.id, batch.created, batch.body, batch.media_type)
        job.batches.append(part)
        parts.append((part, start))
    for part, start in parts:
        if part.state != "Queued":
            continue  # the job was aborted
        part.state = "InProgress"
        yield from _keep(call, job, part, result, start, min(job.chunk, result.total - start))


def _keep(call: Call, job: Job1, batch: Batch1, result: QueryResult, start: int, count: int) -> Iterator[int]:
    """Write some rows of a result into a file of the batch."""
    file = call.state.spool()
    head, between, tail = _frame(job, result)
    file.write(head)
    for place in range(start, start + count, QUERY_CHUNK):
        most = min(QUERY_CHUNK, start + count - place)
        if job.content_type == "CSV":
            file.write(written(lines_of(result, place, most)))
        else:
            rows = result.rows(place, most, version=job.version)
            some = between.join(_row(job, row) for row in rows)
            file.write(some if place == start else between + some)
        batch.processed += most
        yield most
    file.write(tail)
    if job.content_type == "CSV" and not count:
        file = call.state.spool()
        file.write(b"Records not found for this query\n")
    media = {"CSV": "text/csv", "JSON": JSON_TYPE}.get(job.content_type, XML_TYPE)
    batch.files[call.state.jobs.new_id("752")] = (media, file)
    _end(call, batch, "Completed", "")


def _frame(job: Job1, result: QueryResult) -> tuple[bytes, bytes, bytes]:
    """What stands before, between and behind the rows of a result."""
    if job.content_type == "CSV":
        return written([[column.name for column in result.columns]]), b"", b""
    if job.content_type == "JSON":
        return b"[", b",", b"]"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="{NAMESPACE}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    )
    return head.encode(), b"", b"</queryResult>"


def _row(job: Job1, row: Row) -> bytes:
    if job.content_type == "JSON":
        return to_json(_milliseconds(row))
    return f'<records xsi:type="sObject">{_record_xml(row)}</records>'.encode()


def _milliseconds(value: Any) -> Any:
    """JSON results of Bulk 1.0 give date-times as milliseconds since 1970."""
    if isinstance(value, dict):
        return {name: _milliseconds(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_milliseconds(each) for each in value]
    if isinstance(value, str) and _STAMP.fullmatch(value):
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    return value


def _record_xml(row: Row) -> str:
    parts = [tag("type", row["attributes"]["type"])] if "attributes" in row else []
    for name, value in row.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            parts.append(f'<{name} xsi:type="sObject">{_record_xml(value)}</{name}>')
        else:
            parts.append(tag(name, value))
    return "".join(parts)
