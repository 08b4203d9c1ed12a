from pathlib import Path

import pytest

from sfsync.errors import ConfigError
from sfsync.mockorg import MockOrg
from sfsync.salesforce.check import check
from sfsync.salesforce.wanted import read_wanted
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
