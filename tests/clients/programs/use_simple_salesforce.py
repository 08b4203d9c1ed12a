"""simple-salesforce against the org: SOAP login, REST, Bulk 2.0, and Bulk 1.0 with JSON."""

import csv
import io
from functools import cache

from ability import TASK, cells, end_sessions, refusal, run
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
)


@cache
def org():
    return Salesforce(username=TASK["username"], password=TASK["password"], security_token="")


def login():
    who = org().restful("", {})["identity"]
    granted = Salesforce(consumer_key="key", consumer_secret="secret", domain="mock.my")  # client credentials
    granted.query("SELECT Id FROM Organization")
    return {"org": who.split("/")[-2], "user": who.split("/")[-1]}


def describe():
    found = org().Lead.describe()
    return {
        "objects": [each["name"] for each in org().describe()["sobjects"]],
        "fields": {each["name"]: each["type"] for each in found["fields"]},
    }


def query():
    return {"rows": [cells(each) for each in org().query_all(TASK["soql"])["records"]]}


def write():
    kept, gone = (org().Lead.create(TASK["record"])["id"] for _ in range(2))
    assert org().Lead.update(kept, TASK["change"]) == 204
    assert org().Lead.delete(gone) == 204
    return {"kept": kept, "gone": gone, "read": org().Lead.get(kept)["Company"]}


def upsert():
    answers = [
        org().Lead.upsert(f"Sfsync_Key__c/{TASK['key']}", values, raw_response=True).json()
        for values in TASK["versions"]
    ]
    return {"created": [each["created"] for each in answers], "id": answers[-1]["id"]}


def bulk_load():
    (done,) = org().bulk2.Lead.insert(records=TASK["load"], wait=0.2)
    failed = org().bulk2.Lead.get_failed_records(done["job_id"])
    reasons = {row["sf__Error"] for row in csv.DictReader(io.StringIO(failed))}
    return {
        "good": done["numberRecordsProcessed"] - done["numberRecordsFailed"],
        "bad": done["numberRecordsFailed"],
        "reasons": sorted(reasons),
    }


def bulk_load_1():
    results = org().bulk.Lead.insert(TASK["load_1"], batch_size=1000)
    bad = [each for each in results if not each["success"]]
    reasons = {f"{error['statusCode']}:{error['message']}" for each in bad for error in each["errors"]}
    return {"good": len(results) - len(bad), "bad": len(bad), "reasons": sorted(reasons)}


def bulk_query():
    rows = []
    for page in org().bulk2.Lead.query(TASK["soql"], max_records=1_000):
        rows += list(csv.reader(io.StringIO(page)))[1:]
    return {"rows": rows}


def bulk_query_1():
    return {"rows": [cells(each) for each in org().bulk.Lead.query(TASK["soql"])]}


def bad_soql():
    return refusal(SalesforceMalformedRequest, lambda: org().query(TASK["bad_soql"]))


def missing_field():
    return refusal(SalesforceMalformedRequest, lambda: org().Lead.create(TASK["incomplete"]))


def bad_login():
    wrong = {"username": TASK["username"], "password": "wrong", "security_token": ""}
    return refusal(SalesforceAuthenticationFailed, lambda: Salesforce(**wrong))


def session_ends():
    before = Salesforce(instance_url=TASK["url"], session_id=org().session_id)
    end_sessions()
    refused = refusal(SalesforceExpiredSession, lambda: before.query(TASK["count"]))
    return refused | {"renewed": org().query(TASK["count"])["totalSize"]}


run(login, describe, query, write, upsert, bulk_load, bulk_load_1, bulk_query, bulk_query_1, bad_soql,
    missing_field, bad_login, session_ends)  # fmt: skip
