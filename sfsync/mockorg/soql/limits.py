"""What a statement may not hold however well it reads: too much text, too many or too deep sub-queries, all links.

"SOQL and SOSL Reference", SOQL and SOSL Limits for Search Queries; Comparison Operators (semi-joins).
"""

from collections.abc import Iterator

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.problems import MALFORMED, at

LONGEST_TEXT = 4_000
MOST_SUBQUERIES = 20
MOST_LEVELS = 5
MOST_SEMI_JOINS = 2
MOST_RELATIONSHIPS = 55
_LINK_IDS = frozenset({"id", "contentdocumentid", "linkedentityid"})
_LINKS_ONLY_BY_ID = (
    "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
    "LinkedEntityId using the equals operator or multiple Id's using the IN operator."
)
DEEP_SINCE = 58.0
"""The API version from which sub-queries may hold sub-queries."""


def check_limits(query: ast.Query, source: str, version: float) -> None:
    """Refuse what is too much; raises Refused with the place."""
    if query.object.casefold() == "contentdocumentlink" and not _narrow(query.where):
        raise at(source, query.at, MALFORMED, _LINKS_ONLY_BY_ID)
    _children(query, source, 1, MOST_LEVELS if version >= DEEP_SINCE else 2)
    for each in _with_children(query):
        _conditions(each, source)
        paths = {path.names[:-1] for path in _paths(each) if len(path.names) > 1}
        if len(paths) > MOST_RELATIONSHIPS:
            text = f"A query may go through {MOST_RELATIONSHIPS} child-to-parent relationships at most"
            raise at(source, query.at, MALFORMED, text)


def _narrow(condition: ast.Condition | None) -> bool:
    """Whether links of files are asked by ids; nobody may list them all ("ContentDocumentLink")."""
    match condition:
        case ast.Joined("AND", conditions):
            return any(map(_narrow, conditions))
        case ast.Comparison(ast.Path() as path, "=", _) | ast.Among(ast.Path() as path, _, False):
            return path.names[-1].casefold() in _LINK_IDS
        case _:
            return False


def _with_children(query: ast.Query) -> Iterator[ast.Query]:
    yield query
    for each in query.select:
        if isinstance(each, ast.Query):
            yield from _with_children(each)


def _children(query: ast.Query, source: str, level: int, deepest: int) -> None:
    children = [each for each in query.select if isinstance(each, ast.Query)]
    if len(children) > MOST_SUBQUERIES:
        text = f"a query may have {MOST_SUBQUERIES} sub-queries at most"
        raise at(source, children[MOST_SUBQUERIES].at, MALFORMED, text)
    if children and level >= deepest:
        text = "First error: SOQL statements cannot query aggregate relationships more than "
        raise at(
            source,
            children[0].at,
            MALFORMED,
            f"{text}{deepest - 1} level{'s' if deepest > 2 else ''} away from the root entity object.",
        )
    for each in children:
        _children(each, source, level + 1, deepest)


def _conditions(query: ast.Query, source: str) -> None:
    joins = list(_semi_joins(query.where, either=False))
    for number, (join, either) in enumerate(joins):
        if either:
            raise at(
                source,
                join.query.at,
                MALFORMED,
                "Semi join sub-selects are not allowed with the 'OR' operator",
            )
        if number >= MOST_SEMI_JOINS:
            raise at(
                source,
                join.query.at,
                MALFORMED,
                f"Maximum {MOST_SEMI_JOINS} semi join sub-selects are allowed",
            )
        if any(True for _ in _semi_joins(join.query.where, either=False)):
            raise at(source, join.query.at, MALFORMED, "Nesting of semi join sub-selects is not supported")
        if join.query.order_by or join.query.limit is not None:
            word = "order by" if join.query.order_by else "limit"
            raise at(source, join.query.at, MALFORMED, f"semi join sub-selects cannot have {word}")
    for literal in _literals(query.where):
        if isinstance(literal, ast.Text) and len(literal.value) > LONGEST_TEXT:
            raise Refused(MALFORMED, f"the filter value is longer than {LONGEST_TEXT:,} characters")


def _semi_joins(condition: ast.Condition | None, *, either: bool) -> Iterator[tuple[ast.AmongQuery, bool]]:
    if isinstance(condition, ast.AmongQuery):
        yield condition, either
    elif isinstance(condition, ast.Not):
        yield from _semi_joins(condition.condition, either=either)
    elif isinstance(condition, ast.Joined):
        for each in condition.conditions:
            yield from _semi_joins(each, either=either or condition.word == "OR")


def _literals(condition: ast.Condition | None) -> Iterator[ast.Literal]:
    if isinstance(condition, ast.Comparison):
        yield condition.value
    elif isinstance(condition, ast.Among | ast.Includes):
        yield from condition.values
    elif isinstance(condition, ast.Not):
        yield from _literals(condition.condition)
    elif isinstance(condition, ast.Joined):
        for each in condition.conditions:
            yield from _literals(each)
    elif isinstance(condition, ast.AmongQuery):
        yield from _literals(condition.query.where)


def _paths(query: ast.Query) -> Iterator[ast.Path]:
    for each in query.select:
        if isinstance(each, ast.Selected) and isinstance(each.expression, ast.Path):
            yield each.expression
        elif isinstance(each, ast.TypeOf):
            yield ast.Path((*each.parent.names, "Id"))
