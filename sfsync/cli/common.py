"""What all commands share: the common options, one way to print, one way to fail."""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec

import click

from sfsync.errors import ConfigError, SfsyncError
from sfsync.logs import configure

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command takes; the first argument of every command function."""

    json: bool = False
    project: str | None = None
    org: str | None = None
    verbosity: int = 0  # -1 quiet, 0 normal, 1 and more verbose

    def say(self, text: str = "") -> None:
        """Print for a person: nothing with --json (stdout is the machine's) nor with --quiet."""
        if not self.json and self.verbosity >= 0:
            click.echo(text)

    def note(self, text: str) -> None:
        """A remark beside the result, on stderr; silenced by --quiet."""
        if self.verbosity >= 0:
            click.echo(text, err=True)

    def result(self, value: dict[str, Any]) -> None:
        """Print the one JSON object of --json; nothing otherwise."""
        if self.json:
            click.echo(json.dumps(value, ensure_ascii=False, default=str))

    @property
    def terminal(self) -> bool:
        """Whether a person watches: only then are progress bars drawn."""
        return sys.stderr.isatty() and not self.json and self.verbosity >= 0


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json, --project, --org, -v and -q to a command and pass them as one ``Options``."""

    @click.option(
        "--json", "as_json", is_flag=True, help="One JSON object on stdout, everything else on stderr."
    )
    @click.option("--project", metavar="DIR", help="The project folder (default: SFSYNC_PROJECT, then here).")
    @click.option("--org", metavar="NAME", help="An org named in config/sfsync.yaml.")
    @click.option("-v", "--verbose", count=True, help="Say more (repeat for still more).")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
    @functools.wraps(function)
    def wrapper(
        *args: Any,
        as_json: bool,
        project: str | None,
        org: str | None,
        verbose: int,
        quiet: bool,
        **kwargs: Any,
    ) -> Any:
        options = Options(as_json, project, org, -1 if quiet else verbose)
        configure(options.verbosity, sys.stderr)
        return function(options, *args, **kwargs)

    return wrapper


def run_guarded(command: click.Command) -> int:
    """Run a command and return its exit code; print errors as sentences, with --json as an object."""
    try:
        code = command.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SfsyncError as error:
        _report(error)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output left, as `head` does
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0


def _report(error: SfsyncError) -> None:
    click.echo(f"Error: {error}", err=True)
    if "--json" in sys.argv:
        problems = [str(problem) for problem in error.problems] if isinstance(error, ConfigError) else []
        body = {
            "status": "refused" if error.exit_code == 5 else "locked" if error.exit_code == 75 else "failed",
            "error": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "problems": problems,
            "exit_code": error.exit_code,
        }
        click.echo(json.dumps(body, ensure_ascii=False))
