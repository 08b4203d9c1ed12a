"""Rules that an org's own metadata states: default formulas, record types, assignment and validation rules.

Metadata API guide: CustomField (defaultValue), RecordType, AssignmentRules, ValidationRule. REST API guide,
"Assignment Rule Header".
"""

from sfsync.mockorg.formulas import read, stored_value
from sfsync.mockorg.metadata_rules import Assignment, AssignmentEntry, RuleBook
from sfsync.mockorg.problems import Refused, bad_record_type
from sfsync.mockorg.rules.base import EVERY_OBJECT, Rule, Write
from sfsync.mockorg.rules.lookups import around, before, values
from sfsync.mockorg.schema import ObjectDef

MASTER = "012000000000000AAA"
"""The record type of records that have none."""


def _default(write: Write) -> None:
    if not write.creating:
        return
    for field in write.object.fields.values():
        if field.default_formula and field.name not in write.given:
            formula = read(field.default_formula)
            known = values(write.world, write.object, write.new, formula.paths)
            write.new[field.name] = stored_value(field, formula.value(known, around(write.world, new=True)))


def _record_type(write: Write) -> None:
    row, store = write.new, write.world.store
    given = row.get("RecordTypeId")
    if given == MASTER:
        row["RecordTypeId"] = None
    elif given is not None and write.changed("RecordTypeId"):
        kind = store.row("RecordType", given)
        if kind is None or kind["SobjectType"] != write.object.name or not kind["IsActive"]:
            raise bad_record_type(given)
    elif write.creating and "RecordTypeId" not in write.given and write.world.quirks.default_record_type:
        where = '"SobjectType" = ? AND "IsActive" = 1 ORDER BY "DeveloperName" LIMIT 1'
        found = store.rows("RecordType", where, (write.object.name,))
        row["RecordTypeId"] = found[0]["Id"] if found else None


def _assign(write: Write) -> None:
    """Give the record the owner that the assignment rule says, unless the caller switched rules off."""
    wanted = write.options.auto_assign
    if not wanted or write.options.system or not (write.creating or write.world.quirks.assign_on_update):
        return
    rule = _rule(write, wanted)
    for entry in rule.entries if rule else ():
        if _fits(write, entry):
            owner = _owner(write, entry)
            if owner:
                write.new["OwnerId"] = owner
            return


def _rule(write: Write, wanted: bool | str) -> Assignment | None:
    rules = [each for each in write.world.book.assignments if each.object == write.object.name]
    if wanted is True:
        return next((each for each in rules if each.active), None)
    row = write.world.store.row("AssignmentRule", str(wanted))
    if row is None or row["SobjectType"] != write.object.name:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", f"invalid assignment rule id: {wanted}")
    return next((each for each in rules if each.name == row["Name"]), None)


def _fits(write: Write, entry: AssignmentEntry) -> bool:
    if entry.formula is not None:
        known = values(write.world, write.object, write.new, entry.formula.paths)
        return entry.formula.value(known, around(write.world, new=write.creating)) is True
    return entry.filter.fits(write.object, write.new)


def _owner(write: Write, entry: AssignmentEntry) -> str | None:
    if entry.owner_kind == "Queue":
        found = write.world.store.rows("Group", '"DeveloperName" = ? AND "Type" = \'Queue\'', (entry.owner,))
    else:
        found = write.world.store.rows("User", '"Username" = ?', (entry.owner,))
    return found[0]["Id"] if found else None


def _validate(write: Write) -> None:
    if write.options.system:
        return
    for rule in write.world.book.validations:
        if rule.object == write.object.name:
            known = values(write.world, write.object, write.new, rule.formula.paths)
            now = around(write.world, new=write.creating)
            if rule.formula.value(known, now, before(write, rule.formula.paths)) is True:
                fields = [rule.field] if rule.field else []
                raise Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields=fields)


def _has_defaults(thing: ObjectDef, book: RuleBook) -> bool:
    del book
    return any(each.default_formula for each in thing.fields.values())


def _has_record_types(thing: ObjectDef, book: RuleBook) -> bool:
    del book
    return "RecordTypeId" in thing.fields


def _has_assignments(thing: ObjectDef, book: RuleBook) -> bool:
    return any(each.object == thing.name for each in book.assignments)


def _has_validations(thing: ObjectDef, book: RuleBook) -> bool:
    return any(each.object == thing.name for each in book.validations)


RULES = (
    Rule(EVERY_OBJECT, before=_default, wanted=_has_defaults),
    Rule(EVERY_OBJECT, before=_record_type, wanted=_has_record_types),
    Rule(EVERY_OBJECT, before=_assign, wanted=_has_assignments),
    Rule(EVERY_OBJECT, check=_validate, wanted=_has_validations),
)
