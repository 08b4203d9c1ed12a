"""A mapping file with mistakes: all of them at once, each with its line and what could be meant."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import ConfigError
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import load_mapping, parse_mapping
from sfsync.mapping.model import Type
from sfsync.mapping.schema import SCHEMA_FILE, mapping_schema
from tests.mapping.tables import block

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = sorted((ROOT / "mappings").rglob("*.yaml"))

GOOD = """
mapping: cards
object: Asset
key: Key__c
file:
  headers:
    card_key: [Order]
    email: {headings: [E-mail], type: email}
    count: {type: integer}
fields:
  Key__c: {from: card_key, type: key, unique: true}
  Email__c: email
"""


def mistakes(text: str) -> list[tuple[int, str]]:
    """Line and sentence of every mistake."""
    with pytest.raises(ConfigError) as error:
        parse_mapping(text, "cards.yaml")
    assert error.value.exit_code == 2
    assert all(problem.file == "cards.yaml" for problem in error.value.problems)
    return [(p.line, f"{p.message} {p.suggestion}".strip()) for p in error.value.problems]


def test_all_mistakes_come_at_once_with_line_and_suggestion():
    text = """
mapping: Bad Name
object: Lead
kee: x
key: Sfsync_Kye__c
file:
  date: dmy
  timezone: Europe/Amsterdm
  headers:
    email: [E-mail, Mail]
    mail2: {headings: [mail], type: emial}
    cards: {type: integer, min: 5, max: 2, one_of: [x]}
    code: {type: key, pattern: "(["}
fields:
  Sfsync_Key__c: {from: emial, requird: true}
  A: {from: email, value: 3}
  B: {type: date, decimal: ","}
  C: {join: [email, crads], with: 3}
  D: {from: cards, when: {cards: {equals: no}}}
  E: {from: code, lookup: Order, unique: maybe}
reject_if:
  - reason: Nope nope
    when: {email: {}}
guards: {rejects: 20 percent}
"""
    found = mistakes(text)
    for line, said in [
        (2, "'Bad Name' does not have the form of a name in small letters"),
        (4, "Unknown key 'kee'. Did you mean key?"),
        (5, "there is no field 'Sfsync_Kye__c' in fields. Did you mean Sfsync_Key__c?"),
        (7, "Unknown key 'date' in file. Did you mean dates?"),
        (8, "'Europe/Amsterdm' is no time zone."),
        (11, "'emial' is not known. Did you mean email?"),
        (11, "The heading 'mail' of mail2 belongs to email already."),
        (12, "min is above max"),
        (12, "one_of 'x' is no integer"),
        (13, "is no regular expression (error: unclosed character class)"),
        (15, "Unknown key 'requird' in fields.Sfsync_Key__c. Did you mean required?"),
        (15, "'emial' is none of our names in file.headers. Did you mean email?"),
        (16, "from and value exclude each other"),
        (17, "decimal means nothing for type date"),
        (17, "it has no source"),
        (18, "fields.C.with: a text is expected"),
        (18, "'crads' is none of our names in file.headers. Did you mean cards?"),
        (19, "it can never equal 'no', which is of another type"),
        (20, "unique: true or false is expected"),
        (20, "'Order' does not have the form Object.Field"),
        (22, "'Nope nope' does not have the form"),
        (22, "The key 'message' is missing in reject_if.0."),
        (23, "the condition says nothing"),
        (24, "'20 percent' does not have the form of a number, or a percentage such as 20%"),
    ]:
        assert any(at == line and said in text for at, text in found), (line, said, found)
    assert len(found) == 24


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[Order]", "[Order, '  ']", "a heading is empty"),
        ("count: {type: integer}", "count: {type: picklist}", "a picklist needs its values"),
        ("count: {type: integer}", "count: {truncate: true}", "truncate needs max"),
        ("count: {type: integer}", "count: {type: integer, default: many}", "default 'many' is no integer"),
        ("count: {type: integer}", "count: {type: date, formats: ['%Q']}", "'%Q' is no date format"),
        ("count: {type: integer}", "count: {type: phone, region_from: land}", "'land' is none of our names"),
        ("count: {type: integer}", "count: {type: phone, region: Holland}", "a country code such as NL"),
        ("count: {type: integer}", "count: {type: datetime, timezone: Mars}", "'Mars' is no time zone"),
        ("count: {type: integer}", "count: {map: {A: [x], B: [X]}}", "the word 'X' means A and B"),
        ("count: {type: integer}", "count: {type: boolean, yes: [j], no: [J]}", "means yes and no"),
        ("count: {type: integer}", "count: {required_if: {emial: x}}", "Did you mean email?"),
        ("count: {type: integer}", "count: {required_if: {count: 3, email: {matches: '('}}}", "no regular"),
        ("count: {type: integer}", "3count: {type: integer}", "of a name: letters, digits and _"),
        ("Email__c: email", "Email__c: {take: Id, from: email}", "take needs a lookup"),
        ("Email__c: email", "Email__c: {lookup: Order.Key__c, value: x}", "lookup needs from"),
        ("Email__c: email", "Email__c: {join: [email], unique: true}", "unique works on a field"),
        ("Email__c: email", "Email__c: {from: email, with: '-'}", "with needs join"),
        ("Email__c: email", "Email__c: {from: email, unique: true}", "unique belongs to the rule of email"),
        ("Email__c: email", "Row: email", "cannot be called row"),
        ("Email__c: email", "Email__c: [email]", "keys with values are expected"),
        ("file:", "file:\n  decimal: ','\n  thousands: ','", "cannot be both"),
        ("object: Asset\n", "", "The key 'object' is missing."),
    ],
)
def test_one_mistake_is_told(old: str, new: str, said: str):
    assert old in GOOD
    found = mistakes(GOOD.replace(old, new))
    assert any(said in text for _, text in found), found


def test_a_good_mapping_has_none():
    assert parse_mapping(GOOD).fields["Email__c"].from_ == "email"


def test_a_file_that_is_no_mapping():
    assert mistakes("- a\n- b")[0][0] == 1
    assert mistakes("just text")


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in MAPPINGS])
def test_the_mappings_that_ship_are_sound(path: Path):
    mapping = load_mapping(path)
    assert mapping.mapping == path.stem
    first = path.read_text("utf-8").splitlines()[0]
    up = "../" * (len(path.relative_to(ROOT / "mappings").parts) - 1)
    assert first == f"# yaml-language-server: $schema={up}{SCHEMA_FILE}"


def test_the_schema_that_ships_is_fresh():
    """``sfsync mapping schema -o mappings/mapping.schema.json`` makes it anew."""
    assert (ROOT / "mappings" / SCHEMA_FILE).read_text("utf-8") == mapping_schema()


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats()
    | st.sampled_from(["email", "x", "(", "NL", "", "key", "date"])
)
KEYS = st.sampled_from(
    [
        *("from", "value", "join", "first_of", "when", "prefix", "with", "lookup", "take"),
        *(
            "type",
            "map",
            "headings",
            "required_if",
            "one_of",
            "email",
            "x",
            "equals",
            "matches",
            "not",
            "empty",
        ),
        *("min", "max", "length", "truncate", "pattern", "default", "unique", "required", "remove", "case"),
        *("region", "region_from", "yes", "no", "formats", "thousands", "decimal", "unusable", "pivot"),
    ]
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)
TYPES = st.sampled_from(get_args(Type))


def rules(*more: str) -> st.SearchStrategy[dict[str, Any]]:
    """Rules of the right shape, with keys that may or may not fit together."""
    when = st.dictionaries(
        st.sampled_from(["email", "x"]),
        st.sampled_from(["a", 3, True, ["a", 1], [], {"matches": "a|b"}, {"not": "a"}, {"empty": True}, {}]),
        max_size=2,
    )
    sources: list[Any] = ["email", "x", {"from": "x", "when": {"x": "a"}}, {"value": 1}, {"join": []}]
    parts: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES,
        "required_if": when | st.lists(when, max_size=2),
        "min": st.integers(-2, 5),
        "max": st.integers(0, 5),
        "length": st.integers(1, 5),
        "truncate": st.booleans(),
        "default": st.sampled_from(["x", 3, True, "2024-01-31", "", "NL", float("inf")]),
        "one_of": st.lists(st.sampled_from(["x", 3, True, "2024-01-31", "NL"]), max_size=2),
        "map": st.just({"A": ["x"], "B": []}) | st.just({}),
        "case": st.sampled_from(["title", "upper", "lower"]),
        "pattern": st.sampled_from(["a|b", "", "x*"]),
        "remove": st.sampled_from([[" "], "x", [""], []]),
        "unusable": st.sampled_from(["blank", "reject"]),
        "region_from": st.sampled_from(["x", "email"]),
        "unique": st.booleans(),
        "required": st.booleans(),
        "from": st.sampled_from(["email", "x"]),
        "value": st.sampled_from(["x", 3, True, 1.5, ""]),
        "join": st.lists(st.sampled_from(sources), max_size=3),
        "first_of": st.lists(st.sampled_from(sources), max_size=3),
        "when": when | st.lists(when, max_size=2),
        "prefix": st.sampled_from(["", "P"]),
    }
    keys = [*list(parts)[: list(parts).index("from")], *more]
    return st.lists(st.sampled_from(keys), max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({key: parts[key] for key in chosen})
    )


SOURCES = ("from", "value", "join", "first_of", "when", "prefix")


@settings(max_examples=150)
@given(
    field=TREES | rules(*SOURCES) | rules(*SOURCES).map(lambda rule: {"from": "email"} | rule),
    header=TREES | rules(),
    reject=TREES
    | rules("when").map(lambda rule: [{"reason": "r", "message": "m", "when": rule.get("when")}]),
    cell=st.sampled_from(["x", "a", "3", None, "2024-01-31", "ja", "A@b.nl", "06 12345678"]),
)
def test_whatever_stands_there_gives_sentences_or_a_mapping_that_works(
    field: object, header: object, reject: object, cell: str | None
):
    """A mapping that loads also maps: no mistake is found only when the first file comes."""
    body = {
        "mapping": "m",
        "object": "O",
        "file": {"headers": {"email": header, "x": None}},
        "fields": {"F": field},
        "reject_if": reject if isinstance(reject, list) else [],
    }
    try:
        mapping = parse_mapping(json.dumps(body))
    except ConfigError as error:
        assert all(str(problem) for problem in error.problems)  # noqa: PT017  both ends are fine
        return
    parts = (
        compile_mapping(mapping)
        .bind(["email", "x"], file="f")
        .map([block({"email": [cell, cell], "x": ["a", None]})])
    )
    assert len([row for part in parts for row in part.rows()]) == 2
