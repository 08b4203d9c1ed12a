"""A mapping against a describe: what the org would refuse later is told now, with its line."""

from typing import Any

from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import parse_mapping

MAPPING = """mapping: m
object: Lead
key: Key__c
file:
  headers:
    id: {type: key, required: true}
    text: {max: 100}
    plan: {type: picklist, one_of: [basic, plus]}
    day: {type: date}
    ok: {type: boolean}
    count: {type: integer}
fields:
  Key__c: id
  LastName: text
  Plan__c: plan
  Day__c: day
  Ok__c: ok
  Count__c: count
  Status: {value: Open}
  Owner: {lookup: User.Key__c, from: id}
"""


def field(name: str, kind: str = "string", **given: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "length": 255 if kind == "string" else 0,
        "createable": True,
        "updateable": True,
        "nillable": True,
        "defaultedOnCreate": False,
    } | given


def values(*words: str) -> list[dict[str, Any]]:
    return [{"value": word, "active": True} for word in words]


FIELDS = {
    "Key__c": field("Key__c", externalId=True),
    "LastName": field("LastName", nillable=False),
    "Plan__c": field("Plan__c", "picklist", restrictedPicklist=True, picklistValues=values("basic", "plus")),
    "Day__c": field("Day__c", "date"),
    "Ok__c": field("Ok__c", "boolean", nillable=False),
    "Count__c": field("Count__c", "double"),
    "Status": field("Status", "picklist", picklistValues=values("Open", "Closed")),
    "OwnerId": field(
        "OwnerId", "reference", relationshipName="Owner", nillable=False, defaultedOnCreate=False
    ),
    "IsDeleted": field("IsDeleted", "boolean", createable=False, updateable=False, nillable=False),
}


def found(name: str = "Lead", **changes: dict[str, Any] | None) -> list[str]:
    fields = [given for given in (FIELDS | changes).values() if given is not None]
    problems = compile_mapping(parse_mapping(MAPPING, "m.yaml")).check_against(
        {"name": name, "fields": fields}
    )
    return [str(problem) for problem in problems]


def test_a_mapping_that_fits():
    assert found() == []


def test_an_unknown_field_with_the_one_that_was_meant():
    assert found(Plan__c=None, Plam__c=FIELDS["Plan__c"] | {"name": "Plam__c"}) == [
        "m.yaml:15: Lead has no field Plan__c. Did you mean Plam__c?"
    ]


def test_another_object():
    assert "m.yaml:2: object: the describe is of Account, not of Lead." in found("Account")[0]


def test_a_type_that_does_not_fit():
    assert found(Day__c=field("Day__c", "datetime")) == [
        "m.yaml:16: Day__c: its values are date, and the field is datetime. Declare type: datetime."
    ]
    assert found(Count__c=field("Count__c"))[0].startswith("m.yaml:18: Count__c: its values are number")


def test_a_length_that_is_too_short():
    assert found(LastName=field("LastName", length=80)) == [
        "m.yaml:14: LastName: up to 100 characters are let through, and the field takes 80. Write max: 80."
    ]


def test_a_picklist_that_lacks_a_value():
    less = FIELDS["Plan__c"] | {"picklistValues": values("Basic", "plus")}
    assert found(Plan__c=less) == [
        "m.yaml:15: Plan__c: 'basic' is no value of the picklist. Did you mean Basic?"
    ]
    assert "'Open' is no value" in found(Status=FIELDS["Status"] | {"picklistValues": values("Closed")})[0]
    inactive = {"picklistValues": [{"value": "Open", "active": False}]}
    assert found(Status=FIELDS["Status"] | inactive)
    assert not found(Status=FIELDS["Status"] | inactive | {"restrictedPicklist": False})


def test_a_required_field_that_nothing_fills():
    (text,) = found(Company=field("Company", nillable=False))
    assert text.startswith("m.yaml:12: Lead.Company must be filled in new records")
    assert text.endswith("Add Company: to fields.")


def test_a_mapping_that_only_updates_need_not_fill_what_new_records_need():
    text = MAPPING.replace("object: Lead", "object: Lead\noperation: update")
    fields = [*FIELDS.values(), field("Company", nillable=False)]
    assert compile_mapping(parse_mapping(text)).check_against({"name": "Lead", "fields": fields}) == []


def test_the_key_of_a_mapping_that_only_updates_need_not_be_written():
    sealed = FIELDS | {"Key__c": FIELDS["Key__c"] | {"createable": False, "updateable": False}}
    describe = {"name": "Lead", "fields": list(sealed.values())}
    updates = MAPPING.replace("object: Lead", "object: Lead\noperation: update")
    assert compile_mapping(parse_mapping(updates)).check_against(describe) == []
    assert "cannot be written" in str(compile_mapping(parse_mapping(MAPPING)).check_against(describe)[0])


def test_fields_that_cannot_be_written():
    sealed = FIELDS["Count__c"] | {"createable": False, "updateable": False}
    assert "cannot be written" in found(Count__c=sealed)[0]
    assert "cannot be changed" in found(Count__c=FIELDS["Count__c"] | {"updateable": False})[0]
    assert "cannot be set in new" in found(Count__c=FIELDS["Count__c"] | {"createable": False})[0]


def test_a_key_that_is_no_external_id():
    assert "no external id" in found(Key__c=field("Key__c"))[0]


def test_a_relationship_that_is_none():
    assert any("Owner is no relationship" in text for text in found(OwnerId=None))
