"""`sfsync mock`: an org on this machine, for tests and trials."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError, OrgUnavailable

if TYPE_CHECKING:
    from sfsync.mockorg.recorder import Recorder


@click.group()
def command() -> None:
    """An org on your own machine, for tests and trials."""


@command.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes any free port."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the org in this SQLite file.",
)
@click.option(
    "--seed",
    metavar="NAME[:N]",
    help="Fill it first: charge_card (N open web leads), aftersales (N leads at dealers) or catalogue.",
)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Written when it listens.",
)
@click.option(
    "--metadata",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="Fields and objects in Salesforce source format (default: the project's config/org).",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Behave as another org does, such as page_size=200; docs/mock-org-surface.md lists them.",
)
@click.option(
    "--jwt-key",
    "jwt_keys",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="A public key or certificate (PEM) that JWT logins must fit; without it any fits.",
)
@common_options
def serve(
    options: Options,
    port: int,
    data: Path | None,
    seed: str | None,
    ready_file: Path | None,
    metadata: tuple[Path, ...],
    switches: tuple[str, ...],
    jwt_keys: tuple[Path, ...],
) -> None:
    """Listen on loopback until stopped (Ctrl-C); prints url, token and pid as JSON."""
    from sfsync.mockorg.mock import MockOrg, parse_seed
    from sfsync.mockorg.quirks import parse_quirks

    try:
        org = MockOrg(
            metadata=metadata or _project_metadata(options),
            data=data,
            quirks=parse_quirks(switches),
            jwt_keys=[path.read_text(encoding="ascii", errors="replace") for path in jwt_keys],
        )
        if seed:
            org.seed(*parse_seed(seed))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    try:
        server = org.serve(port)
    except OSError as error:
        hint = "Take another, or 0 for any free one."
        raise ConfigError(f"Port {port} cannot be used: {error.strerror}.", hint=hint) from None
    with _stop_asked() as stop, server:
        ready = json.dumps({"url": server.url, "token": server.token, "pid": os.getpid()})
        if ready_file is not None:
            _write_whole(ready_file, ready)
        click.echo(ready)
        stop.wait()
    org.close()
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)


def _project_metadata(options: Options) -> tuple[Path, ...]:
    from sfsync.project import find_root

    return (find_root(options.project, os.environ, Path.cwd()) / "config" / "org",)


@contextmanager
def _stop_asked() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a SIGTERM sets."""
    stop = threading.Event()
    before = {sign: signal.signal(sign, lambda *_: stop.set()) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader finds nothing or all of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)


@command.command()
@click.option("--url", required=True, metavar="URL", help="As `sfsync mock serve` printed it.")
@click.option("--seed", metavar="NAME[:N]", help="Fill it again afterwards.")
@common_options
def reset(options: Options, url: str, seed: str | None) -> None:
    """Empty a served mock org."""
    body: dict[str, Any] = {"reset": True, **({"seed": seed} if seed else {})}
    answer = _post(f"{url.rstrip('/')}/__mock/state", body)
    counts = answer["counts"]
    options.say(f"The mock org at {url} is reset; it holds {sum(counts.values())} records.")
    options.result({"url": url, "counts": counts})


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    if not url.startswith("http://"):
        raise ConfigError(f"{url} is not the address of a mock org.", hint="It begins with http://127.0.0.1:")
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  http, see above
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  the scheme was checked above
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode("utf-8", "replace")
        raise ConfigError(f"The mock org refused: {text}") from None
    except (OSError, ValueError) as error:
        raise OrgUnavailable(
            f"No mock org answers at {url}: {error}.", hint="Start one: sfsync mock serve."
        ) from None


@command.command()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The recording to write, in YAML.",
)
@click.option(
    "--url", metavar="URL", help="The org's address (default: the org of --org or the environment)."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Where to listen.")
@click.option(
    "--keep",
    multiple=True,
    metavar="FIELD",
    help="A field whose values are harmless and stay, such as Product2.Name or '*__c'; can be repeated.",
)
@click.option("--about", default="", metavar="TEXT", help="A line about the recording, for its readers.")
@click.argument("line", nargs=-1, metavar="[-- COMMAND…]", type=click.UNPROCESSED)
@common_options
def record(
    options: Options,
    target: Path,
    url: str | None,
    port: int,
    keep: tuple[str, ...],
    about: str,
    line: tuple[str, ...],
) -> int:
    """Record a session with an org, without secrets and personal data.

    Runs COMMAND with SF_INSTANCE_URL leading through the recorder and ends with its exit code; without a COMMAND
    listens until stopped (Ctrl-C).
    """
    from sfsync.mockorg.exchanges.exchange import RecordingError
    from sfsync.mockorg.mock import MockOrg
    from sfsync.mockorg.recorder import Recorder

    if not target.absolute().parent.is_dir():
        raise ConfigError(f"The folder of {target} does not exist.")
    token = os.environ.get("SF_ACCESS_TOKEN", "")
    if url is None:
        url, token = _org_of(options)
    schema = MockOrg(metadata=_project_metadata(options)).core.schema
    try:
        recorder = Recorder(url, schema=schema, keep=keep, port=port).start()
    except RecordingError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"Port {port} cannot be used: {error.strerror}.") from None
    try:
        code = _recorded(options, recorder, token, line)
    finally:
        recorder.stop()
    recording = recorder.recording(about)
    recording.save(target)
    options.note(f"{len(recording.exchanges)} exchanges are in {target}. Read it before you share it.")
    options.result({"file": str(target), "exchanges": len(recording.exchanges), "exit_code": code})
    return code


def _org_of(options: Options) -> tuple[str, str]:
    """Address and token of the project's org."""
    from sfsync.project import open_project

    org = open_project(options.project, org=options.org).org
    return org.url, org.session.token


def _recorded(options: Options, recorder: "Recorder", token: str, line: tuple[str, ...]) -> int:
    """Run the command, or wait to be stopped; returns the exit code."""
    if not line:
        click.echo(json.dumps({"url": recorder.url, "pid": os.getpid()}), err=options.json)
        with _stop_asked() as stop:
            stop.wait()
        return 0
    env = {**os.environ, "SF_INSTANCE_URL": recorder.url, **({"SF_ACCESS_TOKEN": token} if token else {})}
    try:
        return subprocess.run(
            line, env=env, check=False, stdout=sys.stderr if options.json else None
        ).returncode
    except KeyboardInterrupt:  # it was stopped; what was recorded until then is kept
        return 130
    except OSError as error:
        raise ConfigError(f"{line[0]} cannot be started: {error.strerror}.") from None


@command.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE…"
)
@click.option("--seed", metavar="NAME[:N]", help="Fill the mock org first.")
@click.option(
    "--metadata",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="Fields and objects in Salesforce source format (default: the project's config/org).",
)
@common_options
def compare(options: Options, files: tuple[Path, ...], seed: str | None, metadata: tuple[Path, ...]) -> int:
    """Send the requests of recordings to the mock org; list answers of another shape."""
    from sfsync.mockorg.mock import MockOrg, parse_seed
    from sfsync.mockorg.recording import Recording, RecordingError

    found = []
    for file in files:
        org = MockOrg(metadata=metadata or _project_metadata(options))
        try:
            if seed:
                org.seed(*parse_seed(seed))
            recording = Recording.load(file)
        except (RecordingError, ValueError) as error:
            raise ConfigError(str(error)) from None
        differences = recording.compare(org)
        org.close()
        options.say(f"{file}: {len(recording.exchanges)} exchanges, {len(differences) or 'no'} differences")
        for each in differences:
            options.say(f"  {each}")
        listed = [
            {
                "number": one.number,
                "request": one.request,
                "where": one.where,
                "recorded": one.recorded,
                "mock": one.mock,
            }
            for one in differences
        ]
        found.append({"file": str(file), "exchanges": len(recording.exchanges), "differences": listed})
    options.result({"recordings": found})
    return int(any(each["differences"] for each in found))
