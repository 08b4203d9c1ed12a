"""What writing records of an object needs to know of it, worked out once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.rules.base import Rule, Write
from sfsync.mockorg.rules.registry import rules_for
from sfsync.mockorg.schema import FieldDef, ObjectDef
from sfsync.mockorg.store import Row
from sfsync.mockorg.values import Converter, converter

_Part = Callable[[Write], None]


@dataclass(slots=True)
class Prepared:
    """Everything about one object that writing needs, worked out once."""

    thing: ObjectDef
    converters: dict[str, tuple[FieldDef, Converter]]
    writable: tuple[dict[str, tuple[str, Converter]], dict[str, tuple[str, Converter]]]
    """What an update and a create may write, by the spelling that callers use: canonical names, and those learned."""
    relationships: dict[str, FieldDef]
    defaults: Row
    required: list[str]
    unique: list[str]
    references: dict[str, FieldDef]
    auto_numbers: list[FieldDef]
    rules: tuple[Rule, ...]
    befores: tuple[_Part, ...]
    checks: tuple[_Part, ...]
    afters: tuple[_Part, ...]
    owned: bool
    audited: bool
    numbers: dict[str, int] = field(default_factory=dict)
    start: tuple[str, str, Row] = ("", "", {})
    """Of the newest records made: who made them, when, and the fields that they began with."""


def prepare(thing: ObjectDef, book: RuleBook) -> Prepared:
    """Work out what writing records of an object needs."""
    columns = thing.columns
    defaults: Row = {}
    for each in columns:
        if each.type == "boolean":
            defaults[each.name] = int(bool(each.default))
        elif each.default is not None and each.defaulted and not each.calculated:
            defaults[each.name] = converter(each)(each.default, True)
    names = {each.name for each in columns}
    converters = {each.name.lower(): (each, converter(each)) for each in thing.fields.values()}
    pairs = list(converters.values())
    rules = rules_for(thing, book)
    return Prepared(
        thing,
        converters,
        (
            {each.name: (each.name, convert) for each, convert in pairs if each.updateable},
            {each.name: (each.name, convert) for each, convert in pairs if each.createable},
        ),
        {each.relationship.lower(): each for each in columns if each.relationship},
        defaults,
        [each.name for each in columns if each.createable and not each.nillable],
        [each.name for each in columns if each.unique],
        {each.name: each for each in columns if each.type == "reference"},
        [each for each in columns if each.auto_number],
        rules,
        tuple(rule.before for rule in rules if rule.before),
        tuple(rule.check for rule in rules if rule.check),
        tuple(rule.after for rule in rules if rule.after),
        owned="OwnerId" in names,
        audited="CreatedDate" in names,
    )
