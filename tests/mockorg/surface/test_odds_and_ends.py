"""Smaller resources: limits, plans, recent items, tooling, methods in the URL, replication at its edges."""

from urllib.parse import quote

import pytest

from tests.mockorg.surface.conftest import Client


def test_count_has_a_total_and_is_done_whatever_its_size(paged: Client):
    for number in range(7):
        paged.org.insert("Account", {"Name": f"A{number}"})
    found = paged.get("query?q=SELECT+COUNT()+FROM+Account")
    assert found == {"totalSize": 7, "done": True, "records": []}


def test_a_plan(client: Client):
    for number in range(4):
        client.org.insert("Account", {"Name": f"A{number}"})
    soql = "SELECT Id FROM Account WHERE Name = 'A1'"
    answer = client.get(f"query?explain={quote(soql)}")
    (plan,) = answer["plans"]
    assert answer["sourceQuery"] == soql
    assert (plan["cardinality"], plan["sobjectCardinality"], plan["sobjectType"]) == (1, 4, "Account")
    assert plan["relativeCost"] == 0.25
    assert client.refusal(400, "GET", "query?explain=SELECT") == "MALFORMED_QUERY"


def test_limits_have_the_names_that_clients_look_for(client: Client):
    limits = client.get("limits")
    assert {"DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs", "DataStorageMB"} <= set(limits)
    assert all(0 <= each["Remaining"] <= each["Max"] for each in limits.values())
    before = limits["DailyBulkV2QueryJobs"]["Remaining"]
    client.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Account"})
    after = client.get("limits")
    assert after["DailyBulkV2QueryJobs"]["Remaining"] == before - 1
    assert after["DailyApiRequests"]["Remaining"] == limits["DailyApiRequests"]["Remaining"] - 2


def test_recent_items(client: Client):
    first = client.org.insert("Account", {"Name": "Old"})
    client.org.clock.advance(60)
    client.org.insert("Account", {"Name": "New"})
    assert [each["Name"] for each in client.get("sobjects/Account")["recentItems"]] == ["New", "Old"]
    client.org.clock.advance(60)
    client.patch(f"sobjects/Account/{first}", {"Phone": "1"}, 204)
    recent = client.get("sobjects/Account")["recentItems"][0]
    assert (recent["Id"], recent["attributes"]["type"]) == (first, "Account")


@pytest.mark.parametrize(
    ("soql", "count"),
    [
        ("SELECT Id FROM SandboxProcess WHERE Status = 'Completed'", 0),
        ("SELECT Id, Name FROM ApexClass", 0),
        ("SELECT Id FROM Organization", 1),
    ],
)
def test_tooling_queries(client: Client, soql: str, count: int):
    found = client.get(f"tooling/query/?q={quote(soql)}")
    assert (found["size"], found["totalSize"], len(found["records"])) == (count, count, count)


def test_tooling_refuses_what_it_does_not_know(client: Client):
    assert client.refusal(400, "GET", "tooling/query?q=SELECT+Id+FROM+Nonsense") == "INVALID_TYPE"
    assert client.get("tooling")["query"].endswith("/tooling/query")
    assert client.get("tooling/sobjects")["sobjects"] == []


def test_a_method_in_the_url(client: Client):
    made = client.org.insert("Account", {"Name": "A"})
    client.post(f"sobjects/Account/{made}?_HttpMethod=PATCH", {"Name": "B"}, 204)
    assert client.org.query("SELECT Name FROM Account")[0]["Name"] == "B"
    client.post(f"sobjects/Account/{made}?_HttpMethod=DELETE", b"", 204)
    assert client.org.query("SELECT Id FROM Account") == []


def test_replication_at_its_edges(client: Client, monkeypatch: pytest.MonkeyPatch):
    for name in "ABC":
        client.org.insert("Account", {"Name": name})
    spans = {
        "updated": ("2024-04-13T11:59:00Z", "2024-04-12T11:00:00Z"),
        "deleted": ("2024-04-28T11:59:00Z", "2024-04-27T11:00:00Z"),
    }
    for name, (edge, too_old) in spans.items():
        path = f"sobjects/Account/{name}/?end=2024-05-13T12:30:00Z&start="
        found = client.get(path + edge)
        assert found["latestDateCovered"] == "2024-05-13T12:00:00.000+0000", "never beyond now"
        for wrong in (too_old, "2024-05-13T12:30:00Z", "2024-05-13T13:00:00Z", "yesterday", ""):
            assert client.refusal(400, "GET", path + wrong) == "INVALID_REPLICATION_DATE"
    monkeypatch.setattr("sfsync.mockorg.replication.MOST_IDS", 2)
    path = "sobjects/Account/updated?start=2024-05-13T11:00:00Z&end=2024-05-13T12:30:00Z"
    assert client.refusal(400, "GET", path) == "EXCEEDED_ID_LIMIT"


@pytest.mark.parametrize(("length", "status"), [(16_000, 400), (16_400, 414)])
def test_addresses_have_a_longest(client: Client, length: int, status: int):
    assert client.send("GET", "query?q=" + "x" * length, headers={}).status == status


def test_address_and_headers_together_have_a_longest(client: Client):
    assert client.send("GET", "limits", headers={"X-Long": "x" * 17_000}).status == 431
