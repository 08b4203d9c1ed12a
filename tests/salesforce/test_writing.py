import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
import responses

from sfsync.errors import OrgUnavailable
from sfsync.records import ConvertLead, Create, Outcome, State, Update
from sfsync.salesforce.composite import Collection, write_collections
from sfsync.salesforce.convert import convert
from tests.salesforce.support import REST, creates, open_org, open_session, serve

LOCKED = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access", "fields": []}


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_thousand_creates_are_one_call(org):
    composite = serve(org)
    client = open_org()
    changes = creates(1000)
    outcomes = client.write(changes)
    assert client.cost(changes) == client.usage.calls == 1
    assert [outcome.id for outcome in outcomes] == [f"id-K-{number}" for number in range(1000)]
    parts = composite.requests[0]["compositeRequest"]
    assert [len(part["body"]["records"]) for part in parts] == [200] * 5
    assert parts[0]["url"] == "/services/data/v62.0/composite/sobjects/Lead/Sfsync_Key__c"
    assert parts[0]["method"] == "PATCH"
    assert composite.requests[0]["collateSubrequests"] is False
    assert parts[0]["body"]["allOrNone"] is False
    assert parts[0]["body"]["records"][0] == {
        "attributes": {"type": "Lead"},
        "Sfsync_Key__c": "K-0",
        "Company": "Acme",
    }


def test_several_objects_share_a_call_in_the_order_of_their_first_appearance(org):
    composite = serve(org)
    changes = [
        Create("Order", "O-1", {}),
        Create("OrderItem", "I-1", {"Order": {"Sfsync_Key__c": "O-1"}}),
        Create("Order", "O-2", {}),
        Update("Lead", "00Q1", {"Rating": "Hot"}),
    ]
    outcomes = open_org().write(changes)
    assert [outcome.id for outcome in outcomes] == ["id-O-1", "id-I-1", "id-O-2", "00Q1"]
    [call] = composite.requests
    assert [part["url"].rpartition("sobjects")[2] for part in call["compositeRequest"]] == [
        "/Order/Sfsync_Key__c",
        "/OrderItem/Sfsync_Key__c",
        "",
    ]


def test_an_update_keeps_its_owner(org):
    composite = serve(org)
    open_org().write([Update("Lead", "00Q1", {}), *creates(1), Create("Case", "C", {"OwnerId": "005"})])
    parts = composite.requests[0]["compositeRequest"]
    assert [part.get("httpHeaders") for part in parts] == [
        {"Sforce-Auto-Assign": "FALSE"},
        None,
        {"Sforce-Auto-Assign": "FALSE"},
    ]


def test_values_become_json(org):
    composite = serve(org)
    values = {
        "A": datetime(2024, 1, 1, 10, tzinfo=UTC),
        "B": datetime(2024, 1, 1, tzinfo=UTC).date(),
        "C": Decimal("2.50"),
        "D": Decimal(3),
        "Account": {"Sfsync_Key__c": "X"},
        "E": None,
    }
    open_org().write([Update("Lead", "00Q1", values)])
    row = composite.requests[0]["compositeRequest"][0]["body"]["records"][0]
    assert {name: row[name] for name in values} == {
        "A": "2024-01-01T10:00:00.000Z",
        "B": "2024-01-01",
        "C": 2.5,
        "D": 3,
        "Account": {"Sfsync_Key__c": "X"},
        "E": None,
    }


def test_a_refused_row_is_an_outcome_with_the_orgs_words(org):
    error = {"statusCode": "STRING_TOO_LONG", "message": "too long", "fields": ["Company"]}
    serve(org, refuse=lambda row, _: error if row["Sfsync_Key__c"] == "K-1" else None)
    outcomes = open_org().write(creates(3))
    assert [outcome.state for outcome in outcomes] == [State.DONE, State.REFUSED, State.DONE]
    assert outcomes[1].reason == "STRING_TOO_LONG: too long (Company)"


def test_a_reason_carries_no_personal_data(org):
    error = {
        "statusCode": "INVALID_EMAIL_ADDRESS",
        "message": "Email: invalid email address: jane@example.org",
    }
    serve(org, refuse=lambda *_: error)
    [outcome] = open_org().write(creates(1))
    assert outcome.reason == "INVALID_EMAIL_ADDRESS: Email: invalid email address: …"


def test_a_row_that_met_a_lock_is_sent_again_alone(org):
    composite = serve(
        org, refuse=lambda row, call: LOCKED if row["Sfsync_Key__c"] == "K-1" and call < 3 else None
    )
    client = open_org()
    outcomes = client.write(creates(3))
    assert [outcome.state for outcome in outcomes] == [State.DONE] * 3
    assert [len(call["compositeRequest"][0]["body"]["records"]) for call in composite.requests] == [3, 1, 1]
    assert client.clock.monotonic() == 3.0


def test_a_lock_that_does_not_pass_is_refused_in_the_end(org):
    composite = serve(org, refuse=lambda row, _: LOCKED)
    outcomes = open_org().write(creates(1))
    assert outcomes[0].code == "UNABLE_TO_LOCK_ROW"
    assert len(composite.requests) == 4


def test_a_collection_that_failed_as_a_whole_is_refused_or_unknown(org):
    answers = [
        {"httpStatusCode": 400, "body": [{"errorCode": "INVALID_FIELD", "message": "No such column"}]},
        {"httpStatusCode": 500, "body": [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}]},
        {"httpStatusCode": 400, "body": [{"errorCode": "PROCESSING_HALTED", "message": "y"}]},
        {"httpStatusCode": 200, "body": []},
    ]
    org.post(f"{REST}/composite", json={"compositeResponse": answers})
    outcomes = open_org().write([Create(name, "K", {}) for name in ("A", "B", "C", "D")])
    assert [outcome.state for outcome in outcomes] == [
        State.REFUSED,
        State.UNKNOWN,
        State.REFUSED,
        State.UNKNOWN,
    ]
    assert [outcome.code for outcome in outcomes] == ["INVALID_FIELD", "", "PROCESSING_HALTED", ""]


def test_a_lost_answer_makes_the_rows_unknown_and_the_rest_goes_on(org):
    org.post(f"{REST}/composite", body=requests.ReadTimeout("slow"))
    composite = serve(org)
    outcomes = open_org().write(creates(1200))
    assert [outcome.state for outcome in outcomes] == [State.UNKNOWN] * 1000 + [State.DONE] * 200
    assert len(composite.requests) == 1
    assert [outcome.via for outcome in outcomes] == ["#1 POST composite"] * 1000 + ["#2 POST composite"] * 200


@pytest.mark.parametrize("body", ["<html>", "[]", '{"compositeResponse": []}', '{"compositeResponse": [{}]}'])
def test_a_write_whose_answer_makes_no_sense_is_unknown(org, body):
    org.post(f"{REST}/composite", body=body)
    assert open_org().write(creates(1)) == [Outcome(State.UNKNOWN)]


def test_two_lost_answers_in_a_row_end_the_write(org):
    org.post(f"{REST}/composite", body=requests.ReadTimeout("slow"))
    outcomes = open_org().write(creates(1900) + creates(1200, "Order"))
    assert len(org.calls) == 2
    assert [outcome.state for outcome in outcomes[:1900]] == [State.UNKNOWN] * 1900
    assert {outcome.code for outcome in outcomes[1900:]} == {"NOT_SENT"}
    assert {outcome.via for outcome in outcomes[1900:]} == {""}  # nothing carried them


def test_an_org_that_is_down_before_anything_was_sent_is_an_error(org):
    org.post(f"{REST}/composite", body=requests.ConnectTimeout("no"))
    with pytest.raises(OrgUnavailable):
        open_org().write(creates(1))


def test_a_limit_in_the_middle_keeps_what_was_done(org):
    composite = serve(org)
    limit = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]

    def answer(request):
        return composite(request) if not composite.requests else (403, {}, json.dumps(limit))

    org.remove("POST", f"{REST}/composite")
    org.add_callback("POST", f"{REST}/composite", callback=answer)
    done = []
    outcomes = open_org().write(creates(1200), progress=done.append)
    assert [outcome.state for outcome in outcomes] == [State.DONE] * 1000 + [State.REFUSED] * 200
    assert outcomes[-1].reason.startswith("NOT_SENT: not sent: The request limit")
    assert done == [1000, 200]


def test_nothing_to_write_costs_nothing(org):
    client = open_org()
    assert client.write([]) == []
    assert client.cost([]) == client.usage.calls == 0


@pytest.mark.parametrize("value", [float("nan"), Decimal("inf"), datetime(2024, 1, 1)])  # noqa: DTZ001  naive on purpose
def test_what_json_cannot_say_is_never_sent(org, value):
    with pytest.raises(ValueError, match="cannot be written"):
        open_org().write([Update("Lead", "00Q1", {"A": value})])


def test_the_platforms_limits_are_held_where_the_bodies_are_made():
    session = open_session()
    row = {"id": "x"}
    with pytest.raises(ValueError, match="200"):
        write_collections(session, [Collection("Lead", None, [row] * 201)])
    with pytest.raises(ValueError, match="5"):
        write_collections(session, [Collection("Lead", None, [row])] * 6)
    with pytest.raises(ValueError, match="100"):
        convert(session, [ConvertLead("x", "y")] * 101)
