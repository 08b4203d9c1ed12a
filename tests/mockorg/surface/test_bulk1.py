import csv
import io
import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from sfsync.mockorg import Quirks, Response
from tests.mockorg.surface.conftest import Client, make_org

JOB = "/services/async/59.0/job"
NS = "http://www.force.com/2009/06/asyncapi/dataload"
XML = {"Content-Type": "application/xml; charset=UTF-8"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def bulk(client: Client) -> Client:
    client.headers = {"X-SFDC-Session": client.org.token}
    return client


def values(response: Response) -> dict[str, str]:
    root = ET.fromstring(response.body)
    return {each.tag.removeprefix(f"{{{NS}}}"): each.text or "" for each in root}


def job_xml(**wanted: str) -> str:
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in wanted.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><jobInfo xmlns="{NS}">{inside}</jobInfo>'


def open_job(client: Client, **wanted: str) -> str:
    response = client.send("POST", JOB, job_xml(**wanted), headers=XML)
    assert response.status == 201, response.body
    return values(response)["id"]


def batch(client: Client, job: str, body: str | bytes, media: str = "text/csv") -> str:
    response = client.send("POST", f"{JOB}/{job}/batch", body, headers={"Content-Type": media})
    assert response.status == 201, response.body
    return (
        values(response)["id"]
        if response.header("Content-Type") == "application/xml"
        else response.json()["id"]
    )


def test_a_csv_job_in_xml(bulk: Client):
    response = bulk.send(
        "POST",
        JOB,
        job_xml(operation="insert", object="Account", concurrencyMode="Serial", contentType="CSV"),
        headers=XML,
    )
    assert (response.status, response.header("Content-Type")) == (201, "application/xml")
    job = values(response)
    assert list(job)[:6] == ["id", "operation", "object", "createdById", "createdDate", "systemModstamp"]
    assert (job["concurrencyMode"], job["createdDate"]) == ("Serial", "2024-05-13T12:00:00.000Z")
    made = bulk.send(
        "POST", f"{JOB}/{job['id']}/batch", "Name,Phone\nA,1\n,2\n", headers={"Content-Type": "text/csv"}
    )
    assert values(made)["state"] == "Queued"
    number = values(made)["id"]
    assert number.startswith("751")
    bulk.send("POST", f"{JOB}/{job['id']}", job_xml(state="Closed"), headers=XML)
    info = values(bulk.send("GET", f"{JOB}/{job['id']}/batch/{number}"))
    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (
        "Completed",
        "2",
        "1",
    )
    result = bulk.send("GET", f"{JOB}/{job['id']}/batch/{number}/result")
    assert result.header("Content-Type") == "text/csv"
    good, bad = csv.DictReader(io.StringIO(result.body.decode()))
    assert (good["Success"], good["Created"], good["Error"]) == ("true", "true", "")
    error = "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert bad == {"Id": "", "Success": "false", "Created": "false", "Error": error}
    counts = values(bulk.send("GET", f"{JOB}/{job['id']}"))
    assert (counts["state"], counts["numberBatchesCompleted"], counts["numberRecordsFailed"]) == (
        "Closed",
        "1",
        "1",
    )


def test_a_json_job_in_json(bulk: Client):
    asked = {"operation": "upsert", "object": "Account", "externalIdFieldName": "Sfsync_Key__c"}
    asked |= {"contentType": "JSON", "concurrencyMode": 1}
    response = bulk.send("POST", JOB, asked, headers=JSON)
    assert (response.status, response.header("Content-Type")) == (201, "application/json")
    job = response.json()
    assert (job["state"], job["concurrencyMode"], job["numberBatchesTotal"]) == ("Open", "Serial", 0)
    rows = [{"Sfsync_Key__c": "1", "Name": "A"}, {"Sfsync_Key__c": "2"}, {"Name": "no key"}]
    number = batch(bulk, job["id"], json.dumps(rows), "application/json")
    result = bulk.send("GET", f"{JOB}/{job['id']}/batch/{number}/result")
    assert result.header("Content-Type") == "application/json"
    first, second, third = result.json()
    assert (first["success"], first["created"], first["errors"]) == (True, True, [])
    assert second["id"] is None
    assert second["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert third["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    closed = bulk.send("POST", f"{JOB}/{job['id']}", {"state": "Closed"}, headers=JSON).json()
    assert closed["state"] == "Closed"


def test_batch_documents_follow_the_job_not_the_request(bulk: Client):
    csv_job = bulk.send(
        "POST", JOB, {"operation": "insert", "object": "Account", "contentType": "CSV"}, headers=JSON
    )
    made = bulk.send("POST", f"{JOB}/{csv_job.json()['id']}/batch", "Name\nA\n", headers=JSON)
    assert made.header("Content-Type") == "application/xml"
    json_job = open_job(bulk, operation="insert", object="Account", contentType="JSON")
    made = bulk.send("POST", f"{JOB}/{json_job}/batch", "[]", headers=XML)
    assert made.header("Content-Type") == "application/json"


def test_an_xml_batch(bulk: Client):
    bulk.org.insert("Account", {"Name": "P", "Sfsync_Key__c": "P-1"})
    job = open_job(bulk, operation="insert", object="Contact", contentType="XML")
    body = (
        f'<sObjects xmlns="{NS}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><sObject><LastName>A &amp; B'
        '</LastName><Phone xsi:nil="true"/><Account><sObject><type>Account</type><Sfsync_Key__c>P-1</Sfsync_Key__c>'
        "</sObject></Account></sObject><sObject><FirstName>X</FirstName></sObject></sObjects>"
    )
    number = batch(bulk, job, body, "application/xml")
    response = bulk.send("GET", f"{JOB}/{job}/batch/{number}/result")
    success = [each.text for each in ET.fromstring(response.body).iter(f"{{{NS}}}success")]
    assert success == ["true", "false"]
    found = bulk.org.query("SELECT LastName, Account.Name FROM Contact")
    assert [(row["LastName"], row["Account"]["Name"]) for row in found] == [("A & B", "P")]


def test_update_and_delete(bulk: Client):
    made = bulk.org.insert("Account", {"Name": "A"})
    job = open_job(bulk, operation="update", object="Account", contentType="CSV")
    batch(bulk, job, f"Id,Name\n{made},B\n,C\n")
    bulk.send("GET", f"{JOB}/{job}")
    assert bulk.org.query("SELECT Name FROM Account")[0]["Name"] == "B"
    job = open_job(bulk, operation="delete", object="Account", contentType="CSV")
    batch(bulk, job, f"Id\n{made}\n")
    bulk.send("GET", f"{JOB}/{job}")
    assert bulk.org.query("SELECT Id FROM Account") == []


@pytest.mark.parametrize("content_type", ["CSV", "JSON", "XML"])
def test_queries(bulk: Client, content_type: str):
    bulk.org.insert("Account", {"Name": "Ä"})
    job = open_job(bulk, operation="query", object="Account", contentType=content_type)
    number = batch(bulk, job, "SELECT Name, CreatedDate, Owner.Name FROM Account", "text/csv")
    listed = bulk.send("GET", f"{JOB}/{job}/batch/{number}/result")
    if content_type == "JSON":
        (file,) = listed.json()
    else:
        file = values(listed)["result"]
    found = bulk.send("GET", f"{JOB}/{job}/batch/{number}/result/{file}")
    text = found.body.decode()
    assert "Ä" in text
    if content_type == "JSON":
        assert found.json()[0]["CreatedDate"] == 1715601600000
    elif content_type == "CSV":
        assert text.startswith('"Name","CreatedDate","Owner.Name"\n"Ä","2024-05-13T12:00:00.000Z"')
    else:
        assert ET.fromstring(text).find(f"{{{NS}}}records/{{{NS}}}Name").text == "Ä"


def test_a_bad_query_fails_its_batch_only(bulk: Client):
    job = open_job(bulk, operation="query", object="Account", contentType="CSV")
    number = batch(bulk, job, "SELECT Foo FROM Account")
    info = values(bulk.send("GET", f"{JOB}/{job}/batch/{number}"))
    assert info["state"] == "Failed"
    assert info["stateMessage"].startswith("InvalidBatch : Failed to process query: INVALID_FIELD: ")


def test_pk_chunking_makes_batches_of_its_own(bulk: Client):
    for number in range(5):
        bulk.org.insert("Account", {"Name": f"A{number}"})
    headers = {**XML, "Sforce-Enable-PKChunking": "chunkSize=2;"}
    response = bulk.send(
        "POST", JOB, job_xml(operation="query", object="Account", contentType="CSV"), headers=headers
    )
    job = values(response)["id"]
    first = batch(bulk, job, "SELECT Name FROM Account")
    listed = ET.fromstring(bulk.send("GET", f"{JOB}/{job}/batch").body)
    states = {each.find(f"{{{NS}}}id").text: each.find(f"{{{NS}}}state").text for each in listed}
    assert states.pop(first) == "NotProcessed"
    assert list(states.values()) == ["Completed"] * 3


def test_empty_list_of_batches(bulk: Client):
    job = open_job(bulk, operation="insert", object="Account", contentType="CSV")
    assert bulk.send("GET", f"{JOB}/{job}/batch").body.endswith(f'<batchInfoList xmlns="{NS}" />'.encode())


def test_errors_are_400_in_the_language_of_the_request(bulk: Client):
    unknown = bulk.send("GET", f"{JOB}/750000000000001AAA", headers=JSON)
    assert unknown.status == 400
    assert unknown.json()["exceptionCode"] == "InvalidJob"
    bulk.headers = {"X-SFDC-Session": "gone"}
    gone = bulk.send("GET", f"{JOB}/750000000000001AAA", headers=XML)
    assert gone.status == 400
    assert values(gone)["exceptionCode"] == "InvalidSessionId"


@pytest.mark.parametrize(
    "wanted",
    [
        {"operation": "explode", "object": "Account"},
        {"operation": "insert", "object": "Nonsense"},
        {"operation": "insert", "object": "Account", "contentType": "TEA"},
        {"operation": "insert", "object": "Account", "concurrencyMode": "Backwards"},
        {"operation": "upsert", "object": "Account", "externalIdFieldName": "Phone"},
    ],
)
def test_jobs_that_cannot_be(bulk: Client, wanted: dict[str, Any]):
    response = bulk.send("POST", JOB, job_xml(**wanted), headers=XML)
    assert (response.status, values(response)["exceptionCode"]) == (400, "InvalidJob")


def test_no_batch_for_a_closed_job_and_no_result_before_its_time():
    client = Client(make_org(quirks=Quirks(bulk_waits=1)))
    client.headers = {"X-SFDC-Session": client.org.token}
    job = open_job(client, operation="insert", object="Account", contentType="CSV")
    number = batch(client, job, "Name\nA\n")
    early = client.send("GET", f"{JOB}/{job}/batch/{number}/result")
    assert (early.status, values(early)["exceptionCode"]) == (400, "InvalidBatch")
    client.send("POST", f"{JOB}/{job}", job_xml(state="Closed"), headers=XML)
    late = client.send("POST", f"{JOB}/{job}/batch", "Name\nB\n")
    assert values(late)["exceptionCode"] == "InvalidJobState"
    assert client.send("GET", f"{JOB}/{job}/batch/{number}/request").body == b"Name\nA\n"


def test_aborting_leaves_waiting_batches_alone():
    client = Client(make_org(quirks=Quirks(bulk_waits=3)))
    client.headers = {"X-SFDC-Session": client.org.token}
    job = open_job(client, operation="insert", object="Account", contentType="CSV")
    number = batch(client, job, "Name\nA\n")
    client.send("POST", f"{JOB}/{job}", job_xml(state="Aborted"), headers=XML)
    for _ in range(5):
        info = values(client.send("GET", f"{JOB}/{job}/batch/{number}"))
    assert info["state"] == "NotProcessed"
    assert client.org.query("SELECT Id FROM Account") == []


def test_columns_and_rows_that_cannot_be_read(bulk: Client):
    job = open_job(bulk, operation="insert", object="Account", contentType="CSV")
    bad = batch(bulk, job, "Name,Foo__c\nA,1\n")
    part = batch(bulk, job, 'Name\nA\nB "x"\nC,D\n')
    bulk.send("GET", f"{JOB}/{job}")
    info = values(bulk.send("GET", f"{JOB}/{job}/batch/{bad}"))
    assert info["stateMessage"] == "InvalidBatch : Field name not found : Foo__c"
    result = bulk.send("GET", f"{JOB}/{job}/batch/{part}/result").body.decode()
    assert [line.split(",")[1] for line in result.splitlines()[1:]] == ['"true"', '"false"', '"false"']


def failure(response: Response) -> str:
    assert response.status == 400, response.body
    return values(response)["exceptionCode"]


def test_attachments_are_refused_clearly(bulk: Client):
    asked = job_xml(operation="insert", object="Account", contentType="ZIP_CSV")
    response = bulk.send("POST", JOB, asked, headers=XML)
    assert failure(response) == "FeatureNotEnabled"
    assert "attachments" in values(response)["exceptionMessage"]
    job = open_job(bulk, operation="insert", object="Account", contentType="CSV")
    media = {"Content-Type": "zip/csv"}
    assert failure(bulk.send("POST", f"{JOB}/{job}/batch", b"PK", headers=media)) == "FeatureNotEnabled"


def test_limits_of_batches(bulk: Client, monkeypatch: pytest.MonkeyPatch):
    job = open_job(bulk, operation="insert", object="Account", contentType="CSV")
    csv_type = {"Content-Type": "text/csv"}
    big = "Name\n" + "A" * (10 * 1024 * 1024)
    assert failure(bulk.send("POST", f"{JOB}/{job}/batch", big, headers=csv_type)) == "ClientInputError"
    monkeypatch.setattr("sfsync.mockorg.bulk1_work.MOST_ROWS", 2)
    number = batch(bulk, job, "Name\nA\nB\nC\n")
    info = values(bulk.send("GET", f"{JOB}/{job}/batch/{number}"))
    assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", "0")
    assert bulk.org.query("SELECT Id FROM Account") == []


def test_batches_of_a_day_and_refused_ones_count_too(bulk: Client):
    bulk.org._state.jobs.batches.maximum = 2
    job = open_job(bulk, operation="insert", object="Account", contentType="CSV")
    batch(bulk, job, "Name\nA\n")
    bulk.send("POST", f"{JOB}/{job}", job_xml(state="Closed"), headers=XML)
    path, media = f"{JOB}/{job}/batch", {"Content-Type": "text/csv"}
    assert failure(bulk.send("POST", path, "Name\nB\n", headers=media)) == "InvalidJobState"
    assert failure(bulk.send("POST", path, "Name\nB\n", headers=media)) == "ExceededQuota"
    bulk.org.clock.advance(24 * 3600)
    assert failure(bulk.send("POST", path, "Name\nB\n", headers=media)) == "InvalidJobState"


def test_an_order_switches_chunking_off(bulk: Client):
    for number in range(5):
        bulk.org.insert("Account", {"Name": f"A{number}"})
    states = {}
    for soql in ("SELECT Id FROM Account", "SELECT Id FROM Account ORDER BY Name"):
        asked = job_xml(operation="query", object="Account", contentType="CSV")
        headers = {**XML, "Sforce-Enable-PKChunking": "chunkSize=2", "Sforce-Disable-Batch-Retry": "TRUE"}
        job = values(bulk.send("POST", JOB, asked, headers=headers))["id"]
        batch(bulk, job, soql)
        for _ in range(2):
            listed = ET.fromstring(bulk.send("GET", f"{JOB}/{job}/batch").body)
        states[soql] = [each.findtext(f"{{{NS}}}state") for each in listed]
    chunked, plain = states.values()
    assert chunked == ["NotProcessed", "Completed", "Completed", "Completed"]
    assert plain == ["Completed"]
