import pytest

from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.rules.contracts import last_day
from tests.mockorg.core.test_dml import refused


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-01", 12, "2026-12-31"),
        ("2026-01-15", 1, "2026-02-14"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-01", 1, "2026-12-31"),
    ],
)
def test_the_last_day_of_a_term(start, months, end):
    assert last_day(start, months) == end


def test_from_draft_to_activated(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    assert refused(org.insert, "Contract", {}).code == "REQUIRED_FIELD_MISSING"
    assert (
        refused(org.insert, "Contract", {"AccountId": account, "Status": "Activated"}).code
        == "FAILED_ACTIVATION"
    )
    contract = org.insert("Contract", {"AccountId": account})
    assert org.read("Contract", contract)["StatusCode"] == "Draft"
    assert refused(org.update, "Contract", contract, {"Status": "Activated"}).code == "FAILED_ACTIVATION"
    org.update("Contract", contract, {"Status": "Activated", "StartDate": "2026-03-01", "ContractTerm": 12})
    row = org.read("Contract", contract)
    assert (row["StatusCode"], row["EndDate"], row["ActivatedById"]) == (
        "Activated",
        "2027-02-28",
        org.user_id,
    )
    assert refused(org.update, "Contract", contract, {"Status": "Draft"}).code == "FAILED_ACTIVATION"
    assert refused(org.delete, "Contract", contract).code == "ENTITY_IS_LOCKED"
    assert refused(org.delete, "Account", account).code == "DELETE_FAILED"
    org.update("Contract", contract, {"Description": "x"})


def test_comments_of_cases(org: OrgCore):
    contact = org.insert("Contact", {"LastName": "A", "Phone": "1", "Email": "a@x.example"})
    case = org.insert("Case", {"Comments": "Called back", "ContactId": contact})
    row = org.read("Case", case)
    assert (row["Comments"], row["ContactPhone"], row["ContactEmail"]) == (None, "1", "a@x.example")
    comments = org.query(f"SELECT CommentBody, IsPublished FROM CaseComment WHERE ParentId = '{case}'").rows()
    assert [(each["CommentBody"], each["IsPublished"]) for each in comments] == [("Called back", False)]
    assert (
        refused(org.insert, "CaseComment", {"ParentId": case, "CommentBody": "x" * 4001}).code
        == "STRING_TOO_LONG"
    )
    assert refused(org.query, "SELECT Id, Name FROM CaseComment").code == "INVALID_FIELD"


def test_activities_belong_to_an_account(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    contact = org.insert("Contact", {"LastName": "A", "AccountId": account})
    task = org.insert("Task", {"Subject": "Call", "WhoId": contact})
    assert org.read("Task", task)["AccountId"] == account
    event = {"StartDateTime": "2026-03-04T12:00:00Z", "DurationInMinutes": 30, "WhatId": account}
    assert org.read("Event", org.insert("Event", event))["AccountId"] == account


def test_the_stages_of_an_opportunity_are_kept(org: OrgCore):
    sale = {"Name": "A", "StageName": "Prospecting", "CloseDate": "2026-05-01", "Amount": 10}
    opportunity = org.insert("Opportunity", sale)
    org.update("Opportunity", opportunity, {"NextStep": "Call"})
    org.update("Opportunity", opportunity, {"StageName": "Closed Won", "Amount": 20})
    soql = (
        f"SELECT StageName, Amount FROM OpportunityHistory WHERE OpportunityId = '{opportunity}' ORDER BY Id"
    )
    rows = org.query(soql).rows()
    assert [(row["StageName"], row["Amount"]) for row in rows] == [
        ("Prospecting", 10.0),
        ("Closed Won", 20.0),
    ]
    assert org.read("Opportunity", opportunity)["LastAmountChangedHistoryId"].startswith("008")
