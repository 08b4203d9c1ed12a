# ruff: noqa: E501 - a file a line reads best
import pytest

from sfsync.mockorg.criteria import BadLogic, holds, read_logic
from sfsync.mockorg.org import DmlOptions, OrgCore
from sfsync.mockorg.quirks import Quirks
from tests.mockorg.core.support import field, put
from tests.mockorg.core.test_dml import LEAD, refused

ITEM = "<criteriaItems><field>Lead.{0}</field><operation>{1}</operation><value>{2}</value></criteriaItems>"
MATCH = "<matchingRuleItems><blankValueBehavior>{1}</blankValueBehavior><fieldName>{0}</fieldName><matchingMethod>{2}</matchingMethod></matchingRuleItems>"


@pytest.mark.parametrize(
    ("text", "true", "result"),
    [
        ("", {1, 2, 3}, True),
        ("", {1, 2}, False),
        ("1 AND (2 OR NOT 3)", {1}, True),
        ("1 AND (2 OR NOT 3)", {1, 3}, False),
        ("(1 or 2) and 3", {2, 3}, True),
    ],
)
def test_filter_logic(text, true, result):
    assert holds(read_logic(text, 3), lambda number: number in true) is result


@pytest.mark.parametrize("text", ["4", "1 AND", "(1", "1 2", "1 AND 2 OR 3", "x"])
def test_filter_logic_that_cannot_be_read(text):
    with pytest.raises(BadLogic):
        read_logic(text, 3)


def assignments(folder):
    entries = (
        "<ruleEntry><assignedTo>Web_Leads</assignedTo><assignedToType>Queue</assignedToType><booleanFilter>1 AND (2 OR 3)</booleanFilter>"
        f"{ITEM.format('LeadSource', 'equals', 'Web')}{ITEM.format('NumberOfEmployees', 'lessThan', '10')}{ITEM.format('City', 'startsWith', 'Ams, Rot')}</ruleEntry>"
        f"<ruleEntry>{ITEM.format('City', 'equals', 'Nowhere')}</ruleEntry>"
        f"<ruleEntry><assignedTo>x</assignedTo><assignedToType>Queue</assignedToType>{ITEM.format('City', 'within', '10')}</ruleEntry>"
        "<ruleEntry><assignedTo>integration@mock.org</assignedTo><assignedToType>User</assignedToType><formula>LEN(Company) &gt; 5</formula></ruleEntry>"
    )
    other = "<ruleEntry><assignedTo>Web_Leads</assignedTo><assignedToType>Queue</assignedToType></ruleEntry>"
    put(
        folder, "assignmentRules/Lead.assignmentRules-meta.xml", "AssignmentRules",
        f"<assignmentRule><fullName>Standard</fullName><active>true</active>{entries}</assignmentRule>"
        f"<assignmentRule><fullName>All</fullName><active>false</active>{other}</assignmentRule>",
    )  # fmt: skip
    put(
        folder, "queues/Web_Leads.queue-meta.xml", "Queue",
        "<name>Web Leads</name><queueSobject><sobjectType>Lead</sobjectType></queueSobject>",
    )  # fmt: skip


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(assign_on_update=False)])
def test_assignment_rules(tmp_path, quirks):
    assignments(tmp_path)
    org = OrgCore(metadata=[tmp_path], quirks=quirks)
    queue = org.find("Group", "DeveloperName", "Web_Leads")[0]

    def owner(auto_assign=True, **values):
        lead = org.insert("Lead", {**LEAD, **values}, options=DmlOptions(auto_assign=auto_assign))
        return org.read("Lead", lead)["OwnerId"]

    assert owner(LeadSource="Web", NumberOfEmployees=5) == queue
    assert owner(LeadSource="Web", City="rotterdam") == queue
    assert owner(LeadSource="Web", City="Delft") == org.user_id
    assert owner(LeadSource="Web", City="Amsterdam", auto_assign=False) == org.user_id
    assert owner(City="Nowhere", OwnerId=queue) == queue
    assert owner(Company="Long name", OwnerId=queue) == org.user_id
    rule = org.query("SELECT Id FROM AssignmentRule WHERE Name = 'All' AND Active = false").rows()[0]["Id"]
    assert owner(auto_assign=rule) == queue
    assert (
        refused(org.insert, "Lead", LEAD, options=DmlOptions(auto_assign=org.user_id)).code
        == "INVALID_CROSS_REFERENCE_KEY"
    )
    lead = org.insert("Lead", LEAD)
    org.update("Lead", lead, {"LeadSource": "Web", "City": "Amsterdam"})
    assert (org.read("Lead", lead)["OwnerId"] == queue) is quirks.assign_on_update
    assert any(
        "entry 3 of Standard left out: the operation within is not known" in each for each in org.warnings
    )
    org.close()


def duplicates(folder, action="Allow", method="Exact"):
    items = MATCH.format("Email", "NullNotAllowed", "Exact") + MATCH.format(
        "Company", "NullNotAllowed", method
    )
    for thing, rules in (("Lead", items), ("Contact", MATCH.format("Email", "NullNotAllowed", "Exact"))):
        put(
            folder, f"matchingRules/{thing}.matchingRule-meta.xml", "MatchingRules",
            f"<matchingRules><fullName>Same</fullName>{rules}<ruleStatus>Active</ruleStatus></matchingRules>",
        )  # fmt: skip
    mapping = "<objectMapping><inputObject>Lead</inputObject><mappingFields><inputField>Email</inputField><outputField>Email</outputField></mappingFields><outputObject>Contact</outputObject></objectMapping>"
    put(
        folder, "duplicateRules/Lead.No_Twins.duplicateRule-meta.xml", "DuplicateRule",
        f"<actionOnInsert>{action}</actionOnInsert><actionOnUpdate>{action}</actionOnUpdate><alertText>Twins!</alertText>"
        "<duplicateRuleMatchRules><matchRuleSObjectType>Lead</matchRuleSObjectType><matchingRule>Same</matchingRule></duplicateRuleMatchRules>"
        f"<duplicateRuleMatchRules><matchRuleSObjectType>Contact</matchRuleSObjectType><matchingRule>Same</matchingRule>{mapping}</duplicateRuleMatchRules>"
        "<isActive>true</isActive><masterLabel>No Twins</masterLabel><operationsOnInsert>Alert</operationsOnInsert><operationsOnInsert>Report</operationsOnInsert>",
    )  # fmt: skip


def test_a_duplicate_rule_that_warns(tmp_path):
    duplicates(tmp_path)
    org = OrgCore(metadata=[tmp_path])
    values = {**LEAD, "Email": "a@x.example"}
    first = org.insert("Lead", values)
    org.insert("Lead", {**values, "Company": "Other"})
    org.insert("Lead", {**LEAD, "Email": None})
    refusal = refused(org.insert, "Lead", {**values, "Company": "acme"})
    assert (refusal.code, refusal.message) == ("DUPLICATES_DETECTED", "Twins!")
    result = refusal.extra["duplicateResult"]
    assert (result["allowSave"], result["duplicateRule"]) == (True, "No_Twins")
    (match,) = result["matchResults"]
    assert (match["entityType"], match["size"], match["matchEngine"]) == ("Lead", 1, "ExactMatchEngine")
    assert match["matchRecords"][0]["record"]["Id"] == first
    with_records = refused(org.insert, "Lead", values, options=DmlOptions(duplicate_records=True))
    record = with_records.extra["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]
    assert record["Company"] == "ACME"
    org.insert("Lead", values, options=DmlOptions(allow_duplicates=True))
    org.update("Lead", first, {"Phone": "1"})
    assert org.query("SELECT COUNT() FROM DuplicateRule WHERE IsActive = true").total == 1
    org.close()


def test_a_duplicate_rule_that_blocks_looks_at_contacts_too(tmp_path):
    duplicates(tmp_path, "Block", "CompanyName")
    org = OrgCore(metadata=[tmp_path], quirks=Quirks(duplicate_details=False))
    org.insert("Contact", {"LastName": "A", "Email": "a@x.example"})
    insist = DmlOptions(allow_duplicates=True)
    refusal = refused(org.insert, "Lead", {**LEAD, "Email": "A@x.example"}, options=insist)
    assert (refusal.code, refusal.extra) == ("DUPLICATES_DETECTED", {})
    org.insert("Lead", {**LEAD, "Email": "b@x.example", "Company": "Café Zuid B.V."})
    other = org.insert("Lead", {**LEAD, "Email": "c@x.example", "Company": "cafe zuid bv"})
    assert refused(org.update, "Lead", other, {"Email": "b@x.example"}).code == "DUPLICATES_DETECTED"
    org.close()


def test_record_types(tmp_path):
    for name, active in (("Big", "true"), ("Able", "false"), ("Small", "true")):
        put(
            tmp_path,
            f"objects/Lead/recordTypes/{name}.recordType-meta.xml",
            "RecordType",
            f"<label>{name}</label><active>{active}</active>",
        )
    put(
        tmp_path,
        "objects/Case/recordTypes/Help.recordType-meta.xml",
        "RecordType",
        "<label>Help</label><active>true</active>",
    )
    org = OrgCore(metadata=[tmp_path])
    kinds = {
        row["DeveloperName"]: row["Id"]
        for row in org.query("SELECT Id, DeveloperName FROM RecordType").rows()
    }
    lead = org.insert("Lead", LEAD)
    assert org.read("Lead", lead)["RecordTypeId"] == kinds["Big"]
    org.update("Lead", lead, {"RecordTypeId": kinds["Small"]})
    assert (
        org.query("SELECT RecordType.DeveloperName FROM Lead").rows()[0]["RecordType"]["DeveloperName"]
        == "Small"
    )
    for bad in (kinds["Able"], kinds["Help"], "012000000000001AAA"):
        refusal = refused(org.update, "Lead", lead, {"RecordTypeId": bad})
        assert refusal.message == f"Record Type ID: this ID value isn't valid for the user: {bad}"
    org.update("Lead", lead, {"RecordTypeId": "012000000000000AAA"})
    assert org.read("Lead", lead)["RecordTypeId"] is None
    infos = org.describe("Lead")["recordTypeInfos"]
    assert [(each["developerName"], each["active"], each["defaultRecordTypeMapping"]) for each in infos] == [
        ("Able", False, False),
        ("Big", True, True),
        ("Small", True, False),
        ("Master", True, False),
    ]
    org.close()
    without = OrgCore(metadata=[tmp_path], quirks=Quirks(default_record_type=False))
    assert without.read("Lead", without.insert("Lead", LEAD))["RecordTypeId"] is None
    without.close()


def test_history_of_tracked_fields(tmp_path):
    field(tmp_path, "Lead", "Status", "<label>Status</label><trackHistory>true</trackHistory>")
    field(tmp_path, "Lead", "OwnerId", "<trackHistory>true</trackHistory>")
    field(tmp_path, "Lead", "Description", "<trackHistory>true</trackHistory>")
    put(tmp_path, "objects/Visit__c/Visit__c.object-meta.xml", "CustomObject", "<label>Visit</label>")
    field(
        tmp_path, "Visit__c", "Day__c", "<label>Day</label><type>Date</type><trackHistory>true</trackHistory>"
    )
    org = OrgCore(metadata=[tmp_path])
    lead = org.insert("Lead", {**LEAD, "Phone": "1"})
    user = org.insert(
        "User",
        {"Username": "b@x.example", "LastName": "B", "Email": "b@x.example", "Alias": "b", "IsActive": True},
    )
    org.update(
        "Lead", lead, {"Status": "Working - Contacted", "OwnerId": user, "Description": "long", "Phone": "2"}
    )
    soql = "SELECT Field, OldValue, NewValue, DataType, CreatedBy.Name FROM LeadHistory ORDER BY Id"
    rows = [(row["Field"], row["OldValue"], row["NewValue"]) for row in org.query(soql).rows()]
    assert rows[0] == ("created", None, None)
    assert sorted(rows[1:], key=str) == sorted(
        [
            ("Status", "Open - Not Contacted", "Working - Contacted"),
            ("Owner", "Integration User", "B"),
            ("Owner", org.user_id, user),
            ("Description", None, None),
        ],
        key=str,
    )
    visit = org.insert("Visit__c", {"Day__c": "2026-01-01"})
    org.update("Visit__c", visit, {"Day__c": "2026-01-02"})
    found = org.query("SELECT Id, (SELECT Field, NewValue, ParentId FROM Histories) FROM Visit__c").rows()[0]
    assert [(row["Field"], row["NewValue"], row["ParentId"]) for row in found["Histories"]["records"]] == [
        ("created", None, visit),
        ("Day__c", "2026-01-02", visit),
    ]
    assert (
        len(
            {row["Id"] for row in org.query("SELECT Id FROM LeadHistory").rows()}
            | {row["Id"] for row in found["Histories"]["records"] if "Id" in row}
        )
        == 5
    )
    assert refused(org.insert, "LeadHistory", {}).code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert refused(org.query, "SELECT Id FROM LeadHistory WHERE OldValue = 'x'").code == "INVALID_FIELD"
    assert refused(org.query, "SELECT Id FROM LeadHistory ORDER BY NewValue").code == "INVALID_FIELD"
    org.delete("Lead", lead)
    assert org.query("SELECT COUNT() FROM LeadHistory").total == 0
    org.close()
