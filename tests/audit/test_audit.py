import json

import pytest

from tests.audit import audit
from tests.audit.audit import Audited, audited, differences, pins


def answer(*dependencies):
    return json.dumps({"dependencies": dependencies, "fixes": []})


GOOD = {"name": "lark", "version": "1.3.1", "vulns": []}
BAD = {
    "name": "leaky",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"], "description": "…"}],
}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found on PyPI"}


def test_a_vulnerability_is_named_with_the_version_that_mends_it():
    assert audited(answer(GOOD, BAD, UNKNOWN)) == Audited(2, ("leaky 1.0: PYSEC-1, mended in 1.1",))


def test_one_that_does_not_touch_us_is_left_out_by_any_of_its_names(monkeypatch):
    monkeypatch.setattr(audit, "IGNORED", {"CVE-1": "we do not call it"})
    assert audited(answer(BAD)) == Audited(1, ())


@pytest.mark.parametrize("text", ["", "Traceback …", "[]", "{}"])
def test_an_answer_that_is_none(text):
    assert audited(text) is None


def test_nothing_known_is_not_nothing_found():
    assert audited(answer(UNKNOWN)) == Audited(0, ())


def test_pins_are_exact():
    assert pins("# all\nPy_YAML==6.0 # why\n\npsycopg[binary]==3.2\n") == {"py-yaml": "6.0", "psycopg": "3.2"}
    with pytest.raises(ValueError, match=r"requirements.txt:2: 'b>=1' is no exact pin"):
        pins("a==1\nb>=1\n")


def test_pins_and_what_is_installed_must_agree():
    found = differences({"a": "1", "b": "2", "gone": "3"}, {"a": "1", "b": "2.1", "c": "4"}, ["a", "c"])
    assert found == ["b is pinned to 2, installed is 2.1.", "c 4 is needed and not pinned."]


class Made:
    def __init__(self, *requires):
        self.requires = requires


def test_what_is_needed_follows_extras_and_markers():
    here = {
        "us": Made("a", 'b; extra == "dev"', 'c; sys_platform == "nowhere"'),
        "a": Made("d[x]"),
        "b": Made(),
        "c": Made(),
        "d": Made('e; extra == "x"', 'f; extra == "y"'),
        "e": Made("a"),
        "f": Made(),
    }
    assert audit.needed_by("us", here, ["dev"]) == {"a", "b", "d", "e"}
    assert audit.needed_by("us", here) == {"a", "d", "e"}
