from pathlib import Path

import pytest

from sfsync.mockorg import MockOrg
from tests.mockorg.core.test_metadata_rules import assignments, duplicates
from tests.mockorg.surface.conftest import Client

LEAD = {
    "LastName": "Jansen",
    "Company": "ACME",
    "Email": "a@x.example",
    "LeadSource": "Web",
    "City": "Amsterdam",
}


@pytest.fixture
def ruled(tmp_path: Path) -> Client:
    assignments(tmp_path)
    duplicates(tmp_path)
    return Client(MockOrg(metadata=[tmp_path]))


@pytest.mark.parametrize(("header", "queue"), [("", True), ("TRUE", True), ("false", False)])
def test_assignment_rules_by_header(ruled: Client, header: str, queue: bool):
    response = ruled.send("POST", "sobjects/Lead", LEAD, {"Sforce-Auto-Assign": header} if header else None)
    owner = ruled.get(f"sobjects/Lead/{response.json()['id']}")["OwnerId"]
    assert owner.startswith("00G") is queue


def test_duplicates_by_header(ruled: Client):
    first = ruled.post("sobjects/Lead", LEAD, 201)["id"]
    (refusal,) = ruled.expect(400, "POST", "sobjects/Lead", LEAD)
    assert (refusal["errorCode"], refusal["message"]) == ("DUPLICATES_DETECTED", "Twins!")
    records = refusal["duplicateResult"]["matchResults"][0]["matchRecords"]
    assert [each["record"]["Id"] for each in records] == [first]
    row = {"attributes": {"type": "Lead"}, **LEAD}
    (result,) = ruled.post("composite/sobjects", {"records": [row]})
    assert (result["success"], result["errors"][0]["statusCode"]) == (False, "DUPLICATES_DETECTED")
    insisted = ruled.send("POST", "sobjects/Lead", LEAD, {"Sforce-Duplicate-Rule-Header": "allowSave=true"})
    assert insisted.status == 201


def test_hard_deleted_records_are_not_in_the_bin(ruled: Client):
    lead = ruled.post("sobjects/Lead", LEAD, 201)["id"]
    job = ruled.post("jobs/ingest", {"object": "Lead", "operation": "hardDelete"})["id"]
    ruled.send("PUT", f"jobs/ingest/{job}/batches", f"Id\n{lead}\n".encode())
    ruled.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert ruled.get(f"jobs/ingest/{job}")["numberRecordsFailed"] == 0
    assert ruled.get("queryAll?q=SELECT+Id+FROM+Lead")["totalSize"] == 0
