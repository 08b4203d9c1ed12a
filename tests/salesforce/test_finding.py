"""Records by key: the way that costs the fewest calls, and the same records whichever way it is."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.clock import ManualClock
from sfsync.errors import OrgError
from sfsync.salesforce import bulk2_query, finding
from sfsync.salesforce.describe import SObject, parse_describe
from sfsync.salesforce.finding import Finder, Way, calls_by_keys, cheapest
from sfsync.salesforce.session import Answer
from tests.conftest import House, NewHouse
from tests.salesforce.bulk.fake_session import START

KEYS_A_QUERY = 640


@pytest.fixture
def house(new_house: NewHouse) -> Iterator[House]:
    house = new_house(0)
    for number in range(40):
        house.org.insert(
            "Account",
            {"Name": f"N{number}", "Sfsync_Key__c": f"K{number}", "NumberOfEmployees": number or None},
        )
    return house


def finder(house: House, expected: int, *paths: str) -> Finder:
    return Finder(
        house.project.org, "Account", "Sfsync_Key__c", paths or ("Id", "Name", "NumberOfEmployees"), expected
    )


def asked(*keys: str) -> pl.DataFrame:
    return pl.DataFrame({"key": keys, "value": keys}, schema={"key": pl.String, "value": pl.String})


@given(st.integers(1, 5_000_000), st.integers(0, 50_000_000))
def test_calls_are_in_proportion_to_the_file(keys: int, records: int) -> None:
    by_keys = calls_by_keys(keys, KEYS_A_QUERY)
    way = cheapest(by_keys, keys, records)
    whole = 4 + -(-records // bulk2_query.PAGE_ROWS)
    calls = {Way.NOTHING: 0, Way.BY_KEYS: by_keys, Way.WHOLE: whole}[way]
    assert calls <= by_keys <= keys / KEYS_A_QUERY / 5 + 1
    assert (way is Way.NOTHING) == (records == 0)
    assert way is not Way.WHOLE or records <= 2 * keys


def test_a_file_of_60_000_rows_takes_19_calls_in_an_org_of_a_million() -> None:
    calls = calls_by_keys(60_000, KEYS_A_QUERY)
    assert (calls, cheapest(calls, 60_000, 1_000_000)) == (19, Way.BY_KEYS)


def test_nearly_all_records_come_by_one_bulk_query() -> None:
    assert cheapest(calls_by_keys(1_000_000, KEYS_A_QUERY), 1_000_000, 1_100_000) is Way.WHOLE


@pytest.mark.parametrize("way", [Way.BY_KEYS, Way.WHOLE])
def test_both_ways_find_the_same(house: House, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "cheapest", lambda *_: way)
    one = finder(house, 10_000_000)
    try:
        found = one.find(asked("K0", "K7", "K39", "none", "K7")).sort("key")
        assert one.way is way
        assert found.select("key", "Name", "NumberOfEmployees").rows() == [
            ("K0", "N0", None), ("K39", "N39", 39.0), ("K7", "N7", 7.0),
        ]  # fmt: skip
        assert one.find(asked("K1"))["Name"].to_list() == ["N1"]
        assert one.find(asked("none", "k1")).is_empty()
        assert one.find(asked()).is_empty()
    finally:
        one.close()


def whole_object(house: House, page_rows: int) -> tuple[list[str], int]:
    """The names that one Bulk query finds, and the calls it took."""
    one = finder(house, 10_000_000)
    one.page_rows = page_rows
    try:
        halves = [
            one.find(asked(*(f"K{number}" for number in range(start, 40, 2)))).get_column("Name")
            for start in (0, 1)
        ]
        return pl.concat(halves).sort().to_list(), one.org.session.usage.calls
    finally:
        one.close()


def test_a_bulk_query_of_many_pages_finds_what_one_page_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "cheapest", lambda *_: Way.WHOLE)
    names, calls = whole_object(house, 1_000)
    assert names == sorted(f"N{number}" for number in range(40))
    assert calls >= 4  # count, create, look, page
    for page_rows, pages in ((15, 3), (20, 2), (7, 6), (1, 40)):
        assert whole_object(house, page_rows) == (names, calls + pages - 1)


def test_records_without_keys_are_found_by_nobody(
    new_house: NewHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "cheapest", lambda *_: Way.WHOLE)
    house = new_house(0)
    house.org.insert("Account", {"Name": "by hand"})
    one = finder(house, 10_000_000)
    try:
        assert one.find(asked("K1")).is_empty()
        assert one.way is Way.WHOLE
    finally:
        one.close()


class SlowOrg:
    """An org with 110,000 accounts whose Bulk query takes five minutes."""

    version = "62.0"

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.calls: list[str] = []
        self.session: Any = self

    def describe(self, _: str) -> SObject:
        return parse_describe({"name": "Account", "fields": []})

    def request(self, method: str, path: str, *, stream_to: BinaryIO | None = None, **_: Any) -> Answer:
        self.calls.append(f"{method} {path}")
        headers = {}
        state = "JobComplete" if self.clock.monotonic() >= 300 else "InProgress"
        body = {"id": "750", "state": state, "totalSize": 110_000, "records": []}
        if stream_to is not None:
            stream_to.write(b'"Sfsync_Key__c","Id"\n"K1","001"\n')
            first = not self.calls[-2].endswith("results")
            headers = {"Sforce-Locator": "MTAw" if first else "null"}
        return Answer(200, headers, json.dumps(body).encode())


def test_a_query_of_five_minutes_stays_within_30_calls() -> None:
    """What 60,000 keys may cost: how often the job is looked at is no matter of luck."""
    org = SlowOrg()
    one = Finder(org, "Account", "Sfsync_Key__c", ["Id"], 60_000)
    try:
        keys = [f"K{number:010}" for number in range(1_000)]
        one.find(asked(*keys))
    finally:
        one.close()
    assert one.way is Way.WHOLE
    assert sum(call.endswith("results") for call in org.calls) == 2
    assert len(org.calls) <= 30


def test_a_page_that_was_cut_off_is_never_taken_for_all_there_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that are missed would be taken for new ones."""
    monkeypatch.setattr(finding, "cheapest", lambda *_: Way.WHOLE)
    inner = bulk2_query.pages

    def cut(*words: Any, **more: Any) -> Iterator[BinaryIO]:
        for page in inner(*words, **more):
            page.truncate(len(page.read()) - 3)
            page.seek(0)
            yield page

    monkeypatch.setattr(bulk2_query, "pages", cut)
    with pytest.raises(OrgError, match="cut off"):
        whole_object(house, 15)


def test_an_empty_org_is_asked_once(new_house: NewHouse) -> None:
    house = new_house(0)
    one = finder(house, 1_000_000)
    assert one.find(asked("K1")).is_empty()
    assert one.way is Way.NOTHING
    assert one.org.session.usage.calls == 1


def test_few_keys_are_asked_for_without_counting(house: House) -> None:
    one = finder(house, 3)
    assert one.find(asked("K1", "K2", "K3")).height == 3
    assert one.org.session.usage.calls == 1


def test_parents_are_followed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = house.records("SELECT Id FROM Account WHERE Sfsync_Key__c = 'K2'")[0]["Id"]
    house.org.insert("Contact", {"LastName": "L", "Sfsync_Key__c": "P", "AccountId": parent})
    for way in (Way.BY_KEYS, Way.WHOLE):
        monkeypatch.setattr(finding, "cheapest", lambda *_, way=way: way)
        one = Finder(house.project.org, "Contact", "Sfsync_Key__c", ["Account.Sfsync_Key__c"], 10_000_000)
        assert one.find(asked("P"))["Account.Sfsync_Key__c"].to_list() == ["K2"]
        one.close()
