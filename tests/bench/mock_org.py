"""What the mock org takes for what it gives, against sqlite3 doing bare what the org's tables need for it.

The org is served by a process of its own from a data file; its clients are threads that speak plain HTTP. The detail
of each row tells this machine's figures, so that a load test knows what it measures.
"""

import atexit
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote

from tests.bench.measure import ROOT, Plan, Row, Work, alternate, process, side

CLIENTS = (1, 4, 16)
FULL = 1_000_000
QUICK = 50_000
JOB_ROWS = 500_000
"""Rows of one upload: below the 150 MB that a job takes."""
PREPARED = 20_000
BASE = "/services/data/v62.0"
HEADER = (
    "Sfsync_Key__c,FirstName,LastName,Company,Email,Phone,Street,City,PostalCode,Country,Customer_Type__c,"
    "Number_of_Cards__c,Terms_Accepted__c,Submitted_At__c\n"
)

Request = Callable[[HTTPConnection, dict[str, str], int], None]


def rows(plan: Plan) -> Iterator[Row]:
    yield _start(plan)
    for clients in CLIENTS:
        yield _load(plan, clients)
    calls = {"query": plan.rows(2_000), "collection": plan.rows(160), "convert": plan.rows(100)}
    for kind, (name, compared, per_call, _) in KINDS.items():
        for clients in CLIENTS:
            count = max(calls[kind], 16)
            pair = alternate(
                1,
                side(over_http, plan.scratch / f"{kind}-{clients}.db", kind, count, clients),
                side(bare, plan.scratch / f"{kind}-{clients}-bare.db", kind, count),
            )
            done = count * per_call / pair.ours[0].seconds
            what = "records" if per_call > 1 else "calls"
            detail = f"{done:,.0f} {what}/s over {count:,} calls; median {pair.ours[0].value['median'] * 1000:.1f} ms"
            yield Row(f"{name}, {_many(clients)}", compared, pair.time, detail)


def _many(clients: int) -> str:
    return "alone" if clients == 1 else f"{clients} at once"


def _start(plan: Plan) -> Row:
    ours = partial(process, [sys.executable, "-c", _READY])
    theirs = partial(process, [sys.executable, "-c", "import http.server, sqlite3"])
    pair = alternate(plan.runs(9), ours, theirs)
    return Row("mock org, start", "python importing http.server and sqlite3", pair.time, "until it listens")


_READY = "from sfsync.mockorg import MockOrg\nwith MockOrg().serve(): pass"


def _load(plan: Plan, clients: int) -> Row:
    count = QUICK if plan.quick else FULL if clients == 1 else FULL // 5
    data = plan.scratch / f"load-{clients}.db"
    pair = alternate(
        1, side(bulk_load, data, count, clients), side(bare_load, plan.scratch / f"bare-{clients}.db", count)
    )
    told = pair.ours[0].value
    detail = (
        f"{count:,} leads; {count / pair.ours[0].seconds:,.0f} rows/s against {count / pair.theirs[0].seconds:,.0f}; "
        f"server {told['peak']:,.0f} MB, file {told['file']:,.0f} MB; a query beside it {told['other'] * 1000:.0f} ms"
    )
    for path in (*plan.scratch.glob("*.db*"), *plan.scratch.glob("*.csv")):
        path.unlink()
    return Row(f"bulk, {_many(clients)}", "sqlite3 executemany of the same rows", pair.time, detail)


class Served:
    """A mock org in a process of its own."""

    def __init__(self, data: str) -> None:
        command = [sys.executable, "-m", "sfsync", "mock", "serve", "--data", data, "--json"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        atexit.register(self._stop)  # after the work was timed
        self.port = int(told["url"].rpartition(":")[2])
        self.token = str(told["token"])
        self.headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=600)

    def peak(self) -> float:
        """The megabytes that it has had at most."""
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
        return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0) / 1024

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def send(line: HTTPConnection, headers: dict[str, str], method: str, path: str, body: Any = None) -> Any:
    """One request; the answer's JSON, if it has any."""
    sent = body if body is None or hasattr(body, "read") else json.dumps(body)
    line.request(method, path if path.startswith("/s") else f"{BASE}/{path}", sent, headers)
    response = line.getresponse()
    answer = response.read()
    if response.status >= 300:
        raise SystemExit(f"{method} {path} was answered {response.status}: {answer[:300]!r}")
    return json.loads(answer) if answer.startswith((b"{", b"[")) else answer


def lead_line(number: int) -> str:
    return (
        f"WF-{number},Jan,Jansen{number},Bedrijf {number},jan{number}@example.com,+31 6 1234,Straat {number},Utrecht,"
        "1234 AB,NL,private,1,true,2024-01-31T10:00:00.000Z\n"
    )


def _upload(served: Served, path: Path) -> None:
    """One job from creation to its end."""
    line = served.connect()
    call = partial(send, line, served.headers)
    job = call("POST", "jobs/ingest", {"operation": "insert", "object": "Lead"})["id"]
    with path.open("rb") as file:
        send(line, {**served.headers, "Content-Type": "text/csv", "Content-Length": str(path.stat().st_size)},
             "PUT", f"jobs/ingest/{job}/batches", file)  # fmt: skip
    info = call("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})
    while info["state"] in {"UploadComplete", "InProgress"}:
        sleep(0.2)
        info = call("GET", f"jobs/ingest/{job}")
    line.close()
    if info["state"] != "JobComplete" or info["numberRecordsFailed"]:
        raise SystemExit(f"The job ended as {info}.")


def _files(folder: Path, count: int, clients: int) -> list[Path]:
    """Uploads that share the rows out among the clients."""
    each = min(-(-count // clients), JOB_ROWS)
    paths = []
    for start in range(0, count, each):
        path = folder / f"{start}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write(HEADER)
            file.writelines(map(lead_line, range(start, min(start + each, count))))
        paths.append(path)
    return paths


def bulk_load(data: str, count: str, clients: str) -> Work:
    paths = _files(Path(data).parent, int(count), int(clients))
    served = Served(data)

    def work() -> dict[str, float]:
        waits: list[float] = []
        with ThreadPoolExecutor(int(clients)) as pool:
            uploads = [pool.submit(_upload, served, path) for path in paths]
            line = served.connect()
            while not all(upload.done() for upload in uploads):
                began = perf_counter()
                send(line, served.headers, "GET", "query?q=SELECT+Id+FROM+Account+LIMIT+1")
                waits.append(perf_counter() - began)
                sleep(0.25)
            line.close()
            for upload in uploads:
                upload.result()
        size = sum(each.stat().st_size for each in Path(data).parent.glob(f"{Path(data).name}*"))
        return {"peak": served.peak(), "file": size / 1e6, "other": sorted(waits)[len(waits) // 2]}

    return work


def _sample(data: str) -> tuple[sqlite3.Connection, dict[str, dict[str, Any]]]:
    """The org's own tables and indexes, and of each object a row as the org stores it."""
    from sfsync.mockorg import MockOrg

    org = MockOrg(data=Path(data))
    account = org.insert("Account", {"Name": "A"})
    org.insert("Contact", {"LastName": "A", "AccountId": account})
    deal = {"Name": "A", "StageName": "Prospecting", "CloseDate": "2024-01-31", "AccountId": account}
    org.insert("Opportunity", deal)
    header, line = HEADER.strip().split(","), lead_line(0).strip().split(",")
    values: dict[str, Any] = dict(zip(header, line, strict=True))
    values |= {"Number_of_Cards__c": 1, "Terms_Accepted__c": True}
    org.insert("Lead", values)
    samples = {}
    for name in ("Lead", "Account", "Contact", "Opportunity"):
        row = org.core.store.rows(name, "IsDeleted = 0")[0]
        samples[name] = {key: value for key, value in row.items() if value is not None}
    org.close()
    database = sqlite3.connect(data, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-65536"):
        database.execute(f"PRAGMA {pragma}")
    database.create_function("fold", 1, lambda text: text, deterministic=True)
    return database, samples


def _statement(name: str, sample: dict[str, Any]) -> str:
    columns = ", ".join(f'"{key}"' for key in sample)
    return f'INSERT INTO "{name}" ({columns}) VALUES ({", ".join("?" * len(sample))})'


def _copies(sample: dict[str, Any], numbers: range) -> Iterator[list[Any]]:
    """Rows like the sample, with ids, keys, names and addresses of their own."""
    prefix = sample["Id"][:3]
    for number in numbers:
        own = {
            "Id": f"{prefix}zzz{number:012}",
            "Sfsync_Key__c": f"WF-{number + 1}",
            "LastName": f"Jansen{number}",
            "Name": f"Jansen{number}",
            "Email": f"jan{number}@example.com",
        }
        yield [own.get(key, value) for key, value in sample.items()]


def bare_load(data: str, count: str) -> Work:
    database, samples = _sample(data)

    def work() -> None:
        lead = samples["Lead"]
        database.execute("BEGIN")
        database.executemany(_statement("Lead", lead), _copies(lead, range(int(count))))
        database.execute("COMMIT")
        database.close()

    return work


def _query(line: HTTPConnection, headers: dict[str, str], number: int) -> None:
    soql = f"SELECT Id, Name, Company, Status FROM Lead WHERE Sfsync_Key__c = 'WF-{number * 7919 % PREPARED}'"
    found = send(line, headers, "GET", f"query?q={quote(soql)}")
    assert found["totalSize"] == 1


def _collection(line: HTTPConnection, headers: dict[str, str], number: int) -> None:
    records = [
        {
            "attributes": {"type": "Lead"},
            "Sfsync_Key__c": f"C-{number}-{each}",
            "LastName": f"Jansen{each}",
            "Company": "Bedrijf",
            "Email": f"jan{each}@example.com",
        }
        for each in range(200)
    ]
    done = send(line, headers, "PATCH", "composite/sobjects/Lead/Sfsync_Key__c", {"records": records})
    assert all(each["success"] for each in done)


def _convert(line: HTTPConnection, headers: dict[str, str], number: int) -> None:
    keys = ",".join(f"'WF-{each}'" for each in range(number * 100, number * 100 + 100))
    found = send(
        line, headers, "GET", f"query?q={quote(f'SELECT Id FROM Lead WHERE Sfsync_Key__c IN ({keys})')}"
    )
    asked = "".join(
        f"<leadConverts><convertedStatus>Closed - Converted</convertedStatus><leadId>{each['Id']}</leadId>"
        "<doNotCreateOpportunity>false</doNotCreateOpportunity></leadConverts>"
        for each in found["records"]
    )
    token = headers["Authorization"].partition(" ")[2]
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
        f"<e:Header><SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header>"
        f"<e:Body><convertLead>{asked}</convertLead></e:Body></e:Envelope>"
    )
    line.request("POST", "/services/Soap/u/62.0", body, {"Content-Type": "text/xml", "SOAPAction": '""'})
    answer = line.getresponse().read()
    assert answer.count(b"<success>true</success>") == 100, answer[:500]


def _bare_query(database: sqlite3.Connection, samples: dict[str, dict[str, Any]], number: int) -> None:
    del samples
    sql = 'SELECT Id, Name, Company, Status FROM Lead WHERE "Sfsync_Key__c" = ?'
    database.execute(sql, (f"WF-{number * 7919 % PREPARED}",)).fetchall()


def _bare_collection(database: sqlite3.Connection, samples: dict[str, dict[str, Any]], number: int) -> None:
    _copy_many(database, samples, "Lead", PREPARED + number * 200, 200)


def _bare_convert(database: sqlite3.Connection, samples: dict[str, dict[str, Any]], number: int) -> None:
    for name in ("Account", "Contact", "Opportunity"):
        _copy_many(database, samples, name, number * 100, 100)
    keys = [(f"WF-{each}",) for each in range(number * 100, number * 100 + 100)]
    database.executemany('UPDATE Lead SET IsConverted = 1 WHERE "Sfsync_Key__c" = ?', keys)


def _copy_many(
    database: sqlite3.Connection, samples: dict[str, dict[str, Any]], name: str, start: int, count: int
) -> None:
    rows = _copies(samples[name], range(start, start + count))
    database.executemany(_statement(name, samples[name]), rows)


KINDS: dict[str, tuple[str, str, int, tuple[Request, Callable[..., None]]]] = {
    "query": ("query by key", "sqlite3 SELECT by the same index", 1, (_query, _bare_query)),
    "collection": (
        "collection",
        "sqlite3 executemany of 200 rows",
        200,
        (_collection, _bare_collection),
    ),
    "convert": ("convertLead", "sqlite3 writing 100 to the four tables", 100, (_convert, _bare_convert)),
}


def over_http(data: str, kind: str, count: str, clients: str) -> Work:
    """``count`` requests shared out among the clients, to an org that holds some leads already."""
    served = Served(data)
    _upload(served, _files(Path(data).parent, PREPARED, 1)[0])
    request = KINDS[kind][3][0]

    def client(own: range) -> list[float]:
        line, took = served.connect(), []
        for number in own:
            began = perf_counter()
            request(line, served.headers, number)
            took.append(perf_counter() - began)
        line.close()
        return took

    def work() -> dict[str, float]:
        total, many = int(count), int(clients)
        with ThreadPoolExecutor(many) as pool:
            took = [
                each
                for some in pool.map(client, [range(own, total, many) for own in range(many)])
                for each in some
            ]
        return {"median": sorted(took)[len(took) // 2]}

    return work


def bare(data: str, kind: str, count: str) -> Work:
    database, samples = _sample(data)
    _copy_many(database, samples, "Lead", 0, PREPARED)
    request = KINDS[kind][3][1]

    def work() -> None:
        for number in range(int(count)):
            database.execute("BEGIN")
            request(database, samples, number)
            database.execute("COMMIT")
        database.close()

    return work
