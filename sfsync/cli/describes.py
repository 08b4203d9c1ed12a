"""Describes of objects for `sfsync mapping`: from a file, or from the org that --org names."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.common import Options
from sfsync.errors import ConfigError

if TYPE_CHECKING:
    from sfsync.mapping.compile import CompiledMapping

Describer = Callable[[str], dict[str, Any] | None]
"""Object → its describe as the REST API gives it, or None where there is nothing to ask."""


def describer(options: Options, file: Path | None) -> Describer:
    """What gives describes: the org where one is named, else the file, whatever object is asked for."""
    if file is not None and options.org is None:
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


def changes(
    options: Options, compiled: "CompiledMapping", found: dict[str, Any], earlier: Path | None
) -> list[str]:
    """What changed in the object since ``earlier``, or since this command last looked at the org."""
    from sfsync.mapping.drift import drift

    mapping = compiled.mapping
    if earlier is not None:
        before: dict[str, Any] | None = read_describe(earlier)
    else:
        before = _swap(_kept(options, mapping.object), found)
    if before is None or before.get("name", mapping.object) != mapping.object:
        return []
    return drift(before, found, [*mapping.fields, *([mapping.key] if mapping.key else [])])


def _kept(options: Options, name: str) -> Path:
    """Where the describe of the last look is kept: in the state folder, for each org."""
    from sfsync.project import open_project

    project = open_project(options.project, org=options.org)
    return project.state / "describes" / str(project.org_name) / f"{name}.json"


def _swap(path: Path, found: dict[str, Any]) -> dict[str, Any] | None:
    """Keep the describe for the next time, and give the one of the last time, None the first time."""
    try:
        before = json.loads(path.read_text("utf-8")) if path.is_file() else None
    except (OSError, ValueError):
        before = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")
    except OSError as error:
        hint = "Set SFSYNC_STATE to a folder that can be written."
        raise ConfigError(f"{path} cannot be written: {error.strerror}.", hint=hint) from error
    return before if isinstance(before, dict) else None


def read_describe(path: Path) -> dict[str, Any]:
    """A describe saved as JSON; raises ConfigError for anything else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no describe in JSON: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("fields"), list):
        raise ConfigError(f"{path} is no describe of an object: it has no list of fields.")
    return found
