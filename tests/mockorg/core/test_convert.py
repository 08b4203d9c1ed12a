import pytest

from sfsync.mockorg.org import LeadConvert, OrgCore
from sfsync.mockorg.problems import Refused

CONVERTED = "Closed - Converted"
LEAD = {
    "LastName": "Jansen",
    "FirstName": "Piet",
    "Company": "ACME",
    "Email": "piet@acme.example",
    "Phone": "+31 20 1234567",
    "Street": "Dam 1",
    "City": "Amsterdam",
    "LeadSource": "Web",
    "Registration__c": "NL-1",
    "Description": "Wants a card",
}


@pytest.fixture
def lead(org: OrgCore) -> str:
    return org.insert("Lead", LEAD)


def refused(org: OrgCore, request: LeadConvert) -> Refused:
    with pytest.raises(Refused) as refusal:
        org.convert_lead(request)
    return refusal.value


def test_a_lead_becomes_three_records(org: OrgCore, lead: str):
    made = org.convert_lead(LeadConvert(lead[:15], CONVERTED))
    after = org.read("Lead", lead)
    assert after["IsConverted"] is True
    assert after["Status"] == CONVERTED
    assert after["ConvertedDate"] == "2026-03-04"
    assert after["ConvertedAccountId"] == made.account_id
    assert after["ConvertedContactId"] == made.contact_id
    assert after["ConvertedOpportunityId"] == made.opportunity_id
    account = org.read("Account", made.account_id)
    assert (account["Name"], account["BillingCity"], account["AccountSource"]) == ("ACME", "Amsterdam", "Web")
    assert (account["Registration__c"], account["Phone"]) == ("NL-1", LEAD["Phone"])
    contact = org.read("Contact", made.contact_id)
    assert (contact["Name"], contact["AccountId"], contact["Email"]) == (
        "Piet Jansen",
        made.account_id,
        LEAD["Email"],
    )
    assert (contact["MailingStreet"], contact["Description"]) == ("Dam 1", "Wants a card")
    sale = org.read("Opportunity", made.opportunity_id)
    assert (sale["Name"], sale["StageName"], sale["CloseDate"]) == ("ACME", "Prospecting", "2026-03-31")
    assert (sale["AccountId"], sale["OwnerId"], sale["Amount"]) == (made.account_id, org.user_id, None)
    (role,) = org.query("SELECT OpportunityId, ContactId, IsPrimary FROM OpportunityContactRole").rows()
    assert (role["OpportunityId"], role["ContactId"], role["IsPrimary"]) == (
        made.opportunity_id,
        made.contact_id,
        True,
    )


def test_converted_leads_are_read_only(org: OrgCore, lead: str):
    request = LeadConvert(lead, CONVERTED)
    org.convert_lead(request)
    refusal = refused(org, request)
    assert (refusal.code, refusal.message) == (
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "cannot reference converted lead",
    )
    with pytest.raises(Refused, match="cannot reference converted lead"):
        org.update("Lead", lead, {"Phone": "1"})


def test_into_existing_records_only_what_is_empty(org: OrgCore, lead: str):
    account = org.insert("Account", {"Name": "Acme NV", "Phone": "1"})
    contact = org.insert("Contact", {"LastName": "Janssen", "AccountId": account, "LeadSource": "Other"})
    request = LeadConvert(lead, CONVERTED, account, contact, do_not_create_opportunity=True)
    made = org.convert_lead(request)
    assert (made.account_id, made.contact_id, made.opportunity_id) == (account, contact, None)
    assert org.read("Account", account, ["Name", "Phone", "BillingCity"]).items() >= {
        "Name": "Acme NV", "Phone": "1", "BillingCity": "Amsterdam",
    }.items()  # fmt: skip
    row = org.read("Contact", contact)
    assert (row["LastName"], row["Email"], row["LeadSource"]) == ("Janssen", LEAD["Email"], "Other")
    assert org.query("SELECT COUNT() FROM Opportunity").total == 0


def test_lead_source_may_be_overwritten(org: OrgCore, lead: str):
    account = org.insert("Account", {"Name": "Acme NV"})
    contact = org.insert("Contact", {"LastName": "Janssen", "AccountId": account, "LeadSource": "Other"})
    org.convert_lead(LeadConvert(lead, CONVERTED, account, contact, overwrite_lead_source=True))
    assert org.read("Contact", contact)["LeadSource"] == "Web"


def test_into_an_existing_opportunity(org: OrgCore, lead: str):
    account = org.insert("Account", {"Name": "Acme NV"})
    values = {"Name": "Old", "StageName": "Qualification", "CloseDate": "2026-12-01", "AccountId": account}
    sale = org.insert("Opportunity", values)
    made = org.convert_lead(LeadConvert(lead, CONVERTED, account, opportunity_id=sale))
    assert made.opportunity_id == sale
    assert org.read("Opportunity", sale)["Name"] == "Old"


def test_a_queue_cannot_own_what_comes_of_it(org: OrgCore):
    queue = org.find("Group", "DeveloperName", "Web_Leads")[0]
    lead = org.insert("Lead", {**LEAD, "OwnerId": queue})
    assert refused(org, LeadConvert(lead, CONVERTED)).message.startswith(
        "Converted objects can only be owned by users."
    )
    made = org.convert_lead(LeadConvert(lead, CONVERTED, owner_id=org.user_id, opportunity_name="Deal"))
    sale = org.read("Opportunity", str(made.opportunity_id))
    assert (sale["OwnerId"], sale["Name"]) == (org.user_id, "Deal")


def test_tasks_move_to_the_contact(org: OrgCore, lead: str):
    task = org.insert("Task", {"WhoId": lead, "Subject": "Call"})
    made = org.convert_lead(LeadConvert(lead, CONVERTED))
    assert org.read("Task", task)["WhoId"] == made.contact_id


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"converted_status": "Open - Not Contacted"}, "INVALID_STATUS"),
        ({"converted_status": "Whatever"}, "INVALID_STATUS"),
        ({"contact_id": "003P000001vkheI"}, "REQUIRED_FIELD_MISSING"),
        ({"account_id": "001P000001vkheI"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"overwrite_lead_source": True}, "REQUIRED_FIELD_MISSING"),
        ({"opportunity_name": "x" * 81}, "STRING_TOO_LONG"),
        ({"opportunity_name": "x", "do_not_create_opportunity": True}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"opportunity_name": "x", "opportunity_id": "006P000001vkheI"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"opportunity_id": "006P000001vkheI"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"owner_id": "nobody"}, "MALFORMED_ID"),
        ({"lead_id": "00QP000001vkheI"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"lead_id": "001P000001vkheI"}, "MALFORMED_ID"),
    ],
)
def test_refused_conversions_leave_nothing(org: OrgCore, lead: str, values, code):
    assert (
        refused(org, LeadConvert(**{"lead_id": lead, "converted_status": CONVERTED, **values})).code == code
    )
    for thing in ("Account", "Contact", "Opportunity"):
        assert org.query(f"SELECT COUNT() FROM {thing}").total == 0
    assert org.read("Lead", lead)["IsConverted"] is False


def test_a_contact_of_another_account(org: OrgCore, lead: str):
    accounts = [org.insert("Account", {"Name": name}) for name in "AB"]
    contact = org.insert("Contact", {"LastName": "Janssen", "AccountId": accounts[1]})
    assert (
        refused(org, LeadConvert(lead, CONVERTED, accounts[0], contact)).code == "FIELD_INTEGRITY_EXCEPTION"
    )
    assert org.read("Account", accounts[0])["BillingCity"] is None
    org.delete("Account", accounts[0])
    assert refused(org, LeadConvert(lead, CONVERTED, accounts[0])).code == "ENTITY_IS_DELETED"
