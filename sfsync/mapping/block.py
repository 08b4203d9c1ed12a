"""The work on one block: read the names, compose the fields, find the first error of every row."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from sfsync.mapping.columns import Columns
from sfsync.mapping.conditions import as_text, holds
from sfsync.mapping.constraints import mark
from sfsync.mapping.distinct import Distinct, Read
from sfsync.mapping.kinds import reason, type_of
from sfsync.mapping.model import Rejection, Rule
from sfsync.mapping.phones import with_regions
from sfsync.mapping.plan import FieldItem, Lookup, NameItem, expression
from sfsync.mapping.problems import Check, gather
from sfsync.mapping.readers import Reader, Reading
from sfsync.mapping.rows import MappedBlock
from sfsync.mapping.rules import NUMBERS, RULES
from sfsync.mapping.stamps import iso

LookedUp = Mapping[str, Any]
"""Value of the lookup's field → the value to take."""


def read_names(
    columns: Columns, block: pl.DataFrame, seen: Distinct | None = None, only: frozenset[str] | None = None
) -> dict[str, Reading]:
    """Our names' values in a block; of ``only`` these names, and those they need.

    ``seen``: what was read of the file's other blocks; without it nothing is remembered, as for a few rows.
    """
    readings: dict[str, Reading] = {}
    items = [item for item in columns.plan.names if only is None or item.name in only]
    regions = {item.rule.region_from for item in items} - {item.name for item in items}
    items += [item for item in columns.plan.names if item.name in regions]
    for later in (False, True):  # first the names that no other is needed for
        _read(columns, block, [item for item in items if bool(_region(item)) is later], seen, readings)
    if only is None:
        _require(columns, readings)
    return {item.name: readings[item.name] for item in items}


def _region(item: NameItem) -> str | None:
    """The name that holds the regions of a column of phone numbers."""
    return item.rule.region_from if type_of(item.rule) == "phone" else None


def _read(
    columns: Columns,
    block: pl.DataFrame,
    items: Sequence[NameItem],
    seen: Distinct | None,
    readings: dict[str, Reading],
) -> None:
    texts: dict[str, pl.Series] = {}
    readers: dict[str, Read] = {}
    for item in items:
        position = columns.positions.get(item.name)
        if position is None or str(position) not in block.columns:
            values = pl.Series([None], dtype=item.reader.dtype).new_from_index(0, block.height)
            readings[item.name] = item.constraints.apply(Reading(values))
            continue
        text = block[str(position)]
        for piece in item.rule.remove or ():
            text = text.str.replace_all(piece, "", literal=True)
        if region := _region(item):
            text = with_regions(text, readings[region].values)
        if f"{position}#" in block.columns:
            kinds = block[f"{position}#"]
            readings[item.name] = item.constraints.apply(item.reader.read(text, kinds))
        else:
            texts[item.name] = text
            readers[item.name] = partial(_reading, item)
    if seen is not None:
        readings |= seen.read(texts, readers)
    else:
        readings |= {name: readers[name](text) for name, text in texts.items()}


def _reading(item: NameItem, text: pl.Series) -> Reading:
    return item.constraints.apply(item.reader.read(text))


def _require(columns: Columns, readings: dict[str, Reading]) -> None:
    """Apply ``required_if`` once all names have their values."""
    conditional = [item for item in columns.plan.names if item.rule.required_if is not None]
    if not conditional:
        return
    names = pl.DataFrame({name: reading.values for name, reading in readings.items()})
    types = {name: reading.values.dtype for name, reading in readings.items()}
    for item in conditional:
        assert item.rule.required_if is not None  # noqa: S101  narrows the type
        where = names.select_seq(holds(item.rule.required_if, types)).to_series()
        readings[item.name] = item.constraints.present(readings[item.name], where)


def map_block(
    columns: Columns,
    block: pl.DataFrame,
    seen: Distinct | None = None,
    *,
    doubles: Callable[[], pl.DataFrame] | None = None,
    lookups: Mapping[Lookup, LookedUp] | None = None,
) -> MappedBlock:
    """Map one block. ``doubles`` gives the problems of rows that stand twice (see ``find_duplicates``)."""
    plan, row = columns.plan, block["row"]
    readings = read_names(columns, block, seen)
    names = pl.DataFrame({name: reading.values for name, reading in readings.items()})
    if not names.width:
        names = pl.DataFrame(height=block.height)
    types = {item.name: item.reader.dtype for item in plan.names}
    checks = _rejections(columns, names, types)
    checks += [
        _check(columns, item.name, item.name, item.rule, readings[item.name], item.reader)
        for item in plan.names
    ]
    fields: dict[str, pl.Series] = {}
    composed = names.select_seq(expression(item.rule, types).alias(item.name) for item in plan.fields)
    for item in plan.fields:
        values = composed[item.name]
        if len(values) != block.height:  # a constant
            values = values.new_from_index(0, block.height)
        reading = _field(item, values, names, types, lookups)
        if reading is None:
            continue
        checks.append(_check(columns, item.name, item.rule.from_, item.rule, reading, item.reader))
        if columns.fills(item):
            fields[item.name] = reading.values
    key = fields.get(plan.mapping.key or "")
    links = {
        item.name: item.rule.lookup.partition(".")[2]
        for item in plan.fields
        if item.rule.lookup and not item.lookup
    }
    return MappedBlock(
        pl.DataFrame({"row": row, **fields}),
        names.insert_column(0, row.alias("row")),
        gather(row, checks, doubles() if doubles else None),
        block,
        None if key is None else as_series_of_text(key),
        links,
    )


def as_series_of_text(values: pl.Series) -> pl.Series:
    """A column as text (see ``conditions.as_text``)."""
    if values.dtype == pl.String:
        return values
    if values.dtype.is_temporal():
        return iso(values)
    return values.to_frame("v").select_seq(as_text(pl.col("v"), values.dtype))["v"]


def _field(
    item: FieldItem,
    values: pl.Series,
    names: pl.DataFrame,
    types: Mapping[str, pl.DataType],
    lookups: Mapping[Lookup, LookedUp] | None,
) -> Reading | None:
    if item.lookup is not None:
        if lookups is None or item.lookup not in lookups:
            return None
        return _looked_up(values, lookups[item.lookup])
    reading = Reading(values)
    if item.reader is not None:
        reading = item.reader.read(as_series_of_text(values))
    if item.constraints is None:
        return reading
    reading = item.constraints.apply(reading)
    if item.rule.required_if is not None:
        where = names.select_seq(holds(item.rule.required_if, types)).to_series()
        reading = item.constraints.present(reading, where)
    return reading


def _looked_up(values: pl.Series, known: LookedUp) -> Reading:
    keys = as_series_of_text(values)
    frame = pl.DataFrame({"key": keys})
    table = pl.DataFrame(
        {"key": list(known), "found": [None if value is None else str(value) for value in known.values()]},
        schema={"key": pl.String, "found": pl.String},
    )
    joined = frame.join(table, on="key", how="left", maintain_order="left")
    unknown = keys.is_not_null() & ~keys.is_in(table["key"].implode())
    errors = joined.select_seq(
        pl.when(pl.lit(unknown)).then(pl.lit(NUMBERS["not_found"], pl.UInt8)).alias("errors")
    )["errors"]
    return Reading(joined["found"], errors)


def _check(
    columns: Columns, name: str, source: str | None, rule: Rule, reading: Reading, reader: Reader | None
) -> Check:
    def message(number: int) -> tuple[str, str]:
        if reader is not None and (own := reader.reason(number)) is not None:
            return "transform", own
        broken = RULES[number].name
        return broken, reason(broken, rule, columns.plan.mapping.file)

    return Check(name, columns.heading(source or ""), reading.errors, reading.warnings, message)


def _rejections(columns: Columns, names: pl.DataFrame, types: Mapping[str, pl.DataType]) -> list[Check]:
    """The mapping's own reasons to refuse a row. They come first: they say more than a broken field."""
    checks = []
    for rejection in columns.plan.mapping.reject_if:
        where = names.select_seq(holds(rejection.when, types)).to_series()
        if where.any():
            checks.append(Check("", "", mark(where, "none"), None, partial(_told, rejection)))
    return checks


def _told(rejection: Rejection, _number: int) -> tuple[str, str]:
    return rejection.reason, rejection.message
