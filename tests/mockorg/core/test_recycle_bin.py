from sfsync.mockorg.org import OrgCore
from tests.mockorg.core.test_dml import LEAD, refused


def test_lookups_of_deleted_records_are_emptied_and_come_back(org: OrgCore):
    boss = org.insert("Contact", {"LastName": "Boss"})
    clerk = org.insert("Contact", {"LastName": "Clerk", "ReportsToId": boss})
    other = org.insert("Contact", {"LastName": "Other", "ReportsToId": boss})
    org.delete("Contact", boss)
    assert org.read("Contact", clerk)["ReportsToId"] is None
    org.update("Contact", other, {"ReportsToId": clerk})
    org.undelete("Contact", boss)
    assert org.read("Contact", clerk)["ReportsToId"] == boss
    assert org.read("Contact", other)["ReportsToId"] == clerk


def test_purged_records_are_gone_but_for_the_log(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    contact = org.insert("Contact", {"LastName": "A", "AccountId": account})
    lead = org.insert("Lead", LEAD)
    stamp = org.clock.stamp()
    org.clock.advance(60)
    org.delete("Account", account)
    org.purge("Account", account)
    assert refused(org.undelete, "Account", account).code == "UNDELETE_FAILED"
    assert refused(org.read, "Contact", contact).code == "ENTITY_IS_DELETED"
    assert refused(org.purge, "Account", account).status == 404
    assert org.query("SELECT COUNT() FROM Account", all_rows=True).total == 0
    org.clock.advance(60)
    assert org.deleted("Account", stamp, org.clock.stamp()) == [(account, "2026-03-04T12:01:00.000+0000")]
    assert org.deleted("Contact", stamp, org.clock.stamp()) == [(contact, "2026-03-04T12:01:00.000+0000")]
    assert org.updated("Lead", stamp, org.clock.stamp()) == [lead]
    assert org.updated("Account", stamp, org.clock.stamp()) == []
    org.purge("Lead", lead)
    assert org.query("SELECT COUNT() FROM Lead", all_rows=True).total == 0


def test_old_activities_are_found_by_query_all_only(org: OrgCore):
    from sfsync.mockorg.org import DmlOptions

    org.insert("Task", {"Subject": "Old", "IsArchived": True}, options=DmlOptions(system=True))
    assert org.query("SELECT COUNT() FROM Task").total == 0
    assert org.query("SELECT COUNT() FROM Task", all_rows=True).total == 1


def test_the_org_describes_itself_by_query(org: OrgCore):
    soql = "SELECT QualifiedApiName, KeyPrefix, (SELECT QualifiedApiName FROM Fields) FROM EntityDefinition"
    row = org.query(f"{soql} WHERE QualifiedApiName = 'Lead'").rows()[0]
    assert row["KeyPrefix"] == "00Q"
    assert {"Sfsync_Key__c", "Email"} <= {each["QualifiedApiName"] for each in row["Fields"]["records"]}
    where = "EntityDefinition.QualifiedApiName = 'Lead' AND QualifiedApiName = 'Email'"
    found = org.query(f"SELECT DataType, EntityDefinitionId FROM FieldDefinition WHERE {where}").rows()[0]
    assert (found["DataType"], found["EntityDefinitionId"]) == ("Email", "Lead")
    where = "IsCustomizable = true AND IsEverCreatable = true AND IsDeprecatedAndHidden = false"
    names = {
        each["QualifiedApiName"]
        for each in org.query(f"SELECT QualifiedApiName FROM EntityDefinition WHERE {where}").rows()
    }
    assert "Lead" in names
    assert "LeadHistory" not in names
    org.reset()
    assert org.query("SELECT COUNT() FROM EntityDefinition").total > 40
    access = org.query(
        "SELECT PermissionsConvertLeads, PermissionsModifyAllData FROM UserPermissionAccess"
    ).rows()
    assert [each["PermissionsConvertLeads"] for each in access] == [True]


def test_an_opportunity_goes_into_the_bin_with_its_products(org: OrgCore):
    from sfsync.mockorg import seeds

    seeds.plant(org, "charge_card", 0)
    entry = org.query(
        "SELECT Id, Pricebook2Id FROM PricebookEntry WHERE Pricebook2.IsStandard = false"
    ).rows()[0]
    values = {"Name": "Won", "StageName": "Prospecting", "CloseDate": "2026-03-04"}
    opportunity = org.insert("Opportunity", values | {"Pricebook2Id": entry["Pricebook2Id"]})
    line = {"OpportunityId": opportunity, "PricebookEntryId": entry["Id"], "Quantity": 1, "UnitPrice": 5}
    org.insert("OpportunityLineItem", line)
    org.delete("Opportunity", opportunity)
    assert org.query("SELECT COUNT() FROM Opportunity").total == 0
    assert org.query("SELECT COUNT() FROM OpportunityLineItem").total == 0
