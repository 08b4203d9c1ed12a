"""SOQL text to its syntax tree, by an LALR grammar; refusals are MALFORMED_QUERY with the place."""

import re
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.problems import MALFORMED, at
from sfsync.mockorg.values import moment, stamp

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\\\"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)


_MODES = {"SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"}
"""What WITH may say; the mock org's user may see everything, so none of them narrows an answer."""
_NO_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]*")


class _BadEscape(Exception):
    """A backslash before a character that needs none."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def text_of(token: str, place: int = 0) -> str:
    r"""The text of a quoted literal. ``\\``, ``\_`` and ``\%`` keep their backslash: LIKE needs to know."""

    def resolve(match: re.Match[str]) -> str:
        letter = match[1]
        if letter in {"_", "%"}:
            return match[0]
        if len(letter) == 5:
            return chr(int(letter[1:], 16))
        found = _ESCAPES.get(letter if letter in "'\"\\" else letter.lower())
        if found is None:
            raise _BadEscape(place + 1 + match.start())
        return found

    return _ESCAPE.sub(resolve, token[1:-1])


def plain(text: str) -> str:
    """A literal's text outside LIKE: the backslashes that ``text_of`` kept are resolved."""
    return re.sub(r"\\([\\_%])", r"\1", text) if "\\" in text else text


class _Build(Transformer[Token, Any]):
    """Turns the parser's tree into the values of ``ast``."""

    def start(self, parts: list[Any]) -> ast.Query:
        return parts[0]  # type: ignore[no-any-return]  # the query rule below made it

    def path(self, parts: list[Token]) -> ast.Path:
        return _path(parts[0])

    def call(self, parts: list[Any]) -> ast.Call:
        name, *arguments = parts
        return ast.Call(str(name), tuple(arguments[0]) if arguments else (), name.start_pos)

    def arguments(self, parts: list[ast.Expression]) -> list[ast.Expression]:
        return parts

    def alias(self, parts: list[Token]) -> str | None:
        return str(parts[0]) if parts else None

    def selected(self, parts: list[Any]) -> ast.Selected:
        return ast.Selected(*parts)

    def child(self, parts: list[ast.Query]) -> ast.Query:
        return parts[0]

    def when(self, parts: list[Token]) -> tuple[ast.Path, tuple[ast.Path, ...]]:
        _, kind, _, *fields = parts
        return _path(kind), tuple(map(_path, fields))

    def otherwise(self, parts: list[Token]) -> tuple[ast.Path, ...]:
        return tuple(map(_path, parts[1:]))

    def typeof(self, parts: list[Any]) -> ast.TypeOf:
        _, parent, *cases, otherwise, _ = parts
        return ast.TypeOf(_path(parent), tuple(cases), otherwise)

    def items(self, parts: list[Any]) -> tuple[Any, ...]:
        return tuple(parts)

    def literal(self, parts: list[Token]) -> ast.Literal:
        made: ast.Literal = _LITERALS[parts[0].type](parts[0])
        return made

    def comparison(self, parts: list[Any]) -> ast.Comparison:
        left, operator, value = parts
        word = str(operator).upper()
        return ast.Comparison(left, "!=" if word == "<>" else word, value)

    def among(self, parts: list[Any]) -> ast.Among:
        left, word, *values = parts
        return ast.Among(left, tuple(values), word.type == "NOT_IN")

    def among_query(self, parts: list[Any]) -> ast.AmongQuery:
        left, word, query = parts
        return ast.AmongQuery(left, query, word.type == "NOT_IN")

    def includes(self, parts: list[Any]) -> ast.Includes:
        left, word, *values = parts
        return ast.Includes(left, tuple(values), word.type == "EXCLUDES")

    def negation(self, parts: list[Any]) -> ast.Not:
        return ast.Not(parts[1])

    def grouped(self, parts: list[ast.Condition]) -> ast.Condition:
        return parts[0]

    def both(self, parts: list[Any]) -> ast.Joined:
        return ast.Joined("AND", tuple(parts[::2]))

    def either(self, parts: list[Any]) -> ast.Joined:
        return ast.Joined("OR", tuple(parts[::2]))

    def ordering(self, parts: list[Any]) -> ast.Ordering:
        words = {token.type for token in parts[1:]}
        nulls = None if not words & {"NULLS_FIRST", "NULLS_LAST"} else "NULLS_FIRST" in words
        return ast.Ordering(parts[0], "DESC" in words, nulls)

    def clause(self, parts: list[Any]) -> Any:
        """What follows the keyword of a clause, or None when the clause is absent."""
        return parts[1] if parts else None

    scope = where = having = clause

    def clauses(self, parts: list[Any]) -> tuple[Any, ...]:
        return tuple(parts[1:])

    group = order = clauses

    def number(self, parts: list[Token]) -> int | None:
        return _whole(parts[1]) if parts else None

    limit = offset = number

    def ignored(self, parts: list[Token]) -> None:
        del parts

    for_clause = update = ignored

    def with_clause(self, parts: list[Token]) -> None:
        if parts and parts[1].upper() not in _MODES:
            raise _Unexpected(parts[1])

    def query(self, parts: list[Any]) -> ast.Query:
        _, items, _, name, alias, scope, where, _, group, having, order, limit, offset, _, _ = parts
        return ast.Query(
            items,
            str(name),
            alias,
            scope and str(scope),
            where,
            group,
            having,
            order,
            limit,
            offset,
            name.start_pos,
        )


def _path(token: Token) -> ast.Path:
    return ast.Path(tuple(name.strip() for name in token.split(".")), token.start_pos or 0)


def _whole(token: Token) -> int:
    if not token.isdecimal():
        raise _Unexpected(token)
    return int(token)


class _Unexpected(Exception):
    """A token that the grammar allows and its meaning does not."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


def _word(token: Token) -> ast.DateWord:
    name, _, count = str(token).partition(":")
    return ast.DateWord(name.strip().upper(), int(count) if count else None, token.start_pos or 0)


def _day(token: Token) -> ast.Day:
    try:
        return ast.Day(date.fromisoformat(token), token.start_pos or 0)
    except ValueError:
        raise _Unexpected(token) from None


def _moment(token: Token) -> ast.Moment:
    when = moment(str(token).upper())
    if when is None:
        raise _Unexpected(token)
    return ast.Moment(stamp(when), token.start_pos or 0)


_LITERALS: dict[str, Any] = {
    "STRING": lambda token: ast.Text(text_of(token, token.start_pos), token.start_pos),
    "NUMBER": lambda token: ast.Number(str(token), token.start_pos),
    "DATETIME": _moment,
    "DATE": _day,
    "TRUE": lambda token: ast.Boolean(True, token.start_pos),
    "FALSE": lambda token: ast.Boolean(False, token.start_pos),
    "NULL": lambda token: ast.Null(token.start_pos),
    "PATH": _word,
    "DATE_N": _word,
}


@cache
def _parser() -> Lark:
    grammar = files(__package__).joinpath("soql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=_Build(), maybe_placeholders=False)


def parse(source: str) -> ast.Query:
    """The syntax tree of a query; raises Refused MALFORMED_QUERY, pointing at what was not understood."""
    return _parse(source)


@lru_cache(maxsize=256)
def _parse(source: str) -> ast.Query:
    if not source.strip():
        raise Refused(MALFORMED, "unexpected token: <EOF>")
    if len(source) > 100_000:
        raise Refused("QUERY_TOO_COMPLICATED", "SOQL statements may have at most 100,000 characters")
    try:
        return _parser().parse(source)  # type: ignore[return-value]  # the transformer makes a Query of the tree
    except UnexpectedToken as error:
        token = error.token
        if unzoned := _without_zone(source, token.start_pos):
            raise unzoned from None
        if token.type == "$END":
            raise at(source, len(source.rstrip()), MALFORMED, "unexpected token: <EOF>") from None
        raise at(source, token.start_pos or 0, MALFORMED, f"unexpected token: '{token}'") from None
    except UnexpectedCharacters as error:
        place = error.pos_in_stream or 0
        raise at(source, place, MALFORMED, _unexpected_character(source, place)) from None
    except VisitError as error:
        raise _refusal(source, error.orig_exc) from None
    except (_BadEscape, _Unexpected) as error:
        raise _refusal(source, error) from None


def _without_zone(source: str, place: int | None) -> Exception | None:
    """A date-time without a zone ends too early: the org points behind it."""
    for match in _NO_ZONE.finditer(source):
        if place is not None and match.start() <= place <= match.end():
            return at(source, match.end(), MALFORMED, _no_alternative(source, match.end()))
    return None


def _no_alternative(source: str, place: int) -> str:
    """What the org says of a character that no token can begin with."""
    shown = source[place] if place < len(source) else "<EOF>"
    row = source.count("\n", 0, place) + 1
    column = place - source.rfind("\n", 0, place)
    return f"line {row}:{column} no viable alternative at character '{shown}'"


def _unexpected_character(source: str, place: int) -> str:
    if source[place] == ":":
        return "Bind variables only allowed in Apex code"
    if source[place] in "*/;=<>!()[]{}":
        return f"unexpected token: '{source[place]}'"
    return _no_alternative(source, len(source) if source[place] == "'" else place)


def _refusal(source: str, error: Exception) -> Exception:
    if isinstance(error, _BadEscape):
        return at(source, error.place, MALFORMED, "Illegal character sequence in string literal")
    if isinstance(error, _Unexpected):
        return at(source, error.token.start_pos or 0, MALFORMED, f"unexpected token: '{error.token}'")
    return error


def written(expression: ast.Expression) -> str:
    """A field or function as it is written."""
    if isinstance(expression, ast.Path):
        return ".".join(expression.names)
    return f"{expression.name}({', '.join(map(written, expression.arguments))})"
