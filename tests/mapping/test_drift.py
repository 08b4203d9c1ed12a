"""What changed in the org since the mapping was checked last; names that a mapping uses for nothing."""

from typing import Any

import pytest

from sfsync.mapping.drift import drift
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.usage import unused_names
from tests.mapping.test_describe import MAPPING, field

USED = ["Key__c", "Status", "Owner"]


def describe(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Lead", "fields": [field("Key__c"), *fields]}


def picklist(*values: str) -> list[dict[str, Any]]:
    return [{"value": value, "active": True} for value in values]


def test_nothing_changed():
    same = describe(field("Status", "picklist", picklistValues=picklist("Open")), field("Other"))
    assert drift(same, same, USED) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, {"type": "textarea"}, "Status: its type was string and is textarea."),
        ({}, {"length": 80}, "Status: its length was 255 and is 80."),
        ({}, {"updateable": False}, "Status: it can no longer be changed in existing records."),
        ({"createable": False}, {}, "Status: it can now be set in new records."),
        ({}, {"nillable": False}, "Status: it must now be filled in new records."),
        ({"externalId": True}, {}, "Status: it is no longer an external id."),
        (
            {"picklistValues": picklist("Open", "Shut")},
            {"picklistValues": picklist("Open", "Closed")},
            "Status: the picklist no longer has Shut.",
        ),
    ],
)
def test_a_field_changed(old, new, told):
    assert told in drift(describe(field("Status", **old)), describe(field("Status", **new)), USED)


def test_a_field_came_or_went():
    assert drift(describe(field("Status")), describe(), USED) == ["Status is gone."]
    assert drift(describe(), describe(field("Status")), USED) == ["Status is new."]


def test_a_relationship_counts_by_its_field():
    old = describe(field("OwnerId", "reference", relationshipName="Owner"))
    new = describe(field("OwnerId", "reference", relationshipName="Owner", updateable=False))
    assert drift(old, new, USED) == ["Owner: it can no longer be changed in existing records."]


def test_other_fields_count_only_when_they_must_be_filled():
    assert drift(describe(field("X__c")), describe(field("X__c", length=3)), USED) == []
    needed = describe(field("X__c", nillable=False))
    assert drift(describe(field("X__c")), needed, USED) == ["X__c must now be filled in new records."]


def test_names_that_nothing_uses():
    mapping = parse_mapping(
        MAPPING.replace("    count: {type: integer}\n", "    count: {type: integer}\n    note: [Note]\n")
    )
    assert unused_names(mapping) == ["note"]
    with_condition = MAPPING.replace(
        "day: {type: date}", "day: {type: date, required_if: {more: yes}}\n    more: [More]"
    )
    assert unused_names(parse_mapping(with_condition)) == []
