"""Names in a query: fields, parents, polymorphic parents, functions; each becomes an SQL expression with a type."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from sfsync.mockorg.formulas import read
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.schema import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, FieldDef, ObjectDef, Schema
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.parse import written
from sfsync.mockorg.soql.problems import INVALID_FIELD, MALFORMED, at, no_such_column, no_such_relationship
from sfsync.mockorg.store import quoted


@dataclass(slots=True)
class Node:
    """One object in the query: the object of FROM, or a parent that a path goes through."""

    thing: ObjectDef
    alias: str
    join: str = ""
    above: "Node | None" = None
    parents: "dict[str, list[Node]]" = field(default_factory=dict)
    used: bool = False

    def use(self) -> "Node":
        """The query needs this object's table, and those below it."""
        node: Node | None = self
        while node is not None and not node.used:
            node.used = True
            node = node.above
        return self

    def column(self, name: str) -> str:
        """A column of the table in SQL."""
        return f"{self.alias}.{quoted(name)}"


@dataclass(frozen=True, slots=True)
class Value:
    """An expression in SQL, the type it compares as, and the field behind it when there is just one."""

    sql: str
    type: str
    name: str
    field: FieldDef | None = None
    nodes: tuple[Node, ...] = ()
    chain: tuple[str, ...] = ()
    """Canonical relationship names on the way to the field."""
    aggregate: bool = False
    case_sensitive: bool = False


_PARTS: dict[str, Callable[[str], str]] = {
    "CALENDAR_YEAR": lambda sql: f"CAST(substr({sql}, 1, 4) AS INTEGER)",
    "CALENDAR_QUARTER": lambda sql: f"((CAST(substr({sql}, 6, 2) AS INTEGER) + 2) / 3)",
    "CALENDAR_MONTH": lambda sql: f"CAST(substr({sql}, 6, 2) AS INTEGER)",
    "DAY_IN_MONTH": lambda sql: f"CAST(substr({sql}, 9, 2) AS INTEGER)",
    "DAY_IN_WEEK": lambda sql: f"(CAST(strftime('%w', substr({sql}, 1, 10)) AS INTEGER) + 1)",
    "DAY_IN_YEAR": lambda sql: f"CAST(strftime('%j', substr({sql}, 1, 10)) AS INTEGER)",
    "DAY_ONLY": lambda sql: f"substr({sql}, 1, 10)",
    "HOUR_IN_DAY": lambda sql: f"CAST(substr({sql}, 12, 2) AS INTEGER)",
    "WEEK_IN_MONTH": lambda sql: f"((CAST(substr({sql}, 9, 2) AS INTEGER) - 1) / 7 + 1)",
    "WEEK_IN_YEAR": lambda sql: f"((CAST(strftime('%j', substr({sql}, 1, 10)) AS INTEGER) - 1) / 7 + 1)",
}
_PARTS |= {f"FISCAL_{each}": _PARTS[f"CALENDAR_{each}"] for each in ("YEAR", "QUARTER", "MONTH")}
AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"}
SHOWN = {"TOLABEL", "FORMAT", "CONVERTCURRENCY"}
"""Functions that show a field otherwise."""
FORMATTED = NUMBER_TYPES | {"date", "datetime", "time"}
"""Types that FORMAT takes."""
_MOST_LEVELS = 5
_MOST_FORMULAS = 10
"""How deep formula fields may refer to formula fields."""


class Scope:
    """The names that are known inside one SELECT."""

    def __init__(
        self,
        schema: Schema,
        source: str,
        thing: ObjectDef,
        alias: str | None,
        numbers: Iterator[int] | None = None,
        *,
        locale: bool = True,
    ) -> None:
        self.locale = locale
        self.schema = schema
        self.source = source
        self.numbers = numbers or count()
        self.root = Node(thing, f"t{next(self.numbers)}", used=True)
        self._nicknames = {thing.name.lower()} | ({alias.lower()} if alias else set())
        self._nodes: list[Node] = []
        self._formulas = 0

    def joins(self) -> str:
        """The JOIN clauses for the parents in use, in the order their paths appeared."""
        return "".join(node.join for node in self._nodes if node.used)

    def value(self, expression: ast.Expression) -> Value:
        """The SQL of a field or function; raises Refused for names the org does not know."""
        if isinstance(expression, ast.Path):
            return self.path(expression)
        name = expression.name.upper()
        if name in AGGREGATES:
            return self._aggregate(expression, name)
        if len(expression.arguments) != 1:
            raise at(self.source, expression.at, MALFORMED, f"unexpected function: {expression.name}")
        argument = expression.arguments[0]
        if name in _PARTS and isinstance(argument, ast.Call) and argument.name.upper() == "CONVERTTIMEZONE":
            # The org's time zone, and its user's, is UTC: nothing moves.
            argument = argument.arguments[0] if len(argument.arguments) == 1 else argument
        inner = self.value(argument)
        if name in SHOWN:
            return self._shown(expression, name, inner)
        part = _PARTS.get(name)
        if part is None:
            raise at(self.source, expression.at, MALFORMED, f"unexpected function: {expression.name}")
        if inner.type not in {"date", "datetime"}:
            message = f"field '{inner.name}' does not support function {expression.name}"
            raise at(self.source, expression.at, INVALID_FIELD, message)
        kind = "date" if name == "DAY_ONLY" else "int"
        return Value(part(inner.sql), kind, written(expression), aggregate=inner.aggregate)

    def _shown(self, call: ast.Call, name: str, inner: Value) -> Value:
        """toLabel, FORMAT and convertCurrency: a field shown otherwise, under its own name."""
        text = f"field '{inner.name}' does not support function {call.name}"
        if name == "CONVERTCURRENCY":
            if inner.type != "currency":
                raise at(self.source, call.at, INVALID_FIELD, text)
            return inner
        if name == "FORMAT":
            if inner.type not in FORMATTED:
                raise at(self.source, call.at, INVALID_FIELD, text)
            scale = inner.field.scale if inner.field else 0 if inner.type == "int" else 2
            sql = f"shown({inner.sql}, '{inner.type}', {scale})"
            return replace(inner, sql=sql, type="string", field=None)
        if inner.type not in {"picklist", "multipicklist", "combobox"} or inner.field is None:
            raise at(self.source, call.at, INVALID_FIELD, text)
        labels = [each for each in inner.field.choices if each.label != each.value]
        cases = " ".join(f"WHEN {sql_text(each.value)} THEN {sql_text(each.label)}" for each in labels)
        sql = f"(CASE {inner.sql} {cases} ELSE {inner.sql} END COLLATE NOCASE)" if labels else inner.sql
        return replace(inner, sql=sql, type="string", field=None)

    def _aggregate(self, call: ast.Call, name: str) -> Value:
        if len(call.arguments) != 1:
            raise at(self.source, call.at, MALFORMED, f"unexpected function: {call.name}")
        inner = self.value(call.arguments[0])
        unfit = inner.field is not None and not inner.field.aggregatable
        if inner.aggregate or unfit or (name in {"SUM", "AVG"} and inner.type not in NUMBER_TYPES):
            message = f"field {inner.name} does not support aggregate operator {name}"
            raise at(self.source, call.at, MALFORMED, message)
        if name == "COUNT_DISTINCT":
            return Value(f"count(DISTINCT {grouping_key(inner)})", "int", written(call), aggregate=True)
        kind = {"COUNT": "int", "SUM": "double", "AVG": "double"}.get(name, inner.type)
        return Value(f"{name.lower()}({inner.sql})", kind, written(call), aggregate=True)

    def path(self, path: ast.Path) -> Value:
        """The field at the end of a path from the object of FROM."""
        names = path.names
        if (
            len(names) > 1
            and names[0].lower() in self._nicknames
            and not self.root.thing.relationship(names[0])
        ):
            names = names[1:]
        return self.walk(ast.Path(names, path.at), [self.root])

    def walk(self, path: ast.Path, nodes: list[Node]) -> Value:
        """The field at the end of a path from any of these objects."""
        if len(path.names) - 1 > _MOST_LEVELS:
            raise at(self.source, path.at, MALFORMED, f"SOQL allows at most {_MOST_LEVELS} parent levels")
        chain: list[str] = []
        for name in path.names[:-1]:
            reference = next((each for node in nodes if (each := node.thing.relationship(name))), None)
            if reference is None or reference.relationship is None:
                raise no_such_relationship(self.source, path.at, name, "field path")
            chain.append(reference.relationship)
            nodes = [parent for node in nodes for parent in self._parents(node, name)]
        return self._field(path, path.names[-1], nodes, tuple(chain))

    def _field(self, path: ast.Path, name: str, nodes: list[Node], chain: tuple[str, ...]) -> Value:
        found = [(node, node.thing.fields[name]) for node in nodes if name in node.thing.fields]
        if len(nodes) > 1 and name.lower() == "type":
            return Value(type_of(nodes), "string", "Type", nodes=tuple(nodes), chain=chain)
        if not found:
            entity = "Name" if len(nodes) > 1 else nodes[0].thing.name
            raise no_such_column(self.source, path.at, name, entity)
        first = found[0][1]
        if not first.stored:
            return Value("NULL", first.type, first.name, first, tuple(node.use() for node, _ in found), chain)
        if first.formula and len(found) == 1:
            return self._formula(path, first, found[0][0], chain)
        columns = [node.use().column(one.name) for node, one in found]
        sql = columns[0]
        if len(columns) > 1:
            # An expression has lost its columns' collation; text must go on comparing without case.
            folding = " COLLATE NOCASE" if first.type in TEXT_TYPES else ""
            sql = f"(coalesce({', '.join(columns)}){folding})"
        return Value(
            sql, first.type, first.name, first, tuple(nodes), chain, case_sensitive=first.case_sensitive
        )

    def _formula(self, path: ast.Path, field: FieldDef, node: Node, chain: tuple[str, ...]) -> Value:
        """A formula field as a call of the SQL function that works it out from the columns it needs."""
        if self._formulas >= _MOST_FORMULAS:
            raise at(
                self.source,
                path.at,
                "QUERY_TOO_COMPLICATED",
                "Formula fields refer to one another too deeply",
            )
        self._formulas += 1
        formula = read(field.formula, blank_as_zero=field.blank_as_zero)
        parts = [self._known(ast.Path((*chain, *each.split(".")), path.at)) for each in formula.paths]
        self._formulas -= 1
        name = f"{node.thing.name}.{field.name}"
        sql = f"formula({', '.join([repr(name), *parts])})"
        return Value(sql, field.type, field.name, field, (node,), chain)

    def _known(self, path: ast.Path) -> str:
        """The SQL of a path in a formula; what the org does not know is null there."""
        try:
            return self.path(path).sql
        except Refused:
            return "NULL"

    def _parents(self, node: Node, relationship: str) -> list[Node]:
        known = node.parents.get(relationship.lower())
        if known is not None:
            return known
        reference = node.thing.relationship(relationship)
        made: list[Node] = []
        for target in reference.reference_to if reference else ():
            thing = self.schema.objects.get(target)
            if reference is not None and thing is not None:
                alias = f"t{next(self.numbers)}"
                join = f" LEFT JOIN {quoted(target)} AS {alias} ON {alias}.Id = {node.column(reference.name)}"
                made.append(Node(thing, alias, join, node))
        node.parents[relationship.lower()] = made
        self._nodes += made
        return made


def type_of(nodes: list[Node]) -> str:
    """The name of the object that a polymorphic parent turned out to be, as SQL."""
    cases = " ".join(f"WHEN {node.use().alias}.Id IS NOT NULL THEN '{node.thing.name}'" for node in nodes)
    return f"(CASE {cases} END COLLATE NOCASE)"


def grouping_key(value: Value) -> str:
    """What rows of one group have in common: text without case, beyond A to Z too."""
    folded = value.type in TEXT_TYPES and value.type != "picklist" and not value.case_sensitive
    return f"fold({value.sql})" if folded else value.sql


def sql_text(text: str) -> str:
    """Text from the metadata as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def comparable(kind: str) -> bool:
    """Whether values of the type have an order (``<``)."""
    return kind not in ID_TYPES and kind not in {"boolean", "multipicklist"}
