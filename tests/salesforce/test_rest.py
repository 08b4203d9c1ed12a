import json

import pytest
import responses

from sfsync.errors import OrgError
from tests.salesforce.support import REST, open_org


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def page(*names, more=None):
    records = [
        {
            "attributes": {"type": "Lead"},
            "Name": name,
            "Owner": {"attributes": {}, "Name": "o"},
            "Cards": None,
        }
        for name in names
    ]
    body = {"totalSize": len(names), "done": more is None, "records": records}
    return body | ({"nextRecordsUrl": more} if more else {})


def record(name):
    return {"Name": name, "Owner": {"Name": "o"}, "Cards": None}


def test_a_query_gives_every_page_without_attributes(org):
    org.get(f"{REST}/query", json=page("a", more="/services/data/v62.0/query/01g-2000"))
    org.get(f"{REST}/query/01g-2000", json=page("b"))
    assert list(open_org().query("SELECT Name FROM Lead")) == [record("a"), record("b")]
    assert "q=SELECT%20Name%20FROM%20Lead" in org.calls[0].request.url


def test_children_of_a_sub_query_are_complete(org):
    body = page("a")
    body["records"][0]["Cards"] = {
        "totalSize": 2,
        "done": False,
        "nextRecordsUrl": "/services/data/v62.0/query/01g-c",
        "records": [{"attributes": {}, "Id": "1"}],
    }
    org.get(f"{REST}/query", json=body)
    org.get(f"{REST}/query/01g-c", json={"done": True, "records": [{"attributes": {}, "Id": "2"}]})
    [row] = open_org().query("SELECT Name, (SELECT Id FROM Cards) FROM Order")
    assert row["Cards"] == {"totalSize": 2, "done": True, "records": [{"Id": "1"}, {"Id": "2"}]}


def test_five_queries_are_one_call_and_their_pages_another(org):
    calls = []

    def answer(request):
        parts = json.loads(request.body)["compositeRequest"]
        calls.append([part["url"] for part in parts])
        bodies = [
            page("next")
            if "01g" in part["url"]
            else page("first", more=f"/services/data/v62.0/query/01g-{n}")
            for n, part in enumerate(parts)
        ]
        return (
            200,
            {},
            json.dumps({"compositeResponse": [{"httpStatusCode": 200, "body": body} for body in bodies]}),
        )

    org.add_callback("POST", f"{REST}/composite", callback=answer)
    client = open_org()
    results = client.query_many([f"SELECT Id FROM O{n}" for n in range(5)])
    assert results == [[record("first"), record("next")]] * 5
    assert [len(call) for call in calls] == [5, 5]
    assert client.usage.calls == 2


def test_one_query_goes_alone(org):
    org.get(f"{REST}/query", json=page("a"))
    assert open_org().query_many(["SELECT Name FROM Lead"]) == [[record("a")]]
    assert open_org().query_many([]) == []


def test_a_query_of_several_that_is_refused_is_an_error(org):
    parts = [
        {"httpStatusCode": 200, "body": page("a")},
        {"httpStatusCode": 400, "body": [{"errorCode": "INVALID_FIELD", "message": "No such column 'X'"}]},
    ]
    org.post(f"{REST}/composite", json={"compositeResponse": parts})
    with pytest.raises(OrgError, match="INVALID_FIELD"):
        open_org().query_many(["SELECT Name FROM Lead", "SELECT X FROM Lead"])


def test_a_query_of_several_that_met_a_passing_trouble_is_asked_again(org):
    parts = [
        {"httpStatusCode": 200, "body": page("a")},
        {"httpStatusCode": 500, "body": [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}]},
    ]
    org.post(f"{REST}/composite", json={"compositeResponse": parts})
    org.get(f"{REST}/query", json=page("b"))
    assert open_org().query_many(["SELECT Name FROM Lead", "SELECT Name FROM Case"]) == [
        [record("a")],
        [record("b")],
    ]
