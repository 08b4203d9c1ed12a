import re

import pytest
import requests
import responses

from sfsync.errors import LoginFailed
from sfsync.records import ConvertLead, Create, Outcome, State
from sfsync.salesforce.convert import convert
from tests.salesforce.support import REST, URL, open_org, open_session, serve

SOAP = f"{URL}/services/Soap/u/62.0"


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def soap_result(*, lead="00Q1", error=None):
    if error:
        return (
            "<result><accountId xsi:nil='true'/><errors xsi:type='Error'><message>no</message>"
            f"<statusCode>{error}</statusCode></errors><leadId>{lead}</leadId><success>false</success></result>"
        )
    return (
        f"<result><accountId>001-{lead}</accountId><contactId>003-{lead}</contactId><leadId>{lead}</leadId>"
        f"<opportunityId>006-{lead}</opportunityId><success>true</success></result>"
    )


def soap_answer(results):
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><convertLeadResponse>'
        f"{''.join(results)}</convertLeadResponse></soapenv:Body></soapenv:Envelope>"
    )


def serve_convert(org, seen, refuse=()):
    def answer(request):
        leads = re.findall(r"leadId>([^<]+)<", request.body.decode())
        seen.append(request.body.decode())
        return (
            200,
            {},
            soap_answer(soap_result(lead=x, error="INVALID_STATUS" if x in refuse else None) for x in leads),
        )

    org.add_callback("POST", SOAP, callback=answer)


def test_leads_convert_a_hundred_a_call_in_wsdl_order(org):
    seen = []
    serve_convert(org, seen, refuse={"00Q7"})
    leads = [
        ConvertLead(f"00Q{n}", "Closed - Converted", owner_id="005", account_id="001") for n in range(250)
    ]
    client = open_org()
    outcomes = client.write(leads)
    assert client.cost(leads) == client.usage.calls == client.usage.by_kind["convert"] == 3
    assert outcomes[0] == Outcome(State.DONE, id="00Q0")
    assert outcomes[7].reason == "INVALID_STATUS: no"
    first = seen[0].partition("leadConverts>")[2].partition("leadConverts>")[0]
    assert re.findall(r"<\w+:(\w+)>", first) == [
        "accountId",
        "convertedStatus",
        "doNotCreateOpportunity",
        "leadId",
        "overwriteLeadSource",
        "ownerId",
        "sendNotificationEmail",
    ]
    assert "00D000000000001!AQ.first" in seen[0]


def test_converted_tells_the_ids(org):
    org.post(SOAP, body=soap_answer([soap_result(lead="00Q1")]))
    [converted] = convert(open_session(), [ConvertLead("00Q1", "x")])
    assert (converted.account_id, converted.contact_id, converted.opportunity_id) == (
        "001-00Q1",
        "003-00Q1",
        "006-00Q1",
    )


def test_names_cannot_break_the_xml(org):
    seen = []
    serve_convert(org, seen)
    open_org().write([ConvertLead("00Q1", "x", opportunity_name="A & B </u:x> <!DOCTYPE \x00\x0b")])
    assert "A &amp; B &lt;/u:x&gt; &lt;!DOCTYPE " in seen[0]
    assert "\x0b" not in seen[0]


def test_a_conversion_without_answer_leaves_that_hundred_unknown(org):
    org.post(SOAP, body=requests.ConnectionError("reset"))
    serve_convert(org, [])
    outcomes = open_org().write([ConvertLead(f"00Q{n}", "x") for n in range(150)])
    assert [outcome.state for outcome in outcomes] == [State.UNKNOWN] * 100 + [State.DONE] * 50


@pytest.mark.parametrize("body", ["<!DOCTYPE x><a/>", "<a/>", "nonsense", soap_answer([])])
def test_a_conversion_answer_that_cannot_be_matched_is_unknown(org, body):
    org.post(SOAP, body=body)
    assert open_org().write([ConvertLead("00Q1", "x")]) == [Outcome(State.UNKNOWN)]


def test_an_account_made_in_the_same_write_is_converted_into(org):
    serve(org)
    seen = []
    serve_convert(org, seen)
    changes = [ConvertLead("00Q1", "x", account_key="ACC-1"), Create("Account", "ACC-1", {"Name": "A"})]
    client = open_org()
    outcomes = client.write(changes)
    assert [outcome.state for outcome in outcomes] == [State.DONE] * 2
    assert "accountId>id-ACC-1<" in seen[0]
    assert client.cost(changes) == client.usage.calls == 2


def test_an_account_made_before_is_looked_up_once(org):
    org.get(f"{REST}/query", json={"done": True, "records": [{"Id": "001X", "Sfsync_Key__c": "ACC-1"}]})
    seen = []
    serve_convert(org, seen)
    changes = [ConvertLead(f"00Q{key}", "x", account_key=f"ACC-{key}") for key in (1, 2)]
    client = open_org()
    outcomes = client.write(changes)
    assert [outcome.code for outcome in outcomes] == ["", "ACCOUNT_NOT_FOUND"]
    assert "accountId>001X<" in seen[0]
    assert client.cost(changes) == client.usage.calls == 2


def test_a_lead_whose_account_was_refused_is_not_converted(org):
    serve(
        org, refuse=lambda row, _: {"statusCode": "REQUIRED_FIELD_MISSING", "message": "Name", "fields": []}
    )
    changes = [Create("Account", "ACC-1", {}), ConvertLead("00Q1", "x", account_key="ACC-1")]
    outcomes = open_org().write(changes)
    assert [outcome.code for outcome in outcomes] == ["REQUIRED_FIELD_MISSING", "ACCOUNT_NOT_WRITTEN"]


def test_a_missing_right_is_a_login_to_correct(org):
    org.post(SOAP, status=500, body=(
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        "<faultcode>sf:INSUFFICIENT_ACCESS</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>"
    ))  # fmt: skip
    with pytest.raises(LoginFailed):
        open_org().write([ConvertLead("00Q1", "x")])
