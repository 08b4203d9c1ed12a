"""Both doors lead to the same room: the same requests give the same bytes over a socket and in-process."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sfsync.mockorg import MockOrg
from tests.mockorg.surface.conftest import Client, make_org

ROOT = "/services/data/v62.0"
ACCOUNT = {"attributes": {"type": "Account"}, "Name": "Ä", "Sfsync_Key__c": "K/1"}
SOAP = (
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><login>"
    "<username>a</username><password>b</password></login></e:Body></e:Envelope>"
)
FORM = {"grant_type": "password", "username": "u", "password": "p", "client_secret": "s"}
QUERY = "SELECT Id, Name, Owner.Name, CreatedDate FROM Account ORDER BY Id"

SCRIPT: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/services/data", {}),
    ("POST", "/services/oauth2/token", {"data": FORM}),
    ("POST", "/services/Soap/u/59.0", {"data": SOAP, "headers": {"Content-Type": "text/xml"}}),
    ("POST", f"{ROOT}/sobjects/Account", {"json": {"Name": "A"}}),
    ("POST", f"{ROOT}/sobjects/Account", {"json": {}}),
    ("PATCH", f"{ROOT}/composite/sobjects/Account/Sfsync_Key__c", {"json": {"records": [ACCOUNT]}}),
    ("GET", f"{ROOT}/sobjects/Account/Sfsync_Key__c/K%2F1", {}),
    ("PATCH", f"{ROOT}/sobjects/Account/Sfsync_Key__c/K%2F1", {"json": {"Name": "B"}}),
    ("GET", f"{ROOT}/query/", {"params": {"q": QUERY}}),
    ("GET", f"{ROOT}/sobjects/Lead/describe", {}),
    ("GET", f"{ROOT}/limits", {"headers": {"X-PrettyPrint": "1"}}),
    ("POST", f"{ROOT}/jobs/ingest", {"json": {"operation": "insert", "object": "Account"}}),
    ("GET", f"{ROOT}/jobs/ingest", {}),
    ("GET", f"{ROOT}/query/?q=SELECT", {}),
    ("GET", "/services/async/59.0/job/750", {"headers": {"Content-Type": "application/json"}}),
    ("DELETE", f"{ROOT}/sobjects/Account/Sfsync_Key__c/K%2F1", {}),
    ("PUT", f"{ROOT}/limits", {}),
    ("GET", f"{ROOT}/nothing/here", {}),
    ("GET", "/__mock/stats", {}),
]

Answer = tuple[int, dict[str, str], bytes]


def play(base: str, token: str) -> list[Answer]:
    answers = []
    with requests.Session() as session:
        session.headers.update({"Authorization": f"Bearer {token}", "X-SFDC-Session": token})
        for method, path, options in SCRIPT:
            response = session.request(method, base + path, timeout=10, **options)
            kept = {name: value for name, value in response.headers.items() if name != "Content-Length"}
            answers.append((response.status_code, kept, response.content))
    return answers


def test_both_doors_give_the_same_bytes():
    served, called = make_org(), make_org()
    with served.serve() as server:
        over_the_wire = play(server.url, server.token)
    with called.activate():
        in_process = play(server.url, called.token)
    for asked, one, other in zip(SCRIPT, over_the_wire, in_process, strict=True):
        assert one == other, asked[:2]
    assert {answer[0] for answer in in_process} == {200, 201, 204, 400, 404, 405}


def wire(org: MockOrg, act: Callable[[str, dict[str, str]], None]) -> None:
    with org.serve() as server:
        act(server.url, {"Authorization": f"Bearer {server.token}"})


def process(org: MockOrg, act: Callable[[str, dict[str, str]], None]) -> None:
    with org.activate():
        act("https://mock.example", {"Authorization": f"Bearer {org.token}"})


@pytest.mark.parametrize("door", [wire, process])
def test_a_lost_answer_is_a_broken_connection(door: Callable[..., None], org: MockOrg):
    def act(base: str, headers: dict[str, str]) -> None:
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{base}{ROOT}/sobjects/Account", json={"Name": "A"}, headers=headers, timeout=10)

    org.faults.script("lost_after")
    door(org, act)
    assert len(org.query("SELECT Id FROM Account")) == 1


@pytest.mark.parametrize("door", [wire, process])
def test_links_carry_scheme_and_host_of_the_client(door: Callable[..., None], org: MockOrg):
    def act(base: str, headers: dict[str, str]) -> None:
        answer = requests.post(f"{base}/services/oauth2/token", data=FORM, headers=headers, timeout=10).json()
        assert answer["instance_url"] == base
        assert answer["id"].startswith(base)

    door(org, act)


def test_in_process_a_slow_answer_is_a_time_out_when_the_client_waits_less():
    waited: list[float] = []
    org = MockOrg(metadata=[], sleep=waited.append)
    org.faults.script("slow", seconds=5, times=2)
    with org.activate():
        headers = {"Authorization": f"Bearer {org.token}"}
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"https://mock.example{ROOT}/limits", headers=headers, timeout=(1, 2))
        assert requests.get(f"https://mock.example{ROOT}/limits", headers=headers, timeout=9).ok
    assert waited == [5]


def test_in_process_only_the_hosts_aimed_at(org: MockOrg):
    with (
        org.activate(hosts=r"mock\.example"),
        pytest.raises(requests.ConnectionError, match="refused by Responses"),
    ):
        requests.get("https://elsewhere.example/services/data", timeout=1)


def test_in_process_bodies_of_all_kinds(org: MockOrg):
    job = Client(org).post("jobs/ingest", {"operation": "insert", "object": "Account"})["id"]
    with org.activate():
        url = f"https://mock.example{ROOT}/jobs/ingest/{job}/batches"
        headers = {"Authorization": f"Bearer {org.token}"}
        answer = requests.put(url, data=iter([b"Name\n", b"A\n"]), headers=headers, timeout=9)
    assert answer.status_code == 201
    Client(org).patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    Client(org).get(f"jobs/ingest/{job}")
    assert [row["Name"] for row in org.query("SELECT Name FROM Account")] == ["A"]


def test_chunked_bodies_and_one_connection_for_many_requests(org: MockOrg):
    with org.serve() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers = {"authorization": f"OAuth {server.token}", "Transfer-Encoding": "chunked"}
        ports = set()
        for name in ("A", "Ü"):
            body = json.dumps({"Name": name}).encode()
            connection.request(
                "POST", f"{ROOT}/sobjects/Account/", iter([body[:5], body[5:]]), headers, encode_chunked=True
            )
            ports.add(connection.sock.getsockname()[1])
            response = connection.getresponse()
            assert response.status == 201
            response.read()
        connection.request("HEAD", f"{ROOT}/limits", headers={"Authorization": f"Bearer {server.token}"})
        assert connection.getresponse().read() == b""
        connection.close()
    assert len(ports) == 1
    assert [row["Name"] for row in org.query("SELECT Name FROM Account ORDER BY Id")] == ["A", "Ü"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_broken_requests_are_answered(org: MockOrg, sent: bytes, status: bytes):
    with org.serve() as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(sent)
        assert line.makefile("rb").readline().split()[1] == status


def test_stopping_does_not_wait_for_clients_that_keep_their_line(org: MockOrg):
    with org.serve() as server:
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        idle.request("GET", "/services/data")
        idle.getresponse().read()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    idle.close()


def test_many_at_once_lose_nothing(org: MockOrg):
    with org.serve() as server:
        headers = {"Authorization": f"Bearer {server.token}"}

        def work(number: int) -> None:
            with requests.Session() as session:
                for each in range(5):
                    body = {"Name": f"{number}-{each}"}
                    session.post(
                        f"{server.url}{ROOT}/sobjects/Account", json=body, headers=headers, timeout=20
                    )

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(org.query("SELECT Id FROM Account")) == 30
    assert org.stats.calls["create"] == 30


def test_a_bug_of_ours_is_an_answer_not_a_broken_line(client: Client, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(client.org.core, "describe_global", broken)
    errors = client.expect(500, "GET", "sobjects")
    assert errors[0]["errorCode"] == "UNKNOWN_EXCEPTION"
    assert "KeyError" in errors[0]["message"]
