"""Rows that wait are as good as written: whoever reads, undoes or stops in between finds what must be there."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.pending import Pending

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.sampled_from("ab")),
        st.tuples(st.just("change"), st.sampled_from("ab")),
        st.tuples(st.just("read"), st.sampled_from(["a", "b", ""])),
        st.tuples(st.just("update"), st.sampled_from("ab")),
        st.tuples(st.just("begin"), st.booleans()),
        st.tuples(st.just("end"), st.booleans()),
    ),
    max_size=30,
)


class Store:
    """Two tables, and what the pending rows do to them."""

    def __init__(self, path: str = ":memory:") -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        for table in "ab":
            self.database.execute(f"CREATE TABLE IF NOT EXISTS {table} (number)")
        self.pending = Pending(self.database, self._write)

    def _write(self, table: str, rows: Any) -> None:
        for row, record_id in rows:
            changed = f"UPDATE {table} SET number = -abs(number) WHERE number = :number"
            self.database.execute(changed if record_id else f"INSERT INTO {table} VALUES (:number)", row)

    def all(self) -> list[list[int]]:
        return [[row[0] for row in self.database.execute(f"SELECT number FROM {table}")] for table in "ab"]


@contextmanager
def store(path: str = ":memory:") -> Iterator[Store]:
    made = Store(path)
    try:
        yield made
    finally:
        made.database.close()


def play(steps: list[tuple[str, Any]], made: Store) -> list[Any]:
    """What the steps let see, against lists that are copied where a transaction begins."""
    seen: list[Any] = []
    model: dict[str, list[int]] = {"a": [], "b": []}
    under_way: list[tuple[Any, dict[str, list[int]]]] = []
    for number, (what, how) in enumerate(steps):
        if what == "begin":
            transaction = made.pending.transaction(lasting=how)
            transaction.__enter__()
            under_way.append((transaction, {name: list(rows) for name, rows in model.items()}))
        elif what == "end" and under_way:
            transaction, before = under_way.pop()
            if how:
                transaction.rollback()
                model = before
            transaction.__exit__(None, None, None)
        elif what == "insert":
            made.pending.write(how, {"number": number})
            model[how].append(number)
        elif what == "change" and model[how]:
            newest = abs(model[how][-1])
            made.pending.write(how, {"number": newest}, "id")
            model[how][-1] = -newest
        elif what == "update":
            made.pending.settle()
            made.database.execute(f"UPDATE {how} SET number = -number WHERE number > 0")
            model[how] = [-abs(each) for each in model[how]]
        elif what == "read":
            made.pending.reading(how)
            found = dict(zip("ab", made.all(), strict=True))
            seen += [(found[table], list(model[table])) for table in how or "ab"]
    while under_way:
        under_way.pop()[0].__exit__(None, None, None)
    made.pending.keep()
    seen.append((made.all(), list(model.values())))
    return seen


@given(STEPS)
def test_rows_that_wait_are_there_for_whoever_looks(steps: list[tuple[str, Any]]):
    with store() as made:
        for found, expected in play(steps, made):
            assert found == expected


def test_what_lasts_is_in_the_file_when_it_is_kept(tmp_path: Path):
    path = str(tmp_path / "org.db")
    with store(path) as ours, store(path) as theirs:
        with ours.pending.transaction(lasting=True):
            ours.pending.write("a", {"number": 1})
        with ours.pending.transaction(lasting=True) as undone:
            ours.pending.write("a", {"number": 2})
            undone.rollback()
        assert (ours.all()[0], theirs.all()[0]) == ([1], [])
        ours.pending.keep()
        assert theirs.all()[0] == [1]


def test_an_exception_undoes_what_waited_and_what_was_written():
    def fail(made: Store) -> None:
        with made.pending.transaction():
            made.pending.write("a", {"number": 1})
            made.pending.reading("a")
            made.pending.write("b", {"number": 2})
            raise ZeroDivisionError

    with store() as made:
        with pytest.raises(ZeroDivisionError):
            fail(made)
        made.pending.keep()
        assert made.all() == [[], []]


def test_a_long_transaction_does_not_hold_its_rows():
    with store() as made:
        with made.pending.transaction():
            for number in range(1_200):
                made.pending.write("a", {"number": number})
            assert len(made.all()[0]) >= 1_000
        assert len(made.all()[0]) == 1_200
