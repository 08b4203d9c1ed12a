import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mockorg import Quirks
from sfsync.mockorg.csv_text import written
from tests.mockorg.surface.conftest import Client, make_org


def rows(text: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode(), newline=""), delimiter=delimiter))


def open_job(client: Client, operation: str = "insert", sobject: str = "Account", **more: Any) -> str:
    asked = {"operation": operation, "object": sobject, **more}
    return str(client.post("jobs/ingest", asked)["id"])


def load(client: Client, data: bytes | str, operation: str = "insert", **more: Any) -> str:
    job = open_job(client, operation, **more)
    client.expect(201, "PUT", f"jobs/ingest/{job}/batches/", data, headers={"Content-Type": "text/csv"})
    client.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    return job


def result(client: Client, job: str, name: str, delimiter: str = ",") -> list[dict[str, str]]:
    response = client.send("GET", f"jobs/ingest/{job}/{name}")
    assert response.header("Content-Type") == "text/csv"
    return rows(response.body, delimiter)


def test_the_life_of_a_job(client: Client):
    made = client.post("jobs/ingest", {"operation": "insert", "object": "account", "contentType": "CSV"})
    assert made["id"].startswith("750")
    assert made["state"] == "Open"
    assert made["apiVersion"] == 62.0
    assert made["contentUrl"] == f"services/data/v62.0/jobs/ingest/{made['id']}/batches"
    path = f"jobs/ingest/{made['id']}"
    client.expect(201, "PUT", f"{path}/batches", "Name,Phone\nA,1\n,2\nC,\n")
    assert client.patch(path, {"state": "UploadComplete"})["state"] == "UploadComplete"
    done = client.get(f"{path}/")
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (
        "JobComplete",
        3,
        1,
    )
    good = result(client, made["id"], "successfulResults")
    assert {row["Name"] for row in good} == {"A", "C"}
    assert list(good[0]) == ["sf__Id", "sf__Created", "Name", "Phone"]
    assert all(row["sf__Id"].startswith("001") and row["sf__Created"] == "true" for row in good)
    (bad,) = result(client, made["id"], "failedResults")
    assert bad["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert result(client, made["id"], "unprocessedrecords") == []
    assert client.send("GET", f"{path}/unprocessedRecords/").body == b'"Name","Phone"\n'
    assert client.send("DELETE", path).status == 204
    client.refusal(404, "GET", path)


def test_results_are_not_in_the_order_of_the_upload_and_always_the_same(client: Client):
    names = [f"A{number:03}" for number in range(100)]
    job = load(client, "Name\n" + "\n".join(names))
    client.get(f"jobs/ingest/{job}")
    found = [row["Name"] for row in result(client, job, "successfulResults")]
    assert sorted(found) == names
    assert found != names
    assert found == [row["Name"] for row in result(client, job, "successfulResults")]


def test_upsert_update_and_delete(client: Client):
    keyed = {"externalIdFieldName": "Sfsync_Key__c"}
    first = load(client, "Sfsync_Key__c,Name,Phone\n1,A,11\n2,B,22\n", "upsert", **keyed)
    client.get(f"jobs/ingest/{first}")
    again = load(client, "Sfsync_Key__c,Name,Phone\n1,,#N/A\n3,C,33\n,D,\n", "upsert", **keyed)
    client.get(f"jobs/ingest/{again}")
    created = {row["Sfsync_Key__c"]: row["sf__Created"] for row in result(client, again, "successfulResults")}
    assert created == {"1": "false", "3": "true"}
    assert result(client, again, "failedResults")[0]["sf__Error"].startswith("MISSING_ARGUMENT:")
    found = client.org.query("SELECT Id, Name, Phone FROM Account ORDER BY Name")
    assert [(row["Name"], row["Phone"]) for row in found] == [("A", None), ("B", "22"), ("C", "33")]
    update = load(client, f"Id,Name\n{found[0]['Id']},AA\n001000000000001AAA,X\n,Y\n", "update")
    client.get(f"jobs/ingest/{update}")
    failed = {row["Name"]: row for row in result(client, update, "failedResults")}
    assert failed["X"]["sf__Id"] == "001000000000001AAA"
    assert set(failed) == {"X", "Y"}
    delete = load(client, f"Id\n{found[1]['Id']}\n", "delete")
    assert client.get(f"jobs/ingest/{delete}")["numberRecordsFailed"] == 0
    assert [row["Name"] for row in client.org.query("SELECT Name FROM Account ORDER BY Name")] == ["AA", "C"]


def test_parents_by_key(client: Client):
    client.org.insert("Account", {"Name": "P", "Sfsync_Key__c": "P-1"})
    job = open_job(client, "insert", "Contact")
    client.expect(201, "PUT", f"jobs/ingest/{job}/batches", "LastName,Account.Sfsync_Key__c\nA,P-1\nB,P-2\n")
    client.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    client.get(f"jobs/ingest/{job}")
    assert client.org.query("SELECT LastName, Account.Name FROM Contact")[0]["Account"]["Name"] == "P"
    assert result(client, job, "failedResults")[0]["sf__Error"].startswith(
        "INVALID_FIELD:Foreign key external ID"
    )


def test_delimiters_and_line_endings(client: Client):
    data = 'Name;Description\r\n"A;B";"two\r\nlines"\r\n'
    job = load(client, data, columnDelimiter="SEMICOLON", lineEnding="CRLF")
    assert client.get(f"jobs/ingest/{job}")["state"] == "JobComplete"
    (row,) = result(client, job, "successfulResults", ";")
    assert (row["Name"], row["Description"]) == ("A;B", "two\r\nlines")
    assert client.org.query("SELECT Name FROM Account")[0]["Name"] == "A;B"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("Name,Foo__c\nA,1\n", "InvalidBatch : Field name not found : Foo__c"),
        ("Name\r\nA\r\n", "LineEnding is invalid"),
        ('Name\n"A\n', "never closed"),
        ("", "no header"),
        (b"Name\n\xff\xfe\n", "not UTF-8"),
    ],
)
def test_what_makes_a_whole_job_fail(client: Client, data: bytes | str, error: str):
    job = load(client, data)
    info = client.get(f"jobs/ingest/{job}")
    assert info["state"] == "Failed"
    assert error in info["errorMessage"]
    assert client.org.query("SELECT Id FROM Account") == []


def test_a_blank_before_a_quote_fails_its_row_alone(client: Client):
    job = load(client, 'Name,Phone\nA,1\n"B", "2"\n')
    assert client.get(f"jobs/ingest/{job}")["numberRecordsFailed"] == 1
    assert [row["Name"] for row in result(client, job, "successfulResults")] == ["A"]


def test_states_that_do_not_follow_one_another(client: Client):
    job = open_job(client)
    path = f"jobs/ingest/{job}"
    client.refusal(400, "PATCH", path, {"state": "UploadComplete"})
    client.refusal(400, "DELETE", path)
    client.expect(201, "PUT", f"{path}/batches", "Name\nA\n")
    client.refusal(400, "PUT", f"{path}/batches", "Name\nB\n")
    assert client.patch(path, {"state": "Aborted"})["state"] == "Aborted"
    client.refusal(400, "PATCH", path, {"state": "UploadComplete"})


def test_work_goes_on_in_slices_and_an_abort_leaves_the_rest():
    client = Client(make_org(quirks=Quirks(bulk_slice=200, bulk_waits=1)))
    job = load(client, "Name\n" + "\n".join(f"A{number}" for number in range(900)))
    path = f"jobs/ingest/{job}"
    assert client.get(path)["state"] == "UploadComplete"
    first = client.get(path)
    assert (first["state"], first["numberRecordsProcessed"]) == ("InProgress", 200)
    assert len(result(client, job, "successfulResults")) in {200, 400}, "what is done by now, whole"
    client.patch(path, {"state": "Aborted"})
    done = client.get(path)
    assert done["state"] == "Aborted"
    good, left = (result(client, job, name) for name in ("successfulResults", "unprocessedrecords"))
    assert len(good) + len(left) == 900
    assert len(client.org.query("SELECT Id FROM Account")) == len(good)


def test_scripted_troubles_of_jobs(client: Client):
    client.org.faults.script("job_failed")
    client.org.faults.script("unprocessed", rows=2)
    failed = load(client, "Name\nA\nB\n")
    assert client.get(f"jobs/ingest/{failed}")["state"] == "Failed"
    assert len(result(client, failed, "unprocessedrecords")) == 2
    part = load(client, "Name\nC\nD\nE\n")
    assert client.get(f"jobs/ingest/{part}")["numberRecordsProcessed"] == 1
    assert [row["Name"] for row in result(client, part, "unprocessedrecords")] == ["D", "E"]


def test_an_upsert_without_its_key_column_fails(client: Client):
    job = load(client, "Name\nA\n", "upsert", externalIdFieldName="Sfsync_Key__c")
    info = client.get(f"jobs/ingest/{job}")
    assert info["errorMessage"].endswith("Field name not found : Sfsync_Key__c")
    assert info["numberRecordsProcessed"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"operation": "explode", "object": "Account"},
        {"operation": "insert", "object": "Nonsense"},
        {"operation": "upsert", "object": "Account"},
        {"operation": "upsert", "object": "Account", "externalIdFieldName": "Phone"},
        {"operation": "insert", "object": "Account", "contentType": "XML"},
        {"operation": "insert", "object": "Account", "columnDelimiter": "SPACE"},
        {"operation": "insert", "object": "Account", "lineEnding": "CR"},
    ],
)
def test_jobs_that_cannot_be(client: Client, asked: dict[str, str]):
    client.refusal(400, "POST", "jobs/ingest", asked)


def test_job_and_data_in_one_request(client: Client):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="job"\r\nContent-Type: application/json\r\n\r\n'
        b'{"object": "Account", "operation": "insert"}\r\n--x\r\n'
        b'Content-Disposition: form-data; name="content"; filename="content"\r\nContent-Type: text/csv\r\n\r\n'
        b"Name\nA\n\r\n--x--\r\n"
    )
    made = client.post("jobs/ingest", body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert made["state"] == "UploadComplete"
    assert client.get(f"jobs/ingest/{made['id']}")["state"] == "JobComplete"
    assert client.get("jobs/ingest")["records"][0]["id"] == made["id"]


def test_query_job_pages(client: Client):
    for number in range(5):
        client.org.insert("Account", {"Name": f"A{number}"})
    soql = "SELECT Name, Owner.Username, CreatedDate FROM Account ORDER BY Name"
    job = client.post("jobs/query", {"operation": "query", "query": soql})
    assert (job["state"], job["object"], job["jobType"]) == ("UploadComplete", "Account", "V2Query")
    path = f"jobs/query/{job['id']}"
    assert client.get(path)["numberRecordsProcessed"] == 5
    found, locator = [], ""
    while locator != "null":
        response = client.send("GET", f"{path}/results?maxRecords=2&locator={locator}")
        page = rows(response.body)
        assert response.header("Sforce-NumberOfRecords") == str(len(page))
        found += page
        locator = response.header("Sforce-Locator") or ""
    assert [row["Name"] for row in found] == [f"A{number}" for number in range(5)]
    assert found[0]["Owner.Username"]
    assert found[0]["CreatedDate"] == "2024-05-13T12:00:00.000Z"
    assert client.refusal(409, "GET", f"/services/data/v61.0/{path}/results") == "API_VERSION_MISMATCH"
    assert client.send("DELETE", path).status == 204


def test_query_job_waits_and_refuses():
    client = Client(make_org(quirks=Quirks(bulk_waits=1)))
    job = client.post("jobs/query", {"operation": "queryAll", "query": "SELECT Id FROM Account"})["id"]
    assert client.send("GET", f"jobs/query/{job}/results").status == 204
    response = client.send("GET", f"jobs/query/{job}/results")
    assert response.body == b'"Id"\n'
    assert response.header("Sforce-Locator") == "null"
    asked = {"operation": "query", "query": "SELECT Foo FROM Account"}
    assert client.refusal(400, "POST", "jobs/query", asked) == "INVALID_FIELD"


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT COUNT() FROM Account",
        "SELECT COUNT(Id) FROM Account",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
    ],
)
def test_query_jobs_take_whole_rows_only(client: Client, soql: str):
    assert (
        client.refusal(400, "POST", "jobs/query", {"operation": "query", "query": soql})
        == "FEATURENOTENABLED"
    )


def test_charset_can_be_named():
    client = Client(make_org(quirks=Quirks(bulk2_charset=True)))
    job = load(client, "Name\nÄ\n")
    client.get(f"jobs/ingest/{job}")
    response = client.send("GET", f"jobs/ingest/{job}/successfulResults")
    assert response.header("Content-Type") == "text/csv; charset=UTF-8"


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters='",\n'), max_size=12
)


@settings(max_examples=40)
@given(cells=st.lists(CELL, min_size=1, max_size=8))
def test_every_row_ends_in_exactly_one_result(cells: list[str]):
    client = Client(_ORG)
    lines = [["Sfsync_Key__c", "Name", "Description"]]
    lines += [[f"K{number}", "N" if number % 3 else "", cell] for number, cell in enumerate(cells)]
    job = load(client, written(lines), "upsert", externalIdFieldName="Sfsync_Key__c")
    client.get(f"jobs/ingest/{job}")
    sets = [
        result(client, job, name) for name in ("successfulResults", "failedResults", "unprocessedrecords")
    ]
    back = {row["Sfsync_Key__c"]: row["Description"] for each in sets for row in each}
    assert sum(map(len, sets)) == len(cells)
    assert back == {line[0]: line[2] for line in lines[1:]}


_ORG = make_org()


def test_jobs_of_both_apis_are_listed_in_pages(client: Client, monkeypatch: pytest.MonkeyPatch):
    one, other = open_job(client), open_job(client)
    asked = {"operation": "insert", "object": "Account", "contentType": "CSV"}
    headers = {"X-SFDC-Session": client.org.token}
    classic = client.post("/services/async/62.0/job", asked, 201, headers=headers)["id"]
    client.post("/services/async/62.0/job", asked | {"operation": "query"}, 201, headers=headers)
    monkeypatch.setattr("sfsync.mockorg.bulk2_jobs.LIST_PAGE", 2)
    first = client.get("jobs/ingest")
    assert ([job["id"] for job in first["records"]], first["done"]) == ([one, other], False)
    second = client.get(first["nextRecordsUrl"])
    assert [(job["id"], job["jobType"]) for job in second["records"]] == [(classic, "Classic")]
    assert (second["done"], second["nextRecordsUrl"]) == (True, None)
    found = client.get("jobs/ingest?jobType=V2Ingest&concurrencyMode=parallel&isPkChunkingEnabled=false")
    assert [job["id"] for job in found["records"]] == [one, other]
    client.refusal(400, "GET", "jobs/ingest?queryLocator=x")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("Name," + ",".join(["X" * 100 + "__c"] * 400) + "\nA\n", "longer than 32,000"),
        ("Name,name\nA,B\n", "Duplicate field name"),
        ("Name\nA\rB\n", "LineEnding is invalid"),
        ("Name\n" + '"' + "x" * 1_700_000 + '\n"\n"', "never closed"),
    ],
)
def test_uploads_that_nothing_is_made_of(client: Client, data: str, error: str):
    job = load(client, data)
    info = client.get(f"jobs/ingest/{job}")
    assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", 0)
    assert error in info["errorMessage"]
    assert client.org.query("SELECT Id FROM Account") == []


def test_limits_of_an_upload(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfsync.mockorg.bulk2.LARGEST_UPLOAD", 10)
    path = f"jobs/ingest/{open_job(client)}/batches"
    assert client.refusal(413, "PUT", path, "Name\n" + "A" * 10) == "CLIENTINPUTERROR"
    client.refusal(415, "PUT", path, "{}", headers={"Content-Type": "application/json"})
    client.expect(201, "PUT", path, "Name\nA")
    body = (
        b'--x\r\nContent-Disposition: form-data; name="job"\r\n\r\n{"object": "Account", "operation": "insert"}\r\n'
        b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\nName\n%b\r\n--x--\r\n'
        % (b"A" * 100_000)
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.refusal(400, "POST", "jobs/ingest", body, headers=headers) == "INVALIDJOB"


def test_rows_beyond_the_days_batches_are_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfsync.mockorg.bulk2_work.BLOCK", 200)
    monkeypatch.setattr("sfsync.mockorg.bulk2_results.BLOCK", 200)
    client = Client(make_org())
    client.org._state.jobs.batches.maximum = 2
    job = load(client, "Name\n" + "\n".join(f"A{number}" for number in range(500)))
    info = client.get(f"jobs/ingest/{job}")
    assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", 400)
    assert "ExceededQuota" in info["errorMessage"]
    sets = [result(client, job, name) for name in ("successfulResults", "unprocessedrecords")]
    assert list(map(len, sets)) == [400, 100]
    assert {row["Name"] for each in sets for row in each} == {f"A{number}" for number in range(500)}
    left = client.get("limits")["DailyBulkApiBatches"]
    assert left == {"Max": 2, "Remaining": 0}


def test_results_of_several_blocks(monkeypatch: pytest.MonkeyPatch):
    for module in ("bulk2_work", "bulk2_results"):
        monkeypatch.setattr(f"sfsync.mockorg.{module}.BLOCK", 200)
    client = Client(make_org())
    names = ["" if number % 7 == 0 else f'N "{number}"\nü' for number in range(1000)]
    job = load(
        client, written([["Name", "Sfsync_Key__c"], *([name, str(n)] for n, name in enumerate(names))])
    )
    client.get(f"jobs/ingest/{job}")
    good, bad = (result(client, job, name) for name in ("successfulResults", "failedResults"))
    assert {int(row["Sfsync_Key__c"]): row["Name"] for row in good} == {
        n: name for n, name in enumerate(names) if name
    }
    assert {int(row["Sfsync_Key__c"]) for row in bad} == {n for n, name in enumerate(names) if not name}
    assert [row["Sfsync_Key__c"] for row in good] != sorted(row["Sfsync_Key__c"] for row in good)


def test_hard_delete_needs_a_permission():
    client = Client(make_org(quirks=Quirks(hard_delete=False)))
    asked = {"operation": "hardDelete", "object": "Account"}
    assert client.refusal(400, "POST", "jobs/ingest", asked) == "FEATURENOTENABLED"
