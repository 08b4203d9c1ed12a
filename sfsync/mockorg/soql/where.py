"""Conditions as SQL. SOQL's logic has two values: what compares with null is false, and NOT of it is true."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sfsync.mockorg.schema import COMPOUND_TYPES, ID_TYPES, TEXT_TYPES
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.literals import bare, days, wrong_type
from sfsync.mockorg.soql.problems import BAD_OPERATOR, INVALID_FIELD, MALFORMED, at
from sfsync.mockorg.soql.scope import Scope, Value, comparable
from sfsync.mockorg.texts import fold, variants

SubQuery = Callable[[ast.Query, list[Any]], str]
"""Compiles the query of a semi-join to SQL, adding its parameters."""


class Conditions:
    """Compiles the conditions of one SELECT; ``parameters`` grows in the order of the SQL."""

    def __init__(self, scope: Scope, today: date, subquery: SubQuery, parameters: list[Any]) -> None:
        self.scope = scope
        self.today = today
        self.subquery = subquery
        self.parameters = parameters

    def compile(self, condition: ast.Condition) -> str:
        """The condition as an SQL expression; raises Refused."""
        if isinstance(condition, ast.Joined):
            return _join(condition.word, [self.compile(each) for each in condition.conditions])
        if isinstance(condition, ast.Not):
            return f"NOT ifnull({self.compile(condition.condition)}, 0)"
        left = self._filterable(condition.left)
        if isinstance(condition, ast.Comparison):
            return self._comparison(left, condition)
        if isinstance(condition, ast.Among):
            return self._among(left, condition)
        if isinstance(condition, ast.AmongQuery):
            return self._among_query(left, condition)
        return self._includes(left, condition)

    def _filterable(self, expression: ast.Expression) -> Value:
        value = self.scope.value(expression)
        if (value.field and not value.field.filterable) or value.type in COMPOUND_TYPES:
            message = f"field '{value.name}' can not be filtered in a query call"
            raise at(self.scope.source, expression.at, INVALID_FIELD, message)
        return value

    def _comparison(self, left: Value, condition: ast.Comparison) -> str:
        operator, value = condition.operator, condition.value
        if isinstance(value, ast.DateWord):
            return self._date_word(left, condition.left.at, operator, value)
        if operator == "LIKE":
            return self._like(left, condition)
        given = bare(value, left.type, name=left.name, source=self.scope.source, place=condition.left.at)
        if given is None:
            if operator in {"=", "!="}:
                return f"{left.sql} IS {'NOT ' if operator == '!=' else ''}NULL"
            return "0"
        if operator in {"<", "<=", ">", ">="}:
            if not comparable(left.type):
                raise self._bad_operator(condition.left, left)
            return self._put(f"{left.sql} {operator} ?", given)
        equal = self._equal(left, given)
        return equal if operator == "=" else f"NOT ifnull({equal}, 0)"

    def _equal(self, left: Value, given: Any) -> str:
        if (
            isinstance(given, str)
            and not given.isascii()
            and left.type in TEXT_TYPES
            and not left.case_sensitive
        ):
            # SQLite compares A to Z without case; other letters are looked for in both cases: an index serves.
            forms = variants(given)
            if forms is None:
                return self._put(f"fold({left.sql}) = ?", fold(given))
            self.parameters += forms
            return f"{left.sql} IN ({', '.join('?' * len(forms))})"
        return self._put(f"{left.sql} = ?", given)

    def _like(self, left: Value, condition: ast.Comparison) -> str:
        value = condition.value
        if left.type not in TEXT_TYPES or left.type == "multipicklist":
            raise self._bad_operator(condition.left, left)
        if isinstance(value, ast.Null):
            return "0"
        if not isinstance(value, ast.Text):
            raise wrong_type(left.type, name=left.name, source=self.scope.source, place=condition.left.at)
        pattern = value.value
        escape = " ESCAPE '\\'" if "\\" in pattern else ""
        if pattern.isascii():
            return self._put(f"{left.sql} LIKE ?{escape}", pattern)
        return self._put(f"fold({left.sql}) LIKE ?{escape}", fold(pattern))

    def _date_word(self, left: Value, place: int, operator: str, value: ast.DateWord) -> str:
        first, end = days(
            value, left.type, name=left.name, source=self.scope.source, place=place, today=self.today
        )
        if operator in {"=", "!="}:
            self.parameters += [first, end]
            inside = f"({left.sql} >= ? AND {left.sql} < ?)"
            return inside if operator == "=" else f"NOT ifnull({inside}, 0)"
        if operator == "LIKE":
            raise at(self.scope.source, value.at, BAD_OPERATOR, f"invalid operator on {left.type} field")
        bound = first if operator in {"<", ">="} else end
        return self._put(f"{left.sql} {'<' if operator in {'<', '<='} else '>='} ?", bound)

    def _among(self, left: Value, condition: ast.Among) -> str:
        words = [each for each in condition.values if isinstance(each, ast.DateWord)]
        others = [each for each in condition.values if not isinstance(each, ast.DateWord)]
        source = self.scope.source
        given = [
            bare(each, left.type, name=left.name, source=source, place=condition.left.at) for each in others
        ]
        simple = [
            each for each in given if each is not None and (not isinstance(each, str) or each.isascii())
        ]
        folded = [each for each in given if isinstance(each, str) and not each.isascii()]
        parts = []
        if simple:
            self.parameters += simple
            parts.append(f"{left.sql} IN ({', '.join('?' * len(simple))})")
        parts += [self._equal(left, each) for each in folded]
        parts += [self._date_word(left, condition.left.at, "=", each) for each in words]
        if None in given:
            parts.append(f"{left.sql} IS NULL")
        inside = _join("OR", parts)
        return f"NOT ifnull({inside}, 0)" if condition.negated else inside

    def _among_query(self, left: Value, condition: ast.AmongQuery) -> str:
        if left.type not in ID_TYPES:
            message = f"The left operand of a semi-join must be an ID or reference field: '{left.name}'"
            raise at(self.scope.source, condition.left.at, MALFORMED, message)
        inside = f"{left.sql} IN ({self.subquery(condition.query, self.parameters)})"
        return f"NOT ifnull({inside}, 0)" if condition.negated else inside

    def _includes(self, left: Value, condition: ast.Includes) -> str:
        if left.type != "multipicklist":
            raise self._bad_operator(condition.left, left)
        options = []
        for each in condition.values:
            text = bare(each, left.type, name=left.name, source=self.scope.source, place=condition.left.at)
            chosen = [part for part in (text or "").split(";") if part]
            every = [
                self._put(f"instr(lower(';' || {left.sql} || ';'), ?) > 0", f";{part.lower()};")
                for part in chosen
            ]
            options.append(f"({' AND '.join(every) or left.sql + ' IS NULL'})")
        inside = _join("OR", options)
        return f"NOT ifnull({inside}, 0)" if condition.negated else inside

    def _put(self, sql: str, parameter: Any) -> str:
        self.parameters.append(parameter)
        return sql

    def _bad_operator(self, expression: ast.Expression, left: Value) -> Exception:
        kind = {"reference": "id"}.get(left.type, left.type)
        return at(self.scope.source, expression.at, BAD_OPERATOR, f"invalid operator on {kind} field")


def _join(word: str, parts: list[str]) -> str:
    """Conditions joined as a balanced tree: SQLite takes no expression deeper than 1,000 levels."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_join(word, parts[:middle])} {word} {_join(word, parts[middle:])})"
