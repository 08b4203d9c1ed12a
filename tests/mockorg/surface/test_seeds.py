from collections import Counter

import pytest

from sfsync.mockorg import MockOrg
from tests.mockorg.surface.conftest import make_org

LEAD = (
    "SELECT FirstName, LastName, Company, Email, Phone, Street, PostalCode, City, Country, Status, LeadSource, "
    "Owner.Name, Customer_Type__c, Registration_Number__c, Number_of_Cards__c, Subscription_Plan__c, "
    "Terms_Accepted__c, Privacy_Consent__c, Language__c, Submitted_At__c, Sfsync_Key__c, Intake_Status__c "
    "FROM Lead ORDER BY Id"
)


@pytest.fixture(scope="module")
def seeded():
    org = make_org()
    org.seed("charge_card", 400)
    return org


def test_leads_are_as_web_to_lead_leaves_them(seeded: MockOrg):
    leads = seeded.query(LEAD)
    assert len(leads) == 400
    for lead in leads:
        assert (lead["Status"], lead["LeadSource"], lead["Owner"]["Name"]) == (
            "Open - Not Contacted",
            "Web",
            "Web Leads",
        )
        assert lead["Terms_Accepted__c"] is True
        assert (lead["Sfsync_Key__c"], lead["Intake_Status__c"]) == (None, None)
        assert 1 <= lead["Number_of_Cards__c"] <= 40
        company = lead["Customer_Type__c"] == "company"
        assert bool(lead["Registration_Number__c"]) is company
        assert company or lead["Company"] == f"{lead['FirstName']} {lead['LastName']}"
        for name in ("Email", "Phone", "Street", "PostalCode", "City", "Language__c", "Submitted_At__c"):
            assert lead[name]


def test_leads_are_all_different_people(seeded: MockOrg):
    leads = seeded.query(LEAD)
    assert len({lead["Email"].lower() for lead in leads}) == 400
    assert len({(lead["LastName"], lead["FirstName"]) for lead in leads}) == 400
    assert len({lead["Phone"] for lead in leads}) == 400


def test_leads_are_a_good_mixture(seeded: MockOrg):
    leads = seeded.query(LEAD)
    kinds = Counter(lead["Customer_Type__c"] for lead in leads)
    assert 60 < kinds["company"] < 160
    assert set(Counter(lead["Country"] for lead in leads)) == {"NL", "BE", "FR", "DE", "IT", "PL"}
    assert set(Counter(lead["Subscription_Plan__c"] for lead in leads)) == {
        "pay_per_use",
        "basic",
        "plus",
        "business",
    }
    cards = Counter(lead["Number_of_Cards__c"] for lead in leads)
    assert cards.most_common(1)[0][0] == 1
    firms = Counter(lead["Registration_Number__c"] for lead in leads if lead["Registration_Number__c"])
    assert 1 < max(firms.values()) <= 3


def test_same_seed_same_leads(seeded: MockOrg):
    other = make_org()
    other.seed("charge_card", 400)
    assert other.query(LEAD) == seeded.query(LEAD)


def test_catalogue_has_every_product_in_every_book(seeded: MockOrg):
    soql = "SELECT Pricebook2.Name, Product2.ProductCode, UnitPrice, IsActive FROM PricebookEntry"
    found = {(row["Pricebook2"]["Name"], row["Product2"]["ProductCode"]) for row in seeded.query(soql)}
    books = {"Standard Price Book", "Charge Card Benelux", "Charge Card Europe"}
    codes = {"CARD", "PLAN-BASIC", "PLAN-PLUS", "PLAN-BUSINESS"}
    assert found == {(book, code) for book in books for code in codes}
    assert all(row["IsActive"] and row["UnitPrice"] > 0 for row in seeded.query(soql))


def test_a_seed_may_be_planted_twice(org: MockOrg):
    org.seed("catalogue")
    org.seed("catalogue")
    assert len(org.query("SELECT Id FROM Product2")) == 4
    assert len(org.query("SELECT Id FROM User WHERE Name = 'Sales Desk'")) <= 1
    assert org.stats.records_written == 0


def test_a_larger_seed_adds_only_who_is_missing(org: MockOrg):
    org.seed("charge_card", 20)
    org.seed("charge_card", 20)
    org.seed("charge_card", 30)
    assert len(org.query("SELECT Id FROM Lead")) == 30


def test_unknown_seed(org: MockOrg):
    with pytest.raises(ValueError, match="charge_card"):
        org.seed("nothing")
