"""One mapping builds on another: headings are added, the rest is replaced, circles are refused."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.errors import ConfigError
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.extend import extended
from sfsync.mapping.load import load_mapping, parse_mapping
from sfsync.mapping.yamlfile import Place, read_yaml

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


@pytest.mark.parametrize(
    ("base", "own", "where", "message"),
    [
        # what the other mapping says, and this one does not say otherwise
        (("digits", "digitz"), None, "cards.yaml:10", "'digitz' is not known"),
        (('decimal: ","', "decimal: 5"), None, "cards.yaml:7", "file.decimal"),
        (("Card__c: card", "Card__c: kard"), None, "cards.yaml:13", "'kard' is none of our names"),
        (("reason: test", "reasonn: test"), None, "cards.yaml:16", "Unknown key 'reasonn'"),
        (("{number: {equals: TEST}}", "{numbre: {equals: TEST}}"), None, "cards.yaml:16", "'numbre'"),
        (("rejects: 20%", "rejects: few"), None, "cards.yaml:17", "guards.rejects"),
        (("[Number, No]", '[Number, ""]'), None, "cards.yaml:9", "a heading is empty"),
        # what this one says
        (None, ("length: 5", "length: five"), "acme.yaml:7", "a number is expected"),
        (None, ("reason: blank", "raeson: blank"), "acme.yaml:13", "Unknown key 'raeson'"),
        (None, ("{card: {empty", "{kard: {empty"), "acme.yaml:13", "'kard'"),
        (None, ("Status: {value: Sent}", "Status: {valeu: Sent}"), "acme.yaml:10", "Unknown key 'valeu'"),
        (None, ("{changes: 9}", "{changes: many}"), "acme.yaml:14", "guards.changes"),
        (None, ("[Kaart]", '[""]'), "acme.yaml:7", "a heading is empty"),
        # what they say together
        (None, ("[Acme no]", "[Card]"), "acme.yaml:6", "The heading 'Card' of number belongs to card"),
        (None, ("note: [Note]", "note: [Number]"), "acme.yaml:8", "The heading 'Number' of note belongs to"),
    ],
)
def test_a_mistake_is_told_of_the_file_and_line_where_it_stands(
    tmp_path: Path, base: tuple[str, str] | None, own: tuple[str, str] | None, where: str, message: str
):
    put(tmp_path, cards=BASE.replace(*base) if base else BASE, acme=OWN.replace(*own) if own else OWN)
    with pytest.raises(ConfigError) as caught:
        load_mapping(tmp_path / "acme.yaml")
    found = [(f"{Path(one.file).name}:{one.line}", one.message) for one in caught.value.problems]
    assert [place for place, said in found if message in said] == [where], found


def test_over_several_files_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put(tmp_path, cards=BASE, acme=OWN.replace("length: 5", "length: five"))
    put(tmp_path, nl="mapping: nl\nextend: acme\nfields: {Status: {valeu: x}}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_mapping(Path("nl.yaml"))
    told = [(one.file, one.line) for one in caught.value.problems]
    assert list(dict.fromkeys(told)) == [("nl.yaml", 3), ("acme.yaml", 7)]


def test_a_mistake_against_the_org_is_told_of_the_file_where_the_field_stands(tmp_path: Path):
    put(tmp_path, cards=BASE, acme=OWN)
    fields = [{"name": name, "type": "string", "length": 80} for name in ("Key__c", "Status")]
    compiled = compile_mapping(load_mapping(tmp_path / "acme.yaml"))
    told = compiled.check_against({"name": "Asset", "fields": fields})
    places = {
        (Path(one.file).name, one.line)
        for one in told
        if "Card__c" in one.message or "Note__c" in one.message
    }
    assert places == {("cards.yaml", 13), ("acme.yaml", 11)}


@settings(max_examples=50)
@given(st.data())
def test_everything_taken_over_has_the_line_where_it_stands(data: st.DataObject):
    """A word that only one place of the two files holds is found at that place after merging."""
    base = data.draw(written("b"))
    own = data.draw(written("o"))
    with TemporaryDirectory() as folder:
        path = Path(folder)
        put(path, cards=base, acme=f"{own}extend: cards\n")
        file = extended(read_yaml(path / "acme.yaml"), path / "acme.yaml")
        texts = {
            str(path / f"{name}.yaml"): (path / f"{name}.yaml").read_text().splitlines()
            for name in ("cards", "acme")
        }
        for place, word in words(file.value):
            name, line = file.at(place)
            assert word in texts[str(Path(name).resolve())][line - 1], place


def written(mark: str) -> st.SearchStrategy[str]:
    """Texts of mappings with one thing a line, each word unique by ``mark``."""
    names = st.lists(st.sampled_from("xyz"), unique=True)

    def text(headers: list[tuple[str, str]], fields: list[str], rejects: int, file: list[str]) -> str:
        lines = [f"mapping: {mark}-mapping", f"object: {mark}-object", "file:"]
        lines += [f"  {key}: {mark}-{key}" for key in file]
        lines.append("  headers:")
        for name, form in headers:
            words_ = [f"{mark}-{name}-{n}" for n in range(2)]
            if form == "list":
                lines += [f"    {name}:", *(f"    - {word}" for word in words_)]
            elif form == "word":
                lines.append(f"    {name}: {words_[0]}")
            else:
                lines += [f"    {name}:", f"      type: {mark}-{name}-type", "      headings:"]
                if form == "spoken":
                    lines += [
                        f"        {language}:\n        - {mark}-{name}-{language}"
                        for language in ("en", mark * 2)
                    ]
                else:
                    lines += [f"      - {word}" for word in words_]
        lines += ["fields:", *(f"  {name}:\n    from: {mark}-{name}-from" for name in fields)]
        lines += [
            "reject_if:" if rejects else "reject_if: []",
            *(f"- reason: {mark}-reason-{n}" for n in range(rejects)),
        ]
        return "\n".join(lines) + "\n"

    forms = st.sampled_from(["list", "word", "rule", "spoken"])
    headers = names.flatmap(lambda found: st.tuples(*(st.tuples(st.just(name), forms) for name in found)))
    return st.builds(
        text,
        headers.map(list),
        names,
        st.integers(0, 3),
        st.lists(st.sampled_from(["dates", "language"]), unique=True),
    )


def words(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text in a value with its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from words(item, (*place, key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from words(item, (*place, n))
    elif isinstance(value, str):
        yield place, value


def test_mistakes_of_both_together_have_a_line(tmp_path: Path):
    put(tmp_path, cards=BASE, acme=OWN.replace("  Note__c: note", "  Note__c: nota"))
    ((line, message, hint),) = problems(tmp_path / "acme.yaml")
    assert (line, hint) == (11, "Did you mean note?")
    put(tmp_path, acme=OWN.replace("number: [Acme no]", "number: [Card]"))
    ((line, message, _),) = problems(tmp_path / "acme.yaml")
    assert line == 6
    assert "Card" in message


def test_a_text_cannot_extend():
    with pytest.raises(ConfigError):
        parse_mapping(OWN)
