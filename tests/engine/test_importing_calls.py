"""API calls of an import grow with the file, not with the org; a small copy of 60,000 rows in an org of a million."""

from functools import partial
from pathlib import Path

import pytest

from sfsync.engine.importing import TableImport
from sfsync.engine.operation import import_table
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.engine.tables import open_file
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.records import Bucket
from sfsync.salesforce import finding, soql
from sfsync.salesforce.finding import Way
from tests.conftest import House, NewHouse
from tests.mappings import CUSTOMERS

SMALLER = 100
"""How many times fewer keys there are in the file, in the org and in a query."""
ROWS, RECORDS = 60_000 // SMALLER, 1_000_000 // SMALLER
KEYS_A_QUERY = 6


def name(number: int) -> str:
    return f"K{number:06}"


@pytest.fixture
def house(new_house: NewHouse, monkeypatch: pytest.MonkeyPatch) -> House:
    house = new_house(0)
    for number in range(RECORDS):
        house.org.insert("Account", {"Name": f"N{number}", "Sfsync_Key__c": name(number)})
    frame = soql.size(
        soql.chunks("SELECT Id, Name, Sfsync_Key__c FROM Account WHERE {}", "Sfsync_Key__c", ["x"])[0]
    )
    limit = frame + KEYS_A_QUERY * (soql.size(soql.quote(name(0))) + 3)
    monkeypatch.setattr(finding.soql, "chunks", partial(soql.chunks, limit=limit))
    return house


def take(house: House, folder: Path, numbers: range) -> RunResult:
    path = folder / "in.csv"
    lines = [f"{name(number)},N{number}" for number in numbers]
    path.write_text("\n".join(["Number,Name", *lines]) + "\n", encoding="utf-8")
    step = TableImport(open_file(path, compile_mapping(parse_mapping(CUSTOMERS))))
    return import_table(house.project.ports(Nobody(), ()), "customers", step)


def test_part_of_a_table_again_takes_few_calls(house: House, tmp_path: Path) -> None:
    written = house.written
    result = take(house, tmp_path, range(0, RECORDS, RECORDS // ROWS)[:ROWS])
    assert result.steps[0].buckets == {Bucket.UNCHANGED: ROWS}
    assert house.written == written
    assert ROWS / KEYS_A_QUERY / 5 <= result.api_calls <= 30


def test_twice_the_rows_take_at_most_twice_the_calls(house: House, tmp_path: Path) -> None:
    some, twice = (take(house, tmp_path, range(ROWS * times)).api_calls for times in (1, 2))
    assert some < twice <= 2 * some


def test_nearly_all_of_a_table_again_comes_by_one_bulk_query(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[Way] = []
    cheapest = finding.cheapest
    monkeypatch.setattr(finding, "cheapest", lambda *words: ways.append(cheapest(*words)) or ways[-1])
    result = take(house, tmp_path, range(RECORDS // 2 + 1))
    assert result.steps[0].buckets == {Bucket.UNCHANGED: RECORDS // 2 + 1}
    assert ways == [Way.WHOLE]
