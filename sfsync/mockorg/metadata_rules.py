"""Loads rules in Salesforce source format: assignment rules, matching and duplicate rules, validation rules.

What the mock org cannot read is left out, and said in ``RuleBook.warnings``. Metadata API guide: AssignmentRules,
MatchingRules, DuplicateRule, ValidationRule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sfsync.mockorg.criteria import BadLogic, Criterion, Filter, Logic, make_filter, read_logic
from sfsync.mockorg.formulas import Formula, Unsupported, read
from sfsync.mockorg.metadata_xml import Element, documents, every, flag, stem, text
from sfsync.mockorg.schema import ObjectDef, Schema


@dataclass(frozen=True, slots=True)
class AssignmentEntry:
    """When the filter (or formula) fits, the record goes to the owner; without one it stays."""

    filter: Filter
    formula: Formula | None
    owner: str
    owner_kind: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment rule: the first entry that fits decides."""

    object: str
    name: str
    active: bool
    entries: tuple[AssignmentEntry, ...]


@dataclass(frozen=True, slots=True)
class MatchItem:
    """One field that records must have in common."""

    field: str
    exact: bool
    blanks_match: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """A matching rule of an object."""

    object: str
    name: str
    items: tuple[MatchItem, ...]
    logic: Logic


@dataclass(frozen=True, slots=True)
class Match:
    """A duplicate rule's use of a matching rule; ``fields`` maps the matched object's fields to ours."""

    rule: Matching
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """A duplicate rule: what happens on insert and update when another record matches."""

    object: str
    name: str
    label: str
    active: bool
    message: str
    on_insert: str
    on_update: str
    """``block``, ``alert`` (the caller may insist), or empty (only reported)."""
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation rule: the record is refused when its formula is true."""

    object: str
    name: str
    formula: Formula
    message: str
    field: str


@dataclass(slots=True)
class RuleBook:
    """The rules of an org by object, and what was left out of them."""

    assignments: list[Assignment] = field(default_factory=list)
    duplicates: list[Duplicates] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def load_rules(folders: Sequence[Path], schema: Schema) -> RuleBook:
    """All rules in these folders. Raises MetadataError for XML that is none."""
    book = RuleBook()
    matchings = {}
    for path, root in documents(folders, "matchingRule"):
        for each in every(root, "matchingRules"):
            matching = _matching(book, path, each, schema)
            if matching is not None:
                matchings[matching.object, matching.name] = matching
    for path, root in documents(folders, "assignmentRules"):
        thing = _object(book, path, stem(path), schema)
        if thing is not None:
            book.assignments += [
                _assignment(book, path, each, thing) for each in every(root, "assignmentRule")
            ]
    for path, root in documents(folders, "duplicateRule"):
        found = _duplicates(book, path, root, schema, matchings)
        if found is not None:
            book.duplicates.append(found)
    for path, root in documents(folders, "validationRule"):
        thing = _object(book, path, path.parent.parent.name, schema)
        if thing is not None and flag(root, "active"):
            book.validations += _validation(book, path, root, thing)
    return book


def _object(book: RuleBook, path: Path, name: str, schema: Schema) -> ObjectDef | None:
    thing = schema.objects.get(name)
    if thing is None:
        book.warnings.append(f"{path}: left out, as the mock org has no object {name}")
    return thing


def _criteria(root: Element, tag: str) -> list[Criterion]:
    return [
        Criterion(text(each, "field").rpartition(".")[2], text(each, "operation"), text(each, "value"))
        for each in every(root, tag)
    ]


def _assignment(book: RuleBook, path: Path, root: Element, thing: ObjectDef) -> Assignment:
    name = text(root, "fullName")
    entries = []
    for number, each in enumerate(every(root, "ruleEntry"), 1):
        try:
            formula = read(text(each, "formula")) if text(each, "formula") else None
            found = make_filter(thing, _criteria(each, "criteriaItems"), text(each, "booleanFilter"))
        except (BadLogic, Unsupported) as trouble:
            book.warnings.append(f"{path}: entry {number} of {name} left out: {trouble}")
            continue
        entries.append(
            AssignmentEntry(found, formula, text(each, "assignedTo"), text(each, "assignedToType"))
        )
    return Assignment(thing.name, name, flag(root, "active"), tuple(entries))


def _matching(book: RuleBook, path: Path, root: Element, schema: Schema) -> Matching | None:
    thing = _object(book, path, stem(path), schema)
    if thing is None or text(root, "ruleStatus", default="Active") not in {"Active", "Activating"}:
        return None
    items = tuple(
        MatchItem(
            text(each, "fieldName"),
            text(each, "matchingMethod", default="Exact") == "Exact",
            text(each, "blankValueBehavior") == "MatchBlanks",
        )
        for each in every(root, "matchingRuleItems")
    )
    name = text(root, "fullName")
    unknown = [each.field for each in items if each.field not in thing.fields]
    try:
        if unknown:
            raise BadLogic(f"{thing.name} has no field {unknown[0]}")
        return Matching(thing.name, name, items, read_logic(text(root, "booleanFilter"), len(items)))
    except BadLogic as trouble:
        book.warnings.append(f"{path}: {name} left out: {trouble}")
        return None


def _duplicates(
    book: RuleBook, path: Path, root: Element, schema: Schema, matchings: dict[tuple[str, str], Matching]
) -> Duplicates | None:
    owner, _, name = path.name.removesuffix("-meta.xml").removesuffix(".duplicateRule").partition(".")
    thing = _object(book, path, owner, schema)
    if thing is None:
        return None
    matches = []
    for each in every(root, "duplicateRuleMatchRules"):
        key = (text(each, "matchRuleSObjectType"), text(each, "matchingRule"))
        if key not in matchings:
            book.warnings.append(f"{path}: there is no active matching rule {key[1]} for {key[0]}")
            continue
        pairs = every(each, "objectMapping", "mappingFields")
        mapped = {text(pair, "outputField"): text(pair, "inputField") for pair in pairs}
        matches.append(Match(matchings[key], mapped))
    if every(root, "duplicateRuleFilter", "duplicateRuleFilterItems"):
        book.warnings.append(f"{path}: its filter on users and records is not heeded")
    return Duplicates(
        thing.name,
        name,
        text(root, "masterLabel", default=name),
        flag(root, "isActive"),
        text(root, "alertText") or "Use one of these records?",
        _action(root, "Insert"),
        _action(root, "Update"),
        tuple(matches),
    )


def _action(root: Element, when: str) -> str:
    if text(root, f"actionOn{when}") == "Block":
        return "block"
    operations = [each.text for each in every(root, f"operationsOn{when}")]
    return "alert" if "Alert" in operations else ""


def _validation(book: RuleBook, path: Path, root: Element, thing: ObjectDef) -> Iterator[Validation]:
    name = text(root, "fullName", default=stem(path))
    try:
        formula = read(text(root, "errorConditionFormula"))
        for each in formula.paths:
            _known_path(thing, each)
    except Unsupported as trouble:
        book.warnings.append(f"{path}: the validation rule {name} is not loaded: {trouble}")
        return
    yield Validation(thing.name, name, formula, text(root, "errorMessage"), text(root, "errorDisplayField"))


def _known_path(thing: ObjectDef, path: str) -> None:
    first = path.split(".", maxsplit=1)[0]
    if first not in thing.fields and thing.relationship(first) is None:
        raise Unsupported(f"{thing.name} has no field {first}")
