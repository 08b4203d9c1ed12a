"""Describes of objects for `sfsync mapping`: from a file, or from the org that --org names."""

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.common import Options
from sfsync.errors import ConfigError, OrgError, Problem
from sfsync.mapping.suggest import did_you_mean

if TYPE_CHECKING:
    from sfsync.mapping.compile import CompiledMapping
    from sfsync.salesforce.org import Org

_NOT_FOUND = 404


class NoObject(ConfigError):
    """The org does not have an object that a mapping is of."""


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
    return cache(partial(described, org))


def described(org: "Org", name: str) -> dict[str, Any]:
    """The describe of an object. Raises ConfigError with the nearest name where the org has no such object."""
    try:
        answer: dict[str, Any] = org.session.request("GET", f"sobjects/{name}/describe").json()
    except OrgError as error:
        if error.code != "NOT_FOUND" and error.status != _NOT_FOUND:
            raise
        known = [str(one["name"]) for one in org.session.request("GET", "sobjects").json()["sobjects"]]
        text = f"The org has no object called {name}, or hides it from this user."
        raise NoObject(text, hint=_near(name, known)) from error
    return answer


def _near(name: str, known: list[str]) -> str:
    near = did_you_mean(name, known)
    return near if near.startswith("Did you mean") else "Give its API name."


def against(org: "Org", compiled: "CompiledMapping") -> Sequence[Problem]:
    """Where a mapping does not fit the org, by line."""
    try:
        return compiled.check_against(described(org, compiled.mapping.object))
    except NoObject as error:
        return [no_object(compiled, error)]


def no_object(compiled: "CompiledMapping", error: NoObject) -> Problem:
    """An object that the org does not have, as a mistake in the mapping's file."""
    return Problem(*compiled.mapping.at("object"), error.message, error.hint)


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
