"""Which folder is the project, what it contains, and where its state goes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfsync import project as module
from sfsync.clock import ManualClock
from sfsync.engine.running import Nobody
from sfsync.errors import ConfigError
from sfsync.project import Content, Project, find_root, open_project
from tests.conftest import ROOT
from tests.engine.support import START


def make(folder: Path, text: str = "timezone: UTC\n") -> Path:
    """A project folder with nothing but its mark."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "sfsync.yaml").write_text(text, encoding="utf-8")
    return folder.resolve()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def _packages_as_before() -> Iterator[None]:
    """Modules and search path as they were: a project puts itself in front."""
    modules, path = dict(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition(".")[0] in {"flows", "partner_files"}]:
        del sys.modules[name]
    sys.modules.update(modules)


def test_the_command_line_wins_over_everything(tmp_path: Path, here: Path) -> None:
    named, other = make(tmp_path / "named"), make(tmp_path / "other")
    make(here / "x")
    assert find_root(str(named), {"SFSYNC_PROJECT": str(other)}, here / "x") == named


def test_the_environment_wins_over_the_working_folder(tmp_path: Path, here: Path) -> None:
    other, local = make(tmp_path / "other"), make(here / "x")
    assert find_root(None, {"SFSYNC_PROJECT": str(other)}, local) == other
    assert find_root(None, {"SFSYNC_PROJECT": ""}, local) == local
    assert find_root("", {}, local) == local


def test_the_working_folder_wins_over_what_was_shipped(here: Path) -> None:
    assert find_root(None, {}, make(here / "x")) == here / "x"


def test_what_was_shipped_is_the_last_resort(here: Path) -> None:
    assert find_root(None, {}, here) == ROOT


def test_an_installed_package_brings_its_own_project(
    tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "sfsync"
    shipped = make(package / "_project")
    monkeypatch.setattr(module, "__file__", str(package / "project.py"))
    assert find_root(None, {}, here) == shipped


def test_parent_folders_are_never_searched(here: Path) -> None:
    make(here / "x")
    deep = here / "x" / "deep"
    deep.mkdir()
    assert find_root(None, {}, deep) == ROOT


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_folder_that_was_named_must_be_a_project(here: Path, how: str) -> None:
    """It is never replaced silently by another one: flows run with production credentials."""
    option, env = (str(here), {}) if how == "option" else (None, {"SFSYNC_PROJECT": str(here)})
    with pytest.raises(ConfigError, match="is not a project") as caught:
        find_root(option, env, ROOT)
    assert str(here) in str(caught.value)
    assert "sfsync init" in caught.value.hint


def test_no_project_anywhere(tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "lib" / "sfsync" / "project.py"))
    with pytest.raises(ConfigError, match="No project was found"):
        find_root(None, {}, here)


def test_the_projects_own_content() -> None:
    content = Content(ROOT)
    assert content.flow_names == ["aftersales", "charge_card"]
    assert {"activation", "allocation", "dealer_updates", "vehicles", "web_forms"} <= set(
        content.partner_file_names
    )
    assert content.flow("charge_card").name == "charge_card"
    assert content.partner_file("allocation").family == "charge_card"
    assert content.mapping("allocation").mapping.object == "Asset"


@pytest.mark.parametrize(
    ("ask", "known"),
    [
        (lambda content: content.flow("charge_cart"), "charge_card"),
        (lambda content: content.partner_file("orders"), "allocation"),
        (lambda content: content.mapping("allocatoin"), "allocation"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(ask, known: str) -> None:
    with pytest.raises(ConfigError, match="There is no") as caught:
        ask(Content(ROOT))
    assert known in caught.value.hint


def test_a_mapping_by_its_path(here: Path) -> None:
    path = here / "mine.yaml"
    assert Content(ROOT).mapping_path(str(path)) == path


def test_two_mappings_of_one_name_are_both_named(here: Path) -> None:
    root = make(here / "x")
    for family in ("one", "two"):
        (root / "mappings" / family).mkdir(parents=True)
        (root / "mappings" / family / "cards.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ambiguous: mappings/one/cards.yaml and mappings/two/cards.yaml"):
        Content(root).mapping_path("cards")


@pytest.mark.usefixtures("_packages_as_before")
def test_another_package_of_the_same_name_is_found_out(here: Path) -> None:
    """Python gives back the package that was imported first, whatever the search path says by then."""
    assert Content(ROOT).flow_names
    root = make(here / "x")
    (root / "flows").mkdir()
    (root / "flows" / "mine.py").write_text("def flow(content): ...\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="Another package called 'flows'") as caught:
        _ = Content(root).flow_names
    assert str(ROOT / "flows") in str(caught.value)


@pytest.mark.usefixtures("_packages_as_before")
def test_a_project_of_ones_own_brings_its_own_flows(here: Path) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in {"flows", "partner_files"}]:
        del sys.modules[name]
    root = make(here / "x")
    (root / "flows").mkdir()
    (root / "flows" / "__init__.py").write_text("", encoding="utf-8")
    (root / "flows" / "helpers.py").write_text("", encoding="utf-8")
    (root / "flows" / "mine.py").write_text(
        "from sfsync.engine.flow import Flow\ndef flow(content): return Flow('mine', 'about', ())\n",
        encoding="utf-8",
    )
    content = Content(root)
    assert content.flow_names == ["mine"]
    assert content.flow("mine").about == "about"
    assert content.partner_file_names == []


def project(root: Path, org: str | None = None, **env: str) -> Project:
    return Project(root, org=org, env=env, clock=ManualClock(START))


def test_state_is_kept_where_the_environment_says(here: Path, tmp_path: Path) -> None:
    root = make(here / "x", "state: of-the-settings\n")
    assert project(root).state == root / "of-the-settings"
    assert project(root, SFSYNC_STATE=str(tmp_path / "s")).state == tmp_path / "s"
    assert project(root, SFSYNC_STATE="rel").state == root / "rel"
    assert project(make(here / "y", f"state: {tmp_path / 'abs'}\n")).state == tmp_path / "abs"


def test_without_a_word_state_is_kept_in_the_users_state_folder(here: Path, tmp_path: Path) -> None:
    one, two = make(here / "a" / "cards"), make(here / "b" / "cards")
    states = [project(root, XDG_STATE_HOME=str(tmp_path / "xdg")).state for root in (one, two)]
    assert all(state.parent == tmp_path / "xdg" / "sfsync" for state in states)
    assert all(state.name.startswith("cards-") for state in states)
    assert states[0] != states[1]
    assert not list(one.glob("*.sqlite"))


def test_the_journal_is_beside_the_state_or_where_the_settings_say(here: Path, tmp_path: Path) -> None:
    plain = project(make(here / "x"), SFSYNC_STATE=str(tmp_path / "s"))
    assert plain.journal_url == f"sqlite:///{tmp_path / 's' / 'journal.sqlite'}"
    shared = project(make(here / "y", "journal: postgresql+psycopg://db/journal\n"))
    assert shared.journal_url == "postgresql+psycopg://db/journal"


ORGS = """
default_org: production
orgs:
  production: {login: sf_alias, alias: prod}
  laptop: {login: sf_alias, alias: box}
"""


def test_an_unknown_org_is_told_with_the_known_ones(here: Path) -> None:
    found = project(make(here / "x", ORGS), org="labtop")
    with pytest.raises(ConfigError, match="no org called 'labtop'") as caught:
        _ = found.org
    assert caught.value.hint == "There are: laptop, production."


def test_the_default_org_counts_when_none_is_named(here: Path) -> None:
    root = make(here / "x", ORGS)
    assert project(root).org_name == "production"
    assert project(root, org="laptop").org_name == "laptop"
    assert project(make(here / "y")).org_name is None


def test_a_default_org_that_is_not_there(here: Path) -> None:
    with pytest.raises(ConfigError, match="no org called 'prod'") as caught:
        _ = project(make(here / "x", "default_org: prod\n")).org
    assert "fill in `orgs:`" in caught.value.hint


def test_without_any_org_the_way_out_is_told(here: Path) -> None:
    with pytest.raises(ConfigError, match="No org to connect to") as caught:
        _ = project(make(here / "x")).org
    assert "SF_INSTANCE_URL" in caught.value.hint


def test_mails_go_nowhere_without_a_server_and_secrets_come_by_reference(here: Path) -> None:
    assert project(make(here / "x")).mail is None
    text = "mail: {host: smtp.example.com, sender: a@example.com, username: a, password: env:SMTP_PASSWORD}\n"
    root = make(here / "y", text)
    assert project(root, SMTP_PASSWORD="s").mail is not None
    with pytest.raises(ConfigError, match="SMTP_PASSWORD"):
        _ = project(root).mail


def test_opening_reads_the_working_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(here / "x")
    monkeypatch.chdir(root)
    assert open_project(env={}, clock=ManualClock(START)).root == root


def test_the_holder_of_a_lease_is_this_process(here: Path) -> None:
    holder = project(make(here / "x")).holder
    assert holder == project(here / "x").holder
    assert holder.rpartition(":")[2].isdigit()


def test_ports_carry_what_the_settings_say(house) -> None:
    ports = house.project.ports(Nobody(), ["changes"])
    assert ports.override == {"changes"}
    assert ports.zone == "Europe/Amsterdam"
    assert ports.lease_seconds == 30 * 60
    assert ports.state == house.state
    assert ports.mail is None
