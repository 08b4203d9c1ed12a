"""The generic import: create, update only what differs, link, refuse; the same file again writes nothing."""

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.engine import importing, table_answer
from sfsync.engine.files import read_file, state_of
from sfsync.engine.flow import Flow, PartnerFile
from sfsync.engine.guards import Guards
from sfsync.engine.importing import TableImport, plan_table
from sfsync.engine.operation import import_file, import_table
from sfsync.engine.plan import Meter
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.engine.tables import open_file
from sfsync.engine.upsert import UpsertRows
from sfsync.errors import ConfigError, FileRefused, GuardRefused
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.records import Bucket
from tests.conftest import House, NewHouse

ACCOUNTS = """
mapping: customers
object: Account
key: Sfsync_Key__c
file:
  headers:
    number: [Number]
    title: [Name]
    staff: [Staff]
    site: [Site]
fields:
  Sfsync_Key__c: {from: number, type: key, required: true, unique: true}
  Name: {from: title, type: text, required: true}
  NumberOfEmployees: {from: staff, type: integer}
  Website: site
"""
CONTACTS = """
mapping: people
object: Contact
key: Sfsync_Key__c
file: {headers: {number: [Number], last: [Name], customer: [Customer]}}
fields:
  Sfsync_Key__c: {from: number, type: key, required: true, unique: true}
  LastName: {from: last, type: text, required: true}
  %s
"""
BY_ID = "AccountId: {from: customer, lookup: Account.Sfsync_Key__c, take: Id}"
BY_KEY = "Account: {from: customer, lookup: Account.Sfsync_Key__c}"
HEAD = "Number;Name;Staff;Site\n"


@pytest.fixture(params=["collections", "bulk", "step"])
def empty(new_house: NewHouse, request: pytest.FixtureRequest) -> House:
    """An org without records; what must hold holds on both lanes, and for a step of a flow."""
    house = new_house(0)
    house.way = request.param
    return house


def take(house: House, folder: Path, table: str, mapping: str = ACCOUNTS, *override: str) -> RunResult:
    """`sfsync import MAPPING FILE`."""
    path = folder / "in.csv"
    path.write_text(table, encoding="utf-8")
    compiled = compile_mapping(parse_mapping(mapping))
    project = house.project
    project.org.bulk_from = 1 if house.way == "bulk" else 2_000
    ports = project.ports(Nobody(), override)
    if house.way == "step":
        partner_file = PartnerFile("customers", "", "", mapping="customers", take=UpsertRows)
        return import_file(ports, Flow("customers", "", ()), partner_file, read_file(path, compiled))
    return import_table(ports, "customers", TableImport(open_file(path, compiled)))


def reasons(house: House, result: RunResult) -> list[tuple[Bucket, str]]:
    return [(row.bucket, row.reason) for row in house.project.journal.rows(result.run_id)]


def accounts(house: House) -> dict[str, tuple[object, ...]]:
    found = house.records("SELECT Sfsync_Key__c, Name, NumberOfEmployees, Website FROM Account")
    return {
        record["Sfsync_Key__c"]: (record["Name"], record["NumberOfEmployees"], record["Website"])
        for record in found
    }


def test_rows_become_records(empty: House, tmp_path: Path) -> None:
    result = take(empty, tmp_path, HEAD + "c1;Volt BV;12;\nc2;Ampère;;https://a.example\n")
    assert result.steps[0].buckets == {Bucket.APPLIED: 2}
    assert result.rows_read == 2
    assert accounts(empty) == {"C1": ("Volt BV", 12, None), "C2": ("Ampère", None, "https://a.example")}


def test_a_header_alone_is_told(empty: House, tmp_path: Path) -> None:
    result = take(empty, tmp_path, HEAD)
    assert (result.messages, result.status, accounts(empty)) == (
        ("in.csv has a header and no rows.",),
        "ok",
        {},
    )


def test_the_same_file_again_writes_nothing(empty: House, tmp_path: Path) -> None:
    table = HEAD + "c1;Volt BV;12;\nc2;Ampère;;https://a.example\n"
    take(empty, tmp_path, table)
    written = empty.written
    result = take(empty, tmp_path, table)
    assert result.steps[0].buckets == {Bucket.UNCHANGED: 2}
    assert result.status == "ok"
    assert empty.written == written


def test_only_what_differs_is_written(empty: House, tmp_path: Path) -> None:
    take(empty, tmp_path, HEAD + "c1;Volt BV;12;\nc2;Ampère;7;\n")
    account = empty.records("SELECT Id FROM Account WHERE Sfsync_Key__c = 'C1'")[0]["Id"]
    empty.org.core.update("Account", account, {"Website": "https://by.hand.example"})
    written = empty.written
    result = take(empty, tmp_path, "Number;Name;Staff\nC1;Volt BV;13\nC2;Ampère;7\n")
    assert result.steps[0].buckets == {Bucket.APPLIED: 1, Bucket.UNCHANGED: 1}
    assert empty.written == written + 1
    assert accounts(empty)["C1"] == ("Volt BV", 13, "https://by.hand.example")
    rows = {row.key: row.fields for row in empty.project.journal.rows(result.run_id)}
    assert rows == {"C1": ("NumberOfEmployees",), "C2": ()}


def test_emptying_a_field_needs_a_word_from_the_operator(empty: House, tmp_path: Path) -> None:
    take(empty, tmp_path, HEAD + "c1;Volt BV;12;\n")
    written = empty.written
    with pytest.raises(GuardRefused, match="emptied"):
        take(empty, tmp_path, HEAD + "c1;Volt BV;;\n")
    assert empty.written == written
    take(empty, tmp_path, HEAD + "c1;Volt BV;;\n", ACCOUNTS, "blanks")
    assert accounts(empty)["C1"] == ("Volt BV", None, None)


def test_rows_in_doubt_are_told_and_the_others_go_on(empty: House, tmp_path: Path) -> None:
    table = HEAD + "c1;Volt;12;\nc1;Volt again;1;\n;Nobody;1;\nc3;Ohm;many;\nc4;;;\nc5;Watt;;\n"
    result = take(empty, tmp_path, table)
    assert sum(result.steps[0].buckets.values()) == result.rows_read == 6
    found = reasons(empty, result)
    assert [bucket for bucket, _ in found][2:5] == [Bucket.INVALID] * 3
    assert all(reason for bucket, reason in found if bucket is not Bucket.APPLIED)
    assert "C5" in accounts(empty)
    assert not {"C3", "C4", "None"} & accounts(empty).keys()
    assert result.exit_code == 1


def test_a_refusal_of_the_org_is_the_rows_reason(empty: House, tmp_path: Path) -> None:
    empty.org.faults.script("reject", sobject="Account", times=1)
    result = take(empty, tmp_path, HEAD + "c1;Volt;12;\nc2;Ohm;1;\n")
    assert result.steps[0].buckets == {Bucket.APPLIED: 1, Bucket.FAILED: 1}
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in reasons(empty, result)[0][1]
    assert take(empty, tmp_path, HEAD + "c1;Volt;12;\nc2;Ohm;1;\n").steps[0].buckets == {
        Bucket.APPLIED: 1, Bucket.UNCHANGED: 1,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["lost_before", "lost_after"])
def test_a_lost_answer_is_looked_into(empty: House, tmp_path: Path, kind: str) -> None:
    empty.org.faults.script(kind, skip=1)
    result = take(empty, tmp_path, HEAD + "c1;Volt;12;\nc2;Ohm;1;\n")
    assert result.steps[0].buckets == {Bucket.APPLIED: 2}
    assert accounts(empty).keys() == {"C1", "C2"}
    assert empty.written == 2


def test_a_mapping_without_a_key_is_refused(empty: House, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no key"):
        take(empty, tmp_path, HEAD + "c1;Volt;1;\n", ACCOUNTS.replace("key: Sfsync_Key__c\n", "", 1))
    assert empty.written == 0


def test_a_row_without_a_key_is_never_written(empty: House, tmp_path: Path) -> None:
    """Also where the mapping forgot to say that the key is required."""
    loose = ACCOUNTS.replace("type: key, required: true, unique: true", "type: key")
    result = take(empty, tmp_path, HEAD + ";Volt;1;\nc2;Ohm;1;\n", loose)
    assert accounts(empty).keys() == {"C2"}
    assert result.steps[0].buckets == {Bucket.APPLIED: 1, Bucket.INVALID: 1}


def test_two_rows_of_one_key_are_not_both_said_to_be_written(empty: House, tmp_path: Path) -> None:
    """Also where the mapping forgot to say that the key is unique."""
    loose = ACCOUNTS.replace("type: key, required: true, unique: true", "type: key, required: true")
    result = take(empty, tmp_path, HEAD + "c1;Volt;1;\nc1;Ohm;2;\n", loose)
    assert result.steps[0].buckets == {Bucket.APPLIED: 1, Bucket.DUPLICATE: 1}
    assert accounts(empty) == {"C1": ("Volt", 1, None)}


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=6), max_size=5))
def test_of_rows_with_one_key_only_the_first_goes_on(blocks: list[list[str]]) -> None:
    seen: list[pl.DataFrame] = []
    first: dict[str, int] = {}
    number = 0
    for keys in blocks:
        rows = range(number, number + len(keys))
        own = pl.DataFrame({"row": rows, "key": keys}, schema={"row": pl.UInt32, "key": pl.String})
        expected = [
            (row, key, first[key])
            for row, key in zip(rows, keys, strict=True)
            if first.setdefault(key, row) != row
        ]
        assert importing._repeated(own, seen).select("row", "key", "row_first").rows() == expected
        number += len(keys)


@pytest.mark.parametrize("link", [BY_ID, BY_KEY], ids=["by id", "by key"])
@pytest.mark.parametrize("first", ["", "c9;Solo;\n"], ids=["all linked", "the first row links nothing"])
def test_rows_link_to_records_of_the_org(empty: House, tmp_path: Path, link: str, first: str) -> None:
    take(empty, tmp_path, HEAD + "c1;Volt;1;\nc2;Ohm;1;\n")
    mapping = CONTACTS % link
    table = f"Number;Name;Customer\n{first}p1;Kok;C1\np2;Smit;C2\n"
    result = take(empty, tmp_path, table, mapping)
    assert result.status == "ok"
    people = empty.records(
        "SELECT LastName, Account.Name FROM Contact WHERE AccountId != null ORDER BY LastName"
    )
    assert [(one["LastName"], one["Account"]["Name"]) for one in people] == [("Kok", "Volt"), ("Smit", "Ohm")]
    written = empty.written
    assert Bucket.APPLIED not in take(empty, tmp_path, table, mapping).steps[0].buckets
    assert empty.written == written
    moved = take(empty, tmp_path, table.replace("p1;Kok;C1", "p1;Kok;C2"), mapping)
    assert moved.steps[0].buckets[Bucket.APPLIED] == 1
    assert empty.written == written + 1


def test_a_row_that_links_to_nothing_is_not_found(empty: House, tmp_path: Path) -> None:
    take(empty, tmp_path, HEAD + "c1;Volt;1;\n")
    result = take(empty, tmp_path, "Number;Name;Customer\np1;Kok;C1\np2;Smit;C7\n", CONTACTS % BY_ID)
    assert result.steps[0].buckets == {Bucket.APPLIED: 1, Bucket.NOT_FOUND: 1}
    assert [record["LastName"] for record in empty.records("SELECT LastName FROM Contact")] == ["Kok"]


def test_a_mapping_that_only_updates_makes_no_records(empty: House, tmp_path: Path) -> None:
    take(empty, tmp_path, HEAD + "c1;Volt;1;\n")
    only = "operation: update\n" + ACCOUNTS
    result = take(empty, tmp_path, HEAD + "c1;Volt;5;\nc2;Ohm;1;\n", only)
    assert result.steps[0].buckets == {Bucket.APPLIED: 1, Bucket.NOT_FOUND: 1}
    assert accounts(empty) == {"C1": ("Volt", 5, None)}


def test_a_unique_field_that_another_record_holds_is_a_failed_row(empty: House, tmp_path: Path) -> None:
    """Card ids are unique in the org: one card never belongs to two assets, whatever a file says."""
    take(empty, tmp_path, HEAD + "c1;Volt;1;\n")
    assets = """
mapping: cards
object: Asset
key: Sfsync_Key__c
file: {headers: {number: [Number], card: [Card], customer: [Customer]}}
fields:
  Sfsync_Key__c: {from: number, type: key, required: true, unique: true}
  Card_Id__c: {from: card, type: digits, required: true}
  Name: number
  AccountId: {from: customer, lookup: Account.Sfsync_Key__c, take: Id}
"""
    table = "Number;Card;Customer\na1;111;C1\na2;111;C1\na3;333;C1\n"
    result = take(empty, tmp_path, table, assets)
    assert result.steps[0].buckets == {Bucket.APPLIED: 2, Bucket.FAILED: 1}
    assert "DUPLICATE_VALUE" in reasons(empty, result)[1][1]
    again = take(empty, tmp_path, table, assets)
    assert again.steps[0].buckets == {Bucket.UNCHANGED: 2, Bucket.FAILED: 1}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("lock", {"route": "bulk2*", "times": 2}),
        ("job_failed", {}),
        ("unprocessed", {"rows": 1, "state": "Failed"}),
    ],
)
def test_every_row_of_a_bulk_job_in_trouble_is_told(
    new_house: NewHouse, tmp_path: Path, kind: str, more: dict[str, object]
) -> None:
    """Rows that met a lock are sent again; those that a job did not come to are failed, and go with the next run."""
    house = new_house(0)
    house.way = "bulk"
    house.org.faults.script(kind, **more)
    table = HEAD + "c1;Volt;12;\nc2;Ohm;1;\nc3;Watt;;\n"
    result = take(house, tmp_path, table)
    assert sum(result.steps[0].buckets.values()) == 3
    if kind == "lock":
        assert result.steps[0].buckets == {Bucket.APPLIED: 3}
    else:
        assert result.steps[0].buckets[Bucket.FAILED]
        assert all(
            "NOT_PROCESSED" in reason for bucket, reason in reasons(house, result) if bucket is Bucket.FAILED
        )
    again = take(house, tmp_path, table)
    assert set(again.steps[0].buckets) <= {Bucket.APPLIED, Bucket.UNCHANGED}
    assert accounts(house) == {"C1": ("Volt", 12, None), "C2": ("Ohm", 1, None), "C3": ("Watt", None, None)}


def test_a_plan_tells_what_the_import_does(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(0)
    house.way = "collections"
    take(house, tmp_path, HEAD + "c1;Volt;12;\nc2;Ohm;1;\n")
    written = house.written
    path = tmp_path / "in.csv"
    path.write_text(HEAD + "c1;Volt;13;\nc2;Ohm;1;\nc3;Watt;;\n;Nobody;;\n", encoding="utf-8")
    step = TableImport(open_file(path, compile_mapping(parse_mapping(ACCOUNTS))))
    org = house.project.org
    plan = plan_table(step, org, guards=Guards(), meter=Meter(lambda: 0, lambda: None))
    assert house.written == written
    assert plan.result.buckets == {Bucket.APPLIED: 2, Bucket.UNCHANGED: 1, Bucket.INVALID: 1}
    assert plan.writes == {("create", "Account"): 1, ("update", "Account"): 1}
    assert [(sample.key, sample.field, sample.before, sample.after) for sample in plan.samples] == [
        ("C3", "Name", None, "Watt"),
        ("C1", "NumberOfEmployees", 12, 13),
    ]
    result = take(house, tmp_path, path.read_text(encoding="utf-8"))
    assert result.steps[0].buckets == plan.result.buckets
    assert not plan.refusals


def test_every_row_that_was_sent_names_what_carried_it(empty: House, tmp_path: Path) -> None:
    result = take(empty, tmp_path, HEAD + "c1;Volt;12;\nc2;;1;\n")
    journal = empty.project.journal
    sent, invalid = journal.rows(result.run_id)
    if empty.way == "bulk":
        assert (sent.job_id, sent.request) == (journal.run().jobs[0].job_id, None)
    else:
        assert sent.job_id is None
        assert re.fullmatch(r"#\d+ POST composite", sent.request or "")
    assert invalid.via == ""
    files = [event for event in journal.explain("in.csv:2").events if event.file]
    assert files[0].file.mapping == journal.explain("in.csv:2").events[-1].mapping != ""


def test_the_state_of_a_mapping_tells_that_it_was_changed() -> None:
    states = {
        state_of(parse_mapping(text))
        for text in (ACCOUNTS, ACCOUNTS, ACCOUNTS.replace("Staff", "Staff, People"))
    }
    assert len(states) == 2


def test_a_file_that_is_replaced_while_it_is_read_is_refused(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(0)
    path = tmp_path / "in.csv"
    path.write_text(HEAD + "c1;Volt;13;\n", encoding="utf-8")
    file = open_file(path, compile_mapping(parse_mapping(ACCOUNTS)))
    path.write_text(HEAD + "c1;Volt;13;\nc2;Ohm;1;\n", encoding="utf-8")
    with pytest.raises(FileRefused, match="replaced or written to"):
        import_table(house.project.ports(Nobody(), ()), "customers", TableImport(file))
    assert house.written == 0


def test_many_rows_are_packed_in_the_journal_and_explained(
    new_house: NewHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_answer, "PACK_FROM", 3)
    house = new_house(0)
    house.way = "bulk"
    result = take(house, tmp_path, HEAD + "c1;Volt;12;\nc2;Ohm;1;\nc3;Watt;;\nc4;;;\n")
    journal = house.project.journal
    assert [(row.key, row.bucket) for row in journal.rows(result.run_id)] == [
        ("C4", Bucket.INVALID), ("C1", Bucket.APPLIED), ("C2", Bucket.APPLIED), ("C3", Bucket.APPLIED),
    ]  # fmt: skip
    (event,) = journal.explain("C2").events
    assert event.row
    assert event.row.job_id == journal.run().jobs[0].job_id
    assert event.mapping.startswith("customers ")
    assert event.row.record_id == house.records("SELECT Id FROM Account WHERE Sfsync_Key__c = 'C2'")[0]["Id"]
