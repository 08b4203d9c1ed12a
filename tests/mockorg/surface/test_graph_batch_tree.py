from typing import Any

import pytest

from tests.mockorg.surface.conftest import ROOT, Client
from tests.mockorg.surface.test_composite import sub


def graph(name: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": list(parts)}


def family(account: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        sub("a", "PATCH", "sobjects/Account/Sfsync_Key__c/K1", account),
        sub("c", "POST", "sobjects/Contact", {"LastName": "X", "AccountId": "@{a.id}"}),
    ]


def test_each_graph_holds_or_falls_by_itself(client: Client):
    bad = [*family({"Name": "B"})[1:], sub("z", "POST", "sobjects/Account", {})]
    asked = {"graphs": [graph("one", *family({"Name": "A"})), graph("two", *bad)]}
    one, two = client.post("composite/graph", asked)["graphs"]
    assert (one["graphId"], one["isSuccessful"], two["isSuccessful"]) == ("one", True, False)
    statuses = [each["httpStatusCode"] for each in one["graphResponse"]["compositeResponse"]]
    assert statuses == [201, 201]
    assert len(client.org.query("SELECT Id FROM Contact")) == 1
    assert client.org.stats.api_calls == 1


def test_no_references_between_graphs(client: Client):
    second = graph("two", sub("c", "POST", "sobjects/Contact", {"LastName": "X", "AccountId": "@{a.id}"}))
    asked = {"graphs": [graph("one", *family({"Name": "A"})[:1]), second]}
    assert client.post("composite/graph", asked)["graphs"][1]["isSuccessful"] is False


def test_after_14_failed_graphs_the_rest_is_halted(client: Client):
    graphs = [graph(f"g{number}", sub("a", "POST", "sobjects/Account", {})) for number in range(16)]
    graphs.append(graph("good", sub("a", "POST", "sobjects/Account", {"Name": "A"})))
    answers = client.post("composite/graph", {"graphs": graphs})["graphs"]
    last = answers[-1]["graphResponse"]["compositeResponse"][0]["body"][0]
    assert last["errorCode"] == "PROCESSING_HALTED"
    assert client.org.query("SELECT Id FROM Account") == []


@pytest.mark.parametrize(
    "graphs",
    [
        [],
        [graph("a.b", sub("a", "GET", "sobjects/Account/001000000000001"))],
        [graph("a", sub("a", "GET", "query?q=SELECT Id FROM Account"))],
        [graph("a", sub("a", "POST", "composite/sobjects", {"records": []}))],
        [graph("a", sub("a", "PATCH", "sobjects/Account", {}))],
        [graph(f"g{number}", sub("a", "POST", "sobjects/Account", {})) for number in range(76)],
        [graph("a", *[sub(f"r{number}", "POST", "sobjects/Account", {}) for number in range(501)])],
        [graph("a", *[sub(f"r{n}", "POST", f"sobjects/Thing{n}__c", {}) for n in range(16)])],
        [graph("a", sub("r0", "POST", "sobjects/Account", {}),
               *[sub(f"r{n}", "POST", "sobjects/Account", {"Name": f"@{{r{n - 1}.id}}"}) for n in range(1, 16)])],
        [graph("a", sub("a", "POST", "sobjects/Account", {})), graph("a", sub("a", "POST", "sobjects/Account", {}))],
    ],
)  # fmt: skip
def test_graphs_beyond_the_limits(client: Client, graphs: list[Any]):
    client.refusal(400, "POST", "composite/graph", {"graphs": graphs})


def test_batch_runs_in_order_and_counts_each(client: Client):
    parts = [
        {"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Name": "A"}},
        {"method": "POST", "url": f"{ROOT}/sobjects/Account", "richInput": {}},
        {"method": "GET", "url": "v60.0/query?q=SELECT+Name+FROM+Account"},
    ]
    answer = client.post("composite/batch", {"batchRequests": parts})
    assert answer["hasErrors"] is True
    assert [each["statusCode"] for each in answer["results"]] == [201, 400, 200]
    assert answer["results"][2]["result"]["totalSize"] == 1
    assert client.org.stats.calls == {"batch": 3}
    halted = client.post("composite/batch", {"haltOnError": True, "batchRequests": parts})["results"]
    assert [each["statusCode"] for each in halted] == [201, 400, 412]
    assert halted[2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


@pytest.mark.parametrize("parts", [[], [{}], [{"method": "GET", "url": "v62.0/limits"}] * 26])
def test_batches_that_make_no_sense(client: Client, parts: list[Any]):
    client.refusal(400, "POST", "composite/batch", {"batchRequests": parts})


def person(name: str, last: str | None) -> dict[str, Any]:
    return {"attributes": {"type": "Contact", "referenceId": name}, **({"LastName": last} if last else {})}


def account(name: str, *contacts: dict[str, Any]) -> dict[str, Any]:
    inside = {"Contacts": {"records": list(contacts)}} if contacts else {}
    return {"attributes": {"type": "Account", "referenceId": name}, "Name": name, **inside}


def test_a_tree_grows_with_its_children(client: Client):
    records = [account("a", person("c1", "X"), person("c2", "Y")), account("b")]
    answer = client.post("composite/tree/Account/", {"records": records}, status=201)
    assert answer["hasErrors"] is False
    assert [each["referenceId"] for each in answer["results"]] == ["a", "c1", "c2", "b"]
    found = client.org.query("SELECT Account.Name FROM Contact")
    assert [row["Account"]["Name"] for row in found] == ["a", "a"]


def test_one_bad_record_leaves_no_tree(client: Client):
    records = [account("a", person("c1", None), person("c2", "Y"))]
    answer = client.post("composite/tree/Account", {"records": records}, status=400)
    assert [each["referenceId"] for each in answer["results"]] == ["c1"]
    assert answer["results"][0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert client.org.query("SELECT Id FROM Account") == []
    assert client.org.stats.records_written == 0


@pytest.mark.parametrize(
    "records", [[{}], [person("c", "X")], [account(f"a{number}") for number in range(201)], "no list"]
)
def test_trees_that_make_no_sense(client: Client, records: Any):
    client.refusal(400, "POST", "composite/tree/Account", {"records": records})
