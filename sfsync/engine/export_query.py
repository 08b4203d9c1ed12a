"""From an export's definition to SOQL, and from the org's values to cells. No I/O but the describes it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sfsync.engine.export_model import Export
from sfsync.engine.export_soql import Query
from sfsync.engine.flow import get
from sfsync.errors import ConfigError, Problem
from sfsync.mapping.suggest import did_you_mean
from sfsync.records import Record
from sfsync.salesforce.soql import quote

if TYPE_CHECKING:
    from sfsync.salesforce.describe import Field, SObject

Describe = Callable[[str], "SObject"]
_NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})
_NO_CELL = frozenset({"base64", "address", "location", "complexvalue"})


@dataclass(frozen=True, slots=True)
class Cell:
    """How the values of one column become cells: the field's path and type, in the org's own spelling."""

    path: str
    type: str
    scale: int

    def of(self, record: Record, zone: ZoneInfo, *, naive: bool) -> Any:
        """The cell of a record: text, number, boolean, date, time, or a moment in ``zone`` (``naive`` for Excel)."""
        value = get(record, self.path)
        if value is None or isinstance(value, bool):
            return value
        if self.type == "datetime":
            moment = instant(str(value)).astimezone(zone)
            return moment.replace(tzinfo=None) if naive else moment
        if self.type == "date":
            return date.fromisoformat(str(value)[:10])
        if self.type == "time":
            return time.fromisoformat(str(value).removesuffix("Z"))
        if self.type in _NUMBERS:
            return _number(value, self.scale)
        return str(value)


def instant(text: str) -> datetime:
    """A moment as REST (+0000) and Bulk (Z) write it; aware."""
    return datetime.fromisoformat(text)


def _number(value: Any, scale: int) -> int | Decimal:
    number = Decimal(str(value))
    return int(number) if not scale and number == number.to_integral_value() else number


def cells(export: Export, describe: Describe) -> list[Cell]:
    """The columns against the org's fields. Raises ConfigError that names each field the org does not have."""
    problems: list[Problem] = []
    found: list[Cell] = []

    def look(path: str, *place: str | int) -> None:
        message, suggestion, cell = _look(export.object, path, describe)
        if cell is None:
            problems.append(export.problem(place, message, suggestion))
        else:
            found.append(cell)

    if export.query is not None:
        return _cells_of(export, export.query, describe)
    for heading, column in export.columns.items():
        look(column.field, "columns", heading)
    columns = list(found)
    if export.incremental is not None:
        place = ("incremental", "watermark")
        look(export.incremental.watermark, *place)
        known = describe(export.object).field(export.incremental.watermark)
        if known is not None and (known.type != "datetime" or known.nillable):
            message = f"{known.name} is no date-time that every record has."
            problems.append(export.problem(place, message, "SystemModstamp is on every object."))
    for number, text in enumerate(export.order):
        look(text.removeprefix("-"), "order", number)
    if problems:
        raise ConfigError(f"The export {export.export} does not fit the org.", problems=problems)
    return columns


def _cells_of(export: Export, query: Query, describe: Describe) -> list[Cell]:
    """The same for an export with a query of its own: its fields against the org, its columns against the query."""
    problems: list[Problem] = []
    found: dict[str, Cell] = {}
    for one in query.columns:
        message, suggestion, cell = _look(query.object, one.field, describe) if one.field else ("", "", None)
        if message:
            problems.append(export.problem(("soql",), message, suggestion))
        else:
            path = cell.path if cell and one.name == one.field else one.name
            kind, scale = (cell.type, cell.scale) if cell else ("string", 0)
            found[one.name.casefold()] = Cell(path, one.type or kind, scale or (one.type == "double"))
    cells_: list[Cell] = []
    for heading, column in export.shown.items():
        if (known := query.column(column.field)) is None:
            message = f"The query has no column called {column.field!r}."
            suggestion = did_you_mean(column.field, [one.name for one in query.columns])
            problems.append(export.problem(("columns", heading), message, suggestion))
        elif known.name.casefold() in found:
            cells_.append(found[known.name.casefold()])
    if problems:
        raise ConfigError(f"The export {export.export} does not fit the org.", problems=problems)
    return cells_


def _look(thing: str, path: str, describe: Describe) -> tuple[str, str, Cell | None]:
    """What is wrong with a field's path, a suggestion, and the field when nothing is."""
    *parents, name = path.split(".")
    owners, spelled = [describe(thing)], []
    for parent in parents:
        lookup = next((one for owner in owners if (one := owner.parent(parent)) is not None), None)
        if lookup is None:
            known = [
                field.relationship_name for field in owners[0].fields.values() if field.relationship_name
            ]
            return f"{owners[0].name} has no parent called {parent!r}.", did_you_mean(parent, known), None
        spelled.append(str(lookup.relationship_name))
        owners = [describe(target) for target in lookup.reference_to]  # an owner may be a user or a queue
    field: Field | None = next((one for owner in owners if (one := owner.field(name)) is not None), None)
    if field is None:
        known = [field.name for owner in owners for field in owner.fields.values()]
        names = " or ".join(owner.name for owner in owners)
        return f"{names} has no field called {name!r}.", did_you_mean(name, known), None
    if field.type in _NO_CELL:
        return f"{path} is of the type {field.type}, which fits into no cell.", "Name its parts.", None
    return "", "", Cell(".".join([*spelled, field.name]), field.type, field.scale)


def condition(export: Export, since: datetime | None) -> str:
    """The WHERE clause, or nothing."""
    parts = [f"({export.where})"] if export.where else []
    if since is not None and export.incremental is not None:
        parts.append(f"{export.incremental.watermark} >= {quote(since)}")
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def count_query(export: Export, since: datetime | None) -> str:
    """How many records there are (``n``), and when the newest changed (``newest``), in one row."""
    if export.query is not None:
        return f"SELECT COUNT(Id) n {export.query.conditions}"
    newest = f", MAX({export.incremental.watermark}) newest" if export.incremental is not None else ""
    return f"SELECT COUNT(Id) n{newest} FROM {export.object}{condition(export, since)}"


def row_query(export: Export, columns: Sequence[Cell], since: datetime | None, *, sort: bool) -> str:
    """The records. ``sort``: by time where the export has no order of its own."""
    if export.query is not None:
        return export.query.text
    extra = ["Id"]
    if export.incremental is not None:
        extra += [export.incremental.watermark, "IsDeleted"]
    seen: dict[str, str] = {}
    for path in [*(column.path for column in columns), *extra]:
        seen.setdefault(path.casefold(), path)
    order = [f"{text[1:]} DESC" if text.startswith("-") else text for text in export.order]
    if not order and sort and export.incremental is not None:
        order = [export.incremental.watermark, "Id"]
    text = f"SELECT {', '.join(seen.values())} FROM {export.object}{condition(export, since)}"
    text += f" ORDER BY {', '.join(order)}" if order else ""
    return text + (f" LIMIT {export.limit}" if export.limit is not None else "")
