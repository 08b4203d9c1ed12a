"""Files in the engine: rows that the file itself broke, records of the org through a mapping, names of answers."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.engine.files import FileStep, answer_name, held, map_records, read_file
from sfsync.engine.flow import Decision, FileRows
from sfsync.errors import FileRefused
from sfsync.mapping.compile import CompiledMapping, compile_mapping
from sfsync.mapping.load import parse_mapping
from sfsync.mapping.rows import MappedRow, RowProblem
from sfsync.records import Bucket

CARDS = compile_mapping(
    parse_mapping("""
mapping: cards
object: Asset
key: Sfsync_Key__c
file: {headers: {number: [Number], card: [Card], day: [Day]}, dates: dmy}
fields:
  Sfsync_Key__c: {from: number, type: key, required: true, unique: true}
  Card_Id__c: {from: card, type: digits, length: 4, required: true}
  InstallDate: {from: day, type: date}
""")
)
ROW = "a%d;%04d;0%d-04-2026"
GOOD = "\n".join(["Number;Card;Day", *(ROW % (n, n, n) for n in range(1, 9))])


def read(tmp_path: Path, text: str, name: str | None = None) -> FileRows:
    path = tmp_path / "retour.csv"
    path.write_text(text, encoding="utf-8")
    return read_file(path, CARDS, name)


def test_a_file_is_read_and_mapped(tmp_path: Path) -> None:
    file = read(tmp_path, GOOD)
    assert [row.number for row in file.rows] == list(range(2, 10))
    assert file.rows[0].values == {
        "Sfsync_Key__c": "A1", "Card_Id__c": "0001", "InstallDate": "2026-04-01",
    }  # fmt: skip
    assert file.name == "retour.csv"
    assert read(tmp_path, GOOD, "from the partner.csv").name == "from the partner.csv"
    assert file.digest == read(tmp_path, GOOD, "other.csv").digest
    assert file.digest != read(tmp_path, GOOD + "\n" + ROW % (9, 9, 9)).digest


def test_a_row_that_the_file_broke_is_refused_whatever_its_cells_seem_to_say(tmp_path: Path) -> None:
    torn = "a9;0009;extra;09-04-2026"
    file = read(tmp_path, f"{GOOD}\n{torn}\n{ROW % (7, 7, 7)}\n")
    *sound, broken, double = file.rows
    assert broken.number == 10
    assert broken.values == {}
    assert broken.problem.bucket is Bucket.INVALID
    assert "4 fields where the header has 3" in broken.problem.message
    assert double.problem is not None
    assert all(row.problem is None for row in sound[:-1])


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", "empty_file"), ("Colour;Size\nred;XL\n", "missing_column"), (None, "missing_file")],
)
def test_files_that_cannot_be_what_the_mapping_describes(tmp_path: Path, text: str | None, kind: str) -> None:
    path = tmp_path / "in.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused) as caught:
        read_file(path, CARDS)
    assert caught.value.kind == kind


class Naming(FileStep[None]):
    """Decides nothing but what it must."""

    name = "naming"

    def decide_row(self, row: MappedRow, selected: None) -> Decision:
        return Decision(str(row.key), number=row.number)


def test_every_row_gets_one_decision_and_names_what_is_to_blame(tmp_path: Path) -> None:
    file = read(tmp_path, "Number;Card;Day\na1;0001;\n;0002;\na3;3;\na1;0001;\n")
    decisions = Naming(file).decide(None)
    assert [decision.number for decision in decisions] == [2, 3, 4, 5]
    assert len({decision.identity for decision in decisions}) == 4
    by_number = {decision.number: decision for decision in decisions}
    assert by_number[3].key == "row 3"
    assert (by_number[3].bucket, by_number[3].field) == (Bucket.INVALID, "number")
    assert (by_number[4].bucket, by_number[4].field) == (Bucket.INVALID, "card")
    assert by_number[5].bucket is Bucket.DUPLICATE
    assert all(decision.reason for decision in decisions if decision.bucket is not Bucket.APPLIED)


@pytest.mark.parametrize(
    ("severity", "rule", "bucket"),
    [
        ("duplicate", "duplicate", Bucket.DUPLICATE),
        ("error", "not_found", Bucket.NOT_FOUND),
        ("error", "length", Bucket.INVALID),
    ],
)
def test_the_problem_of_a_row_decides_its_bucket(
    tmp_path: Path, severity: Any, rule: str, bucket: Bucket
) -> None:
    file = read(tmp_path, GOOD)
    problem = RowProblem(2, "card", "Card", rule, "so it is", severity)
    row = MappedRow(2, "A1", {}, {}, problem)
    (decision,) = Naming(FileRows(file.path, "x", "", [row], file.table, file.bound)).decide(None)
    assert (decision.bucket, decision.reason) == (bucket, "so it is")


LEADS: CompiledMapping = compile_mapping(
    parse_mapping("""
mapping: leads
object: Lead
key: Sfsync_Key__c
file:
  headers:
    Id: {type: key, required: true}
    LastName: {type: text, required: true}
    Cards__c: {type: integer, min: 1, max: 40}
    Terms__c: {type: boolean, one_of: [true], required: true}
    Price__c: {type: number}
    CreatedDate: {type: datetime}
fields:
  Sfsync_Key__c: {from: Id, prefix: W2L-}
  LastName: LastName
  Cards__c: Cards__c
  Terms__c: Terms__c
  Price__c: Price__c
  Submitted__c: CreatedDate
""")
)


def lead(**values: object) -> dict[str, object]:
    usual = {
        "Id": "00Qxx0000000001AAA", "LastName": "Kok", "Cards__c": 3.0, "Terms__c": True, "Price__c": 12.5,
        "CreatedDate": "2026-03-01T09:00:00.000+0000",
    }  # fmt: skip
    return usual | values


def test_records_of_the_org_go_through_a_mapping() -> None:
    (row,) = map_records(LEADS, [lead()])
    assert row.problem is None
    assert row.values == {
        "Sfsync_Key__c": "W2L-00QXX0000000001AAA", "LastName": "Kok", "Cards__c": 3, "Terms__c": True,
        "Price__c": 12.5, "Submitted__c": "2026-03-01T09:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"LastName": None}, "LastName"),
        ({"LastName": ""}, "LastName"),
        ({"Cards__c": 41}, "Cards__c"),
        ({"Cards__c": 1.5}, "Cards__c"),
        ({"Terms__c": False}, "Terms__c"),
        ({"Terms__c": None}, "Terms__c"),
        ({"CreatedDate": "yesterday"}, "CreatedDate"),
    ],
)
def test_a_record_that_breaks_a_rule_is_told_by_its_field(values: dict, name: str) -> None:
    rows = list(map_records(LEADS, [lead(), lead(**values), lead()]))
    assert [row.problem is None for row in rows] == [True, False, True]
    assert rows[1].problem.name == name
    assert rows[1].values == {}


def test_no_records_are_no_rows() -> None:
    assert list(map_records(LEADS, [])) == []


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Cf"]), min_size=1, max_size=9
)


@settings(max_examples=40)
@given(st.lists(st.tuples(NAMES, st.integers(1, 40), st.booleans() | st.none()), max_size=8))
def test_records_come_out_in_their_order_one_row_each(found: list[tuple[str, int, bool | None]]) -> None:
    records = [lead(LastName=name, Cards__c=float(cards), Terms__c=terms) for name, cards, terms in found]
    rows = list(map_records(LEADS, records))
    assert [row.number for row in rows] == list(range(1, len(records) + 1))
    for row, (_, cards, terms) in zip(rows, found, strict=True):
        assert row.named["Cards__c"] == cards
        if terms is not True:
            assert row.problem is not None


@pytest.mark.parametrize(
    ("name", "form", "answer"),
    [
        ("retour.csv", "csv", "retour-result.csv"),
        ("a.b.txt", "csv", "a.b-result.csv"),
        ("Retour 3.XLSX", "xlsx", "Retour 3-result.xlsx"),
        ("macros.xlsm", "xlsm", "macros-result.xlsm"),
        ("forms.jsonl", "jsonl", "forms-result.xlsx"),
        ("old.XLS", "xls", "old-result.xlsx"),
        ("mislabelled.csv", "xlsx", "mislabelled-result.xlsx"),
    ],
)
def test_the_answer_is_called_after_the_file(tmp_path: Path, name: str, form: str, answer: str) -> None:
    table = SimpleNamespace(format=form)
    assert answer_name(FileRows(tmp_path, name, "", [], table, None)) == answer


def test_a_file_is_held_as_a_copy_that_outlives_its_replacement(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    with held(path) as own:
        path.write_text("b\n2\n", encoding="utf-8")
        assert own.name == path.name
        assert own.read_text(encoding="utf-8") == "a\n1\n"
    assert not own.exists()
    assert path.is_file()


def test_a_file_that_is_written_to_while_it_is_copied_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cards.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    real = shutil.copyfile

    def copy(source: Path, target: Path) -> None:
        real(source, target)
        source.write_text("a\n1\n2\n", encoding="utf-8")

    monkeypatch.setattr("sfsync.engine.files.shutil.copyfile", copy)
    with pytest.raises(FileRefused, match="written to while it was read") as caught, held(path):
        pass
    assert caught.value.kind == "changed"


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_what_is_no_file_is_left_to_the_reader(tmp_path: Path, name: str) -> None:
    with held(tmp_path / name) as own:
        assert own == tmp_path / name
