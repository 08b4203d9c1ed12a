from typing import Any

import pytest

from sfsync.mockorg import Quirks
from tests.mockorg.surface.conftest import ROOT, Client, make_org


def sub(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    made = {"referenceId": name, "method": method, "url": f"{ROOT}/{path}", **more}
    return made if body is None else {**made, "body": body}


def run(client: Client, *parts: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return list(client.post("composite", {"compositeRequest": list(parts), **options})["compositeResponse"])


def test_later_parts_use_what_earlier_ones_answered(client: Client):
    answers = run(
        client,
        sub("a", "POST", "sobjects/Account", {"Name": "Acme"}),
        sub("c", "POST", "sobjects/Contact", {"LastName": "X", "AccountId": "@{a.id}"}),
        sub("g", "GET", "sobjects/Contact/@{c.id}?fields=AccountId"),
        sub("q", "GET", "query?q=SELECT Id, Name FROM Account WHERE Id = '@{a.id}'"),
        sub(
            "u", "PATCH", "sobjects/Account/@{q.records[0].Id}", {"Description": "was @{q.records[0].Name}!"}
        ),
    )
    assert [each["httpStatusCode"] for each in answers] == [201, 201, 200, 200, 204]
    assert [each["referenceId"] for each in answers] == ["a", "c", "g", "q", "u"]
    assert answers[2]["body"]["AccountId"] == answers[0]["body"]["id"]
    assert answers[4]["body"] is None
    assert answers[0]["httpHeaders"]["Location"].endswith(answers[0]["body"]["id"])
    assert client.org.query("SELECT Description FROM Account")[0]["Description"] == "was Acme!"
    assert client.org.stats.api_calls == 1
    assert client.org.stats.records_written == 3


def test_independent_parts_survive_a_failure_dependent_ones_do_not(client: Client):
    answers = run(
        client,
        sub("bad", "POST", "sobjects/Account", {}),
        sub("child", "POST", "sobjects/Contact", {"LastName": "X", "AccountId": "@{bad.id}"}),
        sub("other", "POST", "sobjects/Account", {"Name": "B"}),
    )
    assert [each["httpStatusCode"] for each in answers] == [400, 400, 201]
    halted = answers[1]["body"][0]
    assert halted["errorCode"] == "PROCESSING_HALTED"
    assert halted["message"] == "Invalid reference specified. No value for bad.id found in bad"


def test_all_or_none_leaves_nothing(client: Client):
    answers = run(
        client,
        sub("good", "POST", "sobjects/Account", {"Name": "A"}),
        sub("bad", "POST", "sobjects/Account", {}),
        sub("never", "POST", "sobjects/Account", {"Name": "C"}),
        allOrNone=True,
    )
    codes = [each["body"][0]["errorCode"] for each in answers]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert client.org.query("SELECT Id FROM Account") == []
    assert client.org.stats.records_written == 0


def test_outer_all_or_none_overrides_the_collection_inside(client: Client):
    rows = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]
    answers = run(
        client,
        sub("one", "POST", "sobjects/Account", {"Name": "X"}),
        sub("rows", "POST", "composite/sobjects", {"allOrNone": False, "records": rows}),
        allOrNone=True,
    )
    assert answers[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert client.org.query("SELECT Id FROM Account") == []


def test_collections_inside_keep_their_own_results(client: Client):
    rows = [{"attributes": {"type": "Account"}, "Name": "A", "Sfsync_Key__c": "1"}]
    answers = run(
        client,
        sub("rows", "PATCH", "composite/sobjects/Account/Sfsync_Key__c", {"records": rows}),
        sub("see", "GET", "sobjects/Account/@{rows[0].id}?fields=Name"),
        collateSubrequests=False,
    )
    assert answers[1]["body"]["Name"] == "A"


def test_order_of_independent_parts_may_be_turned_round():
    client = Client(make_org(quirks=Quirks(reverse_collated=True)))
    parts = [sub(name, "POST", "sobjects/Account", {"Name": name}) for name in "abc"]
    child = sub("d", "POST", "sobjects/Contact", {"LastName": "X", "AccountId": "@{a.id}"})
    answers = run(client, *parts, child)
    assert [each["referenceId"] for each in answers] == ["a", "b", "c", "d"]
    made = [row["Name"] for row in client.org.query("SELECT Name FROM Account ORDER BY Id")]
    assert made == ["c", "b", "a"]
    run(client, *parts, collateSubrequests=False)
    made = [row["Name"] for row in client.org.query("SELECT Name FROM Account ORDER BY Id")]
    assert made[3:] == ["a", "b", "c"]


def test_limits_of_25_and_5(client: Client):
    part = [sub(f"r{number}", "GET", "limits") for number in range(26)]
    client.refusal(400, "POST", "composite", {"compositeRequest": part})
    assert len(run(client, *part[:25])) == 25
    queries = [sub(f"q{number}", "GET", "query?q=SELECT Id FROM Account") for number in range(6)]
    client.refusal(400, "POST", "composite", {"compositeRequest": queries})
    assert len(run(client, *queries[:5])) == 5


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [1],
        [{"method": "GET"}],
        [sub("a", "GET", "limits"), sub("a", "GET", "limits")],
        [sub("a b", "GET", "limits")],
    ],
)
def test_envelopes_that_make_no_sense(client: Client, parts: list[Any]):
    client.refusal(400, "POST", "composite", {"compositeRequest": parts})


def test_no_composite_inside_a_composite(client: Client):
    answer = run(client, sub("a", "POST", "composite", {"compositeRequest": []}))[0]
    assert answer["httpStatusCode"] == 400


def test_bytes_of_files_stay_out(client: Client):
    made = client.post(
        "sobjects/ContentVersion", {"Title": "A", "PathOnClient": "a.txt", "VersionData": "QQ=="}, status=201
    )
    answer = run(client, sub("a", "GET", f"sobjects/ContentVersion/{made['id']}/VersionData"))[0]
    assert answer["httpStatusCode"] == 400


def test_unknown_paths_and_references_fail_alone(client: Client):
    answers = run(client, sub("a", "GET", "nonsense"), sub("b", "GET", "sobjects/Account/@{zzz.id}"))
    assert [each["httpStatusCode"] for each in answers] == [404, 400]
