"""No secret and no personal data in what is kept: canaries in every place where a session may carry them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mockorg import MockOrg, Request, Response, ids
from sfsync.mockorg.exchanges import yaml_text
from sfsync.mockorg.exchanges.bodies import decode
from sfsync.mockorg.exchanges.exchange import Exchange
from sfsync.mockorg.exchanges.scrub import Scrubber, looks_like_id
from sfsync.mockorg.exchanges.types import FieldTypes
from sfsync.mockorg.recorder import Recorder
from tests.mockorg.surface.conftest import METADATA

SCHEMA = MockOrg(metadata=[METADATA]).core.schema
ORG = "https://secret-company--dev.sandbox.my.salesforce.com"
LEAD = ids.make("00Q", 77).replace("Mk0", "5fX")[:15]
LEAD += ids.checksum(LEAD)
API = "/services/data/v62.0"

CANARIES = {
    "token": "00D5f000000Canary!AQcAnArYtOkEn.1234567890",
    "password": "Canary-Pass-word-1",
    "assertion": "eyJhbGciOi.Q2FuYXJ5.canarysignature",
    "session": "canary-session-0123456789abcdef",
    "cookie": "canarycookie",
    "first name": "Canarianne",
    "last name": "O'Canary-Müller",
    "email": "canary.anne@canary-mail.nl",
    "phone": "+31 6 12 34 56 78",
    "street": "Canarystraat 12",
    "city": "Canaryburg",
    "note": "Canary called about the canary; wants her money back.",
    "birthday": "1971-07-13",
    "host": "secret-company",
    "id": LEAD[:15],
}
C = CANARIES


def record() -> dict[str, Any]:
    return {
        "attributes": {"type": "Lead", "url": f"{API}/sobjects/Lead/{LEAD}"},
        "Id": LEAD,
        "FirstName": C["first name"],
        "LastName": C["last name"],
        "Name": f"{C['first name']} {C['last name']}",
        "Email": C["email"],
        "Phone": C["phone"],
        "Street": C["street"],
        "City": C["city"],
        "Address": {
            "street": C["street"],
            "city": C["city"],
            "state": C["city"],
            "country": "NL",
            "postalCode": "1",
        },
        "Description": C["note"],
        "Unknown_Field__c": C["note"],
        "lastname": C["last name"],
        "Birthdate": C["birthday"],
        "PersonBirthdate": C["birthday"],
        "Status": C["note"],
        "Amount__c": 12.5,
        "IsConverted": False,
        "CreatedDate": "2024-05-13T12:00:00.000+0000",
    }


def soap(inside: str) -> bytes:
    return (
        '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soapenv:Body>{inside}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def csv(*rows: list[str]) -> bytes:
    return "".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows
    ).encode()


FORM = "application/x-www-form-urlencoded"
LITERAL = C["last name"].replace("'", "\\'")
EXCHANGES: list[tuple[str, str, str, bytes, str, Any]] = [
    ("POST", "/services/oauth2/token", FORM,
     f"grant_type=password&username={C['email']}&password={C['password']}&client_secret={C['session']}".encode(),
     "application/json", {"access_token": C["token"], "instance_url": ORG, "signature": C["session"],
                          "id": f"{ORG}/id/00D5f000000Canary/{LEAD}"}),
    ("POST", "/services/oauth2/token", FORM,
     f"grant_type=urn%3Aietf&assertion={C['assertion']}".encode(), "application/json", {"access_token": C["token"]}),
    ("POST", "/services/Soap/u/62.0", "text/xml",
     soap(f"<n1:login xmlns:n1='urn:x'><n1:username>{C['email']}</n1:username>"
          f"<n1:password>{C['password']}{C['token']}</n1:password></n1:login>"),
     "text/xml", soap(f"<loginResponse><result><serverUrl>{ORG}/services/Soap/u/62.0/00D</serverUrl><sessionId>"
                      f"{C['session']}</sessionId><userInfo><userEmail>{C['email']}</userEmail><userFullName>"
                      f"{C['first name']}</userFullName></userInfo></result></loginResponse>")),
    ("POST", "/services/Soap/u/62.0", "text/xml",
     soap(f"<!-- {C['note']} --><query><queryString>SELECT Id</queryString></query>"), "text/xml",
     soap(f"<result><![CDATA[{C['note']}]]></result>")),
    ("GET", f"{API}/query?q=SELECT+Id+FROM+Lead+WHERE+LastName='{LITERAL}'+AND+Email+IN+('{C['email']}')", "", b"",
     "application/json", {"totalSize": 1, "records": [record()]}),
    ("GET", f"{API}/sobjects/Lead/Email/{C['email'].replace('@', '%40')}?oauth_token={C['session']}", "", b"",
     "application/json", record()),
    ("GET", f"{API}/search?q=FIND+%7B{C['first name']}%7D", "", b"", "application/json",
     {"searchRecords": [record()]}),
    ("POST", f"{API}/composite", "application/json",
     json.dumps({"compositeRequest": [
         {"method": "GET", "referenceId": "a",
          "url": f"{API}/query?q=SELECT Id FROM Lead WHERE Name LIKE '{LITERAL}%25'"},
         {"method": "POST", "referenceId": "b", "url": f"{API}/sobjects/Lead", "body": record()}]}).encode(),
     "application/json", {"compositeResponse": [{"body": [
         {"message": f"data value too large: {C['note']} ({C['email']}, id {LEAD}, {C['last name']})",
          "errorCode": "STRING_TOO_LONG"}], "httpStatusCode": 400, "referenceId": "b"}]}),
    ("PUT", f"{API}/jobs/ingest/750000000000001AAA/batches", "text/csv",
     csv(["FirstName", "LastName", "Email", "Street", "Note__c"],
         [C["first name"], C["last name"], C["email"], C["street"], C["note"]]), "", b""),
    ("GET", f"{API}/jobs/ingest/750000000000001AAA/failedResults", "", b"", "text/csv",
     csv(["sf__Id", "sf__Error", "LastName", "Phone"],
         [LEAD, f"DUPLICATE_VALUE:duplicates value on record with id: {LEAD}:--", C["last name"], C["phone"]])),
    ("POST", "/servlet/servlet.WebToLead", FORM, f"first_name={C['first name']}&email={C['email']}&oid=00D".encode(),
     "text/html", f"<html>{C['note']}</html>".encode()),
    ("GET", "/services/oauth2/userinfo", "", b"", "application/json",
     {"name": C["first name"], "email": C["email"], "user_id": LEAD, "urls": {"rest": f"{ORG}/services/data"}}),
    ("POST", f"{API}/sobjects/ContentVersion", "multipart/form-data; boundary=x", C["note"].encode(),
     "application/json", {"id": LEAD, "success": True}),
    ("GET", f"{API}/sobjects/Contact/describe", "", b"", "application/json",
     {"name": "Contact", "fields": [{"name": "Nick__c", "type": "string", "picklistValues": []}],
      "urls": {"sobject": f"{ORG}{API}/sobjects/Contact"}}),
]  # fmt: skip


def recorded() -> list[Exchange]:
    answers = iter(EXCHANGES)

    def forward(_: Request) -> Response:
        *_, media, body = next(answers)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(200, (("Content-Type", media), ("Set-Cookie", f"sid={C['cookie']}")), raw)

    recorder = Recorder(ORG, schema=SCHEMA, forward=forward)
    for method, target, media, body, *_ in EXCHANGES:
        headers = {
            "authorization": f"Bearer {C['token']}",
            "x-sfdc-session": C["session"],
            "cookie": f"sid={C['cookie']}",
            "sforce-call-options": f"client={C['first name']}",
            "content-type": media,
        }
        recorder.handle(Request(method, target, headers, body, "http://127.0.0.1:1"))
    return list(recorder.recording().exchanges)


@pytest.mark.parametrize("name", CANARIES)
def test_no_canary_is_kept(name: str):
    text = " ".join(yaml_text.dump(recorded()).split())
    spelled = {C[name], C[name].replace("'", "''"), C[name].replace("'", "\\'"), json.dumps(C[name])[1:-1]}
    assert not [each for each in spelled if each.casefold() in text.casefold()]


def test_what_is_harmless_stays_readable():
    text = yaml_text.dump(recorded())
    kept = (
        "STRING_TOO_LONG",
        "grant_type: password",
        "Amount__c: 12.5",
        "2024-05-13T12:00:00",
        "country: NL",
        "Nick__c",
    )
    assert not [each for each in kept if each not in text]


def test_the_same_original_is_the_same_everywhere():
    scrubber = Scrubber(FieldTypes(SCHEMA))
    name = scrubber.field("LastName", "Jansen", "Lead")
    assert (
        scrubber.field("LastName", "Jansen", "Contact") == name != scrubber.field("LastName", "Smit", "Lead")
    )
    assert scrubber.soql("SELECT Id FROM Lead WHERE LastName = 'Jansen'").endswith(f"'{name}'")
    assert scrubber.field("Phone", "+31 6 12345678") != scrubber.field("Phone", "+31612345678")
    parted = scrubber.field("Phone", "+31 6 12345678")
    assert parted.replace(" ", "") == scrubber.field("Phone", "+31612345678")
    assert parted == scrubber.field("Phone", "06-12345678")


def test_ids_keep_prefix_length_and_checksum():
    scrubber = Scrubber(FieldTypes(SCHEMA))
    long, short = scrubber.field("Id", LEAD), scrubber.field("Id", LEAD[:15])
    assert long[:3] == "00Q"
    assert long[:15] == short
    assert ids.normalise(short) == long != LEAD
    assert scrubber.kept(f"W2L-{LEAD.upper()}") == f"W2L-{long.upper()}"


def test_kept_fields_stay_and_their_ids_do_not():
    scrubber = Scrubber(FieldTypes(SCHEMA), keep=["Lead.Company", "Key__c"])
    assert scrubber.field("Company", "ACME", "Lead") == "ACME"
    assert scrubber.field("Company", "ACME", "Other__c") != "ACME"
    assert scrubber.soql("SELECT Id FROM Lead WHERE Company = 'ACME'").endswith("'ACME'")
    assert scrubber.soql("SELECT Id FROM Contact WHERE Account.Name = 'ACME'").endswith("'~1'")
    assert LEAD not in scrubber.field("Key__c", f"K-{LEAD}", "Lead")


def test_picklists_keep_their_own_values_only():
    scrubber = Scrubber(FieldTypes(SCHEMA))
    assert scrubber.field("Subscription_Plan__c", "basic", "Lead") == "basic"
    assert scrubber.field("Subscription_Plan__c", "Jansen", "Lead") != "Jansen"
    inner = "SELECT Id FROM Order WHERE Status = 'Draft'"
    status = f"SELECT Id FROM Lead WHERE Id IN ({inner}) AND Subscription_Plan__c = 'basic'"
    assert scrubber.soql(status) == status


def test_a_describe_that_passes_by_is_learned():
    types = FieldTypes(SCHEMA)
    types.learn({"name": "Card__c", "fields": [
        {"name": "Colour__c", "type": "picklist", "picklistValues": [{"value": "Red"}]}]})  # fmt: skip
    scrubber = Scrubber(types)
    assert scrubber.field("Colour__c", "Red", "Card__c") == "Red"
    assert scrubber.field("Colour__c", "Jan", "Card__c") != "Jan"


def test_a_reference_is_kept_and_what_only_looks_like_one_is_not():
    scrubber = Scrubber(FieldTypes(SCHEMA))
    assert scrubber.field("AccountId", "@{acc.records[0].id}", "Contact") == "@{acc.records[0].id}"
    assert "Jan" not in scrubber.field("Description", "Jan @{acc.id}", "Lead")


@settings(max_examples=60)
@given(st.text(min_size=9).filter(lambda text: not looks_like_id(text)))
def test_no_text_of_a_text_field_survives(text: str):
    scrubber = Scrubber(FieldTypes(SCHEMA))
    made = scrubber.field("Description", text, "Lead")
    assert made != text or made.startswith("text-")
    assert scrubber.field("Description", text, "Lead") == made


@settings(max_examples=60)
@given(st.binary(), st.sampled_from(["", "application/json", "text/csv", "text/xml", FORM, "text/html"]))
def test_no_body_is_too_strange_to_be_scrubbed(body: bytes, media: str):
    Scrubber(FieldTypes(SCHEMA)).body(decode(body, media))


SECRET_LEAVES = st.dictionaries(
    st.sampled_from(
        ["LastName", "password", "message", "url", "q", "fields", "Id", "x", "records", "street", "city"]
    ),
    st.just("Canarianne Canary") | st.just(["Canarianne Canary"]),
    min_size=1,
)


@settings(max_examples=60)
@given(
    st.recursive(
        SECRET_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"body": inner})
    )
)
def test_json_of_any_form_is_scrubbed_at_the_fields_of_people(value: Any):
    scrubber = Scrubber(FieldTypes(SCHEMA))
    scrubber.field("LastName", "Canarianne Canary")
    made = scrubber.value(value, "", "Lead")

    def fields(each: Any, key: str = "") -> list[str]:
        if isinstance(each, dict):
            return [text for name, inner in each.items() for text in fields(inner, name)]
        if isinstance(each, list):
            return [text for inner in each for text in fields(inner, key)]
        return [each] if key in {"LastName", "password", "message", "street", "city", "x", "Id"} else []

    assert "Canarianne Canary" not in fields(made)
