"""Formulas: the simple kinds, for calculated fields, default values and validation rules.

Read are text, numbers, fields (also of parents), ``& + - * / ^``, comparisons, ``&& || !`` and the functions listed
in ``formula_functions.py``. Whatever else a formula holds makes it ``Unsupported``: its field stays null, its rule is
not loaded, and the org says so once in ``OrgCore.warnings``. Salesforce Help, "Formula Operators and Functions".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, partial
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from sfsync.mockorg.formula_functions import FUNCTIONS, LAZY, FormulaError, as_number, as_text
from sfsync.mockorg.schema import NUMBER_TYPES, FieldDef
from sfsync.mockorg.values import moment, stamp

_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_SPECIAL = frozenset({"ischanged", "priorvalue", "isnew"})


class Unsupported(ValueError):
    """A formula that the mock org does not read; the text says what it stumbled on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a formula may ask of the world around the record."""

    today: date
    now: datetime
    new: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: ``paths`` are the fields it needs, in the order ``value`` takes them."""

    tree: Any
    paths: tuple[str, ...]
    blank_as_zero: bool = True

    def value(
        self, values: Mapping[str, Any], around: Moment, before: Mapping[str, Any] | None = None
    ) -> Any:
        """The result for a record: Python values by lower-case path; ``before`` are the values before an update.

        None when the formula cannot be worked out, where an org shows ``#Error!``.
        """
        try:
            return _Evaluation(values, before, around, zero=self.blank_as_zero).of(self.tree)
        except (FormulaError, ArithmeticError, ValueError, TypeError, IndexError, OverflowError):
            return None


@cache
def _parser() -> Lark:
    grammar = files("sfsync.mockorg").joinpath("formula.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


@cache
def read(text: str, *, blank_as_zero: bool = True) -> Formula:
    """Read a formula; raises Unsupported."""
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        found = text[error.pos_in_stream or 0 :].strip()[:20] or "the end"
        raise Unsupported(f"'{found}' was not expected") from None
    paths: dict[str, None] = {}
    _check(tree, paths)
    return Formula(tree, tuple(paths), blank_as_zero)


def _check(node: Any, paths: dict[str, None]) -> None:
    if isinstance(node, Token):
        return
    if node.data == "call":
        name = str(node.children[0]).lower()
        if name not in FUNCTIONS and name not in LAZY and name not in _SPECIAL:
            raise Unsupported(f"the function {node.children[0]} is not known to the mock org")
    elif node.data == "path":
        name = str(node.children[0]).lower()
        if name.startswith("$"):
            raise Unsupported(f"{node.children[0]} is not known to the mock org")
        if name not in _CONSTANTS:
            paths[name] = None
    for child in node.children:
        _check(child, paths)


class _Evaluation:
    """One formula at work on one record."""

    def __init__(
        self, values: Mapping[str, Any], before: Mapping[str, Any] | None, around: Moment, *, zero: bool
    ) -> None:
        self._values = values
        self._before = before
        self._around = around
        self._zero = zero
        self._nodes: dict[str, Callable[[list[Any]], Any]] = {
            "number": lambda parts: Decimal(parts[0]),
            "text": lambda parts: _unquoted(parts[0]),
            "path": self._path,
            "call": self._call,
            "either": lambda parts: bool(self.of(parts[0])) or bool(self.of(parts[1])),
            "both": lambda parts: bool(self.of(parts[0])) and bool(self.of(parts[1])),
            "negation": lambda parts: not self.of(parts[0]),
            "negative": lambda parts: -self._number(parts[0]),
            "join": lambda parts: as_text(self.of(parts[0])) + as_text(self.of(parts[1])),
            "power": lambda parts: self._number(parts[0]) ** self._number(parts[1]),
            "arithmetic": self._arithmetic,
            "compare": self._compare,
        }

    def of(self, node: Tree[Token]) -> Any:
        """The value of a part of the formula."""
        return self._nodes[node.data](node.children)

    def _number(self, node: Tree[Token]) -> Decimal:
        return as_number(self.of(node), zero=self._zero)

    def _path(self, parts: list[Any]) -> Any:
        name = str(parts[0]).lower()
        return _CONSTANTS[name] if name in _CONSTANTS else self._values.get(name)

    def _call(self, parts: list[Any]) -> Any:
        name, arguments = str(parts[0]).lower(), parts[1:]
        if name == "isnew":
            return self._around.new
        if name in _SPECIAL:
            path = str(arguments[0].children[0]).lower()
            old = self._values.get(path) if self._before is None else self._before.get(path)
            return old if name == "priorvalue" else self._before is not None and old != self._values.get(path)
        if name in LAZY:
            return LAZY[name]([partial(self.of, each) for each in arguments])
        if name == "today":
            return self._around.today
        if name == "now":
            return self._around.now
        return FUNCTIONS[name](*(self.of(each) for each in arguments))

    def _arithmetic(self, parts: list[Any]) -> Any:
        left, sign, right = self.of(parts[0]), str(parts[1]), self.of(parts[2])
        if sign == "+" and isinstance(left, str):
            return left + as_text(right)
        if isinstance(left, date):
            return _moved(left, sign, right)
        first, second = as_number(left, zero=self._zero), as_number(right, zero=self._zero)
        if sign == "+":
            return first + second
        if sign == "-":
            return first - second
        return first * second if sign == "*" else first / second

    def _compare(self, parts: list[Any]) -> bool:
        left, sign, right = self.of(parts[0]), str(parts[1]), self.of(parts[2])
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            left, right = as_number(left, zero=self._zero), as_number(right, zero=self._zero)
        elif isinstance(left, str) or isinstance(right, str):
            left, right = left or "", right or ""
        if sign in {"=", "=="}:
            return bool(left == right)
        if sign in {"!=", "<>"}:
            return bool(left != right)
        if left is None or right is None:
            return False
        if sign in {"<", "<="}:
            return bool(left < right or (sign == "<=" and left == right))
        return bool(left > right or (sign == ">=" and left == right))


def _moved(day: date, sign: str, other: Any) -> Any:
    """A date or date-time and days; the difference of two is in days."""
    if isinstance(other, date):
        if sign != "-":
            raise FormulaError("dates cannot be added")
        return Decimal((day - other) / timedelta(days=1))
    step = timedelta(days=float(as_number(other, zero=True)))
    return day + step if sign == "+" else day - step


def _unquoted(token: str) -> str:
    text = token[1:-1]
    for escape, letter in (('\\"', '"'), ("\\'", "'"), ("\\n", "\n"), ("\\t", "\t"), ("\\\\", "\\")):
        text = text.replace(escape, letter)
    return text


def python_value(field: FieldDef, stored: Any) -> Any:
    """A stored value as formulas reckon with it."""
    if stored is None:
        return None
    if field.type in NUMBER_TYPES:
        return Decimal(str(stored)) / (100 if field.type == "percent" else 1)
    if field.type == "boolean":
        return bool(stored)
    if field.type == "date":
        return date.fromisoformat(stored)
    return moment(stored) if field.type == "datetime" else stored


def stored_value(field: FieldDef, value: Any) -> Any:
    """A formula's result as its field would store it; None when it does not suit the field."""
    if field.type == "boolean":
        return int(value is True)
    if value is None or value == "":
        return None
    if field.type in NUMBER_TYPES:
        if not isinstance(value, Decimal):
            return None
        shown = value * 100 if field.type == "percent" else value
        return float(shown.quantize(Decimal(1).scaleb(-field.scale), rounding=ROUND_HALF_UP))
    if field.type == "datetime":
        return stamp(value) if isinstance(value, datetime) else None
    if field.type == "date":
        day = value.date() if isinstance(value, datetime) else value
        return day.isoformat() if isinstance(day, date) else None
    return as_text(value) if isinstance(value, str | Decimal) else None
