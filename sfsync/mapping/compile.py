"""A mapping made ready to work: one reader and one set of constraints per name and per field.

A name's rule stands at its header; where the header has none, the first field that takes the name as it is lends it
its own. So ``SerialNumber: {from: card_id, type: digits}`` makes ``card_id`` digits everywhere.
"""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.bind import Bound
from sfsync.mapping.columns import find_columns
from sfsync.mapping.constraints import Constraints
from sfsync.mapping.describe import check_against
from sfsync.mapping.kinds import reader_for
from sfsync.mapping.model import FieldRule, Header, Mapping, Plain, Rule
from sfsync.mapping.plan import FieldItem, Lookup, NameItem, Plan, kind_of, make_plan
from sfsync.mapping.readers import Reader
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.transforms import Functions, TransformedReader

_OWN = frozenset(Rule.model_fields)


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping that can be bound to the headings of one file after the other."""

    mapping: Mapping
    functions: Functions | None = None
    """The project's own functions, for names with a ``transform``."""
    _plans: dict[bool, Plan] = field(default_factory=dict)

    @property
    def wanted(self) -> frozenset[str]:
        """All folded headings of the mapping: what a reader looks for to find the header row and the sheet."""
        return frozenset(self.plan().headings)

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """What must be looked up in the org before rows can be mapped."""
        return tuple(item.lookup for item in self.plan().fields if item.lookup)

    def plan(self, *, date1904: bool = False) -> Plan:
        """The work as a value. ``date1904``: bare numbers in date columns count from 1904 (old Macs)."""
        if date1904 not in self._plans:
            self._plans[date1904] = _plan(self.mapping, self.functions, date1904=date1904)
        return self._plans[date1904]

    def bind(
        self,
        headings: Sequence[str],
        *,
        file: str,
        sheet: str | None = None,
        header_row: int = 1,
        date1904: bool = False,
    ) -> Bound:
        """Tie the mapping to one file's headings. Raises FileRefused (missing_column, duplicate_column)."""
        plan = self.plan(date1904=date1904)
        return Bound(find_columns(plan, headings, file=file, sheet=sheet, header_row=header_row))

    def check_against(self, describe: Map[str, Any]) -> list[Problem]:
        """Compare with an object's describe, given as the REST API's JSON."""
        return check_against(self.plan(), describe)


def compile_mapping(mapping: Mapping, functions: Functions | None = None) -> CompiledMapping:
    """Make a mapping ready; it must have come from ``load_mapping``, which finds every mistake first.

    ``functions``: gives what ``transform`` may name. Raises ConfigError for a transform that is not there.
    """
    compiled = CompiledMapping(mapping, functions)
    compiled.plan()
    return compiled


def declaring(mapping: Mapping, functions: Functions | None = None, **notation: Any) -> CompiledMapping:
    """The mapping with other values in its ``file`` section (``timezone``, ``dates``, ``decimal`` …), made ready."""
    file = mapping.file.model_copy(update=notation)
    return compile_mapping(mapping.model_copy(update={"file": file}), functions)


def _plan(mapping: Mapping, functions: Functions | None, *, date1904: bool) -> Plan:
    lenders = lent_rules(mapping)
    names = []
    for name, header in mapping.file.headers.items():
        rule, place = lenders.get(name, (header, ("file", "headers", name)))
        reader = reader_for(rule, mapping.file, date1904=date1904)
        limits = constraints(rule, reader)
        said = place if header.transform is None else ("file", "headers", name)
        names.append(
            NameItem(name, rule, _transformed(mapping, rule, reader, functions, said), limits, place)
        )
    types = {item.name: item.reader.dtype for item in names}
    adopted = {place[1] for rule, place in lenders.values()}
    fields = [
        _field(mapping, name, rule, types, functions, adopted=name in adopted, date1904=date1904)
        for name, rule in mapping.fields.items()
    ]
    return make_plan(mapping, tuple(names), tuple(fields), functions)


def lent_rules(mapping: Mapping) -> dict[str, tuple[Rule, tuple[str, ...]]]:
    """Names whose rule stands at a field, with the rule and its place.

    A transform at the name is no rule of its own: it makes the text that the field's rule reads.
    """
    lent: dict[str, tuple[Rule, tuple[str, ...]]] = {}
    for field_name, rule in mapping.fields.items():
        name = rule.from_
        header = mapping.file.headers.get(name or "")
        if name is None or header is None or name in lent or has_rule(header, but="transform"):
            continue
        if not (rule.when or rule.prefix or rule.lookup):
            own = {} if header.transform is None else {"transform": header.transform}
            lent[name] = (rule.model_copy(update=own), ("fields", field_name))
    return lent


def has_rule(rule: Header | FieldRule, but: str = "") -> bool:
    """Whether any key of a Rule is written there, ``but`` not counted."""
    return bool(rule.model_fields_set & _OWN - {but})


def constraints(rule: Rule, reader: Reader) -> Constraints:
    """The rule's constraints, its literals read as cells of the same type."""
    default = None if rule.default is None else literal(rule.default, reader)
    choice = None if rule.one_of is None else tuple(literal(value, reader) for value in rule.one_of)
    return Constraints(rule, reader.dtype, default, choice)


def literal(value: Plain, reader: Reader) -> object:
    """A value of the mapping file as a cell of that type would read; None when it cannot be read."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if reader.dtype.is_numeric():
        return value if isinstance(value, int | float) else None
    return reader.read(pl.Series([text])).values.item()


def _field(
    mapping: Mapping,
    name: str,
    rule: FieldRule,
    types: Map[str, pl.DataType],
    functions: Functions | None,
    *,
    adopted: bool,
    date1904: bool,
) -> FieldItem:
    dtype = kind_of(rule, types)
    lookup = None
    if rule.lookup and rule.from_ and rule.take:
        target, _, by = rule.lookup.partition(".")
        lookup = Lookup(target, by, rule.from_, rule.take)
    if adopted or not has_rule(rule):
        return FieldItem(name, rule, dtype, None, None, lookup)
    own_type = rule.type is not None or rule.map is not None or rule.transform is not None
    reader = reader_for(rule, mapping.file, date1904=date1904) if own_type else Reader(dtype)
    limits = constraints(rule, reader)
    if not own_type:
        return FieldItem(name, rule, dtype, None, limits, lookup)
    made = _transformed(mapping, rule, reader, functions, ("fields", name))
    return FieldItem(name, rule, dtype, made, limits, lookup)


def _transformed(
    mapping: Mapping, rule: Rule, reader: Reader, functions: Functions | None, place: tuple[str, ...]
) -> Reader:
    """The reader behind the rule's transform, where it has one."""
    if rule.transform is None:
        return reader
    known = functions() if functions else {}
    if rule.transform not in known:
        hint = (
            did_you_mean(rule.transform, known) or "Write it in a file of the project's transforms/ folder."
        )
        text = f"There is no transform called {rule.transform!r}."
        problem = Problem(*mapping.at(*place, "transform"), text, hint)
        raise ConfigError(f"{mapping.path} has a mistake.", problems=[problem])
    return TransformedReader(reader.dtype, name=rule.transform, function=known[rule.transform], base=reader)
