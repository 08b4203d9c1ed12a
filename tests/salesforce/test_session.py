import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import responses

from sfsync.errors import (
    ConfigError,
    LoginFailed,
    OrgError,
    OrgUnavailable,
    OutcomeUnknown,
    RequestLimit,
)
from sfsync.salesforce.session import Http, connect
from tests.salesforce.support import (
    EXPIRED,
    REST,
    TOKEN,
    URL,
    CountedLogin,
    manual_clock,
    open_session,
)


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def sent(org, number=-1):
    return org.calls[number].request


def test_a_relative_path_is_under_the_rest_base_with_our_token(org):
    org.get(f"{REST}/limits", json={})
    open_session().request("GET", "limits")
    assert sent(org).headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_absolute_path_is_on_the_instance(org):
    org.get(f"{URL}/services/data/", json=[])
    assert open_session().request("GET", "/services/data/").json() == []


def test_another_host_never_sees_the_token(org):
    with pytest.raises(ConfigError):
        open_session().request("GET", "https://evil.example/x")
    assert not org.calls


def test_usage_counts_kinds_and_reads_the_orgs_figures(org):
    org.get(f"{REST}/query", json={}, headers={"Sforce-Limit-Info": "api-usage=18/5000"})
    session = open_session()
    session.request("GET", "query", params={"q": "SELECT Id FROM Lead"})
    assert session.usage.by_kind == {"query": 1}
    assert (session.usage.used, session.usage.maximum, session.usage.remaining) == (18, 5000, 4982)


def test_an_expired_session_is_renewed_once_and_keeps_the_headers(org):
    org.post(f"{REST}/sobjects/Lead", status=401, json=EXPIRED)
    org.post(f"{REST}/sobjects/Lead", status=201, json={"id": "00Q"})
    login = CountedLogin()
    session = open_session(login)
    answer = session.request("POST", "sobjects/Lead", json={}, headers={"Sforce-Auto-Assign": "FALSE"})
    assert answer.status == 201
    assert login.count == 2
    assert sent(org).headers["Sforce-Auto-Assign"] == "FALSE"
    assert sent(org).headers["Authorization"] == "Bearer 00D000000000001!AQ.login2"
    assert session.usage.calls == 2
    assert session.usage.by_kind["login"] == 2


def test_a_session_that_ends_again_at_once_is_a_failed_login(org):
    org.get(f"{REST}/limits", status=401, json=EXPIRED)
    login = CountedLogin()
    session = open_session(login)
    with pytest.raises(LoginFailed):
        session.request("GET", "limits")
    assert login.count == 2


def test_a_given_token_cannot_be_renewed(org):
    org.get(f"{REST}/limits", status=401, json=EXPIRED)
    with pytest.raises(LoginFailed, match="SF_ACCESS_TOKEN"):
        open_session().request("GET", "limits")


def test_a_401_that_is_not_an_end_of_session_does_not_log_in(org):
    body = [
        {"errorCode": "INVALID_SESSION_ID", "message": "This session is not valid for use with the REST API"}
    ]
    org.get(f"{REST}/limits", status=401, json=body)
    login = CountedLogin()
    session = open_session(login)
    with pytest.raises(LoginFailed):
        session.request("GET", "limits")
    assert login.count == 1


def test_bulk_1_tells_of_the_end_of_a_session_with_400(org):
    url = f"{URL}/services/async/62.0/job"
    error = (
        b'<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
        b"<exceptionCode>InvalidSessionId</exceptionCode><exceptionMessage>x</exceptionMessage></error>"
    )
    org.post(url, status=400, body=error)
    org.post(url, status=201, body=b"<jobInfo/>")
    session = open_session(CountedLogin())
    session.request("POST", "/services/async/62.0/job", data=b"<jobInfo/>")
    assert sent(org).headers["X-SFDC-Session"] == "00D000000000001!AQ.login2"


def test_a_soap_fault_renews_the_session_inside_the_body_too(org):
    url = f"{URL}/services/Soap/u/62.0"
    fault = (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault">'
        b"<soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>x</faultstring>"
        b"</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    org.post(url, status=500, body=fault)
    org.post(url, status=200, body=b"<ok/>")
    session = open_session(CountedLogin())
    session.request("POST", "/services/Soap/u/62.0", data=lambda token: token.encode())
    assert [call.request.body for call in org.calls] == [
        b"00D000000000001!AQ.login1",
        b"00D000000000001!AQ.login2",
    ]


def test_many_threads_that_find_the_session_ended_log_in_once(org):
    barrier = threading.Barrier(4)

    def answer(request):
        if request.headers["Authorization"].endswith("login1"):
            barrier.wait(5)
            return 401, {}, json.dumps(EXPIRED)
        return 200, {}, "{}"

    org.add_callback("GET", f"{REST}/limits", callback=answer)
    login = CountedLogin()
    session = open_session(login)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: session.request("GET", "limits").status, range(4)))
    assert answers == [200] * 4
    assert login.count == 2


def test_a_read_is_repeated_after_lost_connections(org):
    for _ in range(2):
        org.get(f"{REST}/limits", body=requests.ConnectionError("reset"))
    org.get(f"{REST}/limits", json={"ok": 1})
    session = open_session()
    assert session.request("GET", "limits").json() == {"ok": 1}
    assert session.clock.monotonic() == pytest.approx(0.5 + 1.0)
    assert session.usage.calls == 3


def test_a_write_whose_answer_is_lost_is_unknown_and_never_repeated(org):
    org.post(f"{REST}/composite", body=requests.ReadTimeout("slow"))
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        open_session().request("POST", "composite", json={})
    assert len(org.calls) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_that_ends_in_a_server_error_is_unknown(org, status):
    org.post(f"{REST}/composite", status=status, body="<html>busy</html>")
    with pytest.raises(OutcomeUnknown):
        open_session().request("POST", "composite", json={})
    assert len(org.calls) == 1


def test_a_keyed_write_that_is_said_to_be_repeatable_is_repeated(org):
    org.patch(f"{REST}/sobjects/Lead/K__c/1", body=requests.ConnectionError("reset"))
    org.patch(f"{REST}/sobjects/Lead/K__c/1", json={"created": False})
    assert open_session().request("PATCH", "sobjects/Lead/K__c/1", json={}, repeatable=True).status == 200


def test_a_connection_that_never_came_about_is_repeated_even_for_a_write(org):
    org.post(f"{REST}/composite", body=requests.ConnectTimeout("no"))
    org.post(f"{REST}/composite", json={})
    assert open_session().request("POST", "composite", json={}).status == 200


def test_an_org_that_is_down_says_so_after_five_tries(org):
    org.get(f"{REST}/limits", body=requests.ConnectTimeout("no"))
    with pytest.raises(OrgUnavailable, match=r"acme\.my\.salesforce\.com cannot be reached"):
        open_session().request("GET", "limits")
    assert len(org.calls) == 5


def test_the_daily_limit_is_not_asked_again(org):
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    org.get(f"{REST}/limits", status=403, json=body)
    with pytest.raises(RequestLimit):
        open_session().request("GET", "limits")
    assert len(org.calls) == 1


def test_the_concurrent_limit_is_waited_for(org):
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests Limit exceeded."}]
    org.post(f"{REST}/composite", status=403, json=body)
    org.post(f"{REST}/composite", json={})
    session = open_session()
    assert session.request("POST", "composite", json={}).status == 200
    assert session.clock.monotonic() >= 30


def test_the_orgs_refusal_keeps_its_code_but_no_personal_data(org):
    body = [{"errorCode": "MALFORMED_QUERY", "message": "unexpected: jane@example.org"}]
    org.get(f"{REST}/query", status=400, json=body)
    with pytest.raises(OrgError) as caught:
        open_session().request("GET", "query")
    assert caught.value.code == "MALFORMED_QUERY"
    assert "jane" not in str(caught.value)


def test_a_download_goes_to_the_file_and_starts_over_after_a_broken_try(org):
    org.get(f"{REST}/jobs/ingest/750/failedResults", status=503, body="half")
    org.get(f"{REST}/jobs/ingest/750/failedResults", body=b"a,b\n1,2\n")
    target = io.BytesIO(b"head\nold")
    target.seek(5)
    answer = open_session().request("GET", "jobs/ingest/750/failedResults", stream_to=target)
    assert answer.body == b""
    assert target.getvalue() == b"head\na,b\n1,2\n"


def test_an_upload_is_sent_whole_again_after_a_renewal(org):
    bodies = []

    def answer(request):
        bodies.append(request.body)
        return (401, {}, json.dumps(EXPIRED)) if len(bodies) == 1 else (201, {}, "")

    org.add_callback("PUT", f"{REST}/jobs/ingest/750/batches", callback=answer)
    session = open_session(CountedLogin())
    session.request(
        "PUT", "jobs/ingest/750/batches", data=io.BytesIO(b"rows"), headers={"Content-Type": "text/csv"}
    )
    assert bodies == [b"rows", b"rows"]
    assert sent(org).headers["Content-Type"] == "text/csv"


def test_an_answer_that_is_not_json_is_a_sentence(org):
    org.get(f"{REST}/limits", body="<html>")
    with pytest.raises(OrgError, match="not JSON"):
        open_session().request("GET", "limits").json()


def test_a_time_out_is_always_set(org):
    seen = []

    def answer(request):
        seen.append(request.req_kwargs["timeout"])
        return 200, {}, "{}"

    org.add_callback("GET", f"{REST}/limits", callback=answer)
    session = open_session()
    session.request("GET", "limits")
    session.request("GET", "limits", timeout=7)
    assert seen == [(10.0, 120.0), (10.0, 7)]


def test_plain_http_is_refused_but_for_this_machine(org):
    http = Http()
    with pytest.raises(ConfigError):
        http.get("http://acme.my.salesforce.com/")
    org.get("http://127.0.0.1:8080/x", body="ok")
    http.speak_plain_to("http://127.0.0.1:8080")
    assert http.get("https://127.0.0.1:8080/x").text == "ok"


def test_only_the_host_that_was_given_with_http_is_spoken_to_plainly(org):
    org.get("https://localhost:9/x", body="secure")
    http = Http()
    http.speak_plain_to("https://localhost:9")
    http.speak_plain_to("http://example.org")
    assert http.get("https://localhost:9/x").text == "secure"


def test_a_redirect_is_not_followed(org):
    org.get(f"{REST}/limits", status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(OrgError, match="My Domain"):
        open_session().request("GET", "limits")
    assert len(org.calls) == 1


def test_a_request_that_cannot_be_made_is_not_taken_for_a_lost_one(org):
    with pytest.raises(OrgError, match="InvalidJSONError") as caught:
        open_session().request("POST", "composite", json={"x": float("nan")})
    assert type(caught.value) is OrgError


def test_connect_takes_the_environment(org):
    env = {"SF_INSTANCE_URL": URL, "SF_ACCESS_TOKEN": TOKEN}
    session = connect(None, env, manual_clock())
    assert (session.instance_url, session.token) == (URL, TOKEN)
    assert session.salesforce.session_id == TOKEN
