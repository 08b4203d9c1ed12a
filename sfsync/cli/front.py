"""The first answer: what `sfsync`, `sfsync --help` and `sfsync --version` say.

It imports nothing but the version: importing click alone takes longer than Python's own start.
"""

from collections.abc import Sequence

from sfsync import __version__

COMMANDS = {
    "demo": "See it work: mock org, 1,000 web forms, both partners, one tally.",
    "init": "Copy the project (flows, mappings, config) to a folder of yours.",
    "plan": "Show what a run would do and cost; writes nothing.",
    "run": "Run a flow, or one step of it.",
    "import": "Take a partner's file, or any table by a mapping, into the org.",
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

_HELP = """\
Usage: sfsync [OPTIONS] COMMAND [ARGS]...

  Salesforce integration that is safe to run twice.

  Start with `sfsync demo`. Then `sfsync init my-project`, `sfsync doctor`,
  `sfsync plan charge_card`.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
"""


def overview() -> str:
    """The help of the root command, laid out for 80 columns as click lays out the others."""
    width = max(map(len, COMMANDS))
    return _HELP + "\n".join(f"  {name:<{width}}  {about}" for name, about in COMMANDS.items())


def answer(words: Sequence[str]) -> str | None:
    """The answer to a command line that asks for no command; None for all others."""
    match words:
        case ["-h" | "--help"]:
            return overview()
        case ["--version"]:
            return __version__
    return None
