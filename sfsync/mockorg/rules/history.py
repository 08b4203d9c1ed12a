"""Field history: who changed a tracked field, when, from what to what; and the stages an opportunity went through.

Salesforce object reference, "LeadHistory", "OpportunityFieldHistory", "OpportunityHistory". Fields are tracked where
the metadata says ``trackHistory``.
"""

from typing import Any

from sfsync.mockorg.metadata_rules import RuleBook
from sfsync.mockorg.rules.base import EVERY_OBJECT, Rule, World, Write
from sfsync.mockorg.schema import FieldDef, ObjectDef
from sfsync.mockorg.store import Row

_STAGES = ("StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability", "ForecastCategory")
_KINDS = {"reference": "EntityId", "boolean": "Boolean", "date": "DateOnly", "datetime": "DateTime", "int": "Integer",
          "currency": "Currency", "double": "Double", "percent": "Percent", "picklist": "DynamicEnum"}  # fmt: skip

_LONGEST = 255
"""Characters of a value that a history keeps."""


def note(world: World, thing: ObjectDef, record_id: str, event: str) -> None:
    """Something happened to a record that is no change of a field: ``created``, ``leadConverted``."""
    if thing.history:
        _add(world, thing, record_id, {"Field": event, "DataType": "Text"})


def follow(world: World, thing: ObjectDef, old: Row, new: Row) -> None:
    """Keep what changed in tracked fields."""
    if not thing.history:
        return
    for field in thing.fields.values():
        if field.tracked and old.get(field.name) != new.get(field.name):
            for row in _rows(world, field, old.get(field.name), new.get(field.name)):
                _add(world, thing, new["Id"], row)


def _add(world: World, thing: ObjectDef, record_id: str, row: Row) -> None:
    link = "ParentId" if thing.custom else f"{thing.name}Id"
    world.create(thing.history, {link: record_id, **row})


def _rows(world: World, field: FieldDef, old: Any, new: Any) -> list[Row]:
    """One row; of a lookup two, with the names and with the ids; of a long text one without values."""
    row: Row = {"Field": _event(field), "DataType": _KINDS.get(field.type, "Text")}
    if field.long:
        return [row]
    shown = [{**row, "OldValue": _text(field, old), "NewValue": _text(field, new)}]
    if field.type == "reference" and world.quirks.history_names:
        names = {"OldValue": _name(world, old), "NewValue": _name(world, new)}
        shown.insert(0, {**row, "DataType": "Text", **names})
    return shown


def _event(field: FieldDef) -> str:
    """Standard lookups go by the name of the relationship: ``Owner``, not ``OwnerId``."""
    return field.relationship if field.relationship and not field.custom else field.name


def _text(field: FieldDef, value: Any) -> str | None:
    if value is None:
        return None
    return str(bool(value)).lower() if field.type == "boolean" else str(value)[:_LONGEST]


def _name(world: World, record_id: str | None) -> str | None:
    thing = world.schema.by_prefix(record_id or "")
    row = world.store.row(thing.name, record_id) if thing and record_id else None
    if thing is None or row is None:
        return None
    return next((row[each.name] for each in thing.fields.values() if each.name_field), None)


def _after(write: Write) -> None:
    if write.old is None:
        note(write.world, write.object, write.id, "created")
    else:
        follow(write.world, write.object, write.old, write.new)


def note_stage(world: World, old: Row | None, new: Row) -> None:
    """Keep every stage, amount, probability and close date an opportunity has had; ``old`` is None for a new one."""
    if old is not None and all(old[name] == new[name] for name in _STAGES):
        return
    made = world.create(
        "OpportunityHistory", {"OpportunityId": new["Id"], **{name: new.get(name) for name in _STAGES}}
    )
    last: Row = {}
    if old is not None and old["Amount"] != new["Amount"]:
        last["LastAmountChangedHistoryId"] = made
    if old is not None and old["CloseDate"] != new["CloseDate"]:
        last["LastCloseDateChangedHistoryId"] = made
    if last:
        world.store.update("Opportunity", new["Id"], last)


def _stage(write: Write) -> None:
    note_stage(write.world, write.old, write.new)


def _tracked(thing: ObjectDef, book: RuleBook) -> bool:
    del book
    return bool(thing.history)


RULES = (Rule(EVERY_OBJECT, after=_after, wanted=_tracked), Rule(("Opportunity",), after=_stage))
