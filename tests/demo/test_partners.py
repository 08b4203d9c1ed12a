"""The simulated partners answer what we asked, in their own style, with the promised dirt."""

from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.demo.partners import activate, allocate, card_id, is_luhn
from sfsync.errors import FileRefused
from sfsync.records import Bucket

DAY = date(2026, 3, 9)
COLUMNS = {"Card reference": "card_key", "Card number": "card_id", "Name": "recipient", "Company": "company"}


def outgoing(path: Path, keys: list[str]) -> Path:
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS))
    for key in keys:
        book.active.append([key, card_id(key), f"Łucja {key}", ""])
    book.save(path)
    return path


def keys(orders: int) -> list[str]:
    return [key for n in range(orders) for key in (f"WF-2026{n:06d}", f"WF-2026{n:06d}-2")]


def dutch_rows(path: Path) -> list[list[str]]:
    lines = path.read_bytes().decode("cp1252").split("\r\n")
    header = lines.index("Bestelnummer;Naam klant;Kaartnummer;Verzenddatum;Track & trace")
    assert header == 3
    return [line.split(";") for line in lines[header + 1 :] if line]


@given(st.text(min_size=1))
def test_a_card_id_is_stable_sound_and_survives_no_spreadsheet(key: str):
    card = card_id(key)
    assert card == card_id(key)
    assert len(card) == 19
    assert card.startswith("00")
    assert is_luhn(card)
    assert not card.endswith("00")


def test_luhn_on_a_published_example():
    assert is_luhn("79927398713")
    assert not is_luhn("79927398710")


def test_card_ids_are_unique():
    assert len({card_id(str(n)) for n in range(20_000)}) == 20_000


def test_allocation_answers_every_card_in_part_deliveries(tmp_path: Path):
    asked = keys(10)
    reply = allocate(outgoing(tmp_path / "out.xlsx", asked), tmp_path, columns=COLUMNS, day=DAY, dirty=False)
    rows = [row for file in reply.files for row in dutch_rows(file)]
    assert len(reply.files) == 2
    assert [row[0] for row in rows] == asked
    assert [row[2] for row in rows] == [card_id(key) for key in asked]
    assert {row[3] for row in rows} == {"9-3-2026"}
    assert rows[0][1] == f"?ucja {asked[0]}"
    assert reply.expected[Bucket.APPLIED] == len(asked) == sum(reply.expected.values())
    assert reply.open == ()


def test_allocation_with_dirt(tmp_path: Path):
    asked = keys(10)
    reply = allocate(outgoing(tmp_path / "out.xlsx", asked), tmp_path, columns=COLUMNS, day=DAY)
    first, second = map(dutch_rows, reply.files)
    assert sum(reply.expected.values()) == len(first) + len(second)
    assert {bucket: count for bucket, count in reply.expected.items() if count} == {
        Bucket.APPLIED: 18,
        Bucket.INVALID: 1,
        Bucket.DUPLICATE: 1,
        Bucket.NOT_FOUND: 1,
        Bucket.CONFLICT: 1,
    }
    assert [row for row, times in Counter(map(tuple, first)).items() if times == 2]
    assert [row[2] for row in first if "E+" in row[2]]
    assert set(reply.open) == {asked[1], second[0][0]}
    assert second[0][2] == first[0][2]


def test_one_delivery_has_no_conflict_and_few_cards_stay_clean(tmp_path: Path):
    out = outgoing(tmp_path / "out.xlsx", keys(10))
    assert allocate(out, tmp_path, columns=COLUMNS, day=DAY, parts=1).expected[Bucket.CONFLICT] == 0
    few = outgoing(tmp_path / "few.xlsx", keys(2))
    assert allocate(few, tmp_path, columns=COLUMNS, day=DAY).expected[Bucket.APPLIED] == 4


def test_nothing_asked_gives_a_file_without_rows(tmp_path: Path):
    (file,) = allocate(outgoing(tmp_path / "out.xlsx", []), tmp_path, columns=COLUMNS, day=DAY).files
    assert dutch_rows(file) == []


def test_a_file_without_keys_is_refused_by_name(tmp_path: Path):
    out = outgoing(tmp_path / "out.xlsx", ["A"])
    with pytest.raises(FileRefused, match=r"out\.xlsx: no column holds the card's key"):
        allocate(out, tmp_path, columns={"Other": "card_key", "Name": "recipient"}, day=DAY)


def test_activation_answers_in_french(tmp_path: Path):
    asked = keys(500)
    answer = tmp_path / "reponse.xlsx"
    reply = activate(outgoing(tmp_path / "out.xlsx", asked), answer, columns=COLUMNS, day=DAY)
    book = openpyxl.load_workbook(answer)
    assert [sheet.sheet_state for sheet in book] == ["visible", "hidden"]
    rows = list(book.worksheets[0].iter_rows(min_row=5, values_only=True))
    assert [row[:2] for row in rows] == [(card_id(key), key) for key in asked]
    refused = [row for row in rows if row[2] == "refusée"]
    assert {row[1] for row in refused} == set(reply.refused)
    assert 0.005 < len(refused) / len(rows) < 0.05
    assert all(row[3] for row in refused)
    assert {row[2] for row in rows} == {"activée", "refusée"}


def test_the_hidden_sheet_contradicts_the_answer(tmp_path: Path):
    answer = tmp_path / "reponse.xlsx"
    out = outgoing(tmp_path / "out.xlsx", keys(3))
    reply = activate(out, answer, columns=COLUMNS, day=DAY, refused_share=0)
    assert reply.refused == ()
    old = openpyxl.load_workbook(answer)["Ancien"]
    assert {row[2] for row in old.iter_rows(min_row=2, values_only=True)} == {"refusée"}
