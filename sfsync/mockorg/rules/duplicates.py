"""Duplicate rules: a record that matches another is refused, unless the rule only warns and the caller insists.

Metadata API guide, DuplicateRule and MatchingRules; REST API guide, "Duplicate Rule Header". The exact method
compares text without case; every other method compares letters and digits alone, without accents.
"""

from typing import Any

from sfsync.mockorg.criteria import as_sql
from sfsync.mockorg.metadata_rules import Duplicates, Match, RuleBook
from sfsync.mockorg.present import attributes, record
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.rules.base import EVERY_OBJECT, Rule, Write
from sfsync.mockorg.schema import ObjectDef
from sfsync.mockorg.store import Row
from sfsync.mockorg.texts import loose

_MOST_MATCHES = 100


def _check(write: Write) -> None:
    if write.options.system:
        return
    for rule in write.world.book.duplicates:
        action = rule.on_insert if write.creating else rule.on_update
        if rule.object != write.object.name or not rule.active or not action:
            continue
        if action == "alert" and write.options.allow_duplicates:
            continue
        found = [(match, rows) for match in rule.matches if (rows := _matching(write, match))]
        if found:
            raise _refusal(write, rule, found, allowed=action == "alert")


def _matching(write: Write, match: Match) -> list[Row]:
    """The other records that the new one matches; nothing when none of the compared fields changed."""
    thing = write.world.schema.objects[match.rule.object]
    ours = {item.field: match.fields.get(item.field, item.field) for item in match.rule.items}
    if not write.creating and not write.changed(*ours.values()):
        return []
    parameters: list[Any] = []

    def part(number: int) -> str:
        item = match.rule.items[number - 1]
        name = thing.fields[item.field].name
        value = write.new.get(ours[item.field])
        if value is None:
            return f'"{name}" IS NULL' if item.blanks_match else "0"
        parameters.append(value if item.exact else loose(str(value)))
        return f'"{name}" = ?' if item.exact else f'loose("{name}") = ?'

    where = f"{as_sql(match.rule.logic, part)} AND Id <> ? AND IsDeleted = 0"
    if "IsConverted" in thing.fields:
        where += ' AND "IsConverted" = 0'
    return write.world.store.rows(thing.name, f"{where} LIMIT {_MOST_MATCHES}", (*parameters, write.id))


def _refusal(
    write: Write, rule: Duplicates, found: list[tuple[Match, list[Row]]], *, allowed: bool
) -> Refused:
    extra: dict[str, Any] = {}
    if write.world.quirks.duplicate_details:
        results = [_result(write, match, rows) for match, rows in found]
        extra["duplicateResult"] = {
            "allowSave": allowed,
            "duplicateRule": rule.name,
            "duplicateRuleEntityType": rule.object,
            "errorMessage": rule.message,
            "matchResults": results,
        }
    return Refused("DUPLICATES_DETECTED", rule.message, extra=extra)


def _result(write: Write, match: Match, rows: list[Row]) -> dict[str, Any]:
    thing = write.world.schema.objects[match.rule.object]
    exact = all(item.exact for item in match.rule.items)
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": _shown(thing, row, all_fields=write.options.duplicate_records),
        }
        for row in rows
    ]
    return {
        "entityType": thing.name,
        "errors": [],
        "matchEngine": "ExactMatchEngine" if exact else "FuzzyMatchEngine",
        "matchRecords": records,
        "rule": match.rule.name,
        "size": len(rows),
        "success": True,
    }


def _shown(thing: ObjectDef, row: Row, *, all_fields: bool) -> dict[str, Any]:
    if all_fields:
        return record(thing, row, [each for each in thing.fields.values() if not each.formula], "62.0")
    return {"attributes": attributes(thing.name, row["Id"], "62.0"), "Id": row["Id"]}


def _has_rules(thing: ObjectDef, book: RuleBook) -> bool:
    return any(each.object == thing.name for each in book.duplicates)


RULES = (Rule(EVERY_OBJECT, check=_check, wanted=_has_rules),)
