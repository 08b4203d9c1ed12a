"""Prints syntax trees as SOQL: the other half of the round trip that tests the parser."""

from sfsync.mockorg.soql import ast


def _quote(text: str) -> str:
    """``Text.value`` keeps the backslashes of LIKE; everything else is escaped here."""
    out, place = "", 0
    while place < len(text):
        if text[place] == "\\":
            out += text[place : place + 2]
            place += 2
        else:
            out += {"'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(text[place], text[place])
            place += 1
    return f"'{out}'"


def literal(value: ast.Literal) -> str:
    match value:
        case ast.Text(text):
            return _quote(text)
        case ast.Number(text):
            return text
        case ast.Boolean(truth):
            return str(truth).lower()
        case ast.Null():
            return "null"
        case ast.Day(day):
            return day.isoformat()
        case ast.Moment(stamp):
            return stamp
        case ast.DateWord(name, count):
            return name if count is None else f"{name}:{count}"


def expression(value: ast.Expression) -> str:
    if isinstance(value, ast.Path):
        return ".".join(value.names)
    return f"{value.name}({', '.join(map(expression, value.arguments))})"


def condition(value: ast.Condition) -> str:
    match value:
        case ast.Comparison(left, operator, right):
            return f"{expression(left)} {operator} {literal(right)}"
        case ast.Among(left, values, negated):
            return f"{expression(left)} {'NOT ' * negated}IN ({', '.join(map(literal, values))})"
        case ast.AmongQuery(left, inner, negated):
            return f"{expression(left)} {'NOT ' * negated}IN ({query(inner)})"
        case ast.Includes(left, values, negated):
            return f"{expression(left)} {'EXCLUDES' if negated else 'INCLUDES'} ({', '.join(map(literal, values))})"
        case ast.Not(inner):
            return f"NOT ({condition(inner)})"
        case ast.Joined(word, parts):
            return f" {word} ".join(f"({condition(part)})" for part in parts)


def _selected(item: ast.Selected | ast.Query) -> str:
    if isinstance(item, ast.Query):
        return f"({query(item)})"
    return expression(item.expression) + (f" {item.alias}" if item.alias else "")


def _ordering(item: ast.Ordering) -> str:
    nulls = "" if item.nulls_first is None else f" NULLS {'FIRST' if item.nulls_first else 'LAST'}"
    return expression(item.expression) + " DESC" * item.descending + nulls


def query(value: ast.Query) -> str:
    parts = [f"SELECT {', '.join(map(_selected, value.select))} FROM {value.object}", value.alias or ""]
    parts.append(f"USING SCOPE {value.scope}" if value.scope else "")
    parts.append(f"WHERE {condition(value.where)}" if value.where else "")
    parts.append(f"GROUP BY {', '.join(map(expression, value.group_by))}" if value.group_by else "")
    parts.append(f"HAVING {condition(value.having)}" if value.having else "")
    parts.append(f"ORDER BY {', '.join(map(_ordering, value.order_by))}" if value.order_by else "")
    parts.append("" if value.limit is None else f"LIMIT {value.limit}")
    parts.append("" if value.offset is None else f"OFFSET {value.offset}")
    return " ".join(part for part in parts if part)
