import pytest

from sfsync.mockorg.convert import LeadConvert
from sfsync.mockorg.org import OrgCore
from tests.mockorg.core.test_dml import LEAD, refused

FIELDS = ["NumberOfLeads", "NumberOfContacts", "NumberOfResponses", "NumberOfConvertedLeads"]


@pytest.fixture
def campaign(org: OrgCore) -> str:
    return org.insert("Campaign", {"Name": "Spring", "IsActive": True})


def counts(org: OrgCore, campaign: str) -> list[int]:
    row = org.read("Campaign", campaign, FIELDS)
    return [row[name] for name in FIELDS]


def test_only_marketing_users_make_campaigns(org: OrgCore):
    org.update("User", org.user_id, {"UserPermissionsMarketingUser": False})
    assert refused(org.insert, "Campaign", {"Name": "Spring"}).code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_a_campaign_has_two_statuses_of_which_one_is_the_default(org: OrgCore, campaign: str):
    soql = f"SELECT Label, IsDefault, HasResponded FROM CampaignMemberStatus WHERE CampaignId = '{campaign}'"
    rows = org.query(f"{soql} ORDER BY SortOrder").rows()
    assert [(row["Label"], row["IsDefault"], row["HasResponded"]) for row in rows] == [
        ("Sent", True, False),
        ("Responded", False, True),
    ]
    org.insert("CampaignMemberStatus", {"CampaignId": campaign, "Label": "Met", "IsDefault": True})
    assert org.query(f"{soql} AND IsDefault = true").rows()[0]["Label"] == "Met"
    again = {"CampaignId": campaign, "Label": "met"}
    assert refused(org.insert, "CampaignMemberStatus", again).code == "DUPLICATE_VALUE"


def test_members(org: OrgCore, campaign: str):
    lead = org.insert("Lead", {**LEAD, "FirstName": "Piet", "Email": "piet@x.example"})
    contact = org.insert("Contact", {"LastName": "Dekker"})
    member = org.insert("CampaignMember", {"CampaignId": campaign, "LeadId": lead})
    row = org.read("CampaignMember", member)
    shown = (row["Status"], row["Name"], row["Type"], row["CompanyOrAccount"], row["HasResponded"])
    assert shown == ("Sent", "Piet Jansen", "Lead", "ACME", False)
    assert counts(org, campaign) == [1, 0, 0, 0]
    refusal = refused(org.insert, "CampaignMember", {"CampaignId": campaign, "LeadId": lead})
    assert (refusal.code, refusal.message) == ("DUPLICATE_VALUE", "Already a campaign member.")
    both = {"CampaignId": campaign, "LeadId": lead, "ContactId": contact}
    assert refused(org.insert, "CampaignMember", both).code == "FIELD_INTEGRITY_EXCEPTION"
    assert refused(org.insert, "CampaignMember", {"CampaignId": campaign}).code == "FIELD_INTEGRITY_EXCEPTION"
    strange = {"CampaignId": campaign, "ContactId": contact, "Status": "Elsewhere"}
    assert refused(org.insert, "CampaignMember", strange).code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert refused(org.update, "CampaignMember", member, {"LeadId": lead}).fields == ("LeadId",)
    org.insert("CampaignMember", {"CampaignId": campaign, "ContactId": contact, "Status": "responded"})
    org.update("CampaignMember", member, {"Status": "Responded"})
    assert org.read("CampaignMember", member)["FirstRespondedDate"] == "2026-03-04"
    assert counts(org, campaign) == [1, 1, 2, 0]
    org.delete("CampaignMember", member)
    assert counts(org, campaign) == [0, 1, 1, 0]


def test_the_member_of_a_converted_lead_is_the_contact(org: OrgCore, campaign: str):
    lead = org.insert("Lead", LEAD)
    member = org.insert("CampaignMember", {"CampaignId": campaign, "LeadId": lead})
    done = org.convert_lead(LeadConvert(lead, "Closed - Converted"))
    row = org.read("CampaignMember", member)
    assert (row["LeadId"], row["ContactId"], row["Type"]) == (lead, done.contact_id, "Contact")
    assert counts(org, campaign) == [1, 1, 0, 1]
    opportunity = org.read("Opportunity", str(done.opportunity_id))
    assert opportunity["CampaignId"] == campaign
    assert org.read("Campaign", campaign)["NumberOfOpportunities"] == 1


def test_sums_of_opportunities(org: OrgCore, campaign: str):
    sale = {"Name": "A", "StageName": "Closed Won", "CloseDate": "2026-05-01", "CampaignId": campaign}
    won = org.insert("Opportunity", {**sale, "Amount": 100})
    org.insert("Opportunity", {**sale, "StageName": "Prospecting", "Amount": 50})
    row = org.read("Campaign", campaign)
    assert (row["NumberOfOpportunities"], row["AmountAllOpportunities"]) == (2, 150.0)
    assert (row["NumberOfWonOpportunities"], row["AmountWonOpportunities"]) == (1, 100.0)
    org.update("Opportunity", won, {"CampaignId": None})
    assert org.read("Campaign", campaign)["AmountAllOpportunities"] == 50.0
