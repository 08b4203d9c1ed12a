"""The JSON Schema as editors use it: green for what loads, red for typos, an explanation for every word."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from sfsync.mapping.schema import SCHEMA_FILE, mapping_schema

ROOT = Path(__file__).parents[2]
MAPPINGS = sorted((ROOT / "mappings").rglob("*.yaml"))
SCHEMA: dict[str, Any] = json.loads(mapping_schema())
VALIDATOR = Draft202012Validator(SCHEMA)

GOOD = """
mapping: m
object: Lead
file:
  headers:
    a: [A]
    b:
    c: {headings: {en: [C], nl: Cee}, type: date, dates: dmy}
    d: One
    e: {map: {Yes: [ja, 1], No: {en: [no], nl: [nee]}}}
fields:
  A__c: a
  B__c: {first_of: [a, {join: [a, b], when: {c: {empty: true}}}], required_if: [{a: x}, {b: [1, 2]}]}
reject_if: [{reason: x, message: X., when: {a: {not: {matches: y}}}}]
guards: {rejects: 20%, changes: 5}
"""


def told(text: str) -> list[str]:
    value = YAML(typ="safe", pure=True).load(text)
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in VALIDATOR.iter_errors(value)
    ]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", MAPPINGS, ids=[path.stem for path in MAPPINGS])
def test_every_mapping_of_the_project_is_green(path: Path):
    text = path.read_text(encoding="utf-8")
    assert told(text) == []
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == ROOT / "mappings" / SCHEMA_FILE


def test_all_shorthands_are_green():
    assert told(GOOD) == []
    assert told("mapping: m\nextend: other\n") == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("object: Lead", "objekt: Lead"),
        ("type: date", "type: dat"),
        ("type: date", "tipe: date"),
        ("dates: dmy", "dates: ddmmyy"),
        ("first_of:", "firstof:"),
        ("empty: true", "emtpy: true"),
        ("rejects: 20%", "rejects: many"),
        ("reason: x", "raison: x"),
        ("mapping: m", "mapping: My Mapping"),
        ("nl: Cee", "dutch: Cee"),
    ],
)
def test_a_typo_is_red(right: str, wrong: str):
    assert right in GOOD
    assert told(GOOD.replace(right, wrong, 1))


def test_what_is_missing_is_red():
    assert told("mapping: m\nobject: Lead\n")
    assert told("object: Lead\nfile: {headers: {}}\nfields: {A: a}\n")


def test_every_word_has_an_explanation():
    """Editors show it beside the completion."""
    bare = [
        f"{name}.{word}"
        for name, model in {"Mapping": SCHEMA, **SCHEMA["$defs"]}.items()
        for word, property_ in model.get("properties", {}).items()
        if "description" not in property_ and "$ref" not in property_
    ]
    assert bare == []
