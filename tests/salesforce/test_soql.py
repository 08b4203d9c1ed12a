from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote as percent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import ConfigError
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.parse import parse, plain
from sfsync.salesforce import soql

UNESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def read_literal(literal: str) -> str:
    """What an org reads in a quoted literal."""
    assert literal[0] == literal[-1] == "'"
    body, text, position = literal[1:-1], [], 0
    while position < len(body):
        if body[position] == "\\":
            position += 1
            text.append(UNESCAPED[body[position]])
        else:
            assert body[position] != "'", "an unescaped quote ends the literal"
            text.append(body[position])
        position += 1
    return "".join(text)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (-2.5, "-2.5"),
        (1e22, "10000000000000000000000"),
        (Decimal("1E+3"), "1000"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 1, 1, 10, tzinfo=timezone(timedelta(hours=2))), "2024-01-01T08:00:00Z"),
        (datetime(2024, 1, 1, 10, 0, 0, 5000, tzinfo=UTC), "2024-01-01T10:00:00.005Z"),
        (time(10, 5), "10:05:00.000Z"),
        ('O\'Neil \\ "x"\n', "'O\\'Neil \\\\ \\\"x\\\"\\n'"),
    ],
)
def test_literals(value, literal):
    assert soql.quote(value) == literal


@pytest.mark.parametrize("value", [float("nan"), float("inf"), datetime(2024, 1, 1), [1], b"x"])  # noqa: DTZ001  naive on purpose
def test_what_soql_cannot_say_is_an_error(value):
    with pytest.raises(ValueError, match="literal"):
        soql.quote(value)


@given(st.text())
def test_an_org_reads_back_any_text(text):
    assert read_literal(soql.quote(text)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=4))
def test_numbers_keep_their_value_and_have_no_exponent(number):
    literal = soql.quote(number)
    assert Decimal(literal) == number
    assert "E" not in literal.upper()


def test_like_means_the_text_itself():
    assert soql.like("50%_o'f") == "'50\\%\\_o\\'f%'"


@given(st.lists(st.text(max_size=80), max_size=200), st.integers(min_value=1200, max_value=5000))
def test_chunks_ask_for_every_value_once_within_the_limit(values, limit):
    template = "SELECT Id FROM Lead WHERE {} AND IsConverted = false"
    queries = soql.chunks(template, "Email", values, limit=limit)
    literals = [soql.quote(value) for value in dict.fromkeys(values)]
    assert all(len(percent(query, safe="")) <= limit for query in queries)
    lists = [
        query.removeprefix("SELECT Id FROM Lead WHERE Email IN (")[: -len(") AND IsConverted = false")]
        for query in queries
    ]
    assert ",".join(lists) == ",".join(literals)


VALUES = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("'\"\\()=,%_ \n\r\t\b\fORSELECTx"), max_size=60),
    st.text(st.characters(max_codepoint=0x2FFF), max_size=40),
)


@given(st.lists(VALUES, min_size=1, max_size=20))
def test_another_reader_of_soql_finds_exactly_the_values_and_nothing_beside_them(values):
    """The mock org's own grammar, which knows nothing of ours."""
    wanted = list(dict.fromkeys(values))
    path = ast.Path(("Name",))
    listed = parse(f"SELECT Id FROM Account WHERE Name IN {soql.in_list(values)} AND IsDeleted = false")
    assert isinstance(listed.where, ast.Joined)
    assert isinstance(first := listed.where.conditions[0], ast.Among)
    assert [plain(literal.value) for literal in first.values] == wanted
    found = []
    for query in soql.chunks("SELECT Id FROM Account WHERE {} LIMIT 9", "Name", values, limit=1500):
        tree = parse(query)
        assert tree.limit == 9
        assert isinstance(tree.where, ast.Among)
        assert tree.where.left == path
        found += tree.where.values
    assert [plain(literal.value) for literal in found] == wanted
    single = parse(f"SELECT Id FROM Account WHERE Name = {soql.quote(values[0])}")
    assert isinstance(single.where, ast.Comparison)
    assert plain(single.where.value.value) == values[0]


@given(VALUES)
def test_a_like_pattern_is_one_literal(text):
    tree = parse(f"SELECT Id FROM Account WHERE Name LIKE {soql.like(text, before=True)} LIMIT 1")
    assert isinstance(tree.where, ast.Comparison)
    assert tree.limit == 1
    assert plain(tree.where.value.value) == f"%{text}%"


def test_chunks_are_few():
    ids = [f"00Q{number:015d}" for number in range(1000)]
    assert len(soql.chunks("SELECT Id FROM Lead WHERE {}", "Id", ids)) == 2


def test_no_values_need_no_query():
    assert soql.chunks("SELECT Id FROM Lead WHERE {}", "Id", []) == []


def test_a_value_that_fits_nowhere_is_refused():
    with pytest.raises(ConfigError, match="too long"):
        soql.chunks("SELECT Id FROM Lead WHERE {}", "Id", ["x" * 5000])


def test_a_template_has_one_gap():
    with pytest.raises(ValueError, match="once"):
        soql.chunks("SELECT Id FROM Lead", "Id", ["1"])


@pytest.mark.parametrize("text", ["", "Id; DROP", "Na me", "1x", "a..b", "x'"])
def test_a_field_name_is_checked(text):
    with pytest.raises(ConfigError):
        soql.name(text)


def test_an_empty_list_is_an_error():
    with pytest.raises(ValueError, match="empty"):
        soql.in_list([])
    assert soql.in_list(["a", "b", "a"]) == "('a','b')"
