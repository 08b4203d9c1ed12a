# ruff: noqa: E501 - tables of cases read best with one case a line
import pytest

from sfsync.mockorg.org import DmlOptions, OrgCore
from sfsync.mockorg.problems import MultipleMatches, Refused
from tests.mockorg.core.support import catalogue

LEAD = {"LastName": "Jansen", "Company": "ACME"}


def refused(call, *arguments, **options) -> Refused:
    with pytest.raises(Refused) as refusal:
        call(*arguments, **options)
    return refusal.value


def test_a_create_is_stamped_and_defaulted(org: OrgCore):
    lead = org.read(
        "Lead", org.insert("lead", {"lastname": "Jansen", "FirstName": "Piet", "COMPANY": "ACME"})
    )
    assert lead["Name"] == "Piet Jansen"
    assert lead["Status"] == "Open - Not Contacted"
    assert lead["OwnerId"] == lead["CreatedById"] == lead["LastModifiedById"] == org.user_id
    assert lead["CreatedDate"] == lead["SystemModstamp"] == "2026-03-04T12:00:00.000+0000"
    assert lead["IsConverted"] is False
    assert lead["IsDeleted"] is False
    assert lead["Terms__c"] is True
    assert lead["attributes"]["url"] == f"/services/data/v62.0/sobjects/Lead/{lead['Id']}"


def test_an_update_moves_the_stamps_and_null_clears(org: OrgCore):
    lead = org.insert("Lead", {**LEAD, "Phone": "1", "Email": "a@x.example"})
    org.clock.advance(60)
    org.update("Lead", lead[:15], {"Phone": None, "Email": ""})
    after = org.read("Lead", lead)
    assert after["Phone"] is after["Email"] is None
    assert after["SystemModstamp"] == after["LastModifiedDate"] == "2026-03-04T12:01:00.000+0000"
    assert after["CreatedDate"] == "2026-03-04T12:00:00.000+0000"


def test_ids_go_on(org: OrgCore):
    first, second = org.insert("Lead", LEAD), org.insert("Lead", LEAD)
    assert first[:3] == "00Q"
    assert first < second


@pytest.mark.parametrize(
    ("values", "code", "message", "fields"),
    [
        ({"LastName": "X"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", ("Company",)),
        ({}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]", ("LastName", "Company")),
        ({**LEAD, "Colour__c": 1}, "INVALID_FIELD", "No such column 'Colour__c' on sobject of type Lead", ()),
        ({**LEAD, "Plan__c": "gold"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Plan: bad value for restricted picklist field: gold", ("Plan__c",)),
        ({**LEAD, "Email": "nobody"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: nobody", ("Email",)),
        ({**LEAD, "OwnerId": "001P000001vkheIIAQ"}, "MALFORMED_ID", "Owner ID: id value of incorrect type: 001P000001vkheIIAQ", ("OwnerId",)),
        ({**LEAD, "OwnerId": "005P000001vkheI"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ("OwnerId",)),
        ({**LEAD, "City": "x" * 41}, "STRING_TOO_LONG", f"City: data value too large: {'x' * 41} (max length=40)", ("City",)),
        ({**LEAD, "Number_of_Cards__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", "Number of Cards: value outside of valid range on numeric field: 1000", ("Number_of_Cards__c",)),
    ],
)  # fmt: skip
def test_creates_refused(org: OrgCore, values, code, message, fields):
    refusal = refused(org.insert, "Lead", values)
    assert (refusal.code, refusal.message, refusal.fields) == (code, message, fields)
    assert org.query("SELECT COUNT() FROM Lead").total == 0


def test_read_only_fields(org: OrgCore):
    refusal = refused(org.insert, "Lead", {**LEAD, "Name": "X", "ConvertedDate": "2024-01-01"})
    assert refusal.code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert refusal.fields == ("Name", "ConvertedDate")
    lead = org.insert("Lead", LEAD)
    assert refused(org.update, "Lead", lead, {"IsConverted": True}).code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert refused(org.update, "Lead", lead, {"Id": lead}).code == "INVALID_FIELD"
    assert refused(org.insert, "Lead", {**LEAD, "Address": {}}).code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert refused(org.insert, "LeadStatus", {}).code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_seeding_may_write_read_only_fields(org: OrgCore):
    lead = org.insert(
        "Lead", {**LEAD, "CreatedDate": "2020-01-01T00:00:00Z"}, options=DmlOptions(system=True)
    )
    assert org.read("Lead", lead, ["CreatedDate"])["CreatedDate"] == "2020-01-01T00:00:00.000+0000"


def test_required_fields_cannot_be_cleared(org: OrgCore):
    lead = org.insert("Lead", LEAD)
    assert refused(org.update, "Lead", lead, {"Company": ""}).fields == ("Company",)
    assert org.read("Lead", lead)["Company"] == "ACME"


def test_unrestricted_picklists_take_anything(org: OrgCore):
    assert org.read("Lead", org.insert("Lead", {**LEAD, "Status": "Whatever"}))["Status"] == "Whatever"


def test_unique_fields(org: OrgCore):
    first = org.insert("Lead", {**LEAD, "Sfsync_Key__c": "A"})
    refusal = refused(org.insert, "Lead", {**LEAD, "Sfsync_Key__c": "A"})
    assert refusal.code == "DUPLICATE_VALUE"
    assert (
        refusal.message
        == f"duplicate value found: Sfsync_Key__c duplicates value on record with id: {first[:15]}"
    )
    second = org.insert("Lead", {**LEAD, "Sfsync_Key__c": "a"})
    assert refused(org.update, "Lead", second, {"Sfsync_Key__c": "A"}).code == "DUPLICATE_VALUE"
    org.update("Lead", first, {"Sfsync_Key__c": "A"})
    org.delete("Lead", first)
    org.update("Lead", second, {"Sfsync_Key__c": "A"})
    assert refused(org.undelete, "Lead", first).code == "DUPLICATE_VALUE"


def test_upsert(org: OrgCore):
    lead, created = org.upsert("Lead", "sfsync_key__c", "A", LEAD)
    assert created
    assert org.upsert("Lead", "Sfsync_Key__c", "A", {"Phone": "1", "Sfsync_Key__c": "A"}) == (lead, False)
    assert (
        org.read("Lead", lead, ["Phone", "Sfsync_Key__c"]).items()
        >= {"Phone": "1", "Sfsync_Key__c": "A"}.items()
    )
    assert org.upsert("Lead", "Sfsync_Key__c", "a", LEAD)[1]
    assert org.upsert("Lead", "Id", lead, {"Phone": "2"}) == (lead, False)
    assert org.upsert("Lead", "Id", None, LEAD)[1]


def test_upsert_by_a_field_that_is_not_unique(org: OrgCore):
    one = org.insert("Lead", {**LEAD, "Email": "a@x.example"})
    assert org.upsert("Lead", "Email", "A@X.example", {"Phone": "1"}) == (one, False)
    other = org.insert("Lead", {**LEAD, "Email": "a@x.example"})
    with pytest.raises(MultipleMatches) as refusal:
        org.upsert("Lead", "Email", "a@x.example", {"Phone": "2"})
    assert refusal.value.status == 300
    assert refusal.value.ids == (one, other)
    assert org.read("Lead", one)["Phone"] == "1"


def test_upsert_needs_a_key(org: OrgCore):
    refusal = refused(org.upsert, "Lead", "Phone", "1", LEAD)
    assert (refusal.status, refusal.code) == (404, "NOT_FOUND")
    assert refusal.message.endswith("does not exist or is not accessible: Phone")
    assert refused(org.upsert, "Lead", "Sfsync_Key__c", "", LEAD).code == "MISSING_ARGUMENT"


def test_parents_by_external_id(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME", "Sfsync_Key__c": "ACC-1", "Registration__c": "R1"})
    order = {"EffectiveDate": "2026-03-01", "Status": "Draft", "Sfsync_Key__c": "O-1"}
    made = org.insert("Order", {**order, "Account": {"Sfsync_Key__c": "ACC-1"}})
    assert org.read("Order", made)["AccountId"] == account
    asset = {"Name": "Card", "Account": {"attributes": {"type": "Account"}, "Registration__c": "r1"}}
    card = org.insert("Asset", {**asset, "Order__r.Sfsync_Key__c": "O-1"}, options=DmlOptions(from_text=True))
    assert (
        org.read("Asset", card, ["AccountId", "Order__c"]).items()
        >= {"AccountId": account, "Order__c": made}.items()
    )
    org.update("Asset", card, {"Order__r": None})
    assert org.read("Asset", card)["Order__c"] is None


def test_parents_that_cannot_be_found(org: OrgCore):
    asset = {"Name": "Card"}
    refusal = refused(org.insert, "Asset", {**asset, "Account": {"Sfsync_Key__c": "A-1"}})
    assert refusal.code == "INVALID_FIELD"
    assert (
        refusal.message == "Foreign key external ID: a-1 not found for field Sfsync_Key__c in entity Account"
    )
    assert refused(org.insert, "Asset", {**asset, "Account": {"Colour__c": "A"}}).code == "INVALID_FIELD"
    assert refused(org.insert, "Asset", {**asset, "Colour": {"Sfsync_Key__c": "A"}}).code == "INVALID_FIELD"
    odd = refused(org.insert, "Asset", {**asset, "Account.Sfsync_Key__c": ["A"]})
    assert odd.code == "INVALID_TYPE_ON_FIELD_IN_RECORD"
    two = {"Sfsync_Key__c": "A", "Registration__c": "B"}
    assert refused(org.insert, "Asset", {**asset, "Account": two}).code == "INVALID_FIELD"
    for _ in range(2):
        org.insert("Account", {"Name": "ACME", "Registration__c": "R"})
    assert (
        refused(org.insert, "Asset", {**asset, "Account": {"Registration__c": "R"}}).code
        == "DUPLICATE_EXTERNAL_ID"
    )


def test_create_only_fields(org: OrgCore):
    prices = catalogue(org)
    assert (
        refused(org.update, "PricebookEntry", prices.entry, {"Product2Id": prices.product}).code
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_addressing_records(org: OrgCore):
    assert refused(org.update, "Lead", "nonsense", {}).code == "MALFORMED_ID"
    assert refused(org.update, "Lead", "001P000001vkheI", {}).code == "MALFORMED_ID"
    missing = refused(org.delete, "Lead", "00QP000001vkheI")
    assert (missing.status, missing.code) == (404, "INVALID_CROSS_REFERENCE_KEY")
    assert refused(org.read, "Lead", "00QP000001vkheI").status == 404
    assert refused(org.insert, "Cards", {}).code == "NOT_FOUND"
    assert refused(org.read, "Lead", org.insert("Lead", LEAD), ["Colour__c"]).code == "INVALID_FIELD"


def test_the_recycle_bin(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    contact = org.insert("Contact", {"LastName": "Jansen", "AccountId": account})
    org.delete("Account", account)
    gone = refused(org.read, "Account", account)
    assert (gone.status, gone.code) == (404, "ENTITY_IS_DELETED")
    assert refused(org.update, "Contact", contact, {}).code == "ENTITY_IS_DELETED"
    assert refused(org.insert, "Contact", {"LastName": "X", "AccountId": account}).code == "ENTITY_IS_DELETED"
    assert org.query("SELECT Id FROM Contact").total == 0
    assert org.query("SELECT Id FROM Contact WHERE IsDeleted = true", all_rows=True).total == 1
    org.undelete("Account", account)
    assert org.query("SELECT Id FROM Contact").total == 1
    assert refused(org.undelete, "Account", account).code == "UNDELETE_FAILED"


def test_a_child_can_hold_its_parent(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    contact = org.insert("Contact", {"LastName": "Jansen", "AccountId": account})
    case = org.insert("Case", {"AccountId": account, "ContactId": contact})
    assert refused(org.delete, "Account", account).code == "DELETE_FAILED"
    assert org.query("SELECT Id FROM Contact").total == 1
    org.delete("Case", case)
    org.delete("Account", account)


def test_auto_numbers(org: OrgCore):
    visits = [org.insert("Visit__c", {"Day__c": "2026-01-01"}) for _ in range(2)]
    assert [org.read("Visit__c", each)["Name"] for each in visits] == ["V-0001", "V-0002"]
    assert org.read("Case", org.insert("Case", {}))["CaseNumber"] == "00001000"
    assert (
        refused(org.insert, "Visit__c", {"Day__c": "2026-01-01", "Twice__c": 2}).code
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def fail_after_a_create(org: OrgCore) -> None:
    with org.transaction():
        org.insert("Lead", {**LEAD, "Sfsync_Key__c": "failed"})
        raise ZeroDivisionError


def test_transactions_nest(org: OrgCore):
    with org.transaction():
        org.insert("Lead", {**LEAD, "Sfsync_Key__c": "kept"})
        with org.transaction() as inner:
            org.insert("Lead", {**LEAD, "Sfsync_Key__c": "undone"})
            inner.rollback()
        with pytest.raises(ZeroDivisionError):
            fail_after_a_create(org)
    assert [each["Sfsync_Key__c"] for each in org.query("SELECT Sfsync_Key__c FROM Lead").rows()] == ["kept"]
