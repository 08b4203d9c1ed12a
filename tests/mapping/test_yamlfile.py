"""YAML 1.2 in, plain values and lines out; nothing a file can hold makes us build objects or fill the memory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import ConfigError
from sfsync.mapping.yamlfile import MAX_BYTES, parse_yaml, read_yaml


def refused(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ConfigError) as error:
        parse_yaml(raw, "f.yaml")
    return str(error.value)


def test_words_that_yaml_1_1_takes_for_booleans_stay_text():
    value = parse_yaml(b"[no, NO, yes, on, off, y, true, false]", "f.yaml").value
    assert value == ["no", "NO", "yes", "on", "off", "y", True, False]


def test_codes_with_leading_zeros_and_dates_stay_text():
    assert parse_yaml(b"[007, 7, 0, 1.5, 2024-01-31, null, -3]", "f").value == [
        "007",
        7,
        0,
        1.5,
        "2024-01-31",
        None,
        -3,
    ]


def test_every_place_knows_its_line():
    file = parse_yaml(b"a: 1\nb:\n  - x\n  - c: y\n", "f.yaml")
    assert [file.line(place) for place in [("a",), ("b",), ("b", 0), ("b", 1, "c")]] == [1, 2, 3, 4]
    assert file.line(("b", 1, "nowhere", 7)) == 4
    assert file.line(("nowhere",)) == 1


def test_aliases_are_read_and_bombs_are_not():
    assert parse_yaml(b"a: &x [1]\nb: *x", "f").value == {"a": [1], "b": [1]}
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "more than 50,000 values" in refused("\n".join(lines))


def test_a_value_that_holds_itself_is_refused():
    assert "deeper" in refused("a: &x [*x]")


def test_deep_nesting_is_refused():
    assert "deeper" in refused("[" * 1000 + "]" * 1000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a: [1", "f.yaml:1: Not valid YAML"),
        ("a: 1\n b: 2", "f.yaml:2"),
        ("a: 1\na: 2", "f.yaml:2: The key 'a' stands twice; it is on line 1 already."),
        ("a: {<<: x}", "Merge keys"),
        ("? [a]\n: b", "must be a plain word"),
        ("--- 1\n--- 2", "another document"),
        ("a: !!python/name:os.system x", "is not read"),
        ("a: !secret x", "is not read"),
        (b"a: \xff", "not UTF-8"),
        (b"a: \x00", "Not valid YAML"),
        (b"#" * (MAX_BYTES + 1), "at most"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str | bytes, said: str):
    assert said in refused(text)


def test_an_absent_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"absent\.yaml cannot be read: No such file"):
        read_yaml(tmp_path / "absent.yaml")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_value_or_a_sentence(raw: bytes):
    try:
        parse_yaml(raw, "f.yaml")
    except ConfigError as error:
        assert error.problems  # noqa: PT017  both ends are fine; a traceback is not


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "a:\n\tb: 1\n",
            "f.yaml:2: Not valid YAML: found character '\\t' that cannot start any token. Indent with blanks",
        ),
        ("a: [x\nb: y\n", "Is the bracket or brace of line 1 closed?"),
        ("a: {x: 1\nb: y\n", "Is the bracket or brace of line 1 closed?"),
        ("a: 'x\nb: y\n", "Is the quote of line 1 closed?"),
    ],
)
def test_what_people_mostly_did_is_said(text: str, hint: str):
    assert hint in refused(text)
