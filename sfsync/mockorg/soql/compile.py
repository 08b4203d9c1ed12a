"""A syntax tree to a plan of SQL: fields, parents, sub-queries, conditions, order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from sfsync.mockorg.present import parts
from sfsync.mockorg.quirks import Quirks
from sfsync.mockorg.schema import COMPOUND_TYPES, ID_TYPES, FieldDef, ObjectDef, Schema
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.groups import group
from sfsync.mockorg.soql.limits import check_limits
from sfsync.mockorg.soql.order import sort_terms
from sfsync.mockorg.soql.parse import written
from sfsync.mockorg.soql.plan import Cases, Plan, ResultColumn, Shape
from sfsync.mockorg.soql.problems import INVALID_FIELD, MALFORMED, at, no_such_relationship, no_such_type
from sfsync.mockorg.soql.scope import AGGREGATES, Node, Scope, Value, type_of
from sfsync.mockorg.soql.scope_words import scope_condition
from sfsync.mockorg.soql.where import Conditions
from sfsync.mockorg.store import quoted


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles queries against a schema. ``user_id`` serves USING SCOPE mine."""

    schema: Schema
    today: date
    user_id: str
    all_rows: bool = False
    version: float = 62.0
    quirks: Quirks = field(default_factory=Quirks)

    def compile(self, query: ast.Query, source: str) -> Plan:
        """The plan of a parsed query; raises Refused with the org's text and place."""
        check_limits(query, source, self.version)
        thing = self.schema.objects.get(query.object)
        if thing is None:
            raise no_such_type(source, query.at, query.object)
        return self._select(query, source, thing, count())

    def _select(
        self,
        query: ast.Query,
        source: str,
        thing: ObjectDef,
        numbers: Iterator[int],
        child: FieldDef | None = None,
    ) -> Plan:
        scope = Scope(self.schema, source, thing, query.alias, numbers, locale=self.quirks.locale_order)
        if (query.offset or 0) > 2000:
            raise at(source, query.at, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        chosen = _chosen(query, source, thing)
        calls = [each.expression for each in chosen if isinstance(each, ast.Selected)]
        counting = (
            len(chosen) == 1 and isinstance(calls[0] if calls else None, ast.Call) and _is_count(calls[0])
        )
        grouped = bool(query.group_by) or any(_is_aggregate(each) for each in calls)
        plan = Plan(
            thing, [f"{scope.root.alias}.Id"], "", "", "", [], query.limit, query.offset or 0,
            Shape(0, thing.name), (), scope.root.alias,
        )  # fmt: skip
        if counting:
            plan.kind = "count"
        elif grouped:
            group(query, chosen, scope, plan)
        else:
            self._fields(chosen, scope, plan, numbers)
        conditions = Conditions(scope, self.today, self._subquery(source, numbers), plan.parameters)
        plan.where = self._where(query, conditions, scope, child)
        if query.having is not None:
            if plan.kind != "aggregate":
                raise at(source, query.at, MALFORMED, "HAVING is allowed with GROUP BY only")
            having = Conditions(scope, self.today, self._subquery(source, numbers), plan.having_parameters)
            plan.having = f" HAVING {having.compile(query.having)}"
        if plan.kind != "aggregate":
            plan.order = _order(query, scope, plan)
        plan.tables = f"{quoted(thing.name)} AS {scope.root.alias}{scope.joins()}"
        return plan

    def _where(self, query: ast.Query, conditions: Conditions, scope: Scope, child: FieldDef | None) -> str:
        root = scope.root
        parts = [f"{root.alias}.IsDeleted < 2" if self.all_rows else f"{root.alias}.IsDeleted = 0"]
        if not self.all_rows and root.thing.name in {"Task", "Event"}:
            parts.append(f'{root.alias}."IsArchived" = 0')
        if query.scope:
            parts += scope_condition(query, root, scope.source, self.user_id, conditions.parameters)
        if query.where is not None:
            parts.append(conditions.compile(query.where))
        if child is not None:
            parts.append(f"{scope.root.column(child.name)} IN (SELECT value FROM json_each(?))")
        return " AND ".join(parts) or "1"

    def _subquery(self, source: str, numbers: Iterator[int]) -> Any:
        def compile_one(query: ast.Query, parameters: list[Any]) -> str:
            thing = self.schema.objects.get(query.object)
            if thing is None:
                raise no_such_type(source, query.at, query.object)
            chosen = query.select[0]
            if (
                len(query.select) != 1
                or not isinstance(chosen, ast.Selected)
                or isinstance(chosen.expression, ast.Call)
            ):
                raise at(source, query.at, MALFORMED, "A semi-join sub-select must select exactly one field")
            scope = Scope(self.schema, source, thing, query.alias, numbers)
            value = scope.value(chosen.expression)
            if value.type not in ID_TYPES:
                message = f"The selected field '{value.name}' of a semi-join must be an ID or reference field"
                raise at(source, chosen.expression.at, MALFORMED, message)
            conditions = Conditions(scope, self.today, self._subquery(source, numbers), parameters)
            where = self._where(query, conditions, scope, None)
            tables = f"{quoted(thing.name)} AS {scope.root.alias}{scope.joins()}"
            return f"SELECT {value.sql} FROM {tables} WHERE {where} AND {value.sql} IS NOT NULL"

        return compile_one

    def _fields(
        self,
        chosen: list[ast.Selected | ast.TypeOf | ast.Query],
        scope: Scope,
        plan: Plan,
        numbers: Iterator[int],
    ) -> None:
        result: list[ResultColumn] = []
        seen: set[str] = set()
        for each in chosen:
            if isinstance(each, ast.Query):
                result.append(self._children(each, scope, plan, numbers))
                continue
            if isinstance(each, ast.TypeOf):
                result.append(_typeof(each, scope, plan))
                continue
            if each.alias and not isinstance(each.expression, ast.Call):
                message = "only aggregate expressions use field aliasing"
                raise at(scope.source, each.expression.at, MALFORMED, message)
            value = scope.value(each.expression)
            dotted = ".".join((*value.chain, value.name))
            name = each.alias or dotted
            if name.lower() in seen:
                raise at(scope.source, each.expression.at, INVALID_FIELD, f"duplicate field selected: {name}")
            seen.add(name.lower())
            result.append(ResultColumn(name, value.field, type=value.type))
            shape = _shape_of(value, [scope.root], plan.shape, plan)
            shape.items.append((each.alias or value.name, *_item(value, scope, plan)))
        plan.result = tuple(result)

    def _children(self, query: ast.Query, scope: Scope, plan: Plan, numbers: Iterator[int]) -> ResultColumn:
        relation = self.schema.child(plan.thing.name, query.object)
        if relation is None or relation.name is None:
            raise no_such_relationship(scope.source, query.at, query.object, "FROM part of query call")
        thing = self.schema.objects[relation.child]
        child = self._select(query, scope.source, thing, numbers, thing.fields[relation.field])
        if child.kind != "records":
            raise at(scope.source, query.at, MALFORMED, "aggregates are not allowed in a sub-query of SELECT")
        child.columns.append(f"{child.root}.{quoted(relation.field)}")
        plan.shape.items.append((relation.name, "children", len(plan.children)))
        plan.children.append(child)
        return ResultColumn(relation.name, children=child.result)


def _chosen(query: ast.Query, source: str, thing: ObjectDef) -> list[ast.Selected | ast.TypeOf | ast.Query]:
    """The SELECT list with FIELDS(ALL|STANDARD|CUSTOM) spelled out."""
    chosen: list[ast.Selected | ast.TypeOf | ast.Query] = []
    for each in query.select:
        call = each.expression if isinstance(each, ast.Selected) else None
        if not isinstance(call, ast.Call) or call.name.upper() != "FIELDS":
            chosen.append(each)
            continue
        if query.group_by:
            raise at(source, call.at, MALFORMED, "The SOQL FIELDS function is not allowed with GROUP BY")
        which = written(call.arguments[0]).upper() if len(call.arguments) == 1 else ""
        if which not in {"ALL", "STANDARD", "CUSTOM"}:
            raise at(source, call.at, MALFORMED, "FIELDS takes ALL, STANDARD or CUSTOM")
        if which != "STANDARD" and not 0 < (query.limit or 0) <= 200:
            raise at(source, call.at, MALFORMED, "The SOQL FIELDS function must have a LIMIT of at most 200")
        named = {
            written(other.expression).lower() for other in query.select if isinstance(other, ast.Selected)
        }
        chosen += [
            ast.Selected(ast.Path((name,), call.at))
            for name, one in thing.fields.items()
            if (which == "ALL" or one.custom == (which == "CUSTOM")) and name.lower() not in named
        ]
    return chosen


def _is_count(call: ast.Expression | None) -> bool:
    return isinstance(call, ast.Call) and call.name.upper() == "COUNT" and not call.arguments


def _is_aggregate(expression: ast.Expression) -> bool:
    return (
        isinstance(expression, ast.Call)
        and expression.name.upper() in AGGREGATES
        and not _is_count(expression)
    )


def _typeof(asked: ast.TypeOf, scope: Scope, plan: Plan) -> ResultColumn:
    """A polymorphic parent with fields by what it is."""
    here = scope.path(ast.Path((*asked.parent.names, "Id"), asked.parent.at))
    name, nodes = here.chain[-1], here.nodes
    if len(nodes) < 2 or len(here.chain) > 1:
        message = f"TYPEOF is for polymorphic relationships: {'.'.join(asked.parent.names)} is none"
        raise at(scope.source, asked.parent.at, MALFORMED, message)
    by_name = {node.thing.name.lower(): node for node in nodes}
    shapes: dict[str, Shape] = {}
    for kind, fields in asked.cases:
        node = by_name.get(kind.names[0].lower())
        if node is None:
            raise no_such_type(scope.source, kind.at, kind.names[0])
        plan.columns.append(f"{node.use().alias}.Id")
        shape = Shape(len(plan.columns) - 1, node.thing.name)
        _fill(shape, fields, [node], scope, plan)
        shapes[node.thing.name] = shape
    plan.columns += [
        f"coalesce({', '.join(f'{node.use().alias}.Id' for node in nodes)})",
        type_of(list(nodes)),
    ]
    otherwise = Shape(len(plan.columns) - 2, len(plan.columns) - 1)
    rest = [node for node in nodes if node.thing.name not in shapes]
    _fill(otherwise, asked.otherwise if rest else (), rest, scope, plan)
    plan.shape.items.append((name, "typeof", Cases(len(plan.columns) - 1, shapes, otherwise)))
    return ResultColumn(name, children=(ResultColumn("Id"),))


def _fill(shape: Shape, fields: tuple[ast.Path, ...], nodes: list[Node], scope: Scope, plan: Plan) -> None:
    for path in fields:
        value = scope.walk(path, nodes)
        target = _shape_of(value, nodes, shape, plan)
        target.items.append((value.name, *_item(value, scope, plan)))


def _shape_of(value: Value, nodes: list[Node], shape: Shape, plan: Plan) -> Shape:
    """The part of the record that a field belongs to, made when its parent is new."""
    for name in value.chain:
        nodes = [parent for node in nodes for parent in node.parents[name.lower()]]
        found = next((what for known, kind, what in shape.items if kind == "parent" and known == name), None)
        if found is None:
            ids = [f"{node.use().alias}.Id" for node in nodes]
            plan.columns.append(ids[0] if len(ids) == 1 else f"coalesce({', '.join(ids)})")
            kind: str | int = nodes[0].thing.name
            place = len(plan.columns) - 1
            if len(nodes) > 1:
                plan.columns.append(type_of(nodes))
                kind = len(plan.columns) - 1
            found = Shape(place, kind)
            shape.items.append((name, "parent", found))
        shape = found
    return shape


def _item(value: Value, scope: Scope, plan: Plan) -> tuple[str, Any]:
    if value.type in COMPOUND_TYPES and value.field is not None:
        node = value.nodes[0]
        plan.columns += [
            node.column(part) if part in node.thing.fields else "NULL" for part in parts(value.field)
        ]
        return "address", slice(len(plan.columns) - 8, len(plan.columns))
    if value.sql == f"{scope.root.alias}.{quoted('Id')}":
        return "value", 0
    plan.columns.append(value.sql)
    kind = {"boolean": "boolean", "base64": "binary"}.get(value.type, "value")
    return kind, len(plan.columns) - 1


def _order(query: ast.Query, scope: Scope, plan: Plan) -> str:
    items = []
    for each in query.order_by:
        value = scope.value(each.expression)
        if value.type in COMPOUND_TYPES | {"anyType"} or (value.field is not None and value.field.long):
            message = f"field '{value.name}' can not be sorted in a query call"
            raise at(scope.source, each.expression.at, INVALID_FIELD, message)
        nulls = "" if each.nulls_first is None else f" NULLS {'FIRST' if each.nulls_first else 'LAST'}"
        words = f"{'DESC' if each.descending else 'ASC'}{nulls}"
        items += [f"{term} {words}" for term in sort_terms(value, locale=scope.locale)]
    if plan.kind == "records":
        items.append(f"{scope.root.alias}.rowid")
    return f" ORDER BY {', '.join(items)}" if items else ""
