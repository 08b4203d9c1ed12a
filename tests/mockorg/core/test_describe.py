# ruff: noqa: E501 - tables of cases read best with one case a line
import json

import pytest
from ruamel.yaml import YAML

from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.problems import Refused
from tests.shared import SHARED

RECORDINGS = SHARED / "recordings"
FIELD_FACTS = (
    "type", "length", "precision", "scale", "nillable", "createable", "updateable", "defaultedOnCreate", "idLookup",
    "referenceTo", "relationshipName", "restrictedPicklist", "compoundFieldName", "nameField", "soapType", "autoNumber",
    "filterable", "unique", "externalId", "calculated", "digits", "caseSensitive",
)  # fmt: skip
KNOWN_DIFFERENCES = {
    ("Account", "Name", "compoundFieldName"),  # the recorded org had person accounts within reach
    ("Event", "WhatId", "referenceTo"),
    ("Event", "OwnerId", "referenceTo"),
    ("Opportunity", "FiscalQuarter", "compoundFieldName"),
    ("Opportunity", "FiscalYear", "compoundFieldName"),
    # Series of events are stored, not acted on: their whole numbers and time zones are like any other.
    ("Event", "RecurrenceInterval", "digits"),
    ("Event", "RecurrenceDayOfWeekMask", "digits"),
    ("Event", "RecurrenceDayOfMonth", "digits"),
    ("Event", "RecurrenceTimeZoneSidKey", "restrictedPicklist"),
}


def test_fields(org: OrgCore):
    fields = {field["name"]: field for field in org.describe("LEAD")["fields"]}
    key = fields["Sfsync_Key__c"]
    assert (key["externalId"], key["unique"], key["caseSensitive"], key["idLookup"], key["custom"]) == (
        True,
    ) * 5
    assert (key["byteLength"], key["label"]) == (765, "Sfsync Key")
    assert fields["Plan__c"]["restrictedPicklist"] is True
    assert fields["Status"]["defaultValue"] == "Open - Not Contacted"
    assert fields["Address"]["type"] == "address"
    assert fields["Street"]["compoundFieldName"] == "Address"


def test_objects(org: OrgCore):
    described = org.describe("Order", version="51.0")
    assert (described["keyPrefix"], described["queryable"], described["createable"]) == ("801", True, True)
    assert described["urls"]["describe"] == "/services/data/v51.0/sobjects/Order/describe"
    cards = next(each for each in described["childRelationships"] if each["relationshipName"] == "Cards__r")
    assert (cards["childSObject"], cards["field"]) == ("Asset", "Order__c")
    assert org.describe("LeadStatus")["createable"] is False
    with pytest.raises(Refused, match="does not exist"):
        org.describe("Ghost")


def test_the_global_list(org: OrgCore):
    listed = org.describe_global()
    assert (listed["encoding"], listed["maxBatchSize"]) == ("UTF-8", 200)
    names = [each["name"] for each in listed["sobjects"]]
    assert names == sorted(names)
    assert {"Lead", "Visit__c", "PricebookEntry"} <= set(names)
    prefixes = [each["keyPrefix"] for each in listed["sobjects"] if each["keyPrefix"]]
    assert len(set(prefixes)) == len(prefixes)
    assert {each["name"] for each in listed["sobjects"] if not each["keyPrefix"]} >= {"LeadHistory"}


@pytest.mark.parametrize(
    "name", ["Lead", "Account", "Contact", "Opportunity", "Case", "Event", "OpportunityContactRole"]
)
def test_fields_agree_with_a_real_org(name: str):
    path = RECORDINGS / f"GET_sobjects_{name}_describe.yaml"
    if not path.exists():
        pytest.skip("no recordings of a real org here")
    recorded = json.loads(YAML(typ="safe").load(path)["response"]["body"]["string"])
    ours = {field["name"]: field for field in OrgCore().describe(name)["fields"]}
    theirs = {field["name"]: field for field in recorded["fields"]}
    differences = [
        (name, field, fact, ours[field][fact], theirs[field][fact])
        for field in ours.keys() & theirs.keys()
        for fact in FIELD_FACTS
        if ours[field][fact] != theirs[field][fact] and (name, field, fact) not in KNOWN_DIFFERENCES
    ]
    assert not differences
    assert set(recorded["fields"][0]) == set(next(iter(ours.values())))
