import pytest

from sfsync.mockorg import Response
from tests.mockorg.surface.conftest import ROOT, Client

BEFORE = "Mon, 13 May 2024 11:00:00 GMT"
NOW = "Mon, 13 May 2024 12:00:00 GMT"
ROUTES = ["sobjects/Account/{}", "sobjects/Account/Sfsync_Key__c/K", "sobjects", "sobjects/Account/describe"]


@pytest.fixture
def account(client: Client) -> str:
    return client.org.insert("Account", {"Name": "A", "Sfsync_Key__c": "K"})


def get(client: Client, path: str, **headers: str) -> Response:
    return client.send("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("path", ROUTES)
def test_what_has_not_changed_is_304_without_a_body(client: Client, account: str, path: str):
    path = path.format(account)
    assert get(client, path, If_Modified_Since=BEFORE).status == 200
    answer = get(client, path, If_Modified_Since=NOW)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.header("Last-Modified") == NOW


@pytest.mark.parametrize("path", ROUTES)
def test_what_has_changed_is_412_when_it_must_not_have(client: Client, account: str, path: str):
    path = path.format(account)
    assert get(client, path, If_Unmodified_Since=NOW).status == 200
    answer = get(client, path, If_Unmodified_Since=BEFORE)
    assert answer.status == 412
    assert answer.json()[0]["errorCode"] == "PRECONDITION_FAILED"


def test_a_change_under_a_condition(client: Client, account: str):
    path = f"sobjects/Account/{account}"
    late, early = {"If-Unmodified-Since": NOW}, {"If-Unmodified-Since": BEFORE}
    client.refusal(412, "PATCH", path, {"Name": "B"}, headers=early)
    assert client.org.query("SELECT Name FROM Account")[0]["Name"] == "A"
    client.expect(204, "PATCH", path, {"Name": "B"}, headers=late)
    client.refusal(412, "PATCH", "sobjects/Account/Sfsync_Key__c/K", {"Name": "C"}, headers=early)
    client.expect(201, "PATCH", "sobjects/Account/Sfsync_Key__c/NEW", {"Name": "C"}, headers=early)
    client.expect(204, "DELETE", path, headers=early)


def test_a_date_that_is_none_counts_only_when_writing(client: Client, account: str):
    path = f"sobjects/Account/{account}"
    assert get(client, path, If_Modified_Since="yesterday").status == 200
    wrong = {"If-Unmodified-Since": "yesterday"}
    assert client.refusal(400, "PATCH", path, {"Name": "B"}, headers=wrong) == "INVALID_HEADER"


def test_accounts_have_tags_and_others_have_none(client: Client, account: str):
    path = f"sobjects/Account/{account}"
    tag = get(client, path).header("ETag") or ""
    assert tag.startswith('"')
    assert get(client, path, If_None_Match=tag).status == 304
    assert get(client, path, If_None_Match=f'W/"other", {tag[:-1]}--gzip"').status == 304
    assert get(client, path, If_None_Match='"other"').status == 200
    assert get(client, path, If_Match='"other"').status == 412
    client.expect(204, "PATCH", path, {"Name": "B"}, headers={"If-Match": tag})
    client.org.clock.advance(1)
    client.expect(204, "PATCH", path, {"Name": "C"}, headers={"If-Match": tag})
    client.refusal(412, "PATCH", path, {"Name": "D"}, headers={"If-Match": tag})
    lead = client.org.insert("Lead", {"LastName": "L", "Company": "C"})
    assert get(client, f"sobjects/Lead/{lead}").header("ETag") is None
    assert get(client, f"sobjects/Lead/{lead}", If_Match='"other"').status == 200


def test_inside_a_composite_a_304_has_no_body_and_halts_nothing(client: Client, account: str):
    asked = {
        "allOrNone": True,
        "compositeRequest": [
            {
                "method": "GET",
                "url": f"{ROOT}/sobjects/Account/{account}",
                "referenceId": "a",
                "httpHeaders": {"If-Modified-Since": NOW},
            },
            {"method": "POST", "url": f"{ROOT}/sobjects/Account", "referenceId": "b", "body": {"Name": "B"}},
        ],
    }
    first, second = client.post("composite", asked)["compositeResponse"]
    assert (first["httpStatusCode"], first["body"]) == (304, None)
    assert set(first["httpHeaders"]) == {"ETag", "Last-Modified"}
    assert second["httpStatusCode"] == 201
    assert len(client.org.query("SELECT Id FROM Account")) == 2
