"""The Salesforce CLI against the org: every ability is one or more ``sf`` commands, as a person would type them."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

from ability import TASK, cells, end_sessions, run

FOLDER = Path(TASK["folder"])
SF = Path(TASK["programs"]) / "salesforce-cli" / "node_modules" / ".bin" / "sf"
NODE_KEY = (
    "const {privateKey} = require('crypto').generateKeyPairSync('rsa', {modulusLength: 2048});"
    "process.stdout.write(privateKey.export({type: 'pkcs8', format: 'pem'}))"
)


def sf(*words, good=(0,), org=True, **environment):
    """The JSON that a command says. A refusal's text holds its name and message."""
    target = ["--target-org", "mock"] if org else []
    done = subprocess.run(
        [SF, *words, *target, "--json"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in good:
        raise AssertionError(f"sf {' '.join(words)}: {done.stdout[-1500:]}{done.stderr[-500:]}")
    return json.loads(done.stdout)


def refusal(*words, **environment):
    said = sf(*words, good=range(1, 256), **environment)
    return {"text": f"{said['name']} {said['message']}"}


def _by_token(token):
    place = ("--instance-url", TASK["url"], "--no-prompt", "--alias", "mock")
    return ("org", "login", "access-token", *place), {"SF_ACCESS_TOKEN": token, "org": False}


def login():
    _with_key()
    words, rest = _by_token(TASK["token"])
    done = sf(*words, **rest)["result"]
    shown = sf("org", "display")["result"]
    assert shown["connectedStatus"] == "Connected"
    return {"user": done["username"], "org": shown["id"]}


def _with_key():
    """Log in another user by JWT: the CLI keeps one login for each user."""
    key = FOLDER / "key.pem"
    made = subprocess.run(["node", "-e", NODE_KEY], capture_output=True, text=True, check=True)
    key.write_text(made.stdout)
    place = f"--instance-url {TASK['url']} --client-id key --alias jwt --username {TASK['other_user']}"
    done = sf("org", "login", "jwt", *place.split(), "--jwt-key-file", str(key), org=False)
    assert done["result"]["username"] == TASK["other_user"]


def describe():
    found = sf("sobject", "describe", "--sobject", "Lead")["result"]
    return {
        "objects": sf("sobject", "list", "--sobject", "all")["result"],
        "fields": {each["name"]: each["type"] for each in found["fields"]},
    }


def query():
    as_csv = FOLDER / "query.csv"
    done = subprocess.run(
        [SF, "data", "query", "-o", "mock", "-q", TASK["soql"], "-r", "csv", "--output-file", as_csv],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # the only way that asks for columns=true
    rows = [cells(each) for each in sf("data", "query", "--query", TASK["soql"])["result"]["records"]]
    assert _table(as_csv) == [[_text(cell) for cell in row] for row in rows]
    return {"rows": rows}


def _text(cell):
    return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)


def _table(path):
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))[1:]


def _values(record):
    """Field=value pairs; the command line knows no escape for quotes but the other kind."""
    return " ".join(f"{name}={_quoted(value)}" for name, value in record.items())


def _quoted(value):
    text = _text(value)
    return f'"{text}"' if "'" in text else f"'{text}'"


def write():
    of_lead = ("--sobject", "Lead")
    made = [sf("data", "create", "record", *of_lead, "--values", _values(TASK["record"])) for _ in range(2)]
    kept, gone = (each["result"]["id"] for each in made)
    texts = {name: value for name, value in TASK["change"].items() if value is not None}
    sf("data", "update", "record", *of_lead, "--record-id", kept, "--values", _values(texts))
    emptied = {
        name: "#N/A" for name in TASK["change"] if name not in texts
    }  # `update record` cannot empty a field
    _bulk("update", [{"Id": kept, **emptied}], "update")
    sf("data", "delete", "record", *of_lead, "--record-id", gone)
    read = sf("data", "get", "record", *of_lead, "--record-id", kept)["result"]["Company"]
    return {"kept": kept, "gone": gone, "read": read}


def _bulk(name, rows, verb, more=(), good=(0,)):
    path = FOLDER / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        sheet.writeheader()
        sheet.writerows(rows)
    words = ("data", verb, "bulk", "--sobject", "Lead", "--file", str(path), "--wait", "5", *more)
    return sf(*words, good=good)


def upsert():
    created = []
    for values in TASK["versions"]:
        rows = [{"Sfsync_Key__c": TASK["key"], **values}]
        done = _bulk("upsert", rows, "upsert", more=("--external-id", "Sfsync_Key__c"))["result"]
        created.append(done["records"]["successfulResults"][0]["sf__Created"] in {True, "true"})
    return {"created": created}


def bulk_load():
    said = _bulk("load", TASK["load"], "import", good=(0, 1))
    job = said["data"]["jobId"] if "data" in said else said["result"]["jobId"]
    results = sf("data", "bulk", "results", "--job-id", job)["result"]
    reasons = {row["sf__Error"] for row in _rows(FOLDER / results["failedFilePath"])}
    return {"good": results["successfulRecords"], "bad": results["failedRecords"], "reasons": sorted(reasons)}


def _rows(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def bulk_query():
    out = FOLDER / "export.csv"
    sf("data", "export", "bulk", "--query", TASK["soql"], "--output-file", str(out), "--wait", "5")
    return {"rows": _table(out)}


def bad_soql():
    return refusal("data", "query", "--query", TASK["bad_soql"])


def missing_field():
    return refusal("data", "create", "record", "--sobject", "Lead", "--values", _values(TASK["incomplete"]))


def bad_login():
    words, rest = _by_token(f"{TASK['token'].split('!')[0]}!AQwrong")
    return refusal(*words, **rest)


def session_ends():
    end_sessions()
    count = ("data", "query", "--query", TASK["count"])
    renewed = sf(*count, "--target-org", "jwt", org=False)["result"]["totalSize"]
    return refusal(*count) | {"renewed": renewed}


def tree():
    records = [_branch(*each) for each in enumerate(TASK["tree"])]
    first, again = FOLDER / "tree.json", FOLDER / "tree"
    shutil.rmtree(again, ignore_errors=True)
    first.write_text(json.dumps({"records": records}))
    made = len(sf("data", "import", "tree", "--files", str(first))["result"])
    asked = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account"
    sf("data", "export", "tree", "--query", asked, "--plan", "--output-dir", str(again))
    (plan,) = again.glob("*plan.json")
    return {"made": made + len(sf("data", "import", "tree", "--plan", str(plan))["result"])}


def _branch(number, account):
    """An account with its contacts inside, as composite/tree wants it."""
    contacts = [
        {"attributes": {"type": "Contact", "referenceId": f"leaf{number}x{place}"}, **each}
        for place, each in enumerate(account["Contacts"])
    ]
    attributes = {"type": "Account", "referenceId": f"root{number}"}
    return {"attributes": attributes, "Name": account["Name"], "Contacts": {"records": contacts}}


run(login, describe, query, write, upsert, bulk_load, bulk_query, bad_soql, missing_field, bad_login, tree,
    session_ends)  # fmt: skip
