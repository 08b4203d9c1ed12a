"""The mock org beside what real orgs answered; skipped where those recordings are not at hand."""

import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest

from sfsync.mockorg import MockOrg
from tests.mockorg.recording.cassettes import load, template
from tests.mockorg.surface.conftest import METADATA
from tests.shared import SHARED

RECORDINGS = SHARED / "recordings"
CASSETTES = sorted(RECORDINGS.glob("*.yaml"))
TEMPLATES = sorted(RECORDINGS.glob("*.tpl"))

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")

KNOWN = {
    r"urls\.(approvalLayouts|ui\w+|defaultValues|listviews|quickActions|caseArticleSuggestions|eventSeriesUpdates"
    r"|caseRowArticleSuggestions|compactLayouts|layouts|namedLayouts|passwordUtilities)": (
        "the mock org has no layouts, list views and quick actions, hence no addresses of them"
    ),
    r"\.(associateEntityType|associateParentEntity|sobjectDescribeOption): recorded nothing": (
        "keys that newer versions have; these were recorded with older ones"
    ),
    r"Custom__c/describe": "an object of that org's own",
    r"Event/describe: body\.fields\[\]\.picklistValues": "the time zones are the platform's own list",
    r"OpportunityContactRole/describe: body\.(childRelationships|recordTypeInfos)": (
        "recorded with custom objects around it, and without its master record type"
    ),
    r"Organization/\w+: body\.Preferences": "switches of an org's set-up that no client reads",
    r"composite: body\.compositeResponse\[\]\.httpHeaders\.ETag": "the mock org compares dates, not tags",
    r"httpStatusCode: recorded 304, mock org 200": "the mock org's schema is newer than the date that was asked for",
    r"test_minimal_schema.* body\.compositeResponse\[\]\.body": "answers that its authors cut by hand",
    r"query/: (status: recorded 200, mock org 400|body: recorded object|body\.records: recorded 1 entries)": (
        "that org has a record type for accounts; without one an org has no RecordTypeId"
    ),
    r"limits/recordCount: body\.sObjects": "the platform counts from time to time and leaves out what is new",
    r"connect/communities": "Experience Cloud is not part of the mock org",
}
"""What differs, as a pattern on file and difference, and why that is right."""


@cache
def differences(path: Path) -> list[str]:
    """What a new mock org answers otherwise than the recording."""
    return [f"{path.stem} {each}" for each in load(path).compare(MockOrg(metadata=[METADATA]))]


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_answers_have_the_shape_of_real_ones(path: Path):
    assert [
        each for each in differences(path) if not any(re.search(pattern, each) for pattern in KNOWN)
    ] == []


def test_every_known_difference_is_still_one():
    lines = [each for path in CASSETTES for each in differences(path)]
    assert [pattern for pattern in KNOWN if not any(re.search(pattern, each) for each in lines)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_documents_of_bulk_1_have_the_real_elements_in_order(path: Path):
    org = MockOrg(metadata=[METADATA])
    operation = "upsert" if "upsert" in path.stem else "insert"
    documents = bulk_1_documents(org, operation)
    name = path.stem.partition("_")[0]
    assert elements(documents[name]) == elements(template(path))


def bulk_1_documents(org: MockOrg, operation: str) -> dict[str, str]:
    from sfsync.mockorg import make_request

    headers = {"X-SFDC-Session": org.token, "Content-Type": "application/xml"}
    base = "http://org.example/services/async/62.0/job"
    key = "<externalIdFieldName>Sfsync_Key__c</externalIdFieldName>" if operation == "upsert" else ""
    job = (
        '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
        f"<operation>{operation}</operation><object>Account</object>{key}<contentType>CSV</contentType></jobInfo>"
    )
    made = org.handle(make_request("POST", base, headers, job)).body.decode()
    number = re.search(r"<id>(\w+)</id>", made)
    assert number
    there = f"{base}/{number[1]}"
    csv = {**headers, "Content-Type": "text/csv"}
    batch = org.handle(make_request("POST", f"{there}/batch", csv, "Sfsync_Key__c,Name\n1,A\n")).body.decode()
    listed = org.handle(make_request("GET", f"{there}/batch", headers)).body.decode()
    info = org.handle(make_request("GET", there, headers)).body.decode()
    return {"jobInfo": info, "batchInfo": batch, "batchInfoList": listed}


def elements(text: str) -> list[str]:
    return [each.tag for each in ET.fromstring(text.strip()).iter()]
