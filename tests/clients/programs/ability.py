"""What the programs of the Python clients share: read the task, run the abilities, say what each one saw."""

import json
import sys
import traceback
import urllib.request
from pathlib import Path

TASK = json.loads(Path(sys.argv[1]).read_text())
"""What to do and with what; see ``task`` in checks.py."""


def run(*abilities):
    """Run functions named as the abilities are; each returns what it saw."""
    for ability in abilities:
        try:
            said = {"ability": ability.__name__, "saw": ability()}
        except Exception:  # noqa: BLE001  whatever a client raises is its result
            said = {"ability": ability.__name__, "error": traceback.format_exc(limit=-6)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def refusal(kind, action):
    """The text of the error that an action must end in."""
    try:
        action()
    except kind as error:
        return {"text": f"{type(error).__name__} {error}"}
    raise AssertionError("nothing was refused")


def end_sessions():
    """End every session of the org, as an administrator can."""
    url = f"{TASK['url']}/__mock/state"
    with urllib.request.urlopen(url, b'{"expire": true}', timeout=60):
        pass


def cells(record):
    """The columns of the task from a record with parents inside."""
    row = []
    for column in TASK["columns"]:
        value = record
        for name in column.split("."):
            value = value[name] if value is not None else None
        row.append(value)
    return row
