from urllib.parse import urlencode

import pytest

from sfsync.mockorg import Quirks
from tests.mockorg.surface.conftest import Client, make_org

PATH = "/servlet/servlet.WebToLead?encoding=UTF-8"
FORM = {
    "first_name": "Zoë", "last_name": "Vos", "company": "Vos", "email": "zoe@example.com", "zip": "1234 AB",
    "retURL": "http://example.com/thanks", "Number_of_Cards__c": "3", "Terms_Accepted__c": "1",
}  # fmt: skip


def submit(client: Client, **changes: str) -> tuple[str, bytes]:
    client.headers = {}
    form = {"oid": client.org.sessions.org_id[:15], **FORM, **changes}
    response = client.send("POST", PATH, urlencode(form))
    assert response.status == 200
    return response.header("Is-Processed") or "", response.body


def test_a_form_makes_a_lead_owned_by_the_queue(client: Client):
    processed, body = submit(client)
    assert processed == "true"
    assert b"http://example.com/thanks" in body
    (lead,) = client.org.query(
        "SELECT FirstName, PostalCode, LeadSource, Owner.Name, Number_of_Cards__c, Terms_Accepted__c FROM Lead"
    )
    assert (lead["FirstName"], lead["PostalCode"], lead["LeadSource"]) == ("Zoë", "1234 AB", "Web")
    assert lead["Owner"]["Name"] == "Web Leads"
    assert (lead["Number_of_Cards__c"], lead["Terms_Accepted__c"]) == (3, True)
    assert client.org.stats.api_calls == 0


@pytest.mark.parametrize(
    "changes", [{"last_name": ""}, {"oid": "00D000000000000"}, {"Number_of_Cards__c": "many"}]
)
def test_a_bad_form_makes_none_and_is_200_all_the_same(client: Client, changes: dict[str, str]):
    processed, _ = submit(client, **changes)
    assert processed.startswith("false Exception:")
    assert client.org.query("SELECT Id FROM Lead") == []


def test_debug_says_why(client: Client):
    _, body = submit(client, last_name="", debug="1")
    assert b"REQUIRED_FIELD_MISSING" in body


def test_fields_of_the_system_cannot_be_given(client: Client):
    submit(client, OwnerId="005000000000001AAA", IsConverted="1", Status="Closed - Converted")
    (lead,) = client.org.query("SELECT Owner.Name, IsConverted, Status FROM Lead")
    assert (lead["Owner"]["Name"], lead["IsConverted"], lead["Status"]) == (
        "Web Leads",
        False,
        "Open - Not Contacted",
    )


def test_custom_fields_go_by_their_ids(client: Client):
    about = client.get("/__mock/web_to_lead")
    assert about["oid"] == client.org.sessions.org_id[:15]
    cards, submitted = (about["fields"][name] for name in ("Number_of_Cards__c", "Submitted_At__c"))
    assert (cards[:3], len(cards)) == ("00N", 15)
    assert submit(client, **{cards: "7", submitted: "3-5-2024 9:30"})[0] == "true"
    (lead,) = client.org.query("SELECT Number_of_Cards__c, Submitted_At__c FROM Lead")
    assert lead["Submitted_At__c"] == "2024-05-03T09:30:00.000+0000"
    assert lead["Number_of_Cards__c"] == 3, "of a name given twice, the first wins"


def test_names_of_custom_fields_may_be_unknown():
    client = Client(make_org(quirks=Quirks(web_names=False)))
    assert submit(client)[0] == "true"
    assert client.org.query("SELECT Number_of_Cards__c FROM Lead")[0]["Number_of_Cards__c"] is None


def test_addresses_are_not_checked(client: Client):
    assert submit(client, email="not an address")[0] == "true"
    assert client.org.query("SELECT Email FROM Lead")[0]["Email"] == "not an address"


def test_the_browser_can_be_sent_on_at_once():
    client = Client(make_org(quirks=Quirks(web_redirect=302)))
    response = client.send("POST", PATH, urlencode({"oid": client.org.sessions.org_id, **FORM}))
    assert (response.status, response.header("Location")) == (302, "http://example.com/thanks")
    assert response.header("Is-Processed") == "true"


def test_forms_beyond_the_allowance_wait_a_day():
    client = Client(make_org(quirks=Quirks(web_leads=2)))
    for name in ("A", "B", "C", "", "D"):
        assert submit(client, last_name=name)[0] == "true" or not name
    assert len(client.org.query("SELECT Id FROM Lead")) == 2
    assert client.get("/__mock/web_to_lead")["waiting"] == 3
    client.org.clock.advance(24 * 3600 + 1)
    client.send("GET", "/services/data")
    client.send("GET", "/services/data")
    assert [row["LastName"] for row in client.org.query("SELECT LastName FROM Lead ORDER BY Id")] == [
        "A",
        "B",
        "C",
    ]
    assert client.get("/__mock/web_to_lead")["waiting"] == 1
