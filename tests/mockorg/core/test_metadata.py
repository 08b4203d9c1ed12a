# ruff: noqa: E501 - tables of cases read best with one case a line
from pathlib import Path

import pytest

from sfsync.mockorg.metadata import MetadataError, load
from tests.mockorg.core.support import field, put


def test_fields(metadata_folder):
    fields = load([metadata_folder]).schema.objects["Lead"].fields
    key = fields["Sfsync_Key__c"]
    assert (key.type, key.length, key.label) == ("string", 255, "Sfsync Key")
    assert key.external_id
    assert key.unique
    assert key.case_sensitive
    assert key.custom
    assert (fields["Number_of_Cards__c"].type, fields["Number_of_Cards__c"].precision) == ("double", 3)
    assert fields["Terms__c"].default is True
    assert not fields["Terms__c"].nillable
    assert fields["Plan__c"].restricted
    assert [choice.value for choice in fields["Interests__c"].choices] == ["A", "B", "C"]


def test_lookups(metadata_folder):
    schema = load([metadata_folder]).schema
    lookup = schema.objects["Asset"].fields["Order__c"]
    assert (lookup.reference_to, lookup.relationship, lookup.children) == (("Order",), "Order__r", "Cards__r")
    relation = schema.child("Order", "cards__r")
    assert relation is not None
    assert (relation.child, relation.field) == ("Asset", "Order__c")


def test_custom_objects(metadata_folder):
    visit = load([metadata_folder]).schema.objects["visit__c"]
    assert (visit.label, visit.label_plural, visit.custom) == ("Visit", "Visits", True)
    assert visit.key_prefix.startswith("a")
    assert visit.fields["Name"].auto_number == "V-{0000}"
    assert not visit.fields["Name"].createable
    assert not visit.fields["Day__c"].nillable
    assert visit.fields["Twice__c"].calculated
    assert visit.fields["OwnerId"].reference_to == ("Group", "User")


def test_many_custom_objects_have_a_prefix_each_that_stays(tmp_path):
    for number in range(100):
        put(
            tmp_path / "org",
            f"objects/T{number}__c/T{number}__c.object-meta.xml",
            "CustomObject",
            "<label>T</label>",
        )
    schema = load([tmp_path / "org"]).schema
    prefixes = {name: each.key_prefix for name, each in schema.objects.items() if each.custom}
    assert len(set(prefixes.values())) == 100
    assert all(len(prefix) == 3 for prefix in prefixes.values())
    put(tmp_path / "more", "objects/A__c/A__c.object-meta.xml", "CustomObject", "<label>A</label>")
    again = load([tmp_path / "org", tmp_path / "more"]).schema.objects
    assert sum(again[name].key_prefix != prefix for name, prefix in prefixes.items()) <= 1


def test_value_sets_queues_mappings_and_record_types(org, metadata_folder):
    metadata = load([metadata_folder])
    assert [choice.value for choice in metadata.picklists["OrderStatus"]] == [
        "Draft",
        "Activated",
        "Card Sent",
    ]
    assert metadata.conversions == [("Registration__c", "Account", "Registration__c")]
    queues = org.query("SELECT Name, Type, (SELECT SobjectType FROM QueueSobjects) FROM Group").rows()
    assert [(queue["Name"], queue["Type"], queue["QueueSobjects"]["totalSize"]) for queue in queues] == [
        ("Web Leads", "Queue", 1)
    ]
    kinds = org.query("SELECT DeveloperName, Name FROM RecordType WHERE SobjectType = 'Case'").rows()
    assert [(kind["DeveloperName"], kind["Name"]) for kind in kinds] == [("Help", "Help Desk")]
    assert "RecordTypeId" in org.schema.objects["Case"].fields


def test_status_lists_follow_value_sets(tmp_path):
    from sfsync.mockorg.org import OrgCore

    values = "".join(
        f"<standardValue><fullName>{name}</fullName><label>{name}</label><default>{default}</default><converted>{converted}</converted></standardValue>"
        for name, default, converted in (("New", "true", "false"), ("Done", "false", "true"))
    )
    put(tmp_path, "standardValueSets/LeadStatus.standardValueSet-meta.xml", "StandardValueSet", values)
    org = OrgCore(metadata=[tmp_path])
    rows = org.query("SELECT MasterLabel, IsConverted, IsDefault FROM LeadStatus ORDER BY SortOrder").rows()
    assert [(row["MasterLabel"], row["IsConverted"], row["IsDefault"]) for row in rows] == [
        ("New", False, True),
        ("Done", True, False),
    ]
    assert org.read("Lead", org.insert("Lead", {"LastName": "A", "Company": "B"}))["Status"] == "New"


@pytest.mark.parametrize(
    ("thing", "body", "message"),
    [
        ("Lead", "<type>Hologram</type>", "knows no fields of type 'Hologram'"),
        ("Ghost__c", "<type>Text</type>", r"there is no object Ghost__c; add objects/Ghost__c"),
        ("Lead", "<type>Lookup</type><referenceTo>Ghost__c</referenceTo>", "X__c refers to Ghost__c, an object the mock org"),
        ("Lead", "<type>Picklist</type><valueSet><valueSetName>Nowhere</valueSetName></valueSet>", "no global value set Nowhere"),
    ],
)  # fmt: skip
def test_mistakes_name_their_file(tmp_path, thing, body, message):
    field(tmp_path, thing, "X__c", body)
    with pytest.raises(MetadataError, match=message) as refusal:
        load([tmp_path])
    assert "X__c.field-meta.xml" in str(refusal.value)


def test_folders_and_xml_must_be_there(tmp_path):
    with pytest.raises(MetadataError, match="no such folder"):
        load([tmp_path / "nowhere"])
    (tmp_path / "A.queue-meta.xml").write_text("<Queue>", encoding="utf-8")
    with pytest.raises(MetadataError, match="not well-formed"):
        load([tmp_path])


def test_standard_fields_can_be_relabelled(tmp_path):
    field(tmp_path, "Lead", "Phone", "<label>Telephone</label>")
    assert load([tmp_path]).schema.objects["Lead"].fields["Phone"].label == "Telephone"
    field(tmp_path, "Lead", "Nowhere", "<label>Nowhere</label>")
    with pytest.raises(MetadataError, match="no standard field Nowhere"):
        load([tmp_path])


def test_our_own_metadata_loads():
    folder = Path(__file__).resolve().parents[3] / "config" / "org"
    schema = load([folder]).schema
    assert schema.objects["Lead"].fields["Sfsync_Key__c"].case_sensitive
    assert schema.child("Order", "Cards__r") is not None
