"""salesforce-bulk against the org: its login through SOAP, and Bulk 1.0 as CSV and JSON with XML documents."""

import csv
import io
import json
from functools import cache

from ability import TASK, end_sessions, refusal, run
from salesforce_bulk import CsvDictsAdapter, SalesforceBulk
from salesforce_bulk.salesforce_bulk import BulkApiError, BulkBatchFailed
from simple_salesforce.exceptions import SalesforceAuthenticationFailed


@cache
def bulk():
    """A connection that logged in by itself; the address it is given back is made plain http for its own door."""
    made = SalesforceBulk(username=TASK["username"], password=TASK["password"], security_token="")
    return SalesforceBulk(sessionId=made.sessionId, host=TASK["url"], API_version="62.0")


def login():
    org, user = (
        _one("SELECT Id FROM Organization"),
        _one(f"SELECT Id FROM User WHERE Username = '{TASK['username']}'"),
    )
    return {"org": org, "user": user}


def _one(soql):
    (row,) = _asked(soql)
    return row["Id"]


def _asked(soql, content_type="CSV", operation="create_query_job"):
    sobject = soql.split(" FROM ")[1].split()[0]
    job = getattr(bulk(), operation)(sobject, contentType=content_type)
    batch = bulk().query(job, soql)
    bulk().close_job(job)
    bulk().wait_for_batch(job, batch, sleep_interval=0.1)
    rows = []
    for result in bulk().get_all_results_for_query_batch(batch, job):
        text = result.read()
        rows += json.loads(text) if content_type == "JSON" else csv.DictReader(io.StringIO(text.decode()))
    return rows


def _done(job, rows):
    batch = bulk().post_batch(job, CsvDictsAdapter(iter(rows)))
    bulk().close_job(job)
    bulk().wait_for_batch(job, batch, sleep_interval=0.1)
    return bulk().get_batch_results(batch, job)


def write():
    record = {name: str(value) for name, value in TASK["record"].items()}
    kept, gone = (
        each.id for each in _done(bulk().create_insert_job("Lead", contentType="CSV"), [record] * 2)
    )
    change = {name: "#N/A" if value is None else value for name, value in TASK["change"].items()}
    (changed,) = _done(bulk().create_update_job("Lead", contentType="CSV"), [{"Id": kept, **change}])
    (deleted,) = _done(bulk().create_delete_job("Lead", contentType="CSV"), [{"Id": gone}])
    assert (changed.success, deleted.success) == ("true", "true")
    return {"kept": kept, "gone": gone}


def upsert():
    results = []
    for values in TASK["versions"]:
        job = bulk().create_upsert_job("Lead", "Sfsync_Key__c", contentType="CSV")
        results += _done(job, [{"Sfsync_Key__c": TASK["key"], **values}])
    return {"created": [each.created == "true" for each in results], "id": results[-1].id}


def bulk_load():
    job = bulk().create_insert_job("Lead", contentType="CSV", concurrency="Serial")
    results = _done(job, TASK["load"])
    bad = [each for each in results if each.success != "true"]
    return {"good": len(results) - len(bad), "bad": len(bad), "reasons": sorted({each.error for each in bad})}


def bulk_query():
    return {"rows": [[each[column] for column in TASK["columns"]] for each in _asked(TASK["soql"])]}


def bad_soql():
    return refusal(BulkBatchFailed, lambda: _asked(TASK["bad_soql"]))


def missing_field():
    (result,) = _done(bulk().create_insert_job("Lead", contentType="CSV"), [TASK["incomplete"]])
    return {"text": result.error}


def bad_login():
    wrong = {"username": TASK["username"], "password": "wrong", "security_token": ""}
    return refusal(SalesforceAuthenticationFailed, lambda: SalesforceBulk(**wrong))


def session_ends():
    bulk()
    end_sessions()
    return refusal(BulkApiError, lambda: bulk().create_query_job("Lead", contentType="CSV"))


run(login, write, upsert, bulk_load, bulk_query, bad_soql, missing_field, bad_login, session_ends)
