"""Writes the rows of a Bulk 2.0 ingest job, a chunk in one transaction.

What can be done for all rows of a chunk is done once: their texts are converted a column at a time, and what writing
them will ask for is read ahead. Then each is written alone, in the order of the upload, as every record is.
"""

from collections.abc import Sequence
from typing import Any

from sfsync.mockorg.bulk_columns import reader
from sfsync.mockorg.bulk_rows import NULL, nester, padded, row_failure
from sfsync.mockorg.columns import Ready, Values
from sfsync.mockorg.coming import Coming
from sfsync.mockorg.csv_text import BadRow
from sfsync.mockorg.jobs import Job2, RowResult
from sfsync.mockorg.org import DmlOptions
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import delete, insert, purge, update, upsert


class Rows:
    """The rows of one job on their way into the org."""

    def __init__(self, call: Call, job: Job2) -> None:
        self._call = call
        self._object = job.object
        self._operation = job.operation
        self._key_field = job.key_field
        self._options = DmlOptions(
            user_id=call.user or None, from_text=True, auto_assign=job.assignment_rule or False
        )
        self._width = len(job.header)
        lower = [name.lower() for name in job.header]
        key = job.key_field.lower()
        self._id = lower.index("id") if "id" in lower else None
        self._key = lower.index(key) if key in lower and key != "id" else None
        self._nested = nester(job.header)
        apart = {job.header[place] for place in (self._id, self._key) if place is not None}
        self._apart = apart
        thing = call.core.schema.objects[job.object]
        made_with_key = self._key is None or thing.fields[job.key_field].createable
        self._read = made_with_key and reader(
            thing,
            job.header,
            apart,
            creating=job.operation in {"insert", "upsert"},
            updating=job.operation in {"update", "upsert"},
        )

    def write(self, rows: Sequence[list[str]]) -> list[RowResult]:
        """Write some rows in one transaction; what became of each."""
        rows = [padded(row, self._width) for row in rows]
        with self._call.state.transaction(lasting=True), self._call.core.store.ahead.looking():
            return [self._one(row, ready) for row, ready in zip(rows, self._ahead(rows), strict=True)]

    def _ahead(self, rows: Sequence[list[str]]) -> list[Ready | None]:
        """The values of the rows that are plain; what writing them will ask for is known from now on."""
        if not self._read or self._call.state.faults.row_by_row:
            return [None] * len(rows)
        plain = [row for row in rows if len(row) == self._width and not isinstance(row, BadRow)]
        ready = self._read(plain) if plain else []
        keys = [row[self._key] for row in plain] if self._key is not None else []
        ids = (
            [row[self._id] for row in plain]
            if self._id is not None and not keys and self._operation != "insert"
            else []
        )
        made = [each for each in ready if each]
        self._call.core.look_ahead(self._object, Coming(made, self._key_field, keys, ids))
        if len(plain) == len(rows):
            return ready
        found = iter(ready)
        return [
            next(found) if len(row) == self._width and not isinstance(row, BadRow) else None for row in rows
        ]

    def _one(self, row: list[str], ready: Ready | None) -> RowResult:
        record_id = ""
        try:
            if isinstance(row, BadRow):
                raise Refused("INVALID_CSV", f"Invalid CSV row: {row.reason}")
            if len(row) > self._width:
                text = f"The number of columns ({len(row)}) is not that of the header ({self._width})"
                raise Refused("INVALID_FIELD", text)
            if self._id is not None and row[self._id] != NULL:
                record_id = row[self._id]
            return self._written(row, ready or self._values(row), record_id)
        except Refused as refusal:
            return row_failure(refusal, record_id)

    def _values(self, row: list[str]) -> dict[str, Any]:
        given = self._nested(row)
        for name in self._apart:
            given.pop(name, None)
        return given

    def _written(self, row: list[str], given: Values, record_id: str) -> RowResult:
        call, name = self._call, self._object
        if self._operation == "upsert" and self._key is not None:
            key = row[self._key]
            if key in {"", NULL}:
                raise Refused(
                    "MISSING_ARGUMENT", f"{self._key_field} not specified", fields=[self._key_field]
                )
            return RowResult(*upsert(call, name, self._key_field, key, given, self._options))
        if self._operation == "insert" or (self._operation == "upsert" and not record_id):
            return RowResult(insert(call, name, given, self._options), created=True)
        if not record_id:
            raise Refused("MISSING_ARGUMENT", "Id not specified", fields=["Id"])
        if self._operation in {"update", "upsert"}:
            update(call, name, record_id, given, self._options)
        elif self._operation == "hardDelete":
            purge(call, name, record_id)
        else:
            delete(call, name, record_id)
        return RowResult(record_id)
