"""Recordings as files: what is written is read back, what is none is refused with a place."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mockorg import csv_text
from sfsync.mockorg.exchanges import yaml_text
from sfsync.mockorg.exchanges.bodies import decode, encode, folded, spread
from sfsync.mockorg.exchanges.exchange import Body, Exchange, RecordingError

LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | LETTERS
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3)
)
HEADERS = st.dictionaries(st.sampled_from(["Content-Type", "Location"]), st.just("text/plain"))
BODIES = (
    st.just(Body())
    | JSON.map(lambda value: Body("json", value))
    | st.lists(st.lists(LETTERS, min_size=1), min_size=1).map(lambda rows: Body("csv", rows, ";", "CRLF"))
    | st.dictionaries(LETTERS, LETTERS).map(lambda form: Body("form", form))
    | LETTERS.map(lambda text: Body("soql", text))
    | st.lists(LETTERS).map(lambda lines: Body("xml", "\n".join(lines)))
)
EXCHANGES = st.builds(
    Exchange,
    st.sampled_from(["GET", "POST"]),
    st.just("/services/data/v62.0/query"),
    st.integers(100, 599),
    st.lists(st.tuples(LETTERS, LETTERS), max_size=3).map(tuple),
    HEADERS,
    BODIES,
    HEADERS,
    BODIES,
)


@settings(max_examples=60)
@given(st.lists(EXCHANGES, max_size=3), st.text(max_size=5).filter(str.isalnum) | st.just(""))
def test_what_is_written_is_read_back(exchanges: list[Exchange], about: str):
    assert yaml_text.load(yaml_text.dump(exchanges, about)) == (about, exchanges)


@pytest.mark.parametrize("start", range(100, 118))
def test_a_long_cell_with_control_characters_comes_back(start: int):
    body = Body("csv", [["x" * start + "\x1f\x060 0"]])
    exchanges = [Exchange("GET", "/services/data/v62.0/query", 200, (), {}, Body(), {}, body)]
    assert yaml_text.load(yaml_text.dump(exchanges)) == ("", exchanges)


@settings(max_examples=60)
@given(JSON)
def test_json_comes_back(value: Any):
    if value not in (None, ""):
        assert decode(encode(Body("json", value)), "application/json").value == value


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=2), min_size=1)
)
def test_csv_comes_back(rows: list[list[str]]):
    data = csv_text.written(rows)
    found = decode(data, "text/csv")
    if found.kind == "csv" and found.delimiter == "," and not data.startswith(b"\xef\xbb\xbf"):
        assert [list(row) for row in csv_text.read(encode(found).decode())] == rows


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><a xmlns="urn:x"><b>1</b><c/><d><e> two  words </e></d></a>',
        "<a><b></b><b>x\ny</b></a>",
        "<a/>",
    ],
)
def test_xml_is_spread_over_lines_and_folded_again(text: str):
    assert folded(spread(text)) == text
    assert spread(text) == spread(spread(text))


def test_xml_has_a_line_for_each_element():
    assert spread("<a><b>1</b><c><d/></c></a>") == "<a>\n  <b>1</b>\n  <c>\n    <d/>\n  </c>\n</a>"


def test_a_query_in_a_bulk_batch_is_soql_whatever_it_is_called():
    assert decode(b"SELECT Id FROM Lead", "text/csv").kind == "soql"
    assert decode(b"select Id\nfrom Lead", "application/xml").kind == "soql"
    assert decode(b"\xff\xfe\x00", "text/csv").kind == "omitted"
    assert decode(b'a,"never closed', "text/csv").kind == "omitted"
    assert decode(b"{", "application/json").kind == "omitted"
    assert decode(b"a;b\n1;2\n", "text/csv") == Body("csv", [["a", "b"], ["1", "2"]], ";")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not YAML"),
        ("[]", "must begin with"),
        ("recording: 2\nexchanges: []", "must begin with"),
        ("recording: 1\nexchanges: [1]", "exchange 1 is not a mapping"),
        ("recording: 1\nexchanges: [{method: GET, path: /, status: 200, body: x}]", "has body"),
        ("recording: 1\nexchanges: [{method: GET, path: /}]", "needs method, path and a status"),
        (
            "recording: 1\nexchanges: [{method: GET, path: /, status: 1, answer: 3}]",
            "answer is not a mapping",
        ),
        (
            "recording: 1\nexchanges: [{method: GET, path: /, status: 1, answer: {headers: 3}}]",
            "headers are not",
        ),
        (
            "recording: 1\nexchanges: [{method: GET, path: /, status: 1, answer: {json: 1, xml: a}}]",
            "several bodies",
        ),
        ("recording: 1\nexchanges: [{method: GET, path: /, status: 1, answer: {csv: a}}]", "a list of rows"),
        (
            "recording: 1\nexchanges: [{method: GET, path: /, status: 1, request: {form: a}}]",
            "form is a mapping",
        ),
        ("recording: 1\nexchanges: [{method: GET, path: /, status: 1, query: 5}]", "neither a mapping nor"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_place(text: str, words: str):
    with pytest.raises(RecordingError, match=words):
        yaml_text.load(text, "x.yaml")
