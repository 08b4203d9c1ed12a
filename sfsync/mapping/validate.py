"""Turns what pydantic finds wrong with a YAML file into problems with a line, plain words and a suggestion."""

import re
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sfsync.errors import ConfigError, Problem
from sfsync.mapping.suggest import did_you_mean
from sfsync.mapping.yamlfile import Place, YamlFile, read_yaml

M = TypeVar("M", bound=BaseModel)
_REFERENCE = "(env|file|keyring):"
"""In the pattern of what must be a reference to a secret."""


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
        problems = [problem(found, detail, model, place) for detail in error.errors(include_url=False)]
        raise ConfigError(f"{path} has {mistakes(len(problems))}.", problems=problems) from None


def mistakes(count: int) -> str:
    """How many, in words."""
    return "a mistake" if count == 1 else f"{count} mistakes"


def problem(file: YamlFile, detail: ErrorDetails, model: type[BaseModel], within: Place = ()) -> Problem:
    """One mistake that pydantic found in ``model`` (which stands at ``within`` in the file), in plain words."""
    place = (*within, *detail["loc"])
    where = _spelled(place)
    context: Map[str, Any] = detail.get("ctx", {})
    suggestion = ""
    match detail["type"]:
        case "extra_forbidden":
            message = f"Unknown key {place[-1]!r}{_within(place)}."
            suggestion = did_you_mean(str(place[-1]), _known_keys(model, detail["loc"][:-1]))
        case "missing":
            message = f"The key {place[-1]!r} is missing{_within(place)}."
        case "literal_error":
            options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            message = f"{where}: {detail['input']!r} is not known."
            suggestion = did_you_mean(str(detail["input"]), options)
        case "value_error":
            message = f"{where}: {context.get('error')}."
        case "string_pattern_mismatch" if _REFERENCE in str(context.get("pattern")):
            message = f"{where}: a secret must not stand in YAML."  # the value may be one, so it is not told
            suggestion = "Name where it is kept: env:NAME, file:PATH or keyring:SERVICE/NAME."
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
    return Problem(*file.at(place), message, suggestion)


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
        "^[a-z]{2}$": "of a language code such as fr",
        "^([a-z]{2})?$": "of a language code such as fr",
        "^[A-Za-z]\\w*\\.[A-Za-z]\\w*$": "Object.Field, such as Order.Sfsync_Key__c",
    }.get(pattern, "of a number, or a percentage such as 20%" if "%" in pattern else pattern)


def _known_keys(root: type[BaseModel], place: Place) -> list[str]:
    """The keys that a model knows at ``place``."""
    model: Any = root
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
