"""Rows of Bulk jobs, both APIs: text cells to record values, records to text cells, refusals to error texts.

Source: "Relationship Fields in a Header Row", "Prepare CSV Files" in the Bulk API Developer Guide.
"""

from collections.abc import Sequence
from typing import Any

from sfsync.mockorg.jobs import RowResult
from sfsync.mockorg.org import QueryResult
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.state import Call

NULL = "#N/A"


def columns_of(call: Call, sobject: str, header: Sequence[str]) -> str:
    """The first column that is no field of the object, nor a key of a parent; empty when all are good."""
    definition = call.core.schema.objects[sobject]
    for column in header:
        name = column.partition(":")[2] or column
        relation, dot, field = name.partition(".")
        if not dot:
            if name not in definition.fields:
                return column
            continue
        parent = definition.relationship(relation)
        targets = parent.reference_to if parent else ()
        if not any(
            field in call.core.schema.objects[target].fields
            for target in targets
            if target in call.core.schema.objects
        ):
            return column
    return ""


def nested(header: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    """The values of a row: empty cells are left out, ``#N/A`` is null, ``Account.Key__c`` becomes a parent by key."""
    values: dict[str, Any] = {}
    for column, text in zip(header, row, strict=True):
        if text == "":
            continue
        value = None if text == NULL else text
        target, colon, rest = column.partition(":")
        relation, dot, field = (rest if colon else column).partition(".")
        if not dot:
            values[column] = value
        elif value is not None:
            parent = {"attributes": {"type": target}} if colon else {}
            values[relation] = {**parent, field: value}
    return values


def row_failure(refusal: Refused, record_id: str = "") -> RowResult:
    """The result of a refused row; the error text is ``CODE:message:fields --``."""
    text = f"{refusal.code}:{refusal.message}:{','.join(refusal.fields)}{' ' if refusal.fields else ''}--"
    return RowResult(record_id, error=text, code=refusal.code, message=refusal.message, fields=refusal.fields)


def cell(value: Any) -> str:
    """A value as a CSV of the Bulk APIs shows it: null and empty alike, time stamps with Z."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text.replace("+0000", "Z") if len(text) == 28 and text.endswith(".000+0000") else text


def whole_rows(result: QueryResult) -> QueryResult:
    """The result when a Bulk query may have it: rows of one object, no aggregates and no children.

    Raises:
        Refused: FEATURENOTENABLED.

    """
    if result.aggregate or not result.columns or any(column.children for column in result.columns):
        raise Refused("FEATURENOTENABLED", "Aggregate Relationships not supported in Bulk Query")
    return result


def flat(result: QueryResult, start: int = 0, count: int | None = None) -> list[list[str]]:
    """A query's result as lines of CSV, the header first; parents as ``Account.Name``."""
    columns = [column.name for column in result.columns]
    rows = result.rows(start, result.total if count is None else count)
    return [columns, *([cell(_down(row, column)) for column in columns] for row in rows)]


def _down(row: Any, column: str) -> Any:
    for name in column.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row
