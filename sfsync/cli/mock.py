"""`sfsync mock`: an org on this machine, for tests and trials."""

import json
import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sfsync.cli.common import Options, common_options
from sfsync.errors import ConfigError, OrgUnavailable


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
    "--seed", metavar="NAME[:N]", help="Fill it first: charge_card (N open web leads) or catalogue."
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
@common_options
def serve(
    options: Options,
    port: int,
    data: Path | None,
    seed: str | None,
    ready_file: Path | None,
    metadata: tuple[Path, ...],
) -> None:
    """Listen on loopback until stopped (Ctrl-C); prints url, token and pid as JSON."""
    from sfsync.mockorg.mock import MockOrg, parse_seed
    from sfsync.project import find_root

    if not metadata:
        metadata = (find_root(options.project, os.environ, Path.cwd()) / "config" / "org",)
    org = MockOrg(metadata=metadata, data=data)
    try:
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
