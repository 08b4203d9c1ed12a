"""The repository keeps its own rules: sizes, places, secrets, documented commands, a wheel with the project in it."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from sfsync.cli.init import CONTENT
from sfsync.cli.root import COMMANDS, root

ROOT = Path(__file__).parents[2]
LONGEST = 400
LONGER_WITH_REASON: dict[str, str] = {}
"""Path → why this file may be longer."""

TEXTS = {
    ".py",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".txt",
    ".json",
    ".xml",
    ".cfg",
    ".ini",
    ".sh",
    ".lark",
    ".sql",
    "",
}


@cache
def tracked() -> tuple[str, ...]:
    """Files that git knows, and new ones that it does not ignore; all files where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return tuple(sorted(name for name in listed.stdout.splitlines() if (ROOT / name).is_file()))


def texts() -> Iterator[tuple[str, str]]:
    for name in tracked():
        if Path(name).suffix in TEXTS:
            yield name, (ROOT / name).read_text(encoding="utf-8")


def test_no_file_is_too_long():
    lengths = {name: text.count("\n") for name, text in texts() if name.endswith(".py")}
    assert {name: n for name, n in lengths.items() if n > LONGEST and name not in LONGER_WITH_REASON} == {}


def test_every_exception_is_still_needed():
    lengths = {name: text.count("\n") for name, text in texts()}
    assert [name for name in LONGER_WITH_REASON if lengths.get(name, 0) <= LONGEST] == []


MACHINE = re.compile(r"(?<![\w.{}$~])/(?:work|tmp|home|root|Users)/[\w.-]+")
HOSTS = (
    ("files", r"python\w+"),
    ("pypi", "org/simple"),
    ("registry", "npmjs"),
)  # in pieces: none stands here
REGISTRY = re.compile("|".join(["index-url", "--index", "extra-index", *map(r"\.".join, HOSTS)]))
OWN = "tests/packaging/test_files.py"


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["machine paths", "registry hosts"])
def test_nothing_ties_the_files_to_one_machine(pattern: re.Pattern[str]):
    found = {name: match[0] for name, text in texts() if name != OWN and (match := pattern.search(text))}
    assert found == {}


SECRET = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}"
    r"|\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{60,}"
    r"|\b3MVG9[A-Za-z0-9._]{40,}"
)


def test_no_file_holds_a_secret():
    assert {name for name, text in texts() if SECRET.search(text)} == set()


def test_settings_name_secrets_and_never_hold_them():
    reference = re.compile(r"^(env|file|keyring):\S+$|^$")
    key = re.compile(
        r"^[\s#]*(password|secret|client_secret|private_key|access_token|refresh_token|token):\s*(.*)$"
    )
    for name, text in texts():
        if name.startswith("config/") and name.endswith((".yaml", ".yml")):
            for line in text.splitlines():
                found = key.match(line)
                assert not found or reference.match(found[2].strip()), f"{name}: {line.strip()}"


def test_every_folder_of_tests_is_a_package():
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert sorted(str(path) for path in folders if not (path / "__init__.py").is_file()) == []


def test_settings_and_mappings_are_never_importable():
    assert not [name for name in tracked() if re.match(r"(config|mappings)/.*\.py$", name)]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups included."""
    waiting: list[tuple[str, click.Command]] = [(name, _command(name)) for name in COMMANDS]
    while waiting:
        name, found = waiting.pop(0)
        yield name, found
        if isinstance(found, click.Group):
            waiting += [(f"{name} {part}", child) for part, child in found.commands.items()]


def _command(name: str) -> click.Command:
    assert isinstance(root, click.Group)
    found = root.get_command(click.Context(root), name)
    assert found
    return found


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_loads_and_has_help(name: str):
    assert _command(name).help


HEADING = re.compile(r"^### `sfsync ([\w -]+)`\n", re.MULTILINE)


def documented() -> dict[str, str]:
    """docs/commands.md as heading → text below it."""
    parts = HEADING.split((ROOT / "docs" / "commands.md").read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_is_documented_and_nothing_else():
    assert set(documented()) == {name for name, _ in commands()}


def test_every_option_is_documented():
    common = {"--json", "--project", "--org", "--verbose", "--quiet", "--help"}
    pages = documented()
    missing = [
        f"{name} {option}"
        for name, found in commands()
        for parameter in found.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--") and option not in common and option not in pages.get(name, "")
    ]
    assert missing == []


def test_links_in_the_documentation_lead_somewhere():
    lost = [
        f"{name}: {target}"
        for name, text in texts()
        if name.endswith(".md")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
        if not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert lost == []


def test_files_named_in_the_documentation_exist():
    named = re.compile(r"`((?:sfsync|docs|config|flows|partner_files|mappings|tests)/[\w./-]+\.\w+)`")
    lost = [
        f"{name}: {path}"
        for name, text in texts()
        if name.endswith(".md")
        for path in named.findall(text)
        if not (ROOT / path).exists()
    ]
    assert lost == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built by hatchling itself in a process of its own: it leaves warnings and settings behind."""
    pytest.importorskip("hatchling")
    target = tmp_path_factory.mktemp("wheel")
    script = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", script, str(target)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(target.glob("*.whl")))


def test_the_wheel_installs_sfsync_and_nothing_else(wheel: zipfile.ZipFile):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sfsync"}


def test_the_wheel_carries_the_whole_project(wheel: zipfile.ZipFile):
    inside = {name.removeprefix("sfsync/_project/") for name in wheel.namelist() if "/_project/" in name}
    content = {name for name in tracked() if name.startswith(tuple(f"{folder}/" for folder in CONTENT))}
    assert {name.partition("/")[0] for name in inside} == set(CONTENT)
    assert content <= inside
    assert not [name for name in inside if "__pycache__" in name]


def test_the_wheel_carries_the_licence_and_the_command(wheel: zipfile.ZipFile):
    names = wheel.namelist()
    assert [name for name in names if name.endswith("/licenses/LICENSE")]
    (entry,) = [name for name in names if name.endswith("entry_points.txt")]
    assert "sfsync = sfsync.cli:main" in wheel.read(entry).decode()


def test_the_installed_wheel_finds_its_project(wheel: zipfile.ZipFile, tmp_path: Path):
    """Unpacked beside its dependencies, away from the checkout, it makes a project of the content it carries."""
    wheel.extractall(tmp_path / "site")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "import sfsync.cli.init as init; "
        "assert init.__file__.startswith(sys.argv[1]), init.__file__; "
        "print(init.shipped()); from pathlib import Path; print(len(init.copy_project(init.shipped(), Path('mine'))))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(tmp_path / "site")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == str(tmp_path / "site" / "sfsync" / "_project")
    assert (tmp_path / "mine" / "config" / "sfsync.yaml").is_file()
