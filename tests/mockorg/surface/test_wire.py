"""What only the door over HTTP has: compressed and expected bodies, uploads and results that never are in memory,
work that goes on while others are served.
"""

import csv
import gzip
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sfsync.mockorg import MockOrg
from sfsync.mockorg.server import Server
from tests.mockorg.surface.conftest import ROOT, make_org

PATIENCE = 20_000
"""How often to look, some 5 ms apart, until a job counts as one that never ends: a busy machine takes long."""


class Wire:
    """One connection to a served org."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.headers = {"Authorization": f"Bearer {server.token}"}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes, Any]:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        path = path if path.startswith("/") else f"{ROOT}/{path}"
        self.connection.request(method, path, body, {**self.headers, **named})
        response = self.connection.getresponse()
        return response.status, response.read(), response.headers

    def json(self, method: str, path: str, body: Any = None) -> Any:
        status, answer, _ = self.send(method, path, None if body is None else json.dumps(body))
        assert status < 300, answer
        return json.loads(answer) if answer else None

    def finish(self, path: str) -> Any:
        for _ in range(PATIENCE):
            info = self.json("GET", path)
            if info["state"] not in {"UploadComplete", "InProgress"}:
                return info
            time.sleep(0.005)  # the org's worker needs the machine too
        raise AssertionError(f"The job never ended: {info}")


Dial = Callable[[Server], Wire]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Makes connections, and closes them when the test is over."""
    wires: list[Wire] = []

    def connect(server: Server) -> Wire:
        wires.append(Wire(server))
        return wires[-1]

    yield connect
    for wire in wires:
        wire.connection.close()


@pytest.fixture
def served(org: MockOrg) -> Iterator[Server]:
    with org.serve() as server:
        yield server


def test_compressed_bodies(org: MockOrg, served: Server, dial: Dial):
    wire = dial(served)
    body = gzip.compress(json.dumps({"Name": "Ü"}).encode())
    assert wire.send("POST", "sobjects/Account", body, Content_Encoding="gzip")[0] == 201
    assert org.query("SELECT Name FROM Account")[0]["Name"] == "Ü"
    assert "content-encoding" not in org.stats.log[-1].headers, "what the org sees is no longer compressed"
    assert wire.send("POST", "sobjects/Account", b"{}", Content_Encoding="gzip")[0] == 400
    assert dial(served).send("POST", "sobjects/Account", b"{}", Content_Encoding="br")[0] == 415


def test_a_bomb_is_refused(served: Server, monkeypatch: pytest.MonkeyPatch, dial: Dial):
    monkeypatch.setattr("sfsync.mockorg.server.LARGEST_BODY", 1_000_000)
    body = gzip.compress(b" " * 50_000_000)
    assert dial(served).send("POST", "sobjects/Account", body, Content_Encoding="gzip")[0] == 413


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(served: Server):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        head = (
            f"POST {ROOT}/sobjects/Account HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {served.token}\r\n"
            "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(1024).startswith(b"HTTP/1.1 100 ")
        line.sendall(b'{"Name":"A"}')
        assert b" 201 " in line.makefile("rb").readline()


def upload(wire: Wire, data: Any, sobject: str = "Lead") -> str:
    job = wire.json("POST", "jobs/ingest", {"operation": "insert", "object": sobject})["id"]
    assert wire.send("PUT", f"jobs/ingest/{job}/batches/", data, Content_Type="text/csv")[0] == 201
    wire.json("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})
    return str(job)


def test_a_large_upload_in_chunks_and_its_results(served: Server, dial: Dial):
    wire, count = dial(served), 12_000
    lines = (f"L{number},C\n".encode() for number in range(count))
    job = upload(wire, iter([b"LastName,Company\n", *lines]))
    info = wire.finish(f"jobs/ingest/{job}")
    assert (info["state"], info["numberRecordsProcessed"]) == ("JobComplete", count)
    status, body, headers = wire.send("GET", f"jobs/ingest/{job}/successfulResults")
    assert (status, headers["Transfer-Encoding"], headers["Content-Type"]) == (200, "chunked", "text/csv")
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert {row["LastName"] for row in rows} == {f"L{number}" for number in range(count)}
    query = wire.json("POST", "jobs/query", {"operation": "query", "query": "SELECT LastName FROM Lead"})[
        "id"
    ]
    assert wire.finish(f"jobs/query/{query}")["numberRecordsProcessed"] == count
    found, locator = [], ""
    while locator != "null":
        path = f"jobs/query/{query}/results?maxRecords=5000&locator={locator}"
        _, body, headers = wire.send("GET", path)
        locator = headers["Sforce-Locator"]
        found += [row["LastName"] for row in csv.DictReader(io.StringIO(body.decode()))]
    assert sorted(found) == sorted(row["LastName"] for row in rows)


def test_results_for_a_client_that_speaks_no_chunks(served: Server, dial: Dial):
    wire = dial(served)
    job = upload(wire, "LastName,Company\nA,B\n")
    wire.finish(f"jobs/ingest/{job}")
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(
            f"GET {ROOT}/jobs/ingest/{job}/successfulResults HTTP/1.0\r\n"
            f"Authorization: Bearer {served.token}\r\n\r\n".encode()
        )
        answer = line.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert body.startswith(b'"sf__Id"')
    assert body.endswith(b'"A","B"\n')


def test_the_work_goes_on_when_nobody_asks(org: MockOrg, served: Server, dial: Dial):
    upload(dial(served), "LastName,Company\n" + "A,B\n" * 600)
    for _ in range(PATIENCE):
        if len(org.query("SELECT Id FROM Lead")) == 600:
            break
        time.sleep(0.005)
    assert len(org.query("SELECT Id FROM Lead")) == 600


def test_a_job_does_not_keep_others_waiting(dial: Dial):
    """While tens of thousands of rows are written, single requests are answered between the chunks."""
    with make_org().serve() as server:
        wire, other = dial(server), dial(server)
        job = upload(wire, "LastName,Company\n" + "A,B\n" * 20_000)
        waits = []
        while wire.json("GET", f"jobs/ingest/{job}")["state"] in {"UploadComplete", "InProgress"}:
            began = time.monotonic()
            other.json("GET", "query?q=SELECT+Id+FROM+Account+LIMIT+1")
            waits.append(time.monotonic() - began)
        assert len(waits) > 20
        assert sorted(waits)[len(waits) // 2] < 1


def test_hammering_all_routes_at_once_loses_nothing(dial: Dial):
    """Eight clients for a bounded number of rounds; every count must be right at the end."""
    org = make_org()
    rounds, clients = 6, 8
    wrong: list[str] = []

    def work(server: Server, number: int) -> None:
        wire = dial(server)
        try:
            for each in range(rounds):
                name = f"{number}-{each}"
                made = wire.json("POST", "sobjects/Account", {"Name": name})["id"]
                wire.json("PATCH", f"sobjects/Account/{made}", {"Phone": "1"})
                record = {"attributes": {"type": "Account"}, "Name": name, "Sfsync_Key__c": name}
                path = "composite/sobjects/Account/Sfsync_Key__c"
                (done,) = wire.json("PATCH", path, {"records": [record]})
                assert done["success"]
                url = f"{ROOT}/sobjects/Contact"
                part = {"method": "POST", "url": url, "referenceId": "a", "body": {"LastName": name}}
                (answer,) = wire.json("POST", "composite", {"compositeRequest": [part]})["compositeResponse"]
                assert answer["httpStatusCode"] == 201
                found = wire.json("GET", f"query?q=SELECT+Id+FROM+Account+WHERE+Name='{name}'")
                assert found["totalSize"] == 2
                wire.json("GET", "sobjects/Account/describe")
                wire.json("GET", "limits")
                job = upload(wire, "LastName,Company\n" + f"{name},C\n" * 50)
                assert wire.finish(f"jobs/ingest/{job}")["numberRecordsProcessed"] == 50
                wire.send("GET", f"jobs/ingest/{job}/successfulResults")
                headers = {"X_SFDC_Session": server.token, "Content_Type": "application/json"}
                asked = '{"operation": "insert", "object": "Lead", "contentType": "CSV"}'
                _, body, _ = wire.send("POST", "/services/async/62.0/job", asked, **headers)
                batch = f"/services/async/62.0/job/{json.loads(body)['id']}/batch"
                headers["Content_Type"] = "text/csv"
                assert wire.send("POST", batch, "LastName,Company\nB,C\n", **headers)[0] == 201
                wire.json("DELETE", f"sobjects/Account/{made}")
        except Exception as error:  # noqa: BLE001  told below, in the thread of the test
            wrong.append(f"{number}: {type(error).__name__}: {error}")

    with org.serve() as server:
        threads = [threading.Thread(target=work, args=(server, number)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in threads)
        for _ in range(PATIENCE):
            if org.stats.written["Lead.insert"] == rounds * clients * 51:
                break
            time.sleep(0.005)
    assert wrong == []
    every = rounds * clients
    written = {"Account.insert": 2 * every, "Account.update": every, "Account.delete": every}
    assert dict(org.stats.written) == {**written, "Contact.insert": every, "Lead.insert": 51 * every}
    assert len(org.query("SELECT Id FROM Account")) == every
    assert len(org.query("SELECT Id FROM Lead")) == 51 * every
    assert org.stats.calls["create"] == every
    assert org.stats.used == org.stats.api_calls
