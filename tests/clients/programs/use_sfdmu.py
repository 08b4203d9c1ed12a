"""SFDMU against the org: a plugin of the Salesforce CLI, driven by an export.json and CSV files in a folder."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

from ability import TASK, run

PROGRAMS = Path(TASK["programs"])
SF = PROGRAMS / "salesforce-cli" / "node_modules" / ".bin" / "sf"
PLUGIN = PROGRAMS / "sfdmu" / "node_modules" / "sfdmu"
KEY = "Sfsync_Key__c"
COLUMNS = [name for name in TASK["columns"] if "." not in name]
IN_ROWS = {"bulkThreshold": 1_000_000}


def _sf(*words, good=(0,)):
    done = subprocess.run(
        [SF, *words],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode not in good:
        raise AssertionError(f"sf {' '.join(map(str, words))}: {done.stdout[-2000:]}")
    return done.stdout


def _moved(name, operation, query, rows=None, good=(0,), token=TASK["token"], **script):
    """Run SFDMU from the org into a file, or from ``rows`` in a file into the org; the folder and what was said."""
    folder = Path(TASK["folder"]) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    deleting = {"deleteOldData": True, "deleteQuery": query} if operation == "Delete" else {}
    thing = {"query": query, "operation": operation, "externalId": KEY if rows else "Id", **deleting}
    org = {"name": "mock", "instanceUrl": TASK["url"], "accessToken": token}
    (folder / "export.json").write_text(json.dumps({"orgs": [org], "objects": [thing], **script}))
    ends = ("--sourceusername", "mock", "--targetusername", "csvfile")
    if rows:
        ends = ("--sourceusername", "csvfile", "--targetusername", "mock")
        with (folder / "Lead.csv").open("w", encoding="utf-8", newline="") as out:
            sheet = csv.DictWriter(out, list(rows[0]))
            sheet.writeheader()
            sheet.writerows(rows)
    said = _sf("sfdmu", "run", *ends, "--path", folder, "--noprompt", good=good)
    return folder, said


def _rows(path):
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _select(names):
    return f"SELECT Id, {', '.join(names)} FROM Lead"


def _written(operation, rows, **script):
    """The rows as SFDMU reports them, with Id and Errors, and whether it made them."""
    folder, _ = _moved(operation.lower(), operation, _select(rows[0]), rows, **script)
    (report,) = (folder / "target").glob("Lead_*_target.csv")
    return _rows(report), report.name == "Lead_insert_target.csv"


def login():
    _sf("plugins", "link", "--no-install", PLUGIN)
    (made,), _ = _written("Insert", [{"LastName": "Login", "Company": "Login", KEY: "LOGIN"}], **IN_ROWS)
    return {"record": made["Id"]}


def query():
    asked = TASK["soql"].replace(", Owner.Name", "").replace(" ORDER BY Id", "")
    folder, _ = _moved("query", "Readonly", asked)
    return {
        "columns": COLUMNS,
        "rows": [[row[name] for name in COLUMNS] for row in _rows(folder / "Lead.csv")],
    }


def write():
    record = {**TASK["record"], "Marketing_Consent__c": "true"}  # its CSV has no other words for it
    rows = [{**record, KEY: key} for key in ("W-KEPT", "W-GONE")]
    made, _ = _written("Insert", rows, **IN_ROWS)
    kept, gone = (each["Id"] for each in made)
    (changed,), _ = _written("Update", [{KEY: "W-KEPT", **TASK["change"]}], **IN_ROWS)
    assert changed["Id"] == kept
    _moved("delete", "Delete", f"SELECT Id FROM Lead WHERE Id = '{gone}'", [{KEY: "W-GONE"}], **IN_ROWS)
    return {"kept": kept, "gone": gone}


def upsert():
    made = []
    for values in TASK["versions"]:
        (row,), new = _written("Upsert", [{KEY: TASK["key"], **values}], **IN_ROWS)
        made.append(new)
    return {"created": made, "id": row["Id"]}


def _loaded(rows, version):
    done, _ = _written("Insert", rows, bulkThreshold=100, bulkApiVersion=version, pollingIntervalMs=300)
    bad = [each["Errors"] for each in done if each["Errors"]]
    return {"good": len(done) - len(bad), "bad": len(bad), "reasons": sorted(set(bad))}


def bulk_load():
    return _loaded(TASK["load"], "2.0")


def bulk_load_1():
    return _loaded(TASK["load_1"], "1.0")


def bad_soql():
    asked = (
        TASK["bad_soql"].replace(", Nothing__c", "") + " WHERE Nothing__c = 'x'"
    )  # unknown columns are left out
    _, said = _moved("bad", "Readonly", asked, good=range(1, 256))
    return {"text": said}


def missing_field():
    (row,), _ = _written("Insert", [{**TASK["incomplete"], KEY: "INCOMPLETE"}], **IN_ROWS)
    return {"text": row["Errors"]}


def bad_login():
    _, said = _moved(
        "login", "Readonly", "SELECT Id FROM Lead", token=f"{TASK['token']}x", good=range(1, 256)
    )
    return {"text": said}


run(login, query, write, upsert, bulk_load, bulk_load_1, bad_soql, missing_field, bad_login)
