from datetime import UTC, datetime

import pytest

from sfsync.journal.exported import DELETED, stamp_of

ONE, TWO, THREE = (f"001000000000{n}AAA" for n in (1, 2, 3))


@pytest.fixture
def memory(journal):
    return journal.exported("orders@https://acme.example")


def test_nothing_is_known_before_the_first_export(memory):
    assert memory.watermark() is None
    assert memory.told([(ONE, "2024-01-01")]) == set()


def test_what_a_run_notes_counts_when_it_keeps_its_watermark(memory):
    memory.note("run-1", [(ONE, "b"), (TWO, "c")])
    assert memory.told([(ONE, "b")]) == set()
    memory.keep("run-1", "c", since="a")
    assert memory.watermark() == "c"
    assert memory.told([(ONE, "b"), (ONE, "c"), (TWO, "c"), (THREE, "c")]) == {(ONE, "b"), (TWO, "c")}


def test_a_dead_runs_notes_are_forgotten(memory):
    memory.note("run-1", [(ONE, "b")])
    memory.begin()
    memory.note("run-2", [(TWO, "b")])
    memory.keep("run-2", "b", since="a")
    assert memory.told([(ONE, "b"), (TWO, "b")]) == {(TWO, "b")}


def test_what_lies_before_the_overlap_is_forgotten(memory):
    memory.note("run-1", [(ONE, "a"), (TWO, "c")])
    memory.keep("run-1", "c", since="b")
    assert memory.told([(ONE, "a"), (TWO, "c")]) == {(TWO, "c")}


def test_noting_twice_is_noting_once(memory):
    memory.note("run-1", [(ONE, "a"), (ONE, "a")])
    memory.keep("run-1", "a", since="a")
    memory.note("run-2", [(ONE, "a")])
    memory.keep("run-2", "a", since="a")
    assert memory.told([(ONE, "a")]) == {(ONE, "a")}


def test_exports_do_not_see_each_other(journal, memory):
    other = journal.exported("orders@https://other.example")
    other.note("run-1", [(ONE, "a")])
    other.keep("run-1", "a", since="a")
    assert memory.watermark() is None
    assert memory.told([(ONE, "a")]) == set()


def test_many_records(memory):
    records = [(f"{n:018d}", f"{n:08d}") for n in range(12_000)]
    memory.note("run-1", iter(records))
    memory.keep("run-1", "z", since="")
    assert memory.told([*records, ("x", "y")]) == set(records)


def test_stamps_sort_as_text():
    assert stamp_of(datetime(2024, 3, 1, 12, 0, 0, 4999, tzinfo=UTC)) == "2024-03-01T12:00:00.004Z"


def test_what_was_told_of_as_deleted_is_known_by_its_id(memory):
    memory.note("run-1", [(ONE, f"b{DELETED}"), (TWO, "b")])
    assert memory.gone([ONE, TWO, THREE]) == set()
    memory.keep("run-1", "b", since="a")
    assert memory.gone([ONE, TWO, THREE]) == {ONE}
