"""Turns what pydantic finds wrong with a YAML file into problems with a line and a suggestion."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.yamlfile import YamlFile, read_yaml

M = TypeVar("M", bound=BaseModel)


def read_model(path: Path, model: type[M], *, section: str | None = None) -> M:
    """Read a YAML file (or one section of it) into a model; raises ConfigError with every mistake in it."""
    found = read_yaml(path)
    value: Any = found.value
    if section is not None:
        value = value.get(section) if isinstance(value, dict) else None
        if value is None:
            raise ConfigError(f"{path} has no section {section!r}.", hint=f"Add `{section}:` to it.")
    place = () if section is None else (section,)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(found, (*place, *detail["loc"]), detail, model) for detail in error.errors()]
        raise ConfigError(f"{path} has {len(problems)} mistakes.", problems=problems) from None


def _problem(
    found: YamlFile, where: tuple[str | int, ...], detail: ErrorDetails, model: type[BaseModel]
) -> Problem:
    name = ".".join(str(part) for part in where)
    if detail["type"] == "extra_forbidden":
        hint = did_you_mean(str(where[-1]), model.model_fields)
        return Problem(found.name, found.line(where), f"{name} is not a known key.", hint)
    if detail["type"] == "missing":
        return Problem(found.name, found.line(where[:-1]), f"{name} is missing.")
    message = detail["msg"].removeprefix("Value error, ")
    return Problem(found.name, found.line(where), f"{name}: {message}.")
