"""Loads a mapping file: YAML to a checked Mapping, or one ConfigError with every mistake in it.

Three looks at the file: is it YAML, has it the shape of the model, does it make sense. What breaks the shape is
taken out and the rest is looked at all the same, so that one mistake does not hide the others.
"""

import copy
import re
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.check import check
from sfsync.mapping.model import Mapping
from sfsync.mapping.suggest import did_you_mean
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
    return _checked(read_yaml(path))


def parse_mapping(text: str, name: str = "mapping") -> Mapping:
    """A mapping from a text; ``name`` stands for the file in messages. Raises as ``load_mapping`` does."""
    return _checked(parse_yaml(text.encode(), name))


def _checked(file: YamlFile) -> Mapping:
    if not isinstance(file.value, dict):
        problem = Problem(file.name, 1, "A mapping file holds keys such as mapping, object, file and fields.")
        raise ConfigError(f"{file.name} is not a mapping.", problems=[problem])
    mapping, problems = _shaped(file)
    if mapping is not None:
        problems += check(mapping)
    if problems or mapping is None:
        unique = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
        raise ConfigError(f"{file.name} has {_mistakes(len(unique))}.", problems=unique)
    return mapping


def _mistakes(count: int) -> str:
    return "a mistake" if count == 1 else f"{count} mistakes"


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
        problems += [_problem(file, detail) for detail in details if tuple(detail["loc"]) not in mended]
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


def _problem(file: YamlFile, detail: ErrorDetails) -> Problem:
    place = tuple(detail["loc"])
    where = _spelled(place)
    context: Map[str, Any] = detail.get("ctx", {})
    suggestion = ""
    match detail["type"]:
        case "extra_forbidden":
            message = f"Unknown key {place[-1]!r}{_within(place)}."
            suggestion = did_you_mean(str(place[-1]), _known_keys(place[:-1]))
        case "missing":
            message = f"The key {place[-1]!r} is missing{_within(place)}."
        case "literal_error":
            options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            message = f"{where}: {detail['input']!r} is not known."
            suggestion = did_you_mean(str(detail["input"]), options)
        case "value_error":
            message = f"{where}: {context.get('error')}."
        case "string_pattern_mismatch":
            message = (
                f"{where}: {detail['input']!r} does not have the form {_form(str(context.get('pattern')))}."
            )
        case "string_type":
            message = f"{where}: a text is expected."
        case "bool_parsing" | "bool_type":
            message = f"{where}: true or false is expected."
        case "int_parsing" | "int_type" | "int_from_float" | "float_parsing" | "float_type":
            message = f"{where}: a number is expected."
        case "tuple_type" | "list_type":
            message = f"{where}: a list is expected."
        case "dict_type" | "model_type" | "model_attributes_type":
            message = f"{where}: keys with values are expected."
        case _:
            message = f"{where}: {detail['msg'][:1].lower()}{detail['msg'][1:]}."
    return Problem(file.name, file.line(place), message, suggestion)


def _spelled(place: Place) -> str:
    return ".".join(str(step) for step in place if step != "[key]") or "the file"


def _within(place: Place) -> str:
    return f" in {_spelled(place[:-1])}" if len(place) > 1 else ""


def _form(pattern: str) -> str:
    """What a pattern of the model means, in words."""
    return {
        "^[A-Za-z]\\w*$": "of a name: letters, digits and _",
        "^[a-z][a-z0-9_]*$": "of a name in small letters, digits and _",
        "^[A-Z]{2}$": "of a country code such as NL",
        "^[A-Za-z]\\w*\\.[A-Za-z]\\w*$": "Object.Field, such as Order.Sfsync_Key__c",
    }.get(pattern, "of a number, or a percentage such as 20%" if "%" in pattern else pattern)


def _known_keys(place: Place) -> list[str]:
    """The keys that the model knows at ``place``."""
    model: Any = Mapping
    for step in place:
        if isinstance(step, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue  # a list's position, or a name in a table of names: the model stays
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        found = _model_in(fields[str(step)].annotation) if str(step) in fields else None
        model = found or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The model inside an annotation such as ``dict[str, Annotated[Header, …]] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if found := _model_in(part):
            return found
    return None
