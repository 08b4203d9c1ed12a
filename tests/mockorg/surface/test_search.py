from typing import Any
from urllib.parse import quote

import pytest

from tests.mockorg.surface.conftest import Client


@pytest.fixture(autouse=True)
def _people(client: Client):
    lead = {
        "LastName": "Jansen",
        "Company": "Bakkerij Jansen",
        "Email": "piet@bakker.example",
        "Phone": "0612345678",
    }
    client.org.insert("Lead", lead)
    client.org.insert("Lead", {"LastName": "Vos", "Company": "100%_'Zeker\\", "Email": "vos@example.com"})
    client.org.insert("Account", {"Name": "Jansen & Zonen"})


def find(client: Client, sosl: str) -> list[dict[str, Any]]:
    return list(client.get(f"search?q={quote(sosl)}")["searchRecords"])


def names(found: list[dict[str, Any]]) -> list[str]:
    return [f"{each['attributes']['type']} {each.get('Name', '')}".strip() for each in found]


@pytest.mark.parametrize(
    ("sosl", "expected"),
    [
        ("FIND {jansen} IN ALL FIELDS RETURNING Lead(Id, Name), Account(Name)",
         ["Lead Jansen", "Account Jansen & Zonen"]),
        ("FIND {jan*en} IN NAME FIELDS RETURNING Account(Name)", ["Account Jansen & Zonen"]),
        ("FIND {piet} IN EMAIL FIELDS RETURNING Lead(Name)", ["Lead Jansen"]),
        ("FIND {piet} IN NAME FIELDS RETURNING Lead(Name)", []),
        ("FIND {0612345678} IN PHONE FIELDS RETURNING Lead", ["Lead"]),
        ("FIND {jansen} RETURNING Lead(Name WHERE LastName = 'Vos' OR LastName = 'Nobody')", []),
        ("FIND {jansen} RETURNING Lead(Name WHERE LastName = 'Jansen' ORDER BY Name LIMIT 1)", ["Lead Jansen"]),
        ("find {100%_'Zeker\\\\} returning Lead(Name)", ["Lead Vos"]),
        ("FIND {jansen} RETURNING Lead(Name), Account(Name) LIMIT 1", ["Lead Jansen"]),
    ],
)  # fmt: skip
def test_find(client: Client, sosl: str, expected: list[str]):
    assert names(find(client, sosl)) == expected


def test_find_without_returning_looks_everywhere(client: Client):
    assert {each["attributes"]["type"] for each in find(client, "FIND {jansen}")} == {"Lead", "Account"}


@pytest.mark.parametrize(
    ("sosl", "code"),
    [
        ("FIND jansen", "MALFORMED_SEARCH"),
        ("FIND {j}", "MALFORMED_SEARCH"),
        ("FIND {jansen} IN FUNNY FIELDS", "MALFORMED_SEARCH"),
        ("FIND {jansen} RETURNING Lead(Id", "MALFORMED_SEARCH"),
        ("FIND {jansen} RETURNING Nonsense(Id)", "INVALID_TYPE"),
        ("FIND {jansen} RETURNING Lead(Nonsense)", "INVALID_FIELD"),
    ],
)
def test_searches_that_cannot_be(client: Client, sosl: str, code: str):
    assert client.refusal(400, "GET", f"search?q={quote(sosl)}") == code


def test_by_parameters_in_both_ways(client: Client):
    path = (
        "parameterizedSearch?q=jansen&sobject=Lead,Account&fields=Name&Account.fields=Id,Name&Account.limit=1"
    )
    assert names(client.get(path)["searchRecords"]) == ["Lead Jansen", "Account Jansen & Zonen"]
    asked = {
        "q": "jansen",
        "in": "NAME",
        "fields": ["Id"],
        "sobjects": [{"name": "Lead", "fields": ["Name"], "where": "LastName != 'Vos'"}, {"name": "Account"}],
        "overallLimit": 5,
    }
    assert names(client.post("parameterizedSearch", asked)["searchRecords"]) == ["Lead Jansen", "Account"]
    client.refusal(400, "POST", "parameterizedSearch", {"q": "jansen", "sobjects": [{"fields": []}]})
