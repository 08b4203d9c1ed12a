"""What stands twice in a file: by examples, and against a plain reading of the rules over any file."""

from collections import defaultdict

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sfsync.mapping.rows import MappedRow
from sfsync.records import Bucket
from tests.mapping.tables import block, bound

CARDS = """
mapping: cards
object: Asset
key: Key__c
file:
  headers:
    card_key: {type: key, unique: true}
    card_id: {type: digits, unique: true}
    note: {}
fields:
  Key__c: card_key
  Card__c: card_id
"""
NAMES = ["card_key", "card_id", "note"]
Row = tuple[str | None, str | None, str | None]


def mapped(rows: list[Row], size: int = 100) -> list[MappedRow]:
    """The rows mapped in blocks of ``size``."""
    parts = [rows[n : n + size] for n in range(0, len(rows), size)]
    blocks = [
        block(dict(zip(NAMES, map(list, zip(*part, strict=True)), strict=True)), first=2 + n * size)
        for n, part in enumerate(parts)
    ]
    return [row for part in bound(CARDS, NAMES).map(blocks) for row in part.rows()]


def told(rows: list[MappedRow]) -> dict[int, str]:
    return {row.number: row.problem.rule for row in rows if row.problem}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_three_kinds(size: int):
    rows: list[Row] = [
        ("a", "1", "x"),
        ("b", "2", "x"),
        (" A ", "1", "x\u200b"),
        ("c", "3", "x"),
        ("C", "4", "x"),
        ("d", "2", "x"),
        ("e", "5", "x"),
    ]
    found = mapped(rows, size)
    assert told(found) == {
        4: "duplicate_exact",
        5: "duplicate_conflict",
        6: "duplicate_conflict",
        3: "used_twice",
        7: "used_twice",
    }
    problems = {row.number: row.problem for row in found if row.problem}
    assert problems[4].severity == "duplicate"
    assert problems[4].bucket is Bucket.DUPLICATE
    assert problems[4].message.endswith("row 2.")
    assert problems[5].bucket is Bucket.INVALID
    assert "row 6" in problems[5].message
    assert problems[3].full_rule == "card_id_used_twice"


def test_an_error_of_its_own_comes_before_what_a_row_doubles():
    assert told(mapped([("a", "x", None), ("a", "1", None)])) == {2: "characters", 3: "duplicate_conflict"}


def test_empty_values_are_no_duplicates():
    assert told(mapped([("a", None, None), ("b", None, None), (None, "1", None), (None, "2", None)])) == {}


def test_one_pass_when_nothing_is_unique():
    passes = []
    text = CARDS.replace(", unique: true", "")

    def blocks() -> list[pl.DataFrame]:
        passes.append(1)
        return [block({"card_key": ["a", "a"]})]

    assert not any(row.problem for part in bound(text, ["card_key"]).map(blocks) for row in part.rows())
    assert len(passes) == 1


@pytest.mark.parametrize(("keys", "passes"), [(["a", "b"], 2), (["a", "a"], 3)])
def test_the_file_is_read_a_third_time_only_when_something_stands_twice(keys: list[str], passes: int):
    seen = []

    def blocks() -> list[pl.DataFrame]:
        seen.append(1)
        return [block({"card_key": keys})]

    list(bound(CARDS, ["card_key"]).map(blocks))
    assert len(seen) == passes


def test_an_iterator_that_can_be_walked_once_is_enough():
    parts = iter([block({"card_key": ["a"]}), block({"card_key": ["a"]}, first=3)])
    rows = [row for part in bound(CARDS, ["card_key"]).map(parts) for row in part.rows()]
    assert told(rows) == {3: "duplicate_exact"}


def test_a_message_does_not_list_hundreds_of_rows():
    rows = mapped([("a", str(n), None) for n in range(50)])
    assert rows[0].problem
    assert rows[0].problem.message.endswith("rows 3, 4, 5, 6, 7, ….")


def expected(rows: list[Row]) -> dict[int, str]:
    """The rules of the samples, written down plainly: quadratic, and easy to believe."""
    clean = [tuple((cell or "").strip().upper() for cell in row) for row in rows]
    by_key, by_card = defaultdict(list), defaultdict(list)
    for n, (key, card, _) in enumerate(clean):
        if key:
            by_key[key].append(n)
        if card:
            by_card[card].append(n)
    found: dict[int, str] = {}
    for places in by_key.values():
        same = all(clean[n] == clean[places[0]] for n in places)
        for n in places[1:] if same else places:
            if len(places) > 1:
                found[n] = "duplicate_exact" if same else "duplicate_conflict"
    for places in by_card.values():
        if len({clean[n][0] or None for n in places}) > 1:
            for n in places:
                found.setdefault(n, "used_twice")
    return {n + 2: rule for n, rule in found.items()}


CELLS = st.tuples(
    st.sampled_from(["a", "b", "c", " A", "B "]),
    st.sampled_from(["1", "2", "3", "4", None]),
    st.sampled_from(["X", "Y", None]),
)


@given(rows=st.lists(CELLS, min_size=1, max_size=12), size=st.integers(1, 5))
@example(rows=[("a", "1", None), ("a", "1", None), ("b", "1", None)], size=2)
def test_any_file_is_judged_by_the_plain_rules(rows: list[Row], size: int):
    assert told(mapped(rows, size)) == expected(rows)
