"""Rows of Bulk jobs, both APIs: text cells to record values, records to text cells, refusals to error texts.

Source: "Relationship Fields in a Header Row", "Prepare CSV Files" in the Bulk API Developer Guide.
"""

from collections.abc import Callable, Iterator, Sequence
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


def nester(header: Sequence[str]) -> Callable[[Sequence[str]], dict[str, Any]]:
    """The function that makes values of a row as wide as the header.

    Empty cells are left out, ``#N/A`` is null, ``Account.Key__c`` becomes a parent by key.
    """
    parents = {name: parent_of(name) for name in header if "." in name}

    def nested(row: Sequence[str]) -> dict[str, Any]:
        values: dict[str, Any] = {
            name: None if text == NULL else text for name, text in zip(header, row, strict=True) if text != ""
        }
        for name, (target, relation, field) in parents.items():
            value = values.pop(name, None)
            if value is not None:
                values[relation] = {**target, field: value}
        return values

    return nested


def parent_of(column: str) -> tuple[dict[str, Any], str, str]:
    """The type, the relationship and the key field of ``Lead:Who.Email``."""
    target, colon, rest = column.rpartition(":")
    relation, _, field = rest.partition(".")
    return ({"attributes": {"type": target}} if colon else {}), relation, field


def padded(row: list[str], width: int) -> list[str]:
    """A row that ends early, with empty values up to the header's width."""
    if len(row) < width:
        row.extend([""] * (width - len(row)))
    return row


def row_failure(refusal: Refused, record_id: str = "") -> RowResult:
    """The result of a refused row; the error text is ``CODE:message:fields --``."""
    text = f"{refusal.code}:{refusal.message}:{','.join(refusal.fields)}{' ' if refusal.fields else ''}--"
    return RowResult(record_id, error=text, code=refusal.code, message=refusal.message, fields=refusal.fields)


def cell(value: Any) -> str:
    """A value as a CSV of the Bulk APIs shows it: null and empty alike, time stamps with Z."""
    if type(value) is str:
        return value.replace("+0000", "Z") if len(value) == 28 and value.endswith(".000+0000") else value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def whole_rows(result: QueryResult) -> QueryResult:
    """The result when a Bulk query may have it: rows of one object, no aggregates and no children.

    Raises:
        Refused: FEATURENOTENABLED.

    """
    if result.aggregate or not result.columns or any(column.children for column in result.columns):
        raise Refused("FEATURENOTENABLED", "Aggregate Relationships not supported in Bulk Query")
    return result


def lines_of(result: QueryResult, start: int, count: int) -> Iterator[list[str]]:
    """Some rows of a query's result as lines of CSV."""
    columns = [column.name for column in result.columns]
    for row in result.rows(start, count):
        yield [cell(row[name] if name in row else _down(row, name)) for name in columns]


def _down(row: Any, column: str) -> Any:
    for name in column.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row
