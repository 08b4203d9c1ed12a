import pytest

from sfsync.mockorg import MockOrg
from tests.mockorg.surface.conftest import Client

POST = ("POST", "sobjects/Account", {"Name": "A"})


def names(org: MockOrg) -> list[str]:
    return [row["Name"] for row in org.query("SELECT Name FROM Account ORDER BY Name")]


def test_answer_lost_before_anything_happened(client: Client):
    client.org.faults.script("lost_before", route="create")
    assert client.send(*POST).lost
    assert names(client.org) == []
    assert client.send(*POST).status == 201


def test_answer_lost_after_the_commit(client: Client):
    client.org.faults.script("lost_after", route="POST /services/data/*/sobjects/Account")
    assert client.send(*POST).lost
    assert names(client.org) == ["A"]
    assert client.org.stats.records_written == 1
    assert client.org.stats.log[-1].status == 0


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("expired", 401, "INVALID_SESSION_ID"),
        ("limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("concurrent", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("error", 500, "UNKNOWN_EXCEPTION"),
        ("unavailable", 503, "SERVER_UNAVAILABLE"),
    ],
)
def test_whole_requests_are_refused_once(client: Client, kind: str, status: int, code: str):
    client.org.faults.script(kind)
    assert client.refusal(status, *POST) == code
    assert names(client.org) == []
    assert client.send(*POST).status == 201


def test_times_skip_and_always(client: Client):
    client.org.faults.script("unavailable", times=2, skip=1)
    assert [client.send("GET", "limits").status for _ in range(5)] == [200, 503, 503, 200, 200]
    client.org.faults.script("expired", times=None)
    assert {client.send("GET", "limits").status for _ in range(5)} == {401}
    client.org.faults.clear()
    client.get("limits")


def test_rate_is_drawn_and_repeatable(client: Client):
    def drawn() -> list[int]:
        client.org.faults.clear()
        client.org.faults.script("error", times=None, rate=0.5, seed=3)
        return [client.send("GET", "limits").status for _ in range(40)]

    first = drawn()
    assert first == drawn()
    assert 10 < first.count(500) < 30


def test_slow_answers_wait_and_say_how_long(client: Client):
    client.org.faults.script("slow", seconds=2.5, route="limits")
    assert client.send("GET", "limits").delay == 2.5
    assert client.send("GET", "limits").delay == 0


def test_only_the_route_aimed_at(client: Client):
    client.org.faults.script("error", route="query*", times=None)
    client.get("limits")
    client.refusal(500, "GET", "query?q=SELECT+Id+FROM+Lead")
    client.refusal(500, "GET", "queryAll?q=SELECT+Id+FROM+Lead")


def test_rows_are_locked(client: Client):
    client.org.faults.script("lock", sobject="account", skip=1)
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in "ABC"]
    done = client.post("composite/sobjects", {"records": rows})
    assert [row["success"] for row in done] == [True, False, True]
    assert done[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert names(client.org) == ["A", "C"]


def test_rows_of_a_parent_are_locked_whoever_it_is_named_by(client: Client):
    org = client.org
    parent = client.post("sobjects/Account", {"Name": "P"}, 201)["id"]
    org.faults.script("lock", parent=parent, times=None)
    row = {"attributes": {"type": "Contact"}, "LastName": "A"}
    done = client.post("composite/sobjects", {"records": [row, row | {"AccountId": parent}]})
    assert [one["success"] for one in done] == [True, False]
    update = {"attributes": {"type": "Contact"}, "id": done[0]["id"], "AccountId": parent}
    assert (
        client.send("PATCH", "composite/sobjects", {"records": [update]}).body.count(b"UNABLE_TO_LOCK_ROW")
        == 1
    )
    org.faults.clear()
    client.send("PATCH", "composite/sobjects", {"records": [update]})
    org.faults.script("lock", parent=parent)
    assert client.refusal(400, "DELETE", f"sobjects/Contact/{done[0]['id']}") == "UNABLE_TO_LOCK_ROW"


def test_rows_are_refused_with_any_code(client: Client):
    client.org.faults.script("reject", code="MY_CODE", message="No.", sobject="Lead")
    client.send(*POST)
    errors = client.expect(400, "POST", "sobjects/Lead", {"LastName": "A", "Company": "B"})
    assert errors == [{"message": "No.", "errorCode": "MY_CODE"}]


def test_a_part_of_a_composite_can_be_struck(client: Client):
    client.org.faults.script("error", route="sub.collections")
    rows = {"records": [{"attributes": {"type": "Account"}, "Name": "A"}]}
    url = "/services/data/v62.0/composite/sobjects"
    parts = [{"method": "POST", "url": url, "referenceId": name, "body": rows} for name in "ab"]
    answers = client.post("composite", {"compositeRequest": parts})["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [500, 200]
    assert names(client.org) == ["A"]


def test_troubles_in_the_languages_of_soap_and_bulk(client: Client):
    client.org.faults.script("limit", times=None)
    bulk = client.send("GET", "/services/async/59.0/job/x", headers={"X-SFDC-Session": client.org.token})
    assert (bulk.status, b"ExceededQuota" in bulk.body) == (400, True)
    body = "<E><Body><convertLead/></Body></E>"
    soap = client.send("POST", "/services/Soap/u/59.0", body)
    assert (soap.status, b"sf:REQUEST_LIMIT_EXCEEDED" in soap.body) == (500, True)


@pytest.mark.parametrize(
    "wanted", [{"kind": "earthquake"}, {"kind": "slow", "colour": 1}, {"kind": "slow", "rate": 2}]
)
def test_scripts_that_make_no_sense(client: Client, wanted: dict[str, object]):
    with pytest.raises(ValueError, match="fault"):
        client.org.faults.script(**wanted)
