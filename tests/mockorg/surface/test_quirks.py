"""Switches of the surface: what an org may do either way, done both ways; every switch is documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sfsync.mockorg import Quirks
from sfsync.mockorg.quirks import parse_quirks
from tests.mockorg.surface.conftest import Client, make_org

DOCS = Path(__file__).parents[3] / "docs"


def test_every_switch_is_documented_with_its_default():
    text = (DOCS / "mock-org-surface.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]+?)`? \|", text, re.MULTILINE))
    assert listed == {each.name: f"{each.default}" for each in fields(Quirks)}


def test_switches_as_text():
    assert parse_quirks([]) == Quirks()
    found = parse_quirks(["page-size=200", "orders_need_contract = TRUE", "web_names=false"])
    assert found == Quirks(page_size=200, orders_need_contract=True, web_names=False)


@pytest.mark.parametrize(("switch", "slash"), [(False, ""), (True, "/")])
def test_content_slash(switch: bool, slash: str):
    client = Client(make_org(quirks=Quirks(content_slash=switch)))
    job = client.post("jobs/ingest", {"operation": "insert", "object": "Account"})
    assert job["contentUrl"] == f"{slash}services/data/v62.0/jobs/ingest/{job['id']}/batches"


@pytest.mark.parametrize(("switch", "count", "empty"), [(True, 2, b'"Name"\n'), (False, 1, b"")])
def test_count_failed_and_empty_results(switch: bool, count: int, empty: bytes):
    client = Client(make_org(quirks=Quirks(count_failed=switch, empty_results=switch)))
    job = client.post("jobs/ingest", {"operation": "insert", "object": "Account"})["id"]
    client.expect(201, "PUT", f"jobs/ingest/{job}/batches", 'Name\nA\n""\n')
    client.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    info = client.get(f"jobs/ingest/{job}")
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (count, 1)
    assert client.send("GET", f"jobs/ingest/{job}/unprocessedRecords").body == empty


@pytest.mark.parametrize("status", [400, 404])
def test_stale_locator(status: int):
    client = Client(make_org(quirks=Quirks(stale_locator=status)))
    assert client.refusal(status, "GET", "query/01g000000000001AAA-2000") == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(("switch", "good"), [(True, [True, False]), (False, [True, True])])
def test_repeated_keys(switch: bool, good: list[bool]):
    client = Client(make_org(quirks=Quirks(repeated_keys=switch)))
    record = {"attributes": {"type": "Account"}, "Name": "A", "Sfsync_Key__c": "K"}
    found = client.patch("composite/sobjects/Account/Sfsync_Key__c", {"records": [record, record]})
    assert [each["success"] for each in found] == good
