"""The root command: knows every command's name and one-line help, and imports a command only to run it."""

import importlib
import sys

import click

from sfsync.cli.common import run_guarded

COMMANDS = {
    "demo": "See it work: mock org, 1,000 web forms, both partners, one tally.",
    "init": "Copy the project (flows, mappings, config) into a folder of your own.",
    "plan": "Show what a run would do and cost; writes nothing.",
    "run": "Run a flow, or one step of it.",
    "import": "Take a partner's file, or any table through a mapping, into the org.",
    "export": "Make a partner's file from the org.",
    "report": "Figures for managers.",
    "files": "See a file as sfsync sees it.",
    "mapping": "Check, preview and apply mappings.",
    "org": "Check the connection, the limits and the org's fields.",
    "runs": "What happened: runs, their rows, the story of one key.",
    "mock": "An org on your own machine, for tests and trials.",
    "schedule": "Print the cron lines or systemd timers for the flows.",
    "doctor": "Check everything that a run needs, and say what to mend.",
}
"""Each command lives in ``sfsync/cli/<name>.py`` (``import`` in ``import_.py``) as ``command``."""


class LazyGroup(click.Group):
    """A group whose help needs no import of its commands: `sfsync --help` must start like a shell builtin."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "import_" if cmd_name == "import" else cmd_name
        command = importlib.import_module(f"sfsync.cli.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101  narrows the type; a test loads every command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="sfsync", message="%(version)s")
def root() -> None:
    """Salesforce integration that is safe to run twice.

    Start with `sfsync demo`. Then `sfsync init my-project`, `sfsync doctor`, `sfsync plan charge_card`.
    """


def main() -> None:
    """The entry point: turns every error that sfsync explains into one sentence and its exit code."""
    sys.exit(run_guarded(root))
