"""CumulusCI against the org: every ability is one or more ``cci`` tasks in a small project of its own."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

from ability import TASK, run
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = Path(TASK["folder"]) / "project"
SECURE = TASK["url"].replace("http://", "https://")
"""CumulusCI takes no other scheme; sitecustomize.py leads it to the plain address."""
COLUMNS = [name for name in TASK["columns"] if "." not in name]
LEAD = {"object": "Lead"}


def cci(*words, good=(0,), **environment):
    """What a command says, with the errors."""
    done = subprocess.run(
        [Path(sys.executable).parent / "cci", *words],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode not in good:
        raise AssertionError(f"cci {' '.join(words)}: {done.stdout[-3000:]}")
    return done.stdout


def task(name, kind, options):
    """Run a task with options that the command line could not carry: they go through the project's file."""
    _project({name: {"class_path": f"cumulusci.tasks.{kind}", "options": options}})
    return cci("task", "run", name, "--org", "mock")


def _project(tasks):
    project = {"name": "Clients", "package": {"name": "Clients", "api_version": "62.0"}}
    text = json.dumps({"minimum_cumulusci_version": "4.0.0", "project": project, "tasks": tasks})
    (PROJECT / "cumulusci.yml").write_text(text)


def _prepare():
    """A project folder under git, and an org that is known by its name, key and user."""
    PROJECT.mkdir(exist_ok=True)
    if not (PROJECT / ".git").is_dir():
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(PROJECT)], check=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    org = {"instance_url": SECURE, "username": TASK["username"], "id": f"{SECURE}/id/x/y"}
    os.environ |= {
        "COLUMNS": "2000",  # it wraps what it says
        "CUMULUSCI_ORG_mock": json.dumps(org),
        "CUMULUSCI_KEYCHAIN_CLASS": "cumulusci.core.keychain.EnvironmentProjectKeychain",
        "CUMULUSCI_AUTO_DETECT": "0",
        "SFDX_CLIENT_ID": "key",
        "SFDX_HUB_KEY": key.decode(),
        "SHOULD_SAVE_AS_JSON": "True",
    }
    _project({})


def _shell(code):
    """The last line that Python code printed in ``cci org shell``."""
    return json.loads(cci("org", "shell", "mock", "--python", code).splitlines()[-1])


def login():
    _prepare()
    return _shell(
        "import json; print(json.dumps({'user': org_config.user_id, 'org': org_config.org_id}))",
    )


def describe():
    return _shell(
        "import json; print(json.dumps({'objects': [each['name'] for each in sf.describe()['sobjects']],"
        " 'fields': {each['name']: each['type'] for each in sf.Lead.describe()['fields']}}))",
    )


def _extracted(api):
    mapping = {
        "Leads": {"sf_object": "Lead", "api": api, "table": "Lead", "soql_filter": "LeadSource = 'Web'"}
    }
    mapping["Leads"]["fields"] = {name: name.lower() for name in COLUMNS}
    (PROJECT / "extract.yml").write_text(json.dumps(mapping))
    database = PROJECT / f"{api}.db"
    database.unlink(missing_ok=True)
    task(
        "extract",
        "bulkdata.ExtractData",
        {"mapping": "extract.yml", "database_url": f"sqlite:///{database}", "sql_path": None},
    )
    with sqlite3.connect(database) as connection:
        names = ", ".join(name.lower() for name in COLUMNS)
        return {"columns": COLUMNS, "rows": connection.execute(f"SELECT {names} FROM Lead").fetchall()}


def query():
    return _extracted("rest")


def bulk_query():
    return _extracted("bulk")


def write():
    ids = []
    for _ in range(2):
        said = task("make", "salesforce.insert_record.InsertRecord", LEAD | {"values": TASK["record"]})
        ids.append(re.search(r"Lead record inserted: (\w{18})", said)[1])
    kept, gone = ids
    recipe = [{"object": "Lead", "fields": TASK["change"]}]
    (PROJECT / "recipe.yml").write_text(json.dumps(recipe))
    changed = LEAD | {"where": f"Id = '{kept}'", "recipe": "recipe.yml", "api": "rest"}
    task("change", "bulkdata.update_data.UpdateData", changed)
    task("remove", "bulkdata.DeleteData", {"objects": "Lead", "where": f"Id = '{gone}'", "api": "rest"})
    return {"kept": kept, "gone": gone}


def _loaded(rows, **step):
    """What a load said. The rows travel through a database, as a dataset does."""
    names = list(rows[0])
    mapping = {
        "Leads": {"sf_object": "Lead", "table": "Lead", "fields": {each: each.lower() for each in names}}
    }
    mapping["Leads"] |= step
    (PROJECT / "load.yml").write_text(json.dumps(mapping))
    database = PROJECT / "load.db"
    database.unlink(missing_ok=True)
    with sqlite3.connect(database) as connection:
        columns = ", ".join(f"{name.lower()} TEXT" for name in names)
        connection.execute(f"CREATE TABLE Lead (id INTEGER PRIMARY KEY, {columns})")
        marks = ", ".join("?" for _ in names)
        values = [list(row.values()) for row in rows]
        connection.executemany(
            f"INSERT INTO Lead ({', '.join(each.lower() for each in names)}) VALUES ({marks})", values
        )
    options = {"mapping": "load.yml", "database_url": f"sqlite:///{database}", "ignore_row_errors": True}
    return task("load", "bulkdata.LoadData", options | {"set_recently_viewed": False})


def upsert():
    for values in TASK["versions"]:
        rows = [{"Sfsync_Key__c": TASK["key"], **values}]
        _loaded(rows, action="upsert", update_key="Sfsync_Key__c", api="rest")
    return {}


def bulk_load():
    said = _loaded(TASK["load"], action="insert", api="bulk")
    reasons = re.findall(r"Error on record with id \S+: (.*)", said)
    return {"good": len(TASK["load"]) - len(reasons), "bad": len(reasons), "reasons": reasons}


def bad_soql():
    options = LEAD | {"query": TASK["bad_soql"], "result_file": "never.csv"}
    try:
        task("ask", "salesforce.SOQLQuery", options)
    except AssertionError as refused:
        return {"text": str(refused)}
    return {"text": "nothing was refused"}


def missing_field():
    try:
        task("make", "salesforce.insert_record.InsertRecord", LEAD | {"values": TASK["incomplete"]})
    except AssertionError as refused:
        return {"text": str(refused)}
    return {"text": "nothing was refused"}


def bad_login():
    app = {"client_id": "key", "client_secret": "secret", "callback_url": SECURE, "login_url": SECURE}
    org = {"instance_url": SECURE, "refresh_token": "wrong", "client_id": "key", "client_secret": "secret"}
    known = {"CUMULUSCI_SERVICE_connected_app": json.dumps(app), "CUMULUSCI_ORG_wrong": json.dumps(org)}
    return {"text": cci("org", "info", "wrong", good=range(1, 256), SFDX_CLIENT_ID="", **known)}


run(login, describe, query, write, upsert, bulk_load, bulk_query, bad_soql, missing_field, bad_login)
