"""config/sfsync.yaml and the flow's settings: all mistakes at once, each with its line and what could be meant."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from flows.charge_card import Settings
from sfsync.clock import ManualClock
from sfsync.errors import ConfigError
from sfsync.mapping.validate import read_model
from sfsync.project import Content, Project
from sfsync.settings import ProjectSettings
from tests.conftest import ROOT
from tests.engine.support import START


def problems(path: Path, text: str, model: type[BaseModel] = ProjectSettings) -> list[str]:
    """The mistakes, each as ``line: message suggestion``."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_model(path, model)
    assert caught.value.exit_code == 2
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [f"{one.line}: {one.message} {one.suggestion}".strip() for one in caught.value.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sfsync.yaml"


def test_every_mistake_is_told_at_once_with_line_and_suggestion(path: Path) -> None:
    text = """\
timezone: Europe/Amsterdam
defalt_org: production
orgs:
  production:
    login: jwtt
    client_id: x
  laptop:
    login: sf_alias
    alias: box
    versoin: "62.0"
bulk_from: 0
lease_minutes: soon
mail:
  port: 25
  security: ssl
"""
    found = problems(path, text)
    assert [line.partition(":")[0] for line in sorted(found, key=lambda one: int(one.partition(":")[0]))] == [
        "2", "5", "10", "11", "12", "13", "13", "15",
    ]  # fmt: skip
    told = "\n".join(found)
    assert "Did you mean default_org?" in told
    assert "'jwtt' is not known. Did you mean jwt?" in told
    assert "Did you mean version?" in told
    assert "lease_minutes: a number is expected." in told
    assert "'host' is missing in mail" in told
    assert "'ssl' is not known" in told


def test_the_whole_message_reads_as_a_list(path: Path) -> None:
    path.write_text("timezon: UTC\nlease_minuts: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="has 2 mistakes") as caught:
        read_model(path, ProjectSettings)
    assert str(caught.value).splitlines()[1:] == [
        f"  {path}:1: Unknown key 'timezon'. Did you mean timezone?",
        f"  {path}:2: Unknown key 'lease_minuts'. Did you mean lease_minutes?",
    ]


def test_a_secret_in_the_file_is_refused_and_not_repeated(path: Path) -> None:
    text = "orgs:\n  p:\n    login: password\n    username: u\n    password: hunter2\n"
    (line,) = problems(path, text)
    assert line.startswith("5: ")
    assert "env:" in line
    assert "hunter2" not in line


def test_what_a_login_needs_is_told(path: Path) -> None:
    (line,) = problems(path, "orgs:\n  p:\n    login: jwt\n    client_id: x\n")
    assert "username" in line
    assert "private_key" in line


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "- a\n", "timezone: [\n", "timezone: UTC\ntimezone: UTC\n", "3"]
)
def test_a_file_that_is_no_table_of_settings_is_explained(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sfsync\.yaml"):
        read_model(path, ProjectSettings)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_model(path, ProjectSettings)


def test_a_section_that_is_not_there(path: Path) -> None:
    path.write_text("products: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="has no section 'intake'"):
        read_model(path, ProjectSettings, section="intake")


def test_lines_inside_a_section_are_those_of_the_file(path: Path) -> None:
    path.write_text("# first\nother: 1\nmail:\n  host: h\n  sendr: x\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_model(path, ProjectSettings.model_fields["mail"].annotation.__args__[0], section="mail")
    assert {problem.line for problem in caught.value.problems} == {3, 5}


def test_the_shipped_settings_are_sound_and_their_defaults_known() -> None:
    settings = Content(ROOT).settings("sfsync", ProjectSettings)
    assert settings.timezone == "Europe/Amsterdam"
    assert (settings.bulk_from, settings.lease_minutes, settings.orgs) == (2000, 30, {})
    assert Content(ROOT).settings("charge_card", Settings).intake.duplicate_days == 30


def test_mistakes_in_the_flows_settings_are_told_with_their_lines(path: Path) -> None:
    text = (ROOT / "config" / "charge_card.yaml").read_text(encoding="utf-8")
    text = text.replace("duplicate_days: 30 ", "duplicate_days: -1").replace(
        "price_book: Charge Card Europe", "prize_book: x"
    )
    found = problems(path, text, Settings)
    lines = text.splitlines()
    assert any("prize_book" in one and "prize_book" in lines[int(one.partition(":")[0]) - 1] for one in found)
    assert any("duplicate_days" in lines[int(one.partition(":")[0]) - 1] for one in found)


@pytest.mark.parametrize(
    ("before", "after"), [("changes: 50000", "chanches: 5"), ("rejects: 50%", "rejects: half")]
)
def test_mistakes_in_the_flows_guards_are_told_with_their_lines(path: Path, before: str, after: str) -> None:
    text = (ROOT / "config" / "charge_card.yaml").read_text(encoding="utf-8")
    assert before in text
    (found,) = problems(path, text.replace(before, after), Settings)
    assert (
        after.partition(":")[0] in text.replace(before, after).splitlines()[int(found.partition(":")[0]) - 1]
    )


@pytest.mark.parametrize("zone", ["Europe/Amsterdm", "", "../etc", "CEST+1"])
def test_an_unknown_time_zone_is_refused_when_the_settings_are_read(tmp_path: Path, zone: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sfsync.yaml").write_text(f"timezone: '{zone}'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="timezone"):
        Project(tmp_path, org=None, env={}, clock=ManualClock(START))
