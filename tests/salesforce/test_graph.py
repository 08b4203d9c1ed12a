import json

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import ConfigError
from sfsync.records import Create, State, Update
from sfsync.salesforce.graph import Graph, batches, write_graphs
from tests.salesforce.support import REST, open_session

HALTED = [{"errorCode": "PROCESSING_HALTED", "message": "halted"}]


def unit(size, name="Order"):
    return Graph(tuple(Create(name, f"K-{number}", {}) for number in range(size)))


NODES = st.builds(
    Create,
    object=st.sampled_from([f"O{n}__c" for n in range(20)]),
    key=st.text(min_size=1),
    values=st.just({}),
)


@given(
    st.lists(st.lists(NODES, min_size=1, max_size=15).map(lambda nodes: Graph(tuple(nodes))), max_size=300)
)
def test_calls_are_within_the_limits_and_in_order(graphs):
    found = batches(graphs)
    assert [graph for batch in found for graph in batch] == graphs
    for batch in found:
        nodes = [node for graph in batch for node in graph.nodes]
        assert len(batch) <= 75
        assert len(nodes) <= 500
        assert len({node.object for node in nodes}) <= 15


@pytest.mark.parametrize("size", [0, 501])
def test_a_unit_that_fits_into_no_call(size):
    with pytest.raises(ConfigError):
        batches([unit(size)])


@responses.activate
def test_a_lost_answer_leaves_the_units_unknown():
    responses.post(f"{REST}/composite/graph", body=requests.ReadTimeout("slow"))
    [outcome] = write_graphs(open_session(), [unit(2)])
    assert outcome.state is State.UNKNOWN
    assert outcome.reason == "outcome unknown"


@pytest.mark.parametrize("body", ["[]", "x", '{"graphs": []}', '{"graphs": [{"graphId": "g0"}]}'])
@responses.activate
def test_an_answer_that_makes_no_sense_is_unknown(body):
    responses.post(f"{REST}/composite/graph", body=body)
    assert write_graphs(open_session(), [unit(1)])[0].state is State.UNKNOWN


@responses.activate
def test_units_that_were_never_begun_are_sent_again():
    calls = []

    def answer(request):
        graphs = json.loads(request.body)["graphs"]
        calls.append(len(graphs))
        return 200, {}, json.dumps({"graphs": [
            {"graphId": graph["graphId"], "isSuccessful": done, "graphResponse": {"compositeResponse": [
                {"httpStatusCode": 201 if done else 400, "body": {"id": "x", "created": True} if done else HALTED}
                for _ in graph["compositeRequest"]]}}
            for graph, done in zip(graphs, [True] + [len(calls) > 1] * 9, strict=False)
        ]})  # fmt: skip

    responses.add_callback("POST", f"{REST}/composite/graph", callback=answer)
    outcomes = write_graphs(open_session(), [unit(2), unit(2), unit(2)])
    assert [outcome.state for outcome in outcomes] == [State.DONE] * 3
    assert calls == [3, 2]


@responses.activate
def test_units_that_are_never_begun_at_all_end():
    def answer(request):
        graphs = json.loads(request.body)["graphs"]
        return 200, {}, json.dumps({"graphs": [
            {"graphId": graph["graphId"], "isSuccessful": False,
             "graphResponse": {"compositeResponse": [{"httpStatusCode": 400, "body": HALTED}]}} for graph in graphs
        ]})  # fmt: skip

    responses.add_callback("POST", f"{REST}/composite/graph", callback=answer)
    outcomes = write_graphs(open_session(), [unit(1), unit(1)])
    assert {outcome.reason for outcome in outcomes} == {"PROCESSING_HALTED: halted"}
    assert len(responses.calls) == 1


@responses.activate
def test_keys_and_ids_become_addresses():
    responses.post(f"{REST}/composite/graph", json={"graphs": []})
    write_graphs(open_session(), [Graph((Create("Order", "a/b c", {}), Update("Lead", "00Q1", {})))])
    parts = json.loads(responses.calls[0].request.body)["graphs"][0]["compositeRequest"]
    assert [part["url"].partition("sobjects")[2] for part in parts] == [
        "/Order/Sfsync_Key__c/a%2Fb%20c",
        "/Lead/00Q1",
    ]
