"""GROUP BY, also with ROLLUP and CUBE: the columns of each set of groups, and what may stand beside them.

"SOQL and SOSL Reference", GROUP BY, GROUP BY ROLLUP, GROUP BY CUBE, GROUPING(fieldName). SQLite has no grouping sets,
so each set becomes a SELECT of its own and their rows are put together.
"""

from dataclasses import dataclass
from itertools import combinations, count

from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.order import sort_terms
from sfsync.mockorg.soql.parse import written
from sfsync.mockorg.soql.plan import Plan, ResultColumn
from sfsync.mockorg.soql.problems import INVALID_FIELD, MALFORMED, at
from sfsync.mockorg.soql.scope import Scope, Value, grouping_key

_SETS = {"ROLLUP", "CUBE"}
_MOST_FIELDS = 3
"""Fields that ROLLUP and CUBE take."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the answer or an item of ORDER BY: SQL, or the number of the grouped field it is about."""

    sql: str
    key: int | None = None
    mark: bool = False
    """Whether it tells, as GROUPING does, that the row sums over the field."""

    def within(self, active: frozenset[int]) -> str:
        """The SQL for a set of groups in which these fields are grouped."""
        if self.key is None:
            return self.sql
        if self.mark:
            return "0" if self.key in active else "1"
        return self.sql if self.key in active else "NULL"


def group(
    query: ast.Query, chosen: "list[ast.Selected | ast.TypeOf | ast.Query]", scope: Scope, plan: Plan
) -> None:
    """Fill the plan of an aggregate query; raises Refused for what cannot stand in one."""
    keys, sets = _keys(query, scope)
    if not keys and query.limit is not None:
        text = "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
        raise at(scope.source, query.at, MALFORMED, text)
    plan.kind = "aggregate"
    columns: list[_Column] = []
    result: list[ResultColumn] = []
    unnamed = count()
    for each in chosen:
        if not isinstance(each, ast.Selected):
            place = each.parent.at if isinstance(each, ast.TypeOf) else each.at
            raise at(
                scope.source, place, MALFORMED, "sub-queries and TYPEOF are not allowed in an aggregate query"
            )
        column, value = _column(each.expression, keys, scope, "Field must be grouped or aggregated")
        plain = isinstance(each.expression, ast.Path)
        name = each.alias or (value.name if plain else f"expr{next(unnamed)}")
        plan.shape.items.append((name, "boolean" if value.type == "boolean" else "value", len(columns)))
        columns.append(column)
        result.append(ResultColumn(name, value.field, aggregate=not plain, type=value.type))
    plan.shape.type, plan.shape.id = "AggregateResult", -1
    plan.result = tuple(result)
    ordered: list[_Column] = []
    for item in query.order_by:
        column, value = _column(item.expression, keys, scope, "Ordered field must be grouped or aggregated")
        terms = [column.sql] if column.mark else sort_terms(value, locale=scope.locale)
        parts = [_Column(term, column.key, column.mark) for term in terms]
        ordered += parts
        plan.order_words += [item] * len(parts)
    for active in sets:
        selected = [column.within(active) for column in columns + ordered]
        grouped = ", ".join(grouping_key(keys[number]) for number in sorted(active)) or "NULL"
        plan.unions.append((selected, f" GROUP BY {grouped}" if keys else ""))
    plan.columns = [f"c{number}" for number in range(len(columns))]
    plan.order = _order(plan, len(columns))


def _order(plan: Plan, first: int) -> str:
    items = [f"c{first + number}{_direction(item)}" for number, item in enumerate(plan.order_words)]
    return f" ORDER BY {', '.join(items)}" if items else ""


def _direction(item: ast.Ordering) -> str:
    nulls = "" if item.nulls_first is None else f" NULLS {'FIRST' if item.nulls_first else 'LAST'}"
    return f" {'DESC' if item.descending else 'ASC'}{nulls}"


def _keys(query: ast.Query, scope: Scope) -> tuple[list[Value], list[frozenset[int]]]:
    """The grouped fields, and which of them each set of groups keeps apart, the finest set first."""
    first = query.group_by[0] if query.group_by else None
    word = first.name.upper() if isinstance(first, ast.Call) else ""
    listed = query.group_by
    if word in _SETS and isinstance(first, ast.Call):
        if len(listed) > 1 or not 0 < len(first.arguments) <= _MOST_FIELDS:
            raise at(
                scope.source,
                first.at,
                MALFORMED,
                f"GROUP BY {word} takes one to {_MOST_FIELDS} fields, alone",
            )
        listed = first.arguments
    keys = [scope.value(each) for each in listed]
    for expression, value in zip(listed, keys, strict=True):
        unfit = isinstance(expression, ast.Path) and value.field is not None and not value.field.groupable
        if unfit or value.aggregate:
            raise at(
                scope.source,
                expression.at,
                INVALID_FIELD,
                f"field '{value.name}' can not be grouped in a query call",
            )
    numbers = range(len(keys))
    if word == "ROLLUP":
        return keys, [frozenset(numbers[:size]) for size in range(len(keys), -1, -1)]
    if word == "CUBE":
        sizes = range(len(keys), -1, -1)
        return keys, [frozenset(each) for size in sizes for each in combinations(numbers, size)]
    return keys, [frozenset(numbers)]


def _column(
    expression: ast.Expression, keys: list[Value], scope: Scope, complaint: str
) -> tuple[_Column, Value]:
    known = {value.sql: number for number, value in enumerate(keys)}
    if isinstance(expression, ast.Call) and expression.name.upper() == "GROUPING":
        inner = scope.value(expression.arguments[0]) if len(expression.arguments) == 1 else None
        if inner is None or inner.sql not in known:
            raise at(scope.source, expression.at, MALFORMED, f"{complaint}: {written(expression)}")
        return _Column("", known[inner.sql], mark=True), Value("", "int", written(expression), aggregate=True)
    value = scope.value(expression)
    if value.aggregate:
        return _Column(value.sql), value
    within = known.get(value.sql)
    if within is None and isinstance(expression, ast.Call) and len(expression.arguments) == 1:
        # toLabel and FORMAT of a grouped field.
        within = known.get(scope.value(expression.arguments[0]).sql)
    if within is None:
        raise at(scope.source, expression.at, MALFORMED, f"{complaint}: {written(expression)}")
    return _Column(value.sql, within), value
