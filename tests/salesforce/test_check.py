from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from sfsync.errors import ConfigError, OrgError
from sfsync.mockorg import MockOrg
from sfsync.salesforce.check import check
from sfsync.salesforce.describe import Field, SObject
from sfsync.salesforce.usage import Limits
from sfsync.salesforce.wanted import Wanted, WantedField, read_wanted
from tests.salesforce.test_with_mockorg import connect

METADATA = Path(__file__).parents[2] / "config" / "org"


def findings(metadata):
    org = MockOrg(metadata=metadata)
    with org.activate():
        client = connect({"SF_INSTANCE_URL": "https://mock.my.salesforce.com", "SF_ACCESS_TOKEN": org.token})
        found = list(check(client, read_wanted(METADATA)))
    org.close()
    return found


def test_what_we_need_is_read_from_what_we_deploy():
    wanted = read_wanted(METADATA)
    keys = {
        field.object
        for field in wanted.fields
        if field.name == "Sfsync_Key__c" and field.unique and field.external_id
    }
    assert keys == {
        "Lead",
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityLineItem",
        "Order",
        "OrderItem",
        "Asset",
        "Aftersales_Lead__c",
        "Vehicle__c",
    }
    assert {field.name for field in wanted.fields if not field.written} == {
        "Confirmation_Due__c",
        "Vehicle_Details_Differ__c",
    }
    assert wanted.values["Order", "Status"] == ("Draft", "Activated", "Card Sent", "Completed")
    assert wanted.queues == ("Web_Leads",)
    assert "ConvertLeads" in wanted.permissions
    assert wanted.objects["Lead"] is True
    assert wanted.objects["Product2"] is False
    assert ("Registration_Number__c", "Account.Registration_Number__c") in wanted.lead_mapping


def test_an_org_with_our_metadata_passes():
    found = findings([METADATA])
    assert {item.state for item in found} == {"ok", "look"}
    assert len(found) > 40


def test_an_org_without_it_lacks_everything_that_is_ours():
    found = findings([])
    missing = {item.message.partition(" ")[0] for item in found if item.state == "missing"}
    assert {"Lead.Sfsync_Key__c", "Asset.Card_Id__c", "Order.Status"} <= missing
    assert all(item.hint for item in found if item.state != "ok")


def test_a_folder_without_metadata(tmp_path):
    with pytest.raises(ConfigError, match="no metadata"):
        read_wanted(tmp_path)


def test_metadata_that_is_not_sound_names_its_file(tmp_path):
    folder = tmp_path / "objects" / "Lead" / "fields"
    folder.mkdir(parents=True)
    (folder / "X__c.field-meta.xml").write_text("<CustomField>")
    with pytest.raises(ConfigError, match=r"X__c\.field-meta\.xml"):
        read_wanted(tmp_path)


class FakeOrg:
    """An org whose answers are given by hand."""

    url = "https://acme.my.salesforce.com"

    def __init__(self, *, versions=("61.0", "62.0"), objects=(), rows=()):
        answer = SimpleNamespace(json=lambda: [{"version": version} for version in versions])
        self.session = SimpleNamespace(version="62.0", request=lambda *_: answer)
        self._objects = {item.name: item for item in objects}
        self._rows = dict(rows)

    def limits(self):
        return Limits({})

    def describe(self, name):
        if name not in self._objects:
            raise OrgError("no", code="NOT_FOUND", status=404)
        return self._objects[name]

    def query(self, soql):
        name = soql.partition(" FROM ")[2].partition(" ")[0]
        if name not in self._rows:
            raise OrgError("no", code="INVALID_TYPE", status=400)
        return iter(self._rows[name])


KEY = Field("K__c", "K", "string", external_id=True, unique=True)


def sobject(name, *fields, writable=True, queryable=True):
    return SObject(
        name, name, None, writable, writable, queryable, {field.name: field for field in fields}, {}
    )


def run(wanted, **kwargs):
    rows = {"Group": [], "LeadStatus": [{"MasterLabel": "Done"}], "UserPermissionAccess": []} | kwargs.pop(
        "rows", {}
    )
    found = check(FakeOrg(rows=rows, **kwargs), wanted)
    return [(item.check, item.state, item.message) for item in found if item.state != "ok"]


def wanted(**kwargs):
    empty = Wanted(fields=(), objects={}, values={}, queues=(), permissions=(), lead_mapping=())
    return replace(empty, **kwargs)


def test_a_version_that_is_not_offered():
    assert run(wanted(), versions=["60.0", "61.0"]) == [
        ("API version", "missing", "62.0 is not offered by this org.")
    ]


@pytest.mark.parametrize(
    ("objects", "state", "message"),
    [
        ([], "missing", "Order is not there or hidden."),
        ([sobject("Order", writable=False)], "forbidden", "Order may not be created and edited."),
        ([sobject("Order", queryable=False)], "forbidden", "Order may not be read."),
    ],
)
def test_objects(objects, state, message):
    assert run(wanted(objects={"Order": True}), objects=objects) == [("object", state, message)]


@pytest.mark.parametrize(
    ("field", "state", "message"),
    [
        (None, "missing", "is not there or hidden."),
        (Field("K__c", "K", "string"), "missing", "is not an external id."),
        (
            Field("K__c", "K", "string", external_id=True),
            "missing",
            "is not unique, so doubles could be made.",
        ),
        (
            Field("K__c", "K", "string", external_id=True, unique=True, updateable=False),
            "forbidden",
            "may not be edited.",
        ),
        (Field("K__c", "K", "string", external_id=True, unique=True), "missing", "lacks a."),
    ],
)
def test_fields(field, state, message):
    need = wanted(
        objects={"Order": True},
        fields=(WantedField("Order", "K__c", external_id=True, unique=True, values=("a",)),),
    )
    [found] = run(need, objects=[sobject("Order", *([field] if field else []))])
    assert found[1:] == (state, f"Order.K__c {message}")


def test_an_object_that_is_missing_is_not_asked_for_its_fields():
    need = wanted(
        objects={"Order": True}, fields=(WantedField("Order", "K__c"),), values={("Order", "Status"): ("x",)}
    )
    assert len(run(need)) == 1


def test_permissions_and_queues():
    need = wanted(queues=("Web_Leads",), permissions=("ApiEnabled", "ConvertLeads"))
    rows = {
        "UserPermissionAccess": [{"PermissionsApiEnabled": True, "PermissionsConvertLeads": False}],
        "LeadStatus": [],
    }
    assert run(need, rows=rows) == [
        ("queue", "missing", "The queue Web_Leads is not there."),
        ("lead conversion", "missing", "No lead status means converted."),
        ("permission", "forbidden", "The user lacks ConvertLeads."),
    ]
