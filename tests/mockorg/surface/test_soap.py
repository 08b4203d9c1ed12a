import xml.etree.ElementTree as ET
from typing import Any

import pytest

from sfsync.mockorg import MockOrg, Response
from tests.mockorg.surface.conftest import Client

SOAP = "/services/Soap/u/59.0"


def envelope(body: str, token: str = "") -> str:
    header = f"<u:SessionHeader><u:sessionId>{token}</u:sessionId></u:SessionHeader>" if token else ""
    return (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:u="urn:partner.soap.sforce.com"><e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>'
    )


def call(client: Client, body: str, token: str | None = None) -> Response:
    text = envelope(body, client.org.token if token is None else token)
    return client.send("POST", SOAP, text, headers={"Content-Type": "text/xml", "SOAPAction": '""'})


def elements(response: Response, name: str) -> list[ET.Element]:
    root = ET.fromstring(response.body)
    return [each for each in root.iter() if each.tag.rpartition("}")[2] == name]


def lead(org: MockOrg, **values: Any) -> str:
    return org.insert("Lead", {"LastName": "Vos", "Company": "Vos", **values})


def asked(lead_id: str, **more: str) -> str:
    wanted = {
        "convertedStatus": "Closed - Converted",
        "doNotCreateOpportunity": "false",
        "leadId": lead_id,
        **more,
    }
    inside = "".join(f"<u:{name}>{text}</u:{name}>" for name, text in wanted.items())
    return f"<u:leadConverts>{inside}</u:leadConverts>"


def test_leads_convert_in_order_and_each_for_itself(client: Client):
    first, second = lead(client.org), lead(client.org, LastName="Haas", Company="Haas")
    body = asked(first) + asked(first) + asked(second, doNotCreateOpportunity="true")
    response = call(client, f"<u:convertLead>{body}</u:convertLead>")
    assert response.status == 200
    assert [each.text for each in elements(response, "success")] == ["true", "false", "true"]
    assert [each.text for each in elements(response, "leadId")] == [first, first, second]
    assert elements(response, "statusCode")[0].text == "CANNOT_UPDATE_CONVERTED_LEAD"
    opportunities = elements(response, "opportunityId")
    assert opportunities[0].text.startswith("006")
    assert opportunities[2].text is None
    assert b'<opportunityId xsi:nil="true"/>' in response.body
    assert client.org.stats.calls == {"convertLead": 1}
    assert client.org.stats.written == {"Lead.convert": 2}


def test_order_of_elements_and_prefix_do_not_matter(client: Client):
    made = lead(client.org)
    inside = (
        f"<leadId>{made}</leadId><sendNotificationEmail>false</sendNotificationEmail>"
        "<convertedStatus>Closed - Converted</convertedStatus><opportunityName>Cards &amp; more</opportunityName>"
    )
    body = f'<convertLead xmlns="urn:partner.soap.sforce.com"><leadConverts>{inside}</leadConverts></convertLead>'
    response = call(client, body)
    assert elements(response, "success")[0].text == "true"
    assert client.org.query("SELECT Name FROM Opportunity")[0]["Name"] == "Cards & more"


def test_bad_status_is_an_error_of_its_lead(client: Client):
    response = call(
        client, f"<u:convertLead>{asked(lead(client.org), convertedStatus='Nonsense')}</u:convertLead>"
    )
    assert response.status == 200
    assert elements(response, "statusCode")[0].text == "INVALID_STATUS"
    assert b"xsi:nil" in response.body


def test_at_most_100_leads(client: Client):
    response = call(client, f"<u:convertLead>{asked('00Q000000000001') * 101}</u:convertLead>")
    assert response.status == 500
    assert b"<sf:exceptionCode>EXCEEDED_LEAD_CONVERT_LIMIT</sf:exceptionCode>" in response.body


def test_login_needs_no_token_and_is_not_an_api_call(client: Client):
    response = call(
        client, "<u:login><u:username>a@b.c</u:username><u:password>any</u:password></u:login>", ""
    )
    assert response.status == 200
    for name in ("sessionId", "serverUrl", "userId", "organizationId"):
        assert elements(response, name)[0].text
    token = elements(response, "sessionId")[0].text
    assert elements(response, "serverUrl")[0].text.startswith(
        "http://org.example:8080/services/Soap/u/59.0/00D"
    )
    client.headers = {"Authorization": f"OAuth {token}"}
    client.get("limits")
    assert client.org.stats.logins == 1
    assert client.org.stats.calls == {"limits": 1}


def test_wrong_password(client: Client):
    response = call(
        client, "<u:login><u:username>a</u:username><u:password>wrong1</u:password></u:login>", ""
    )
    assert response.status == 500
    assert b"<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in response.body
    assert elements(response, "faultstring")[0].text.startswith("INVALID_LOGIN: ")


@pytest.mark.parametrize(
    ("body", "token", "code"),
    [
        ("<u:convertLead/>", "00D!gone", b"sf:INVALID_SESSION_ID"),
        ("<u:makeTea/>", None, b"sf:INVALID_OPERATION"),
        ("", None, b"sf:UNKNOWN_EXCEPTION"),
    ],
)
def test_faults(client: Client, body: str, token: str | None, code: bytes):
    response = call(client, body, token)
    assert response.status == 500
    assert b"<faultcode>" + code in response.body


def test_document_types_are_refused(client: Client):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + envelope("<u:login/>").partition("?>")[2]
    for text in (bomb.encode(), ('<?xml version="1.0" encoding="UTF-16"?>' + bomb).encode("utf-16")):
        response = client.send("POST", SOAP, text)
        assert response.status == 500
        assert b"document type" in response.body


def test_user_info_and_server_time(client: Client):
    assert elements(call(client, "<u:getUserInfo/>"), "userId")[0].text == client.org.core.user_id
    assert (
        elements(call(client, "<u:getServerTimestamp/>"), "timestamp")[0].text == "2024-05-13T12:00:00.000Z"
    )


def test_logout_ends_the_session(client: Client):
    call(client, "<u:logout/>")
    assert client.refusal(401, "GET", "limits") == "INVALID_SESSION_ID"
