"""The root command: knows every command's name, and imports a command only to run it."""

import importlib
import sys

import click

from sfsync import __version__
from sfsync.cli.common import run_guarded
from sfsync.cli.front import COMMANDS, overview


class LazyGroup(click.Group):
    """A group that imports only the command that is called, and whose help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "import_" if cmd_name == "import" else cmd_name
        command = importlib.import_module(f"sfsync.cli.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101  narrows the type; a test loads every command
        return command

    def get_help(self, ctx: click.Context) -> str:
        return overview()


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, message="%(version)s")
def root() -> None:
    """Salesforce integration that is safe to run twice."""


def main() -> None:
    """Run the command that the command line names; ends the process with its exit code."""
    sys.exit(run_guarded(root))
