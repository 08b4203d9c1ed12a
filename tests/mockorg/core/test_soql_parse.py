from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.parse import parse, plain, text_of
from sfsync.mockorg.values import stamp
from tests.mockorg.core import soql_print

EARLY = datetime(2, 1, 1)  # noqa: DTZ001 - hypothesis takes naive bounds
RESERVED = {
    "select", "from", "where", "with", "having", "limit", "offset", "and", "or", "not", "in", "includes", "excludes",
    "asc", "desc", "true", "false", "null", "like",
}  # fmt: skip
names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}(__c|__r)?", fullmatch=True).filter(
    lambda name: name.lower() not in RESERVED
)
paths = st.lists(names, min_size=1, max_size=3).map(lambda each: ast.Path(tuple(each)))
calls = st.builds(ast.Call, names, st.lists(paths, max_size=1).map(tuple))
expressions = paths | st.builds(ast.Call, names, st.lists(paths | calls, max_size=2).map(tuple))
plain_texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\\", exclude_categories=["Cs", "Cc"]), max_size=8
)
texts = st.lists(plain_texts | st.sampled_from([r"\_", r"\%", r"\\"]), max_size=3).map(
    lambda parts: ast.Text("".join(parts))
)
words = st.sampled_from([("TODAY", None), ("LAST_MONTH", None), ("LAST_N_DAYS", 7), ("N_WEEKS_AGO", 2)])
literals = st.one_of(
    texts,
    st.integers(-(10**9), 10**9).map(lambda number: ast.Number(str(number))),
    st.decimals(-1000, 1000, places=3).map(lambda number: ast.Number(f"{number:f}")),
    st.booleans().map(ast.Boolean),
    st.just(ast.Null()),
    st.dates().map(ast.Day),
    st.datetimes(EARLY, timezones=st.just(UTC)).map(lambda when: ast.Moment(stamp(when))),
    words.map(lambda word: ast.DateWord(*word)),
)
operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE"])
some = st.lists(literals, min_size=1, max_size=3).map(tuple)


def joined(parts):
    return st.builds(
        ast.Joined, st.sampled_from(["AND", "OR"]), st.lists(parts, min_size=2, max_size=3).map(tuple)
    )


simple = st.one_of(
    st.builds(ast.Comparison, expressions, operators, literals),
    st.builds(ast.Among, expressions, some, st.booleans()),
    st.builds(ast.Includes, expressions, some, st.booleans()),
)
flat = st.builds(
    ast.Query, st.lists(st.builds(ast.Selected, paths), min_size=1, max_size=2).map(tuple), names
)
conditions = st.recursive(
    simple | st.builds(ast.AmongQuery, paths, flat, st.booleans()),
    lambda parts: joined(parts) | st.builds(ast.Not, parts),
    max_leaves=6,
)
selected = st.builds(ast.Selected, paths | calls, st.none() | names)
queries = st.builds(
    ast.Query,
    st.lists(selected | flat, min_size=1, max_size=3).map(tuple),
    names,
    alias=st.none() | names,
    scope=st.none() | names,
    where=st.none() | conditions,
    group_by=st.lists(expressions, max_size=2).map(tuple),
    having=st.none() | simple,
    order_by=st.lists(
        st.builds(ast.Ordering, expressions, st.booleans(), st.none() | st.booleans()), max_size=2
    ).map(tuple),
    limit=st.none() | st.integers(0, 50_000),
    offset=st.none() | st.integers(0, 2000),
)


@given(queries)
def test_what_is_printed_parses_to_the_same(query):
    assert parse(soql_print.query(query)) == query


@given(queries)
def test_keywords_in_any_case(query):
    text = soql_print.query(query)
    for word in ("SELECT", "FROM", "WHERE", "ORDER BY", "GROUP BY", "NULLS LAST", "LIMIT"):
        text = text.replace(f"{word} ", f"{word.title()}\n ")
    parse(text)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_politely(text):
    refusals = []
    try:
        parse(text)
    except Refused as refusal:
        refusals.append(refusal.code)
    assert refusals in ([], ["MALFORMED_QUERY"])


def test_reserved_looking_names_are_names():
    query = parse("SELECT Order.Name, Group.Id FROM Order ORDER BY Limit__c")
    assert query.object == "Order"
    assert query.order_by == (ast.Ordering(ast.Path(("Limit__c",))),)


def test_trailing_clauses_are_ignored():
    plain_query = parse("SELECT Id FROM Lead LIMIT 1")
    assert parse("SELECT Id FROM Lead LIMIT 1 FOR VIEW") == plain_query
    assert parse("SELECT Id FROM Lead LIMIT 1 FOR REFERENCE UPDATE TRACKING") == plain_query
    assert parse("SELECT Id FROM Lead WITH SECURITY_ENFORCED LIMIT 1") == plain_query


def test_literals():
    where = parse("SELECT Id FROM X WHERE a >= 2024-01-31T10:00:00+01:00").where
    assert where == ast.Comparison(ast.Path(("a",)), ">=", ast.Moment("2024-01-31T09:00:00.000+0000"))
    where = parse("SELECT Id FROM X WHERE a = 2024-01-31").where
    assert where == ast.Comparison(ast.Path(("a",)), "=", ast.Day(date(2024, 1, 31)))


def test_escapes():
    assert text_of(r"'it\'s \"x\" \u00e9\n'") == 'it\'s "x" é\n'
    assert plain(text_of(r"'a\\b\_c\%'")) == r"a\b_c%"


@pytest.mark.parametrize(
    ("soql", "column", "message"),
    [
        ("SELECT Id FROM", 15, "unexpected token: <EOF>"),
        ("SELECT FROM Lead", 8, "unexpected token: 'FROM'"),
        ("SELECT * FROM Lead", 8, "unexpected token: '*'"),
        ("SELECT Id FROM Lead WHERE a = 1 AND b = 2 OR c = 3", 43, "unexpected token: 'OR'"),
        ("SELECT Id FROM Lead WHERE Name NOT LIKE 'x%'", 32, "unexpected token: 'NOT'"),
        (
            "SELECT Id FROM Lead WHERE d > 2024-01-01T00:00:00",
            50,
            "line 1:50 no viable alternative at character '<EOF>'",
        ),
        ("SELECT Id FROM Lead WHERE a = $x", 31, "line 1:31 no viable alternative at character '$'"),
        ("SELECT Id FROM Lead WHERE a = :x", 31, "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Lead WITH DATA", 26, "unexpected token: 'DATA'"),
        ("SELECT Id FROM Lead WHERE d = 2024-13-01", 31, "unexpected token: '2024-13-01'"),
        ("SELECT Id FROM Lead WHERE d IN ()", 33, "unexpected token: ')'"),
        (r"SELECT Id FROM Lead WHERE d = 'a\d'", 33, "Illegal character sequence in string literal"),
        ("SELECT Id FROM Lead LIMIT 1.5", 27, "unexpected token: '1.5'"),
    ],
)
def test_refusals_point_at_the_place(soql, column, message):
    with pytest.raises(Refused) as refusal:
        parse(soql)
    assert refusal.value.code == "MALFORMED_QUERY"
    first, excerpt, caret, place, text = refusal.value.message.split("\n")
    assert (first, place, text) == ("", f"ERROR at Row:1:Column:{column}", message)
    shown = caret.index("^")
    assert excerpt[shown:] == soql[column - 1 :][: len(excerpt) - shown]


def test_rows_are_counted():
    with pytest.raises(Refused, match="ERROR at Row:2:Column:6\n"):
        parse("SELECT Id\nFROM ?")
