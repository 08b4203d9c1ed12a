import pytest

from sfsync.mockorg import MockOrg
from tests.mockorg.surface.conftest import Client


def test_versions_need_no_token_and_are_not_counted(org: MockOrg):
    client = Client(org)
    client.headers = {}
    listed = client.get("/services/data")
    assert listed[0]["version"] == "31.0"
    assert listed[-1]["url"] == f"/services/data/v{listed[-1]['version']}"
    assert {"label": "Winter '24", "url": "/services/data/v59.0", "version": "59.0"} in listed
    assert org.stats.api_calls == 0


def test_resources_say_who_one_is(client: Client):
    found = client.get("/services/data/v60.0/")
    assert found["sobjects"] == "/services/data/v60.0/sobjects"
    assert found["identity"].startswith("http://org.example:8080/id/00D")


def test_create_read_change_and_remove(client: Client):
    made = client.post("sobjects/Account/", {"Name": "Acme"}, status=201)
    assert made == {"id": made["id"], "success": True, "errors": []}
    path = f"sobjects/account/{made['id']}"
    client.patch(path, {"Phone": "030 23125000"}, status=204)
    read = client.get(path + "?fields=Name,Phone")
    assert read == {
        "attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{made['id']}"},
        "Name": "Acme",
        "Phone": "030 23125000",
    }
    assert client.get(f"sobjects/Account/{made['id'][:15]}")["Id"] == made["id"]
    client.expect(204, "DELETE", path)
    assert client.refusal(404, "GET", path) == "ENTITY_IS_DELETED"


def test_addresses_in_answers_carry_the_version_asked_for(client: Client):
    made = client.post("/services/data/v51.0/sobjects/Account", {"Name": "A"}, status=201)
    read = client.get(f"/services/data/v51.0/sobjects/Account/{made['id']}")
    assert read["attributes"]["url"].startswith("/services/data/v51.0/")
    assert client.get("/services/data/v51.0/sobjects/Lead/describe")["urls"]["sobject"].startswith(
        "/services/data/v51.0/"
    )


@pytest.mark.parametrize("key", ["K-1", "a/b", "a b+c", "Ünïcode", "50%"])
def test_upsert_by_external_id(client: Client, key: str):
    from urllib.parse import quote

    path = f"sobjects/Account/Sfsync_Key__c/{quote(key, safe='')}"
    made = client.patch(path, {"Name": "One"}, status=201)
    assert made["created"] is True
    again = client.patch(path, {"Name": "Two"}, status=200)
    assert again == {"id": made["id"], "success": True, "errors": [], "created": False}
    read = client.get(path)
    assert (read["Name"], read["Sfsync_Key__c"]) == ("Two", key)
    client.expect(204, "DELETE", path)
    assert client.refusal(404, "GET", path) == "NOT_FOUND"


def test_upsert_before_version_46_answers_a_change_without_a_body(client: Client):
    path = "/services/data/v45.0/sobjects/Account/Sfsync_Key__c/K"
    client.patch(path, {"Name": "One"}, status=201)
    assert client.patch(path, {"Name": "Two"}, status=204) is None


def test_upsert_with_update_only_makes_nothing(client: Client, org: MockOrg):
    path = "sobjects/Account/Sfsync_Key__c/K?updateOnly=true"
    assert client.refusal(404, "PATCH", path, {"Name": "One"}) == "NOT_FOUND"
    assert org.query("SELECT Id FROM Account") == []


def test_upsert_on_a_key_of_several_records_is_300_with_their_addresses(client: Client, org: MockOrg):
    for name in "AB":
        org.insert("Account", {"Name": name, "Registration_Number__c": "90"})
    found = client.expect(300, "PATCH", "sobjects/Account/Registration_Number__c/90", {"Name": "X"})
    assert len(found) == 2
    assert found[0].startswith("/services/data/v62.0/sobjects/Account/001")
    assert {row["Name"] for row in org.query("SELECT Name FROM Account")} == {"A", "B"}


def test_key_may_not_stand_in_the_body_of_an_upsert(client: Client):
    body = {"Name": "A", "Sfsync_Key__c": "K"}
    assert client.refusal(400, "PATCH", "sobjects/Account/Sfsync_Key__c/K", body) == "INVALID_FIELD"


def test_post_to_id_is_a_plain_create(client: Client):
    assert client.post("sobjects/Account/Id", {"Name": "A"}, status=201)["success"] is True


@pytest.mark.parametrize(
    ("status", "code", "method", "path", "body"),
    [
        (404, "NOT_FOUND", "GET", "sobjects/Nonsense/describe", b""),
        (404, "NOT_FOUND", "GET", "nonsense", b""),
        (404, "NOT_FOUND", "GET", "/services/data/v99.0/limits", b""),
        (404, "NOT_FOUND", "GET", "actions/standard/convertLead", b""),
        (405, "METHOD_NOT_ALLOWED", "PUT", "sobjects/Account", {"Name": "A"}),
        (400, "JSON_PARSER_ERROR", "POST", "sobjects/Account", b"{'Name'"),
        (400, "JSON_PARSER_ERROR", "POST", "sobjects/Account", b"[]"),
        (400, "REQUIRED_FIELD_MISSING", "POST", "sobjects/Lead", {"FirstName": "A"}),
        (400, "INVALID_FIELD", "POST", "sobjects/Account", {"Name": "A", "Foo__c": 1}),
        (404, "NOT_FOUND", "PATCH", "sobjects/Account/Phone/1", {"Name": "A"}),
        (400, "INVALID_FIELD", "PATCH", "sobjects/Account/001000000000001AAA", {"Id": "001000000000001AAA"}),
    ],
)
def test_refusals(client: Client, status: int, code: str, method: str, path: str, body: object):
    assert client.refusal(status, method, path, body) == code


def test_fields_at_fault_are_named(client: Client):
    errors = client.expect(400, "POST", "sobjects/Lead", {"FirstName": "A"})
    assert "LastName" in errors[0]["fields"]


def test_too_long_a_url_is_414_and_too_long_headers_431(client: Client):
    assert client.send("GET", "query?q=" + "x" * 16_400).status == 414
    assert client.send("GET", "limits", headers={"X-Long": "x" * 16_400}).status == 431


def test_pretty_print_changes_only_the_blanks(client: Client):
    plain, pretty = (client.send("GET", "limits", headers=h) for h in ({}, {"X-PrettyPrint": "1"}))
    assert plain.json().keys() == pretty.json().keys()
    assert b'"Max" : ' in pretty.body


def test_limits_and_usage_header_agree(client: Client):
    response = client.send("GET", "limits/")
    assert response.header("Sforce-Limit-Info") == "api-usage=1/15000"
    assert response.json()["DailyApiRequests"] == {"Max": 15000, "Remaining": 14999}
    assert "DailyBulkApiBatches" in response.json()


def test_record_counts(client: Client, org: MockOrg):
    org.insert("Account", {"Name": "A"})
    asked = client.get("limits/recordCount?sObjects=Account,Lead,Nonsense")
    assert asked == {"sObjects": [{"count": 1, "name": "Account"}, {"count": 0, "name": "Lead"}]}
    names = {each["name"] for each in client.get("limits/recordCount")["sObjects"]}
    assert "Account" in names
    assert "Lead" not in names


def test_global_describe_and_object_info_agree(client: Client):
    listed = client.get("sobjects")
    lead = next(each for each in listed["sobjects"] if each["name"] == "Lead")
    assert client.get("sobjects/lead/")["objectDescribe"] == lead
    assert listed["maxBatchSize"] == 200


def test_updated_and_deleted(client: Client, org: MockOrg):
    kept, gone = (org.insert("Account", {"Name": name}) for name in "AB")
    org.core.delete("Account", gone)
    span = "?start=2024-05-13T11:00:00%2B00:00&end=2024-05-13T13:00:00Z"
    assert client.get(f"sobjects/Account/updated/{span}")["ids"] == [kept]
    found = client.get(f"sobjects/Account/deleted/{span}")
    assert [each["id"] for each in found["deletedRecords"]] == [gone]
    assert found["latestDateCovered"] == "2024-05-13T12:00:00.000+0000", "never beyond now"
    old = "?start=2024-01-01T00:00:00Z&end=2024-05-13T13:00:00Z"
    assert client.refusal(400, "GET", f"sobjects/Account/deleted/{old}") == "INVALID_REPLICATION_DATE"


def test_file_comes_as_a_part_and_goes_as_bytes(client: Client):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="entity_content"\r\nContent-Type: application/json\r\n\r\n'
        b'{"Title": "Cards", "PathOnClient": "cards.csv"}\r\n'
        b'--b\r\nContent-Disposition: form-data; name="VersionData"; filename="cards.csv"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\na;b\r\n1;2\r\n\r\n--b--\r\n"
    )
    headers = {"Content-Type": 'multipart/form-data; boundary="b"'}
    made = client.post("sobjects/ContentVersion", body, status=201, headers=headers)
    response = client.send("GET", f"sobjects/ContentVersion/{made['id']}/VersionData")
    assert response.body == b"a;b\r\n1;2\r\n"
