"""What all commands share: the common options, one way to print, one way to fail."""

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import click

from sfsync.cli.streams import STEERING
from sfsync.errors import ConfigError, GuardRefused, LeaseHeld, Problem, SfsyncError
from sfsync.logs import configure, redact

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
            encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
            ascii_only = not encoding.lower().startswith("utf")
            text = json.dumps(value, ensure_ascii=ascii_only, default=str)
            click.echo("".join(f"\\u{ord(one):04x}" if one in STEERING else one for one in text))

    @property
    def terminal(self) -> bool:
        """Whether a person watches: only then are progress bars drawn."""
        return sys.stderr.isatty() and not self.json and self.verbosity >= 0


class OutputFile(click.Path):
    """A file to write: its folder must be there, which is found out before any work is done."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"{path} cannot be written: there is no folder {path.parent}.", param, ctx)
        return path


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json, --project, --org, -v and -q to a command and pass them as one ``Options``."""

    @click.option(
        "--json", "as_json", is_flag=True, help="One JSON object on stdout, everything else on stderr."
    )
    @click.option("--project", metavar="DIR", help="The project folder (default: SFSYNC_PROJECT, then here).")
    @click.option(
        "--org",
        metavar="NAME",
        help="An org named in config/sfsync.yaml, or env: SF_INSTANCE_URL and SF_ACCESS_TOKEN.",
    )
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
        context = click.get_current_context()
        if isinstance(context.obj, Call):
            context.obj.command = context.info_name or ""
            context.obj.flow = str(kwargs.get("flow", "")).partition(".")[0]
        options = Options(as_json, project, org, -1 if quiet else verbose)
        configure(options.verbosity, sys.stderr)
        return function(options, *args, **kwargs)

    return wrapper


@dataclass(slots=True)
class Call:
    """Which command is at work, as far as the command line was understood; tells it to the JSON of an error."""

    command: str = ""
    flow: str = ""


def run_guarded(command: click.Command) -> int:
    """Run a command and return its exit code; print errors as sentences, with --json as an object."""
    call = Call()
    try:
        code = command.main(prog_name="sfsync", standalone_mode=False, obj=call)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort as error:
        click.echo("Stopped.", err=True)
        return _failed(call, error, "Stopped.", 130)
    except click.ClickException as error:
        error.show()
        return _failed(call, error, error.format_message(), error.exit_code)
    except SfsyncError as error:
        click.echo(f"Error: {error}", err=True)
        problems = error.problems if isinstance(error, ConfigError) else ()
        return _failed(call, error, error.message, error.exit_code, error.hint, problems)
    except OSError as error:  # a disk that is full, a folder that may not be written to
        message = f"{error.filename or 'The system'}: {error.strerror or error}."
        click.echo(f"Error: {message}", err=True)
        return _failed(call, error, message, SfsyncError.exit_code)
    except Exception as error:  # noqa: BLE001  Python's own exit code 1 would say "done, some rows not applied"
        click.echo(redact(_where(error)), err=True)
        message = (
            f"sfsync itself made a mistake ({type(error).__name__}). Please report it with what is above."
        )
        click.echo(f"Error: {message}", err=True)
        return _failed(call, error, message, SfsyncError.exit_code)
    return code if isinstance(code, int) else 0


def _where(error: BaseException) -> str:
    """The way to a mistake of our own: files, lines and kinds of errors. Their texts may quote people's data."""
    earlier = error.__cause__ or error.__context__
    before = f"{_where(earlier)}\n" if earlier else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}Traceback (most recent call last):\n{frames}{type(error).__name__}"


_STATUS = {GuardRefused.exit_code: "refused", LeaseHeld.exit_code: "locked"}


def _failed(
    call: Call,
    error: Exception,
    message: str,
    exit_code: int,
    hint: str = "",
    problems: Sequence[Problem] = (),
) -> int:
    """With --json print the error, in an object that has the keys of a result; returns the exit code."""
    body = {
        "run_id": "",
        "command": call.command,
        "flow": call.flow,
        "status": _STATUS.get(exit_code, "failed"),
        "steps": [],
        "api_calls": None,
        "api_remaining": None,
        "seconds": None,
        "files": [],
        "messages": [f"{message} {hint}".strip()],
        **(getattr(error, "run", None) or {}),  # what the run did before it failed
        "error": type(error).__name__,
        "message": message,
        "hint": hint,
        "problems": [str(problem) for problem in problems],
        "exit_code": exit_code,
    }
    Options(json="--json" in sys.argv).result(body)
    return exit_code
