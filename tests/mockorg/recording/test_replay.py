"""Replays: strict about what was not recorded, clear about what differs, and true to the client's own values."""

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg import MockOrg, Response, make_request
from sfsync.mockorg.exchanges.exchange import Body, Exchange
from sfsync.mockorg.exchanges.match import Matcher
from sfsync.mockorg.recording import Recording, UnknownRequest

HOST = "https://mine.example.net"
QUERY = "/services/data/v62.0/query"


def query(soql: str, *names: str) -> Exchange:
    answer = {"records": [{"Name": name, "url": "https://org.example.com/x"} for name in names]}
    headers = {"Content-Type": "application/json"}
    return Exchange("GET", QUERY, 200, (("q", soql),), answer_headers=headers, answer=Body("json", answer))


def post(value: object, status: int = 201) -> Exchange:
    answer = Body("json", {"id": "001Rec000000001IAA"})
    return Exchange(
        "POST", "/services/data/v62.0/sobjects/Account", status, body=Body("json", value), answer=answer
    )


def ask(soql: str) -> requests.Response:
    return requests.get(HOST + QUERY, params={"q": soql}, timeout=5)


def create(value: object) -> requests.Response:
    return requests.post(f"{HOST}/services/data/v62.0/sobjects/Account/", json=value, timeout=5)


def test_equal_requests_get_their_answers_in_order_and_no_more():
    replay = Recording((query("SELECT Name FROM A", "one"), query("SELECT Name FROM A", "two")))
    with replay.activate():
        assert ask("SELECT Name FROM A").json()["records"][0]["Name"] == "one"
        assert ask("SELECT Name FROM A").json()["records"][0]["Name"] == "two"
        with pytest.raises(UnknownRequest, match="recorded 2 times, and is asked for once more"):
            ask("SELECT Name FROM A")


def test_addresses_in_answers_are_the_clients_own():
    with Recording((query("SELECT Name FROM A", "one"),)).activate():
        assert ask("SELECT Name FROM A").json()["records"][0]["url"] == f"{HOST}/x"


def test_made_up_values_stand_for_the_clients_own_and_come_back_as_such():
    recording = Recording(
        (query("SELECT Name FROM A WHERE Name = 'text-1' AND B = '~2'", "text-1", "~2", "text-9"),)
    )
    with recording.activate():
        records = ask(r"SELECT Name FROM A WHERE Name = 'O\'Brien' AND B = 'x'").json()["records"]
    assert [each["Name"] for each in records] == ["O'Brien", "x", "text-9"]


def test_one_made_up_value_is_one_value_everywhere():
    with Recording((post({"Name": "text-1", "Site": "text-1"}),)).activate():
        with pytest.raises(UnknownRequest, match="'Smit' stands where 'Jansen' stood before"):
            create({"Name": "Jansen", "Site": "Smit"})
        assert create({"Name": "Jansen", "Site": "Jansen"}).status_code == 201


def test_ids_of_answers_may_be_sent_back_with_15_or_18_characters():
    first = post({"Name": "text-1"})
    second = Exchange("DELETE", "/services/data/v62.0/sobjects/Account/001Rec000000001IAA", 204)
    with Recording((first, second)).activate():
        number = create({"Name": "x"}).json()["id"]
        assert (
            requests.delete(
                f"{HOST}/services/data/v62.0/sobjects/Account/{number[:15]}", timeout=5
            ).status_code
            == 204
        )


def test_dates_and_moments_of_requests_may_differ():
    recording = Recording((post({"Day": "2024-01-01", "At": "2024-01-01T10:00:00Z", "Name": "text-1"}),))
    with recording.activate():
        with pytest.raises(UnknownRequest, match=r"json\.Day: recorded '2024-01-01', sent 'today'"):
            create({"Day": "today", "At": "2026-02-03T04:05:06.789+0100", "Name": "x"})
        assert create({"Day": "2026-02-03", "At": "2026-02-03T04:05:06.789+0100", "Name": "x"}).ok


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"Name": "Jansen"}, r"json\.City: recorded 'Delft', sent nothing"),
        ({"Name": "Jansen", "City": "Delft", "Site": 1}, r"json\.Site: sent 1, recorded nothing"),
        ({"Name": "Jansen", "City": "Gent"}, r"json\.City: recorded 'Delft', sent 'Gent'"),
        ({"Name": True, "City": "Delft"}, r"json\.Name: recorded 'text-1', sent True"),
        ([1], r"json: recorded \{"),
    ],
)
def test_the_message_says_what_differs_from_the_nearest_exchange(sent: object, words: str):
    recording = Recording((query("SELECT Id FROM A"), post({"Name": "text-1", "City": "Delft"})))
    with recording.activate(), pytest.raises(UnknownRequest, match=words) as caught:
        create(sent)
    assert "The nearest is exchange 2" in str(caught.value)


def test_a_recording_without_exchanges_says_so():
    with Recording(()).activate(), pytest.raises(UnknownRequest, match="was not recorded; all 0"):
        ask("SELECT Id FROM A")


def test_xml_is_compared_element_by_element_and_secrets_are_not():
    body = "<a>\n  <sessionId>scrubbed</sessionId>\n  <name>text-1</name>\n</a>"
    answer = Body("xml", "<r>\n  <n>text-1</n>\n</r>")
    recording = Recording((Exchange("POST", "/s", 200, body=Body("xml", body), answer=answer),))
    headers = {"Content-Type": "text/xml"}
    with recording.activate():
        with pytest.raises(UnknownRequest, match="recorded the elements"):
            requests.post(f"{HOST}/s", "<a><other>1</other></a>", headers=headers, timeout=5)
        sent = "<a><sessionId>00D!x</sessionId><name>A &amp; B</name></a>"
        assert requests.post(f"{HOST}/s", sent, headers=headers, timeout=5).text == "<r><n>A &amp; B</n></r>"


def test_lists_of_literals_may_come_in_another_order():
    recording = Recording((query("SELECT Id FROM A WHERE N IN ('text-2','text-1')", "text-1"),))
    with recording.activate():
        assert ask("SELECT Id FROM A WHERE N IN ('text-1','text-2')").ok


def test_unused_exchanges_are_known():
    replay = Recording((query("SELECT Id FROM A"), query("SELECT Id FROM B"))).replay()
    assert isinstance(replay.handle(make_request("GET", f"{HOST}{QUERY}?q=SELECT+Id+FROM+B")), Response)
    assert [each.query[0][1] for each in replay.unused] == ["SELECT Id FROM A"]


@given(
    st.lists(
        st.text(st.characters(exclude_characters="'\\", exclude_categories=["Cs"])), min_size=1, max_size=5
    )
)
def test_any_values_match_their_places(values: list[str]):
    made = [f"text-{values.index(value)}" for value in values]
    recorded, sent = ("SELECT Id FROM A WHERE N IN ('" + "','".join(each) + "')" for each in (made, values))
    matcher = Matcher(HOST)
    assert matcher.differences(query(recorded), query(sent)) == []


def test_the_mock_org_is_compared_by_shape():
    def answered(**change: object) -> list[str]:
        value = {"message": "x", "errorCode": "INVALID_TYPE", **change}
        exchange = Exchange(
            "GET", QUERY, 400, (("q", "SELECT Id FROM Nothing__c"),),
            answer_headers={"Content-Type": "application/json;charset=UTF-8"}, answer=Body("json", [value]),
        )  # fmt: skip
        return [str(each) for each in Recording((exchange,)).compare(MockOrg(metadata=[]))]

    assert answered() == []
    assert "body[].errorCode: recorded 'OTHER', mock org 'INVALID_TYPE'" in answered(errorCode="OTHER")[0]
    assert "body[].fields: recorded list, mock org nothing" in answered(fields=[])[0]
    assert "body[].message: recorded whole number, mock org text" in answered(message=1)[0]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Body("json", {"records": []}), 201, "status: recorded 201, mock org 200"),
        (Body("csv", [["Id"]]), 200, "body: recorded csv, mock org json"),
        (
            Body("json", {"records": [], "totalSize": 0, "done": True, "more": 1}),
            200,
            "body.more: recorded whole number",
        ),
    ],
)
def test_status_and_kind_are_shape(answer: Body, status: int, words: str):
    exchange = Exchange("GET", QUERY, status, (("q", "SELECT Id FROM Lead"),), answer=answer)
    assert any(words in str(each) for each in Recording((exchange,)).compare(MockOrg(metadata=[])))


def test_records_that_were_only_read_are_planted_first():
    record = {"attributes": {"type": "Lead", "url": "/x"}, "Id": "00QRec000000001MAA", "LastName": "text-1"}
    asked = (("q", "SELECT Id, LastName FROM Lead WHERE Company = 'ACME'"),)
    read = Exchange(
        "GET", QUERY, 200, asked, answer=Body("json", {"totalSize": 1, "done": True, "records": [record]})
    )
    change = Exchange(
        "PATCH",
        "/services/data/v62.0/sobjects/Lead/00QRec000000001MAA",
        204,
        body=Body("json", {"Title": "x"}),
    )
    org = MockOrg(metadata=[])
    assert Recording((read, change)).compare(org) == []
    assert org.query("SELECT Title, Company FROM Lead")[0]["Title"] == "x"
