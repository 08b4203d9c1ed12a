"""Describes of objects for `sfsync mapping`: from a file, or from the org that --org names."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sfsync.cli.common import Options
from sfsync.errors import ConfigError

Describer = Callable[[str], dict[str, Any] | None]
"""Object → its describe as the REST API gives it, or None where there is nothing to ask."""


def describer(options: Options, file: Path | None) -> Describer:
    """What gives describes. A file's describe is given for every object asked for."""
    if file is not None:
        found = read_describe(file)
        return lambda _name: found
    if options.org is None:
        return lambda _name: None

    from sfsync.project import open_project

    org = open_project(options.project, org=options.org).org

    @cache
    def ask(name: str) -> dict[str, Any]:
        answer: dict[str, Any] = org.session.request("GET", f"sobjects/{name}/describe").json()
        return answer

    return ask


def read_describe(path: Path) -> dict[str, Any]:
    """A describe saved as JSON; raises ConfigError for anything else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no describe in JSON: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("fields"), list):
        raise ConfigError(f"{path} is no describe of an object: it has no list of fields.")
    return found
