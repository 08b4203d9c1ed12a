"""One mapping builds on another: headings are added, the rest is replaced, circles are refused."""

from pathlib import Path

import pytest

from sfsync.errors import ConfigError
from sfsync.mapping.load import load_mapping, parse_mapping

BASE = """mapping: cards
about: all partners
object: Asset
key: Key__c
file:
  dates: dmy
  decimal: ","
  headers:
    number: [Number, No]
    card: {headings: {en: [Card], nl: [Pas]}, type: digits, length: 4}
fields:
  Key__c: {from: number, type: key, required: true, unique: true}
  Card__c: card
  Status: {value: Shipped}
reject_if:
  - {reason: test, message: A test., when: {number: {equals: TEST}}}
guards: {rejects: 20%, changes: 5}
"""
OWN = """mapping: acme
extend: cards
file:
  dates: mdy
  headers:
    number: [Acme no]
    card: {headings: {nl: [Kaart]}, length: 5}
    note: [Note]
fields:
  Status: {value: Sent}
  Note__c: note
reject_if:
  - {reason: blank, message: Blank., when: {card: {empty: true}}}
guards: {changes: 9}
"""


def put(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def problems(path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load_mapping(path)
    return [(one.line, one.message, one.suggestion) for one in caught.value.problems]


def test_what_is_not_said_comes_from_the_other(tmp_path: Path):
    mapping = load_mapping(put(tmp_path, cards=BASE, acme=OWN) / "acme.yaml")
    assert (mapping.mapping, mapping.object, mapping.key, mapping.about) == ("acme", "Asset", "Key__c", "")
    assert (mapping.file.dates, mapping.file.decimal) == ("mdy", ",")
    headers = mapping.file.headers
    assert headers["number"].headings == ("Number", "No", "Acme no")
    assert headers["card"].spoken == {"en": ("Card",), "nl": ("Pas", "Kaart")}
    assert (headers["card"].type, headers["card"].length) == ("digits", 5)
    assert list(mapping.fields) == ["Key__c", "Card__c", "Status", "Note__c"]
    assert mapping.fields["Status"].value == "Sent"
    assert [one.reason for one in mapping.reject_if] == ["test", "blank"]
    assert (mapping.guards.rejects, mapping.guards.changes) == ("20%", "9")


def test_a_name_alone_is_enough(tmp_path: Path):
    put(tmp_path, cards=BASE, copy="mapping: copy\nextend: cards\n")
    assert (
        load_mapping(tmp_path / "copy.yaml").fields.keys()
        == load_mapping(tmp_path / "cards.yaml").fields.keys()
    )


def test_several_steps(tmp_path: Path):
    put(tmp_path, cards=BASE, acme=OWN, nl="mapping: nl\nextend: acme\nfile: {language: nl}\n")
    mapping = load_mapping(tmp_path / "nl.yaml")
    assert mapping.file.language == "nl"
    assert mapping.fields["Status"].value == "Sent"


def test_the_other_is_found_under_mappings(tmp_path: Path):
    put(tmp_path / "mappings" / "shared", cards=BASE)
    put(tmp_path / "mappings" / "acme", acme=OWN)
    assert load_mapping(tmp_path / "mappings" / "acme" / "acme.yaml").object == "Asset"


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (
            {"acme": OWN.replace("cards", "crads"), "cards": BASE},
            "no mapping called 'crads'",
            "Did you mean cards?",
        ),
        ({"acme": OWN.replace("cards", "acme")}, "cannot extend itself", ""),
        ({"acme": OWN, "cards": "mapping: cards\nextend: acme\n"}, "circle: acme → cards → acme", ""),
        (
            {"acme": OWN.replace("extend: cards", "extend: [cards]"), "cards": BASE},
            "names another mapping file",
            "",
        ),
    ],
)
def test_what_cannot_be_extended_has_a_line(tmp_path: Path, texts: dict[str, str], message: str, hint: str):
    put(tmp_path, **texts)
    ((line, said, suggestion),) = problems(tmp_path / "acme.yaml")
    assert line == 2
    assert message in said
    assert hint == suggestion or not hint


def test_mistakes_of_the_other_are_told_of_the_other(tmp_path: Path):
    put(tmp_path, cards=BASE.replace("digits", "digitz"), acme=OWN)
    with pytest.raises(ConfigError) as caught:
        load_mapping(tmp_path / "acme.yaml")
    (problem,) = caught.value.problems
    assert problem.file.endswith("acme.yaml"), "what is merged is one mapping"
    assert "'digitz' is not known" in problem.message


def test_mistakes_of_both_together_have_a_line(tmp_path: Path):
    put(tmp_path, cards=BASE, acme=OWN.replace("  Note__c: note", "  Note__c: nota"))
    ((line, message, hint),) = problems(tmp_path / "acme.yaml")
    assert (line, hint) == (11, "Did you mean note?")
    put(tmp_path, acme=OWN.replace("number: [Acme no]", "number: [Card]"))
    ((line, message, _),) = problems(tmp_path / "acme.yaml")
    assert line in {2, 6, 7}
    assert "Card" in message


def test_a_text_cannot_extend():
    with pytest.raises(ConfigError):
        parse_mapping(OWN)
