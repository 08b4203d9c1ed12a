"""Letters: every language says everything, no value becomes markup or a header, mistakes have a line."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_files.appointment_mails import VALUES
from sfsync.errors import ConfigError
from sfsync.transports.letters import Letters

FOLDER = Path(__file__).resolve().parents[2] / "config" / "mails"
NAMES = [f"{kind}_{whom}" for kind in ("confirmation", "reminder") for whom in ("customer", "dealer")]
WANTED = dict.fromkeys(NAMES, VALUES)
AT = datetime(2026, 3, 3, 14, 30, tzinfo=ZoneInfo("Europe/Paris"))
SAID = {
    "at": AT,
    "customer": "Zoë D’Arc",
    "customer_phone": "+33600000001",
    "customer_email": "zoe@customer.example",
    "dealer": "Garage Été",
    "dealer_phone": "+33144556677",
    "model": "Aria 1.2",
    "vin": "VF1AA000055555555",
    "lead": "ASL-004394",
}


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(FOLDER, WANTED, default="en")


def test_six_languages(letters: Letters) -> None:
    assert letters.languages == ["de", "en", "fr", "it", "nl", "zh"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("fr", "fr"), ("FR", "fr"), ("fr_BE", "fr"), ("zh-Hans", "zh"), ("sv", "en"), ("", "en"), (None, "en")],
)
def test_the_reader_s_language_or_the_default(letters: Letters, wanted: str | None, found: str) -> None:
    assert letters.language(wanted) == found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["de", "en", "fr", "it", "nl", "zh"])
def test_every_letter_says_when_and_who(letters: Letters, language: str, name: str) -> None:
    written = letters.write(name, language, SAID)
    day = {
        "de": "3. März 2026",
        "en": "3 March 2026",
        "fr": "3 mars 2026",
        "it": "3 marzo 2026",
        "nl": "3 maart 2026",
    }
    for text in (written.text, written.html):
        for part in (day.get(language, "2026年3月3日"), "14:30", "ASL-004394", "VF1AA000055555555", "Zoë"):
            assert part in text
        assert "{{" not in text
    assert day.get(language, "2026年3月3日") in written.subject
    assert f'<html lang="{language}">' in written.html


def test_what_is_not_known_has_no_line(letters: Letters) -> None:
    written = letters.write("reminder_customer", "en", {**SAID, "dealer_phone": "", "model": "", "vin": ""})
    assert "Telephone" not in written.text
    assert "Vehicle" not in written.html


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_no_value_becomes_markup_a_template_or_a_header(letters: Letters, value: str) -> None:
    hostile = value + "<script>{{ 7 * 7 }}</script>\r\nBcc: a@b.example"
    written = letters.write("confirmation_dealer", "en", {**SAID, "customer": hostile, "lead": hostile})
    assert "\n" not in written.subject
    assert "\r" not in written.subject
    assert "<script>" not in written.html
    assert "49" not in written.subject.replace(value, "")
    assert "{{ 7 * 7 }}" in written.text


def made(folder: Path, text: str) -> Letters:
    (folder / "layout.html").write_text("<p>{{ subject }}</p>")
    (folder / "en.yaml").write_text(text, encoding="utf-8")
    return Letters(folder, {"hello": {"name"}}, default="en")


HEAD = "locale: en_GB\nletters:\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "  other: {subject: a, text: b}\n", "en.yaml:2: The letter 'hello' is missing."),
        (HEAD + "  hello: {subject: a, text: b}\n  helo: {subject: a, text: b}\n", "no letter 'helo'"),
        (HEAD + '  hello:\n    subject: "{{ nam }}"\n    text: b\n', "en.yaml:4: There is no value 'nam'."),
        (HEAD + '  hello:\n    subject: a\n    text: "{{ name"\n', "en.yaml:5: Not a template"),
        (
            HEAD + '  hello: {subject: "{{ name | loud }}", text: b}\n',
            "Not a template: No filter named 'loud'",
        ),
        (HEAD + "  hello: {subject: a}\n", "'text' is missing"),
        ("locale: xx_YY_1\nletters: {}\n", "en.yaml:1: 'xx_YY_1' is no locale"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(tmp_path, text)
    assert told in str(caught.value)


def test_templates_cannot_reach_out_of_their_sandbox(tmp_path: Path) -> None:
    from jinja2.exceptions import SecurityError

    letters = made(tmp_path, HEAD + '  hello: {subject: "{{ name.__class__.__mro__ }}", text: b}\n')
    with pytest.raises(SecurityError):
        letters.write("hello", "en", {"name": "x"})


def test_without_the_default_language_or_the_page_there_are_no_letters(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no letters in the language 'en'"):
        Letters(tmp_path, {}, default="en")
    (tmp_path / "en.yaml").write_text(HEAD + "  hello: {subject: a, text: b}\n")
    with pytest.raises(ConfigError, match=r"layout\.html cannot be read"):
        Letters(tmp_path, {"hello": set()}, default="en")
