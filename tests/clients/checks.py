"""What a client is asked to do, and whether it was done: the org is asked, not the client.

Every ability has a task (what the client gets) and a check of what the client saw against what the witness
sees in the org.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.clients.org import API, SEED, Witness

COLUMNS = ("Id", "LastName", "Email", "Number_of_Cards__c", "Marketing_Consent__c", "Owner.Name")
SOQL = f"SELECT {', '.join(COLUMNS)} FROM Lead WHERE LeadSource = 'Web' ORDER BY Id"
USER = "integration@mock.org"
OTHER_USER = "sales.desk@example.com"
RECORD = {
    "LastName": "Ångström-O'Neil",
    "Company": "First & Co",
    "Number_of_Cards__c": 3,
    "Marketing_Consent__c": True,
    "Submitted_At__c": "2026-01-02T03:04:05.000Z",
}
CHANGE: dict[str, Any] = {"Company": 'Zweite "GmbH" €, <&>', "Number_of_Cards__c": None}
KEY = "UP-KEY-1"
VERSIONS = ({"LastName": "Once", "Company": "Upserted"}, {"LastName": "Twice", "Company": "Upserted"})
GOOD, BAD = 2_100, 3
COUNT = "SELECT COUNT() FROM Lead WHERE LeadSource = 'Web'"
TREE = (
    {"Name": "Root & Söhne", "Contacts": [{"LastName": "Ash"}, {"LastName": "Birch"}]},
    {"Name": "Other root", "Contacts": [{"LastName": "Cedar"}]},
)
BAD_SOQL = "SELECT Id, Nothing__c FROM Lead"
INCOMPLETE = {"Company": "No name", "FirstName": "Only"}


class Wrong(Exception):
    """What the client saw, or what is in the org, is not as it must be."""


def _load(prefix: str) -> list[dict[str, str]]:
    """Leads to load in bulk: good ones, and at the end those that lack what an org demands."""
    rows = [
        {"LastName": f"Núñez, {number}", "Company": f'A "{number}"', "Sfsync_Key__c": f"{prefix}-{number}"}
        for number in range(GOOD)
    ]
    return rows + [
        {"LastName": "", "Company": "No name", "Sfsync_Key__c": f"{prefix}-BAD{number}"}
        for number in range(BAD)
    ]


def task(witness: Witness, folder: str, programs: str) -> dict[str, Any]:
    """What a program is told, as JSON."""
    return {
        "url": witness.url,
        "token": witness.token,
        "username": USER,
        "other_user": OTHER_USER,
        "password": "good",
        "folder": folder,
        "programs": programs,
        "soql": SOQL,
        "columns": COLUMNS,
        "record": RECORD,
        "change": CHANGE,
        "key": KEY,
        "versions": VERSIONS,
        "bad_soql": BAD_SOQL,
        "incomplete": INCOMPLETE,
        "count": COUNT,
        "tree": TREE,
        "load": _load("B2"),
        "load_1": _load("B1"),
    }


def _need(truth: bool, text: str) -> None:
    if not truth:
        raise Wrong(text)


def login(saw: Mapping[str, Any], witness: Witness) -> None:
    (user,) = witness.query(f"SELECT Id, Username FROM User WHERE Username = '{USER}'")
    if "record" in saw:  # a client that does not say who it is: its record does
        (made,) = witness.query(f"SELECT CreatedById FROM Lead WHERE Id = '{saw['record']}'")
        _need(made["CreatedById"] == user["Id"], f"logged in as {made['CreatedById']}, not {user['Id']}")
        return
    (org,) = witness.query("SELECT Id FROM Organization")
    same_user = saw["user"] == USER or saw["user"][:15] == user["Id"][:15]
    _need(same_user, f"logged in as {saw['user']}, not {user['Id']}")
    _need(saw["org"][:15] == org["Id"][:15], f"org {saw['org']}, not {org['Id']}")


def describe(saw: Mapping[str, Any], witness: Witness) -> None:
    fields = witness.get(f"{API}/sobjects/Lead/describe")["fields"]
    expected = {each["name"]: each["type"] for each in fields}
    _need(saw["fields"] == expected, f"fields of Lead: {saw['fields']}, not {expected}")
    if "objects" in saw:
        names = {each["name"] for each in witness.get(f"{API}/sobjects")["sobjects"]}
        _need(set(saw["objects"]) == names, f"objects: {set(saw['objects']) ^ names} are in one list only")


def query(saw: Mapping[str, Any], witness: Witness) -> None:
    columns = saw.get("columns", COLUMNS)
    expected = [[_at(each, column) for column in columns] for each in witness.query(SOQL)]
    rows = sorted(saw["rows"])
    _need(len(expected) == SEED, f"the witness sees {len(expected)} rows")
    _need(len(rows) == SEED, f"{len(rows)} rows, not {SEED}")
    for got, row in zip(rows, expected, strict=True):
        _need(_plain(got) == _plain(row), f"row {got}, not {row}")


def _at(record: Mapping[str, Any], column: str) -> Any:
    value: Any = record
    for name in column.split("."):
        value = value[name]
    return value


def _plain(row: list[Any]) -> list[str]:
    """A row as text: CSV has no types, JSON has."""
    cells = [
        "" if each is None else str(each).lower() if isinstance(each, bool) else str(each) for each in row
    ]
    return [cells[0][:15], *cells[1:3], str(float(cells[3])), cells[4].lower(), *cells[5:]]


def write(saw: Mapping[str, Any], witness: Witness) -> None:
    names = f"Id, IsDeleted, {', '.join(RECORD)}"
    ids = f"('{saw['kept']}', '{saw['gone']}')"
    found = witness.query(f"SELECT {names} FROM Lead WHERE Id IN {ids}", deleted=True)
    by_id = {each["Id"][:15]: each for each in found}
    kept, gone = by_id[saw["kept"][:15]], by_id[saw["gone"][:15]]
    expected = {**RECORD, **CHANGE, "IsDeleted": False}
    for name, value in expected.items():
        got = kept[name].replace("+0000", "Z") if name == "Submitted_At__c" else kept[name]
        _need(got == value, f"{name} is {got!r}, not {value!r}")
    _need(gone["IsDeleted"] is True, "the deleted record is still there")
    if "read" in saw:
        _need(saw["read"] == CHANGE["Company"], f"the client reads {saw['read']!r}")


def upsert(saw: Mapping[str, Any], witness: Witness) -> None:
    found = witness.query(f"SELECT Id, LastName FROM Lead WHERE Sfsync_Key__c = '{KEY}'")
    _need(len(found) == 1, f"{len(found)} records have the key")
    _need(found[0]["LastName"] == VERSIONS[-1]["LastName"], f"the record holds {found[0]}")
    if "id" in saw:
        _need(found[0]["Id"][:15] == saw["id"][:15], f"id {saw['id']}, not {found[0]['Id']}")
    told = saw.get("created", [True, False])
    _need(told == [True, False], f"created is {told}, not [True, False]")


def bulk_load(saw: Mapping[str, Any], witness: Witness, prefix: str = "B2") -> None:
    loaded = witness.query(
        f"SELECT LastName, Company, Sfsync_Key__c FROM Lead WHERE Sfsync_Key__c LIKE '{prefix}-%'"
    )
    got = {each["Sfsync_Key__c"]: (each["LastName"], each["Company"]) for each in loaded}
    expected = {each["Sfsync_Key__c"]: (each["LastName"], each["Company"]) for each in _load(prefix)[:GOOD]}
    _need(len(loaded) == GOOD, f"{len(loaded)} rows in the org, not {GOOD}")
    wrong = [key for key in expected if got.get(key) != expected[key]]
    _need(not wrong, f"{wrong[:1]} holds {got.get(wrong[0]) if wrong else ''}")
    _need((saw["good"], saw["bad"]) == (GOOD, BAD), f"{saw['good']} good and {saw['bad']} bad rows")
    for reason in saw["reasons"]:
        _need("REQUIRED_FIELD_MISSING" in reason and "LastName" in reason, f"reason {reason!r}")
    _need(len(saw["reasons"]) > 0, "no reason for the bad rows")


def bad_soql(saw: Mapping[str, Any], _: Witness) -> None:
    _has(saw["text"], "Nothing__c", "INVALID_FIELD", "No such column")


def missing_field(saw: Mapping[str, Any], witness: Witness) -> None:
    _has(saw["text"], "LastName", "REQUIRED_FIELD_MISSING", "Required fields are missing")
    _need(not witness.query("SELECT Id FROM Lead WHERE FirstName = 'Only'"), "the record was made")


def bad_login(saw: Mapping[str, Any], _: Witness) -> None:
    codes = ("INVALID_LOGIN", "invalid_grant", "authentication failure", "Bad_OAuth_Token")
    _has(saw["text"], "", *codes, "Access token to the mock has expired")


def session_ends(saw: Mapping[str, Any], _: Witness) -> None:
    """A client that knows how to log in again has gone on; another says that its session has ended."""
    _need(saw.get("renewed", SEED) == SEED, f"{saw.get('renewed')} rows after the session ended, not {SEED}")
    _need(bool(saw), "nothing was seen")
    if "text" in saw:
        _has(saw["text"], "", "INVALID_SESSION_ID", "InvalidSessionId", "Session expired or invalid")


def tree(saw: Mapping[str, Any], witness: Witness) -> None:
    """Accounts with their contacts, twice: as they were given, and as they were exported and given again."""
    found = witness.query("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account")
    got = [[each["Name"], [child["LastName"] for child in each["Contacts"]["records"]]] for each in found]
    expected = [[account["Name"], [each["LastName"] for each in account["Contacts"]]] for account in TREE] * 2
    _need(sorted(got) == sorted(expected), f"the org holds {got}, not {expected}")
    _need(
        saw["made"] == 2 * sum(1 + len(each["Contacts"]) for each in TREE), f"{saw['made']} records were made"
    )


def _has(text: str, always: str, *one_of: str) -> None:
    fits = always in text and any(each in text for each in one_of)
    _need(fits, f"the error says {text[:300]!r}, without {always} and one of {', '.join(one_of)}")


CHECKS: Mapping[str, Callable[[Mapping[str, Any], Witness], None]] = {
    "login": login,
    "describe": describe,
    "query": query,
    "write": write,
    "upsert": upsert,
    "bulk_load": bulk_load,
    "bulk_load_1": lambda saw, witness: bulk_load(saw, witness, "B1"),
    "bulk_query": query,
    "bulk_query_1": query,
    "bad_soql": bad_soql,
    "missing_field": missing_field,
    "bad_login": bad_login,
    "session_ends": session_ends,
    "tree": tree,
}
"""Ability to its check; ``_1`` is Bulk API 1.0 of a client that has both."""
