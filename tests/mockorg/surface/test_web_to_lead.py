from urllib.parse import urlencode

import pytest

from tests.mockorg.surface.conftest import Client

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
