"""A chunk of rows at a time gives the same org and the same results as one row after the other."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mockorg import MockOrg, Quirks, bulk2_rows, bulk2_work, pending
from sfsync.mockorg.csv_text import written
from sfsync.mockorg.store import quoted
from tests.mockorg.surface.conftest import Client, make_org
from tests.mockorg.surface.test_bulk2 import load

KEYS = [
    *["N-1"] * 4,
    *["K-1"] * 4,
    "k-1",
    "K-2",
    "n-1",
    "N-2",
    "N-3",
    " N-1 ",
    "É-1",
    "é-1",
    "",
    "#N/A",
    "x" * 256,
]
TEXTS = ["Jansen", " De Wit ", "", "#N/A", "   ", "Zo\u200be", "a\tb", "Jan\nJan", "x" * 81, "é" * 80]
EMAILS = ["a@example.com", "A@EXAMPLE.COM", "no mail", "", "#N/A", f"{'x' * 80}@example.com"]
DAYS = ["1980-02-29", "1981-02-29", "29.2.1980", "1980-02-29T00:00:00Z", "", "#N/A"]
FLAGS = ["true", "FALSE", "1", "maybe", "", "#N/A"]
MONEY = ["0.0", "12", "12.345", "-1", "1e3", "1_0", "12345678901234567890", "nan", "", "#N/A"]
ACCOUNTS = ["A-1", "a-1", "A-2", "A-9", "", "#N/A"]
CONTACT = {
    "Sfsync_Key__c": KEYS,
    "LastName": TEXTS,
    "FirstName": ["Jan", *TEXTS],
    "email": EMAILS,
    "Birthdate": DAYS,
    "HasOptedOutOfEmail": FLAGS,
    "Account.Sfsync_Key__c": ACCOUNTS,
}
LEAD = {
    "Sfsync_Key__c": KEYS,
    "LastName": ["Jansen", ""],
    "Company": ["Bedrijf", *TEXTS],
    "Status": ["Open - Not Contacted", "open - not contacted", "Nowhere", "", "#N/A"],
    "Customer_Type__c": ["private", "COMPANY", "other", "", "#N/A"],
    "AnnualRevenue": MONEY,
    "Number_of_Cards__c": MONEY,
    "Submitted_At__c": ["2024-01-31T10:00:00.000Z", "2024-01-31T10:00:00+01:00", "2024-01-31", "now", ""],
    "OwnerId": ["", "USER", "USER15", "005000000000000AAA", "00Q000000000001", "nobody", "#N/A"],
    "IsConverted": ["", "true"],
}
ASSET = {
    "Sfsync_Key__c": KEYS,
    "Name": ["Card", ""],
    "Card_Id__c": ["C-1", "c-1", "C-2", "C-3", "", "#N/A"],
    "Account.Sfsync_Key__c": ["A-1", "A-2", "A-9", ""],
}
AFTERSALES = {
    "Sfsync_Key__c": KEYS,
    "Status__c": ["Assigned to Dealer", "Nowhere", ""],
    "Parent_Lead__r.Sfsync_Key__c": KEYS[:8],
}
OBJECTS = {"Contact": CONTACT, "Lead": LEAD, "Asset": ASSET, "Aftersales_Lead__c": AFTERSALES}


def _made() -> tuple[MockOrg, bytes, list[str]]:
    org = make_org()
    accounts = [org.insert("Account", {"Name": key, "Sfsync_Key__c": key}) for key in ("A-1", "A-2")]
    ids = []
    for key in ("K-1", "K-2", "É-1"):
        person = {"LastName": key, "Sfsync_Key__c": key}
        ids.append(org.insert("Contact", {**person, "AccountId": accounts[0]}))
        ids.append(org.insert("Lead", {**person, "Company": "B", "AnnualRevenue": 1}))
        ids.append(
            org.insert(
                "Asset", {"Name": key, "Sfsync_Key__c": key, "Card_Id__c": key, "AccountId": accounts[0]}
            )
        )
        ids.append(org.insert("Aftersales_Lead__c", {"Sfsync_Key__c": key}))
    org.core.delete("Account", accounts[1])
    for gone in ids[4:8]:
        org.core.delete(
            {"003": "Contact", "00Q": "Lead", "02i": "Asset"}.get(gone[:3], "Aftersales_Lead__c"), gone
        )
    return org, org.snapshot(), ids


ORG, BEFORE, IDS = _made()
USER = ORG.core.user_id
ACCOUNT = ORG.query("SELECT Id FROM Account")[0]["Id"]
OPERATIONS = ["insert", "update", "upsert", "upsert by Id", "delete", "hardDelete"]


def _outcome(sobject: str, operation: str, data: bytes) -> dict[str, Any]:
    ORG.restore(BEFORE)
    client = Client(ORG)
    key = {"upsert": "Sfsync_Key__c", "upsert by Id": "Id"}.get(operation)
    more = {"externalIdFieldName": key} if key else {}
    job = load(client, data, operation.partition(" ")[0], sobject=sobject, **more)
    tables = [*OBJECTS, "LeadHistory", "Aftersales_Lead__History"]
    tables = [name for name in tables if name in ORG.core.schema.objects]
    store = ORG.core.store
    return {
        "job": client.get(f"jobs/ingest/{job}"),
        "good": client.send("GET", f"jobs/ingest/{job}/successfulResults").body,
        "bad": client.send("GET", f"jobs/ingest/{job}/failedResults").body,
        "written": ORG.stats.as_json()["written"],
        **{name: store.select(f"SELECT rowid, * FROM {quoted(name)} ORDER BY rowid") for name in tables},
    }


def _row_by_row(sobject: str, operation: str, data: bytes) -> dict[str, Any]:
    with patch.object(bulk2_rows, "reader", lambda *_, **__: None), patch.object(pending, "_MOST", 1):
        return _outcome(sobject, operation, data)


@st.composite
def _jobs(draw: st.DrawFn) -> tuple[str, str, bytes]:
    sobject = draw(st.sampled_from(list(OBJECTS)))
    operation = draw(st.sampled_from(OPERATIONS))
    cells = OBJECTS[sobject]
    ids = [each for each in IDS if each[:3] == next(one for one in IDS if _kind(one) == sobject)[:3]]
    named = [*ids, *ids, ids[0][:15], IDS[0], "nothing", "", "#N/A"]
    if "elete" in operation:
        lines = [[each] for each in draw(st.lists(st.sampled_from(named), min_size=1, max_size=12))]
        return sobject, operation, written([["Id"], *lines])
    some = draw(st.sets(st.sampled_from(list(cells))))
    header = [name for name in cells if name in some or name in list(cells)[:3]]
    if operation in {"update", "upsert by Id"} or draw(st.booleans()):
        header.append("Id")
    row = st.tuples(*(_cells(named if name == "Id" else cells[name]) for name in header))
    lines = [list(each) for each in draw(st.lists(row, min_size=1, max_size=12))]
    users = {"USER": USER, "USER15": USER[:15]}
    lines = [[users.get(cell, cell) for cell in line] for line in lines]
    for number in draw(st.lists(st.integers(0, len(lines) - 1), max_size=2)):
        lines[number] = draw(st.sampled_from([lines[number][:-1] or ["x"], [*lines[number], "more"]]))
    return sobject, operation, written([header, *lines])


def _cells(texts: list[str]) -> st.SearchStrategy[str]:
    """Mostly the first text, so that many rows are good but for one cell; all of a column of keys alike."""
    return st.sampled_from(texts if texts in (KEYS, IDS) else [*texts[:1] * (2 * len(texts)), *texts])


def _kind(record_id: str) -> str:
    return {"003": "Contact", "00Q": "Lead", "02i": "Asset"}.get(record_id[:3], "Aftersales_Lead__c")


@settings(max_examples=250)
@given(job=_jobs(), chunk=st.sampled_from([1, 3, 200]))
def test_chunks_give_what_single_rows_give(job: tuple[str, str, bytes], chunk: int):
    with patch.object(bulk2_work, "CHUNK", chunk):
        quick = _outcome(*job)
        slow = _row_by_row(*job)
    assert quick == slow
    assert quick["job"]["state"] == "JobComplete"


@pytest.mark.parametrize(
    ("sobject", "operation", "lines", "failed"),
    [
        (
            "Lead",
            "insert",
            ["LastName,Company,Status", "A,B,", "A,B,#N/A", "A,B,  ", "A,B,Nowhere", "A,,"],
            1,
        ),
        ("Contact", "update", ["Id,Sfsync_Key__c", f"{IDS[0]},N-1", f"{IDS[8]},N-1", f"{IDS[8]},K-1"], 1),
        ("Asset", "update", ["Id,Card_Id__c", f"{IDS[2]},N-1", f"{IDS[2]},N-2", f"{IDS[2]},#N/A"], 0),
        ("Asset", "insert", ["Name,Card_Id__c,Account.Sfsync_Key__c", "A,N-1,A-1", "B,N-1,A-1", "C,,A-1"], 1),
        ("Contact", "insert", ["LastName,Account.Sfsync_Key__c,Account.Id", "A,A-1,", "B,A-9,", "C,,"], 1),
        ("Account", "delete", ["Id", ACCOUNT, ACCOUNT, IDS[0]], 2),
    ],
)
def test_rows_that_touch_each_other(sobject: str, operation: str, lines: list[str], failed: int):
    data = "\n".join(lines).encode()
    done = _outcome(sobject, operation, data)
    assert done == _row_by_row(sobject, operation, data)
    assert done["job"]["numberRecordsFailed"] == failed


def _upsert(*lines: str) -> dict[str, Any]:
    data = "\n".join(("Sfsync_Key__c,LastName,Company", *lines)).encode()
    quick = _outcome("Lead", "upsert", data)
    assert quick == _row_by_row("Lead", "upsert", data)
    return quick


def test_a_key_twice_in_a_chunk_makes_one_record_and_changes_it():
    done = _upsert("N-1,Jansen,Een", "N-1,Jansen,Twee", "n-1,Jansen,Drie")
    assert done["written"] == {"Lead.insert": 2, "Lead.update": 1}  # the field heeds case


def test_a_refused_row_between_others_leaves_no_trace_but_its_id():
    done = _upsert("N-1,Jansen,Een", "N-2,,Twee", "N-3,Jansen,Drie")
    assert done["written"] == {"Lead.insert": 2}
    ids = sorted(row[1] for row in done["Lead"])[-2:]
    assert ids[0][:14] == ids[1][:14]
    assert ord(ids[1][14]) - ord(ids[0][14]) == 2


def test_an_id_may_be_any_text():
    done = _outcome("Contact", "delete", written([["Id"], ["0\n3\t"], [IDS[0]]]))
    assert (done["job"]["numberRecordsProcessed"], done["job"]["numberRecordsFailed"]) == (2, 1)
    text = done["bad"].decode()
    assert text.endswith('\n"0\n3\t","MALFORMED_ID:malformed id 0\n3\t:Id --","0\n3\t"\n')


def test_what_a_client_was_told_is_in_the_data_file(tmp_path: Path):
    org = make_org(data=tmp_path / "org.db", quirks=Quirks(bulk_slice=600))
    client = Client(org)
    job = load(client, "Name\n" + "A\n" * 2_000)
    done = client.get(f"jobs/ingest/{job}")
    assert (done["state"], done["numberRecordsProcessed"]) == ("InProgress", 600)
    with closing(sqlite3.connect(tmp_path / "org.db")) as other:
        assert other.execute("SELECT count(*) FROM Account").fetchone() == (600,)
    org.close()


@pytest.mark.parametrize("parent", ["", IDS[1]])
def test_scripted_troubles_strike_rows_of_a_chunk(client: Client, parent: str):
    client.org.faults.script("lock", sobject="Account", times=1, skip=1, parent=parent)
    job = load(client, "Name\nA\nB\nC\n")
    done = client.get(f"jobs/ingest/{job}")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (3, 0 if parent else 1)
