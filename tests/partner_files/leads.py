"""After-sales leads for tests: an org with dealers and leads of chosen numbers, and files as dealers send them."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sfsync.engine.results import RunResult
from tests.conftest import House

ASSIGNED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When leads were assigned, unless a test says otherwise."""


def add_dealer(house: House, code: str, *, zone: str = "Europe/Paris", language: str = "en") -> str:
    known = house.org.core.find("Account", "Dealer_Code__c", code)
    if known:
        return known[0]
    values = {"Dealer_Code__c": code, "Dealer_Time_Zone__c": zone, "Dealer_Language__c": language}
    return house.org.core.insert("Account", {"Name": f"Garage {code}", **values})


def add_lead(house: House, name: str, dealer: str, **values: Any) -> str:
    """A lead with this number at the dealer with this account id; ``values`` by API names."""
    given = {"Date_Assigned_to_Dealer__c": text(ASSIGNED), "Dealer__c": dealer, **values}
    made = house.org.core.insert("Aftersales_Lead__c", given)
    # Auto numbers cannot be chosen through any API; the tests' files refer to numbers of their own.
    house.org.core.store.update("Aftersales_Lead__c", made, {"Name": name})
    return made


def lead(house: House, name: str) -> dict[str, Any]:
    """All fields of the lead with this number."""
    (found,) = house.records(f"SELECT FIELDS(ALL) FROM Aftersales_Lead__c WHERE Name = '{name}' LIMIT 1")
    return found


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Rows as dealers' systems write them; the headings are the keys of all rows."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headings, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def buckets(result: RunResult) -> dict[str, int]:
    return {bucket.value: count for bucket, count in result.steps[0].buckets.items() if count}


def answer(result: RunResult) -> list[dict[str, str]]:
    """The rows of the answer to a CSV file."""
    path = next(Path(each) for each in result.files if each.endswith("-result.csv"))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))
