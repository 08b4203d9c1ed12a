"""Conditions against a model in Python: SOQL's logic has two values, whatever is null."""

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.clock import MockClock
from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.soql import ast
from tests.mockorg.core import soql_print

CITIES = (None, "Gent", "gent", "Brugge", "Århus", "århus")
SIZES = (None, 1, 5, 20)
ROWS = [{"City": city, "NumberOfEmployees": size} for city in CITIES for size in SIZES]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
city_path, size_path = ast.Path(("City",)), ast.Path(("NumberOfEmployees",))
cities = st.sampled_from(["Gent", "BRUGGE", "ÅRHUS", "Nowhere"]).map(ast.Text) | st.just(ast.Null())
sizes = st.sampled_from(["1", "5", "7", "20.0"]).map(ast.Number) | st.just(ast.Null())
simple = st.one_of(
    st.builds(ast.Comparison, st.just(city_path), st.sampled_from(["=", "!="]), cities),
    st.builds(ast.Comparison, st.just(size_path), st.sampled_from(list(OPERATORS)), sizes),
    st.builds(
        ast.Among, st.just(city_path), st.lists(cities, min_size=1, max_size=3).map(tuple), st.booleans()
    ),
    st.builds(
        ast.Among, st.just(size_path), st.lists(sizes, min_size=1, max_size=3).map(tuple), st.booleans()
    ),
)
conditions = st.recursive(
    simple,
    lambda parts: (
        st.builds(ast.Not, parts)
        | st.builds(
            ast.Joined, st.sampled_from(["AND", "OR"]), st.lists(parts, min_size=2, max_size=3).map(tuple)
        )
    ),
    max_leaves=8,
)


def folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def meant(literal: ast.Literal) -> Any:
    if isinstance(literal, ast.Text):
        return folded(literal.value)
    return float(literal.value) if isinstance(literal, ast.Number) else None


def holds(condition: ast.Condition, row: dict[str, Any]) -> bool:
    match condition:
        case ast.Not(inner):
            return not holds(inner, row)
        case ast.Joined(word, parts):
            return (all if word == "AND" else any)(holds(part, row) for part in parts)
        case ast.Among(ast.Path((name,)), values, negated):
            return (folded(row[name]) in {meant(value) for value in values}) != negated
        case ast.Comparison(ast.Path((name,)), sign, literal):
            left, right = folded(row[name]), meant(literal)
            if sign in {"=", "!="}:
                return OPERATORS[sign](left, right)
            return left is not None and right is not None and OPERATORS[sign](left, right)
    raise AssertionError(condition)


@pytest.fixture(scope="module")
def filled() -> OrgCore:
    org = OrgCore(clock=MockClock(datetime(2026, 3, 4, tzinfo=UTC)))
    for number, row in enumerate(ROWS):
        org.insert("Lead", {**row, "LastName": str(number), "Company": "X"})
    return org


@given(condition=conditions)
def test_queries_agree_with_the_model(filled: OrgCore, condition: ast.Condition):
    query = ast.Query((ast.Selected(ast.Path(("LastName",))),), "Lead", where=condition)
    found = {int(row["LastName"]) for row in filled.query(soql_print.query(query)).rows()}
    assert found == {number for number, row in enumerate(ROWS) if holds(condition, row)}
