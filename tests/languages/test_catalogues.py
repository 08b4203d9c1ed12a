"""Every reason that can be given is said in every language, with the same words filled in."""

import ast
import copy
import pickle
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from partner_files import aftersales_rules
from sfsync.engine.apply import REFUSALS
from sfsync.engine.language import load_catalogue
from sfsync.errors import ConfigError
from sfsync.languages.catalogue import ENGLISH, Catalogue, Saying
from sfsync.languages.heads import BUCKETS, HEADS
from sfsync.languages.reason import Reason
from sfsync.mapping.rules import RULES
from sfsync.records import Bucket

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "sfsync" / "languages"
PROJECT = ROOT / "config" / "languages"
LANGUAGES = sorted(set(HEADS) - {"en"})


def words(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def written(*folders: str) -> dict[str, set[str]]:
    """Code → parameters of every Reason that is written out in the source of these folders."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                    code = node.args[0]
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        named = {keyword.arg for keyword in node.keywords if keyword.arg}
                        assert found.setdefault(code.value, named) == named or None in named, code.value
    return found


@cache
def library() -> dict[str, set[str]]:
    rules = {rule.name: words(rule.message) | words(rule.remedy) for rule in RULES if rule.name != "none"}
    refusals = {code: {"said"} for code in (*REFUSALS, "org_refused")}
    return {**rules, **refusals, **written("sfsync")}


@cache
def project() -> dict[str, set[str]]:
    rules = {rule.code: words(rule.english) for rule in aftersales_rules.RULES}
    return {**rules, **written("flows", "partner_files")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("folder", "codes"), [(LIBRARY, library()), (PROJECT, project())], ids=["library", "project"]
)
def test_every_reason_is_in_every_language(language: str, folder: Path, codes: dict[str, set[str]]):
    sayings = load_catalogue(language, folder).sayings
    assert [code for code in codes if code not in sayings] == []
    wrong = {
        code: (needed, words(sayings[code].reason) | words(sayings[code].suggestion))
        for code, needed in codes.items()
        if words(sayings[code].reason) | words(sayings[code].suggestion) != needed
    }
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_nobody_says(language: str):
    shipped = load_catalogue(language, ROOT / "no such folder").sayings
    assert [code for code in shipped if code not in library()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_to_do_is_told_where_english_tells_it(language: str):
    sayings = load_catalogue(language, PROJECT).sayings
    assert [rule.name for rule in RULES if rule.remedy and not sayings[rule.name].suggestion] == []


def test_there_are_reasons_to_look_for():
    assert {"length_digits", "same_key", "ragged_long", "must_be"} <= library().keys()
    assert {"no_order", "same_person", "no_price_book"} <= project().keys()


@pytest.mark.parametrize("folder", [LIBRARY, PROJECT], ids=["library", "project"])
def test_every_language_has_headings_for_the_answer(folder: Path):
    """A new catalogue needs its entry in ``heads.py``, a new entry there its catalogues."""
    assert sorted(path.stem for path in folder.glob("*.yaml")) == LANGUAGES


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_the_words_of_a_head_differ(head):
    assert tuple(head.results) == BUCKETS == tuple(bucket.value for bucket in Bucket)
    assert len(set(head.results.values())) == len(BUCKETS)
    assert len(set(head.columns)) == 4


def test_a_reason_is_its_english_sentence():
    reason = Reason("order_cards", "the order is for {cards} cards", cards=3)
    assert reason == "the order is for 3 cards"
    assert f"{reason}." == "the order is for 3 cards."
    assert ENGLISH.say(reason) == ("the order is for 3 cards", "")
    assert Reason("x", "Bad.", "Mend it.") == "Bad. Mend it."
    assert ENGLISH.say(Reason("x", "Bad.", "Mend it.")) == ("Bad.", "Mend it.")


def test_braces_of_others_are_no_parameters():
    assert Reason("org_refused", "{said}", said="{}: {x}") == "{}: {x}"
    assert Reason("rule", "a {word} of an admin") == "a {word} of an admin"
    assert ENGLISH.say("{x}") == ("{x}", "")


def test_a_copy_of_a_reason_can_still_be_said():
    reason = Reason("x", "{n} wrong", "Look at {n}.", n=2)
    french = Catalogue("fr", {"x": Saying("{n} faux", "Voir {n}.")})
    for copied in (copy.deepcopy(reason), pickle.loads(pickle.dumps(reason))):
        assert french.say(copied) == ("2 faux", "Voir 2.")


def test_a_parameter_is_said_too():
    rows = Reason("rows", "rows {numbers}", numbers="3, 5")
    reason = Reason("used_twice", "The same value stands in another row: {rows}.", rows=rows)
    said, _ = load_catalogue("nl", PROJECT).say(reason)
    assert said == "Dezelfde waarde staat in een andere rij: rijen 3, 5."


def test_what_a_language_lacks_is_said_in_english():
    assert Catalogue("fr").say(Reason("x", "Bad.", "Mend it.")) == ("Bad.", "Mend it.")
    wrong = Catalogue("fr", {"x": Saying("{unknown}")})
    assert wrong.say(Reason("x", "Bad {n}.", n=1)) == ("Bad 1.", "")
    assert load_catalogue("pl", PROJECT).say(Reason("no_order", "no order")) == ("no order", "")


def test_a_project_says_it_otherwise(tmp_path):
    (tmp_path / "fr.yaml").write_text("reasons:\n  missing: Il faut une valeur.\n", encoding="utf-8")
    catalogue = load_catalogue("fr", tmp_path)
    assert catalogue.say(Reason("missing", "The value is missing.")) == ("Il faut une valeur.", "")
    assert catalogue.say(Reason("integer", "")) == ("Ce doit être un nombre entier.", "")


def test_mistakes_in_a_catalogue_have_a_line(tmp_path):
    (tmp_path / "fr.yaml").write_text("reasons:\n  missing:\n    raison: x\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_catalogue("fr", tmp_path)
    assert caught.value.problems
    assert {problem.line for problem in caught.value.problems} <= {2, 3}


def test_no_row_is_refused_in_english_only():
    """What content and engine say to partners is a Reason, never a bare text."""
    bare = []
    for folder in ("sfsync/engine", "flows", "partner_files"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refused":
                    given = [*node.args, *(keyword.value for keyword in node.keywords)][2:3]
                    if any(isinstance(one, ast.Constant | ast.JoinedStr) for one in given):
                        bare.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert bare == []
