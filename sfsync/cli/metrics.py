"""`--metrics` of run, import and export: figures for Prometheus, written however the command ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfsync.cli.common import Options
from sfsync.clock import SystemClock
from sfsync.engine.metrics import Ended, record
from sfsync.engine.results import RunResult
from sfsync.errors import ConfigError, SfsyncError

if TYPE_CHECKING:
    from sfsync.project import Project

option = click.option(
    "--metrics",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write figures for Prometheus there (node_exporter's textfile collector).",
)


@dataclass(slots=True)
class Measuring:
    """What is known of a command while it goes on; the command fills it in."""

    project: "Project | None" = None
    result: RunResult | None = None


@contextmanager
def measured(options: Options, command: str, name: str, folder: Path | None) -> Iterator[Measuring]:
    """Write the metrics when the block ends, well or not, to ``folder`` or the one of config/sfsync.yaml."""
    clock = SystemClock()
    started, ticks = clock.now().timestamp(), clock.monotonic()
    now = Measuring()
    error: BaseException | None = None
    try:
        yield now
    except BaseException as caught:
        error = caught
        raise
    finally:
        place = folder or (now.project.metrics if now.project else None)
        root = _root(options)
        if place is not None and not (_a_slip(error) and not _known(root, name)):
            org = (now.project.org_name if now.project else options.org) or ""
            labels = {"project": root.name if root else "", "org": org, "command": command, "flow": name}
            run = getattr(error, "run", None) or (now.result.to_json() if now.result else {})
            code = now.result.exit_code if now.result else exit_code(error)
            _write(place, Ended(labels, started, clock.monotonic() - ticks, code, run))


def exit_code(error: BaseException | None) -> int:
    """The exit code that an error will end the command with."""
    if isinstance(error, SfsyncError | click.ClickException):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return 130
    return 0 if error is None else SfsyncError.exit_code


def _write(folder: Path, ended: Ended) -> None:
    try:
        record(folder, ended)
    except OSError as trouble:  # the work is done or told: its exit code stays
        reason = trouble.strerror or type(trouble).__name__
        click.echo(f"Warning: the metrics were not written to {folder}: {reason}.", err=True)


def _a_slip(error: BaseException | None) -> bool:
    return isinstance(error, ConfigError | click.UsageError)


def _known(root: Path | None, name: str) -> bool:
    """Whether the project has anything of this name: a slip of the fingers must not leave figures behind."""
    folders = ("flows", "partner_files", "mappings", "exports")
    stem = Path(name).stem
    return root is not None and any(
        path.stem in {stem, name} for folder in folders for path in (root / folder).rglob("*.*")
    )


def _root(options: Options) -> Path | None:
    from sfsync.project import find_root

    with suppress(ConfigError):
        return find_root(options.project, os.environ, Path.cwd())
    return None
