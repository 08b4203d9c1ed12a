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

    paths: tuple[str, ...]
    work: "_Part"

    def value(
        self, values: Mapping[str, Any], around: Moment, before: Mapping[str, Any] | None = None
    ) -> Any:
        """The result for a record: Python values by lower-case path; ``before`` are the values before an update.

        None when the formula cannot be worked out, where an org shows ``#Error!``.
        """
        try:
            return self.work(_Row(values, before, around))
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
    return Formula(tuple(paths), _part(tree, blank_as_zero))


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


@dataclass(frozen=True, slots=True)
class _Row:
    """One record that a formula is worked out for."""

    values: Mapping[str, Any]
    before: Mapping[str, Any] | None
    around: Moment


_Part = Callable[[_Row], Any]
"""A part of a formula, ready to be worked out for any record."""


def _part(node: Tree[Token], zero: bool) -> _Part:
    """A part of the tree as a function: names and constants are read once, not for each record."""
    parts = node.children
    match node.data:
        case "number":
            return _constant(Decimal(str(parts[0])))
        case "text":
            return _constant(_unquoted(str(parts[0])))
        case "path":
            return _path(str(parts[0]).lower())
        case "call":
            return _call(parts, zero)
        case kind:
            return _operation(kind, parts, zero)


def _constant(value: Any) -> _Part:
    return lambda _: value


def _path(name: str) -> _Part:
    if name in _CONSTANTS:
        return _constant(_CONSTANTS[name])
    return lambda row: row.values.get(name)


def _call(parts: list[Any], zero: bool) -> _Part:
    name = str(parts[0]).lower()
    if name in _AROUND:
        return _AROUND[name]
    if name in _SPECIAL:
        return _history(name, str(parts[1].children[0]).lower() if len(parts) > 1 else "")
    arguments = [_part(each, zero) for each in parts[1:]]
    if name in LAZY:
        lazy = LAZY[name]
        return lambda row: lazy([partial(each, row) for each in arguments])
    function = FUNCTIONS[name]
    return lambda row: function(*[each(row) for each in arguments])


_AROUND: Mapping[str, _Part] = {
    "isnew": lambda row: row.around.new,
    "today": lambda row: row.around.today,
    "now": lambda row: row.around.now,
}


def _history(name: str, path: str) -> _Part:
    """``priorvalue`` and ``ischanged`` of a field."""

    def old(row: _Row) -> Any:
        return row.values.get(path) if row.before is None else row.before.get(path)

    if name == "priorvalue":
        return old
    return lambda row: row.before is not None and old(row) != row.values.get(path)


def _operation(kind: str, parts: list[Any], zero: bool) -> _Part:
    if kind == "negation":
        only = _part(parts[0], zero)
        return lambda row: not only(row)
    if kind == "negative":
        only = _part(parts[0], zero)
        return lambda row: -as_number(only(row), zero=zero)
    left, right = _part(parts[0], zero), _part(parts[-1], zero)
    if kind == "either":
        return lambda row: bool(left(row)) or bool(right(row))
    if kind == "both":
        return lambda row: bool(left(row)) and bool(right(row))
    if kind == "join":
        return lambda row: as_text(left(row)) + as_text(right(row))
    if kind == "power":
        return lambda row: as_number(left(row), zero=zero) ** as_number(right(row), zero=zero)
    work, sign = {"arithmetic": _arithmetic, "compare": _compare}[kind], str(parts[1])
    return lambda row: work(left(row), sign, right(row), zero)


def _arithmetic(left: Any, sign: str, right: Any, zero: bool) -> Any:
    if sign == "+" and isinstance(left, str):
        return left + as_text(right)
    if isinstance(left, date):
        return _moved(left, sign, right)
    first, second = as_number(left, zero=zero), as_number(right, zero=zero)
    if sign == "+":
        return first + second
    if sign == "-":
        return first - second
    return first * second if sign == "*" else first / second


def _compare(left: Any, sign: str, right: Any, zero: bool) -> bool:
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        left, right = as_number(left, zero=zero), as_number(right, zero=zero)
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
