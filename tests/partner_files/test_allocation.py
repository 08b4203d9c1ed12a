"""The allocation partner: the file that goes out, the buckets of what comes back."""

import csv
from pathlib import Path

import pytest

from sfsync.demo.partners import card_id
from sfsync.records import Bucket
from sfsync.tabular.table import open_table
from tests.conftest import House
from tests.partner_files.support import allocation, issue, order_keys


@pytest.fixture
def ordered(house: House) -> House:
    """A house whose leads are orders, already handed out to the partner."""
    house.run()
    return house


def buckets(result) -> dict[str, int]:
    return {bucket.value: n for bucket, n in result.steps[0].buckets.items() if n}


def outgoing(house: House) -> list[dict[str, str]]:
    table = open_table(house.state / "outbox" / "allocation" / "cards-to-issue.xlsx")
    rows = [row for block in table.blocks() for row in block.iter_rows(named=True)]
    return [{name: row[str(n)] for n, name in enumerate(table.columns)} for row in rows]


def test_the_file_has_one_row_a_card_and_marks_each_order_once(ordered: House) -> None:
    rows = outgoing(ordered)
    orders = ordered.records("SELECT Sfsync_Key__c, Number_of_Cards__c, Allocation_Sent_On__c FROM Order")
    assert len(rows) == sum(int(order["Number_of_Cards__c"]) for order in orders)
    assert len({row["Order number"] for row in rows}) == len(rows)
    assert {row["First sent"] for row in rows} == {order["Allocation_Sent_On__c"] for order in orders}
    many = next(order for order in orders if order["Number_of_Cards__c"] > 1)
    assert f"{many['Sfsync_Key__c']}-2" in {row["Order number"] for row in rows}


def test_an_order_stays_in_the_file_until_its_cards_are_back(ordered: House, tmp_path: Path) -> None:
    key = order_keys(ordered)[0]
    ordered.take("allocation", allocation(tmp_path / "a.csv", [(key, card_id(key))]))
    ordered.run("charge_card.allocation_out")
    assert key not in {row["Order number"] for row in outgoing(ordered)}
    assert order_keys(ordered)[1] in {row["Order number"] for row in outgoing(ordered)}


def test_a_card_becomes_an_asset_and_the_order_moves_to_card_sent(ordered: House, tmp_path: Path) -> None:
    key = order_keys(ordered)[0]
    result = ordered.take("allocation", allocation(tmp_path / "a.csv", [(key, card_id(key))]))
    assert result.status == "ok"
    (card,) = ordered.records(
        "SELECT SerialNumber, Card_Id__c, InstallDate, AccountId, Order__r.AccountId, Order__r.Status FROM Asset"
    )
    assert card["SerialNumber"] == card["Card_Id__c"] == card_id(key)
    assert card["InstallDate"] == "2026-04-03"
    assert card["AccountId"] == card["Order__r"]["AccountId"]
    assert card["Order__r"]["Status"] == "Card Sent"


def test_an_order_for_several_cards_is_sent_when_all_its_cards_are(ordered: House, tmp_path: Path) -> None:
    orders = ordered.records(
        "SELECT Sfsync_Key__c, Number_of_Cards__c FROM Order WHERE Number_of_Cards__c > 1"
    )
    key, cards = orders[0]["Sfsync_Key__c"], int(orders[0]["Number_of_Cards__c"])
    rows = [(name, card_id(name)) for name in (key, *(f"{key}-{n}" for n in range(2, cards + 1)))]
    ordered.take("allocation", allocation(tmp_path / "a.csv", rows[:-1]))
    status = f"SELECT Status FROM Order WHERE Sfsync_Key__c = '{key}'"
    assert ordered.records(status)[0]["Status"] == "Activated"
    ordered.take("allocation", allocation(tmp_path / "b.csv", rows[-1:]))
    assert ordered.records(status)[0]["Status"] == "Card Sent"


def test_the_same_file_again_is_unchanged_everywhere_and_writes_nothing(
    ordered: House, tmp_path: Path
) -> None:
    rows = [(key, card_id(key)) for key in order_keys(ordered)]
    first = ordered.take("allocation", allocation(tmp_path / "a.csv", rows))
    written = ordered.written
    again = ordered.take("allocation", tmp_path / "a.csv")
    assert buckets(first) == {"applied": len(rows)}
    assert buckets(again) == {"unchanged": len(rows)}
    assert again.exit_code == 0
    assert ordered.written == written


def test_every_row_ends_in_one_bucket_with_the_reason_in_the_answer(ordered: House, tmp_path: Path) -> None:
    good, other, third = order_keys(ordered)[:3]
    ordered.take("allocation", allocation(tmp_path / "before.csv", [(good, card_id(good))]))
    rows = [
        (good, card_id(good)),  # unchanged
        (other, card_id(good)),  # conflict: issued to another customer
        ("WF-0000000000", card_id("x")),  # not_found
        (third, "8,90E+18"),  # invalid
        (good, card_id("another")),  # duplicate key with another card: invalid, as is the first row
    ]
    result = ordered.take("allocation", allocation(tmp_path / "mixed.csv", rows))
    counted = buckets(result)
    assert sum(counted.values()) == result.rows_read == 5
    assert counted["not_found"] == 1
    assert result.exit_code == 1
    answer = next(Path(path) for path in result.files if path.endswith("mixed-result.csv"))
    with answer.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream, delimiter=";"))
    assert [line["Order number"] for line in lines] == [key for key, _ in rows]
    assert all(line["Result"] for line in lines)
    assert all(line["Reason"] for line in lines if line["Result"] not in {"applied", "unchanged"})


@pytest.mark.parametrize(
    ("change", "bucket"),
    [("second card for a key", Bucket.CONFLICT), ("card of another customer", Bucket.CONFLICT)],
)
def test_a_card_belongs_to_one_customer_for_ever(
    ordered: House, tmp_path: Path, change: str, bucket: Bucket
) -> None:
    one, two = order_keys(ordered)[:2]
    ordered.take("allocation", allocation(tmp_path / "a.csv", [(one, card_id(one))]))
    written = ordered.written
    row = (one, card_id(two)) if change.startswith("second") else (two, card_id(one))
    result = ordered.take("allocation", allocation(tmp_path / "b.csv", [row]))
    assert result.steps[0].buckets == {bucket: 1}
    assert ordered.written == written


def test_cards_that_are_missing_are_listed(ordered: House, tmp_path: Path) -> None:
    key = order_keys(ordered)[0]
    result = ordered.take("allocation", allocation(tmp_path / "a.csv", [(key, card_id(key))]))
    listed = next(Path(path) for path in result.files if path.endswith("still-missing.csv"))
    text = listed.read_text(encoding="utf-8-sig")
    assert order_keys(ordered)[1] in text
    assert f"{key}," not in text
    assert any("have not come back" in message for message in result.messages)


def test_a_file_in_the_inbox_is_taken_by_the_run_and_archived(ordered: House) -> None:
    key = order_keys(ordered)[0]
    path = ordered.deliver("allocation", "retour.csv", f"Order number;Card number\n{key};{card_id(key)}\n")
    planned, _ = ordered.plan()
    done = ordered.run()
    assert [s.to_json() | {"seconds": 0} for s in planned.steps] == [
        s.to_json() | {"seconds": 0} for s in done.steps
    ]
    assert {step.name: step.buckets for step in done.steps}["allocation_in"] == {Bucket.APPLIED: 1}
    assert not path.exists()
    assert list(path.parent.glob("archive/*/retour.csv"))


def test_a_file_that_cannot_be_read_is_put_aside_with_the_reason(ordered: House) -> None:
    key = order_keys(ordered)[0]
    bad = ordered.deliver("allocation", "bad.csv", "Kleur;Maat\nrood;XL\n")
    ordered.deliver("allocation", "good.csv", f"Order number;Card number\n{key};{card_id(key)}\n")
    result = ordered.run()
    assert {step.name: step.buckets for step in result.steps}["allocation_in"] == {Bucket.APPLIED: 1}
    assert any("bad.csv" in message for message in result.messages)
    reason = next(bad.parent.glob("quarantine/bad.csv.reason.txt")).read_text()
    assert "card_key" in reason


def test_all_cards_of_all_orders(ordered: House, tmp_path: Path) -> None:
    cards = issue(ordered, tmp_path / "all.csv")
    assert len(ordered.records("SELECT Id FROM Asset")) == len(cards)
    assert {order["Status"] for order in ordered.records("SELECT Status FROM Order")} == {"Card Sent"}
