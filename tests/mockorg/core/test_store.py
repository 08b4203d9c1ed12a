from datetime import UTC, datetime

from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.org import OrgCore
from tests.mockorg.core.support import field

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LEAD = {"LastName": "Jansen", "Company": "ACME"}


def test_a_file_is_opened_again_and_numbers_go_on(tmp_path, metadata_folder):
    data = tmp_path / "org.sqlite"
    org = OrgCore(metadata=[metadata_folder], data=data, clock=MockClock(NOON))
    lead = org.insert("Lead", {**LEAD, "Sfsync_Key__c": "A"})
    case = org.insert("Case", {})
    org.insert("Visit__c", {"Day__c": "2026-01-01"})
    org.close()
    again = OrgCore(metadata=[metadata_folder], data=data, clock=MockClock(NOON))
    assert again.find("Lead", "Sfsync_Key__c", "A") == [lead]
    assert again.query("SELECT COUNT() FROM Organization").total == 1
    assert again.insert("Lead", LEAD) > lead
    assert again.read("Case", again.insert("Case", {}))["CaseNumber"] == "00001001"
    assert again.read("Visit__c", again.insert("Visit__c", {"Day__c": "2026-01-02"}))["Name"] == "V-0002"
    assert again.read("Case", case)["CaseNumber"] == "00001000"
    again.close()


def test_new_metadata_adds_columns(tmp_path):
    data = tmp_path / "org.sqlite"
    org = OrgCore(data=data)
    lead = org.insert("Lead", LEAD)
    org.close()
    field(tmp_path / "more", "Lead", "Colour__c", "<label>Colour</label><type>Text</type><length>10</length>")
    field(tmp_path / "more", "Lead", "Ready__c", "<label>Ready</label><type>Checkbox</type>")
    again = OrgCore(metadata=[tmp_path / "more"], data=data)
    assert (
        again.read("Lead", lead, ["Colour__c", "Ready__c"]).items()
        >= {"Colour__c": None, "Ready__c": False}.items()
    )
    again.update("Lead", lead, {"Colour__c": "red"})
    again.close()


def test_reset_leaves_the_first_day(org):
    first = org.insert("Lead", LEAD)
    org.reset()
    assert org.query("SELECT COUNT() FROM Lead").total == 0
    assert org.query("SELECT COUNT() FROM Pricebook2 WHERE IsStandard = true").total == 1
    assert org.read("User", org.user_id)["Name"] == "Integration User"
    assert org.insert("Lead", LEAD) == first
