"""Loads a mapping file: YAML to a checked Mapping, or one ConfigError with every mistake in it.

Three looks at the file: is it YAML, has it the shape of the model, does it make sense. What breaks the shape is
taken out and the rest is looked at all the same, so that one mistake does not hide the others.
"""

import copy
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.check import check
from sfsync.mapping.extend import extended
from sfsync.mapping.model import Mapping
from sfsync.mapping.validate import mistakes, problem
from sfsync.mapping.yamlfile import Place, YamlFile, parse_yaml, read_yaml

_ROUNDS = 10
"""How often the shape is looked at anew after taking mistakes out."""

_HARMLESS: Map[str, Any] = {
    "file": {"headers": {}},
    "headers": {},
    "fields": {"X": {"value": "x"}},
    "when": [],
}


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file. Raises ConfigError with a Problem (file, line, suggestion) per mistake."""
    return _checked(extended(read_yaml(path), path))


def parse_mapping(text: str, name: str = "mapping") -> Mapping:
    """A mapping from a text; ``name`` stands for the file in messages. Raises as ``load_mapping`` does."""
    return _checked(extended(parse_yaml(text.encode(), name), None))


def _checked(file: YamlFile) -> Mapping:
    if not isinstance(file.value, dict):
        text = "A mapping file holds keys such as mapping, object, file and fields."
        raise ConfigError(f"{file.name} is not a mapping.", problems=[Problem(file.name, 1, text)])
    mapping, problems = _shaped(file)
    if mapping is not None:
        problems += check(mapping)
    if problems or mapping is None:
        unique = sorted(dict.fromkeys(problems), key=lambda one: (one.file != file.name, one.file, one.line))
        raise ConfigError(f"{file.name} has {mistakes(len(unique))}.", problems=unique)
    return mapping


def _shaped(file: YamlFile) -> tuple[Mapping | None, list[Problem]]:
    """The mapping without what breaks the model's shape (None when too little is left), and what broke it."""
    value = copy.deepcopy(file.value)
    problems: list[Problem] = []
    mended: set[Place] = set()
    for _ in range(_ROUNDS):
        try:
            return Mapping.model_validate(value).read_from(file), problems
        except ValidationError as error:
            details = error.errors(include_url=False)
        problems += [
            problem(file, detail, Mapping) for detail in details if tuple(detail["loc"]) not in mended
        ]
        for detail in details:
            place = tuple(detail["loc"])
            mended.add(place)
            if detail["type"] == "missing":
                _fill(value, place)
            else:
                _remove(value, place)
    return None, problems


def _fill(value: Any, place: Place) -> None:
    """Put something harmless where a key is missing, so that the rest can be looked at."""
    parent = _at(value, place[:-1])
    if isinstance(parent, dict):
        parent[place[-1]] = _HARMLESS.get(str(place[-1]), "x")


def _remove(value: Any, place: Place) -> bool:
    """Take the thing at ``place`` out, or the nearest thing around it that the file holds."""
    while place:
        parent = _at(value, place[:-1])
        if isinstance(parent, dict) and place[-1] in parent:
            del parent[place[-1]]
            return True
        place = place[:-1]
    return False


def _at(value: Any, place: Place) -> Any:
    for step in place:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
