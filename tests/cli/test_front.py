"""What answers before click is imported says what click would say."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from sfsync import __version__
from sfsync.cli.front import COMMANDS, answer, overview
from sfsync.cli.root import root

ROOT = Path(__file__).parents[2]


class Plain(click.Group):
    """The root command without its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        return click.Command(cmd_name, short_help=COMMANDS[cmd_name])


def test_the_overview_is_what_click_would_print() -> None:
    group = Plain(params=root.params, context_settings={"help_option_names": ["-h", "--help"]})
    context = click.Context(group, info_name="sfsync", terminal_width=80, help_option_names=["-h", "--help"])
    by_click = click.Group.get_help(group, context)
    head, rest = by_click.split("\n\n", 1)
    assert overview().startswith(head)
    assert overview().endswith(rest)
    about = overview().removeprefix(head).removesuffix(rest).split()
    assert " ".join(about).startswith(str(root.help))


def test_click_itself_prints_the_overview() -> None:
    assert root.get_help(click.Context(root)) == overview()


@pytest.mark.parametrize("words", [["-h"], ["--help"]])
def test_help_is_answered_at_once(words: list[str]) -> None:
    assert answer(words) == overview()


def test_the_version_is_the_projects() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert answer(["--version"]) == __version__ == settings["project"]["version"]


@pytest.mark.parametrize("words", [[], ["run", "--help"], ["--help", "run"], ["bogus"], ["--version", "x"]])
def test_everything_else_is_left_to_click(words: list[str]) -> None:
    assert answer(words) is None


def test_nothing_heavy_is_imported_for_help() -> None:
    script = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from sfsync.cli import main; main()\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == overview() + "\n"
    heavy = {"click", "typing", "importlib.metadata", "json", "logging", "dataclasses", "re"}
    assert heavy.isdisjoint(done.stderr.split())


def test_the_commands_need_nothing_heavy_for_their_help() -> None:
    """`sfsync run --help` imports click, and none of the libraries that do the work."""
    script = (
        "import sys; from sfsync.cli.front import COMMANDS; from sfsync.cli.root import root\n"
        "import click\n"
        "for name in COMMANDS: root.get_command(click.Context(root), name)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"polars", "pandas", "openpyxl", "sqlalchemy", "requests", "simple_salesforce", "lark", "rich"}
    assert heavy.isdisjoint(done.stdout.split())


def test_the_overview_fits_a_terminal() -> None:
    assert max(map(len, overview().splitlines())) <= 80
    assert not re.search(r"[^\x00-\x7f]", overview()), "any terminal can show it"
