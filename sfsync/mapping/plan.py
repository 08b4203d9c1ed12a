"""The work of a mapping as values: names to read, fields to compose, lookups to ask the org for."""

from collections.abc import Mapping as Map
from dataclasses import dataclass

import polars as pl

from sfsync.cells import fold
from sfsync.mapping.conditions import as_text, holds
from sfsync.mapping.constraints import Constraints
from sfsync.mapping.model import FieldRule, Mapping, Rule, Source
from sfsync.mapping.readers import Reader
from sfsync.mapping.transforms import Functions


@dataclass(frozen=True, slots=True)
class Lookup:
    """Records to find before rows can be mapped: of ``object`` by ``field``; ``take`` is what is wanted of them."""

    object: str
    field: str
    name: str
    """Our name that holds the value of ``field``."""
    take: str


@dataclass(frozen=True, slots=True)
class NameItem:
    """One of our names: how its column is read. ``place``: where its rule stands in the mapping file."""

    name: str
    rule: Rule
    reader: Reader
    constraints: Constraints
    place: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldItem:
    """One field: ``reader`` and ``constraints`` are None when it takes values as they are."""

    name: str
    rule: FieldRule
    dtype: pl.DataType
    reader: Reader | None
    constraints: Constraints | None
    lookup: Lookup | None

    def needs(self) -> set[str]:
        """Our names that can give it a value."""
        return sources_of(self.rule)


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. ``headings``: folded heading → our name."""

    mapping: Mapping
    names: tuple[NameItem, ...]
    fields: tuple[FieldItem, ...]
    headings: Map[str, str]
    key_name: str | None
    """The name whose value is the row's key, when the key field takes it as it is."""
    unique: tuple[str, ...]
    """Names whose value may stand once in a file, the key's first."""
    required: tuple[str, ...]
    """Names whose column must be in the file."""
    functions: Functions | None = None
    """The project's own functions, for a mapping that is made ready anew."""

    @property
    def threads(self) -> int | None:
        """How many threads may map blocks; None: as many as are useful. A project's own function expects one."""
        rules = [*(item.rule for item in self.names), *(item.rule for item in self.fields)]
        return 1 if any(rule.transform for rule in rules) else None


def make_plan(
    mapping: Mapping,
    names: tuple[NameItem, ...],
    fields: tuple[FieldItem, ...],
    functions: Functions | None = None,
) -> Plan:
    """Gather what a mapping asks of a whole file."""
    key = _key_name(mapping)
    unique = {item.name for item in names if item.rule.unique}
    unique |= {rule.from_ for rule in mapping.fields.values() if rule.unique and rule.from_}
    needed = {item.name for item in names if item.rule.required and item.rule.default is None}
    needed |= {
        rule.from_
        for rule in mapping.fields.values()
        if rule.required and rule.default is None and rule.from_
    }
    needed |= {key} if key else set()
    order = [item.name for item in names]
    return Plan(
        mapping,
        names,
        fields,
        _headings(mapping),
        key,
        tuple(sorted(unique, key=lambda name: (name != key, order.index(name)))),
        tuple(name for name in order if name in needed),
        functions,
    )


def _headings(mapping: Mapping) -> dict[str, str]:
    """Folded heading → name. The name itself counts too, unless it is another name's heading."""
    found = {fold(name): name for name in mapping.file.headers}
    found |= {fold(word): name for name, header in mapping.file.headers.items() for word in header.headings}
    return found


def _key_name(mapping: Mapping) -> str | None:
    rule = mapping.fields.get(mapping.key or "")
    return rule.from_ if rule is not None and not rule.prefix and not rule.lookup else None


def sources_of(source: Source) -> set[str]:
    """Our names that a source takes values from."""
    names = {source.from_} if source.from_ else set()
    for part in (*(source.join or ()), *(source.first_of or ())):
        names |= sources_of(part)
    return names


def expression(source: Source, types: Map[str, pl.DataType]) -> pl.Expr:
    """A source as an expression over the columns of our names. Its type is that of ``kind_of``."""
    column, dtype = _bare(source, types)
    if source.prefix:
        column = pl.lit(source.prefix) + as_text(column, dtype)
    if source.when is not None:
        column = pl.when(holds(source.when, types)).then(column)
    return column


def _bare(source: Source, types: Map[str, pl.DataType]) -> tuple[pl.Expr, pl.DataType]:
    if source.from_ is not None:
        return pl.col(source.from_), types[source.from_]
    if source.join is not None:
        parts = [_text(part, types) for part in source.join]
        text = pl.concat_str(parts, separator=source.with_, ignore_nulls=True)
        return pl.when(pl.any_horizontal([part.fill_null("") != "" for part in parts])).then(
            text
        ), pl.String()
    if source.first_of is not None:
        kinds = [kind_of(part, types) for part in source.first_of]
        if all(kind == kinds[0] for kind in kinds):
            return pl.coalesce([expression(part, types) for part in source.first_of]), kinds[0]
        return pl.coalesce([_text(part, types) for part in source.first_of]), pl.String()
    return pl.lit(source.value), kind_of(source, types)


def _text(source: Source, types: Map[str, pl.DataType]) -> pl.Expr:
    return as_text(expression(source, types), kind_of(source, types))


def kind_of(source: Source, types: Map[str, pl.DataType]) -> pl.DataType:
    """The type of a source's values; mixed types meet as text."""
    if source.prefix or source.join is not None:
        return pl.String()
    if source.from_ is not None:
        return types[source.from_]
    if source.first_of is not None:
        found = [kind_of(part, types) for part in source.first_of]
        return found[0] if all(dtype == found[0] for dtype in found) else pl.String()
    match source.value:
        case bool():
            return pl.Boolean()
        case int():
            return pl.Int64()
        case float():
            return pl.Float64()
        case _:
            return pl.String()
