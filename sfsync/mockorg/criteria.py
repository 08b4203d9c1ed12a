"""Filters as rules state them: numbered criteria on fields, joined by logic such as ``1 AND (2 OR NOT 3)``."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sfsync.mockorg.schema import NUMBER_TYPES, FieldDef, ObjectDef

Logic = int | tuple[str, "tuple[Logic, ...]"]
"""The number of a criterion (from 1), or AND, OR, NOT over others."""


class BadLogic(ValueError):
    """Filter logic, an operation or a field that cannot be understood; the text says which."""


def read_logic(text: str, count: int) -> Logic:
    """Read filter logic over ``count`` criteria; no text means all of them. Raises BadLogic."""
    if not text.strip():
        return ("AND", tuple(range(1, count + 1)))
    words = re.findall(r"\d+|\(|\)|\w+", text.upper())
    found, rest = _either(words, count)
    if rest:
        raise BadLogic(f"filter logic {text!r}: '{rest[0]}' was not expected")
    return found


def _either(words: list[str], count: int) -> tuple[Logic, list[str]]:
    first, rest = _unary(words, count)
    parts = [first]
    word = rest[0] if rest and rest[0] in {"AND", "OR"} else ""
    while rest and rest[0] == word:
        each, rest = _unary(rest[1:], count)
        parts.append(each)
    return (first if len(parts) == 1 else (word, tuple(parts))), rest


def _unary(words: list[str], count: int) -> tuple[Logic, list[str]]:
    if not words:
        raise BadLogic("filter logic ends too soon")
    word, rest = words[0], words[1:]
    if word == "NOT":
        inner, rest = _unary(rest, count)
        return ("NOT", (inner,)), rest
    if word == "(":
        inner, rest = _either(rest, count)
        if not rest or rest[0] != ")":
            raise BadLogic("filter logic lacks a closing parenthesis")
        return inner, rest[1:]
    if not word.isdecimal() or not 1 <= int(word) <= count:
        raise BadLogic(f"filter logic names the criterion {word}, there are {count}")
    return int(word), rest


def holds(logic: Logic, answer: Callable[[int], bool]) -> bool:
    """Whether the logic is true when ``answer`` tells it for every criterion."""
    if isinstance(logic, int):
        return answer(logic)
    word, parts = logic
    if word == "NOT":
        return not holds(parts[0], answer)
    return (all if word == "AND" else any)(holds(each, answer) for each in parts)


def as_sql(logic: Logic, part: Callable[[int], str]) -> str:
    """The logic as SQL; ``part`` writes a criterion and is called in the order of the text."""
    if isinstance(logic, int):
        return part(logic)
    word, parts = logic
    if word == "NOT":
        return f"NOT ifnull({as_sql(parts[0], part)}, 0)"
    return "(" + f" {word} ".join(as_sql(each, part) for each in parts) + ")"


@dataclass(frozen=True, slots=True)
class Criterion:
    """``field operation value``; of several values between commas one must fit."""

    field: str
    operation: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Criteria and the logic that joins them; without criteria it fits every record."""

    criteria: tuple[Criterion, ...] = ()
    logic: Logic = ("AND", ())

    def fits(self, thing: ObjectDef, row: Mapping[str, Any]) -> bool:
        """Whether a stored record fits."""
        return holds(self.logic, lambda number: _fits(self.criteria[number - 1], thing, row))


def make_filter(thing: ObjectDef, criteria: Sequence[Criterion], logic: str = "") -> Filter:
    """A filter on an object; raises BadLogic for fields and operations it does not know."""
    for each in criteria:
        if each.field not in thing.fields:
            raise BadLogic(f"{thing.name} has no field {each.field}")
        if each.operation not in _OPERATIONS:
            raise BadLogic(
                f"the operation {each.operation} is not known; known are {', '.join(sorted(_OPERATIONS))}"
            )
    return Filter(tuple(criteria), read_logic(logic, len(criteria)))


def _fits(criterion: Criterion, thing: ObjectDef, row: Mapping[str, Any]) -> bool:
    field = thing.fields[criterion.field]
    value = _comparable(field, row.get(field.name))
    wanted = [_comparable(field, each) for each in _values(field, criterion.value)]
    negated, compare = _OPERATIONS[criterion.operation]
    return any(compare(value, each) for each in wanted) != negated


def _values(field: FieldDef, text: str) -> list[str | None]:
    if text == "" or field.type == "textarea":
        return [text or None]
    return [part.strip() or None for part in text.split(",")]


def _comparable(field: FieldDef, value: Any) -> Any:
    if value is None or value == "":
        return None
    if field.type == "boolean":
        return str(value).lower() in {"true", "1"}
    if field.type in NUMBER_TYPES:
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None
    return str(value).casefold()


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: value is not None and wanted is not None and compare(value, wanted)


def _includes(value: Any, wanted: Any) -> bool:
    return value is not None and wanted in str(value).split(";")


_OPERATIONS: Mapping[str, tuple[bool, Callable[[Any, Any], bool]]] = {
    "equals": (False, lambda value, wanted: value == wanted),
    "notEqual": (True, lambda value, wanted: value == wanted),
    "lessThan": (False, _ordered(lambda value, wanted: value < wanted)),
    "lessOrEqual": (False, _ordered(lambda value, wanted: value <= wanted)),
    "greaterThan": (False, _ordered(lambda value, wanted: value > wanted)),
    "greaterOrEqual": (False, _ordered(lambda value, wanted: value >= wanted)),
    "contains": (False, _ordered(lambda value, wanted: wanted in str(value))),
    "notContain": (True, _ordered(lambda value, wanted: wanted in str(value))),
    "startsWith": (False, _ordered(lambda value, wanted: str(value).startswith(wanted))),
    "includes": (False, _includes),
    "excludes": (True, _includes),
}
"""Operation to whether it is the opposite of what its function tells, and the function."""
