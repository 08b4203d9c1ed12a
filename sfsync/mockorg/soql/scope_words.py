"""USING SCOPE: whose records a query looks at. "SOQL and SOSL Reference", USING SCOPE."""

from typing import Any

from sfsync.mockorg.soql import ast
from sfsync.mockorg.soql.problems import MALFORMED, at
from sfsync.mockorg.soql.scope import Node

_EVERYTHING = frozenset({"everything", "delegated", "my_territory", "my_team_territory", "scopingrule"})
"""Scopes that an org without delegates, territories and scoping rules does not narrow."""
_OWNED = {
    "mine": "{0} = ?",
    "mine_and_my_groups": "{0} = ?",
    "team": '{0} IN (SELECT Id FROM "User" WHERE ? IN (Id, "ManagerId"))',
    "team_by_role": '{0} IN (SELECT Id FROM "User" WHERE ? IN (Id, "ManagerId"))',
    "queue_owned": "substr({0}, 1, 3) = '00G'",
    "user_owned": "substr({0}, 1, 3) = '005'",
}


def scope_condition(
    query: ast.Query, root: Node, source: str, user_id: str, parameters: list[Any]
) -> list[str]:
    """The conditions, none or one, that the scope of a query adds; raises Refused for words that are no scope."""
    word = (query.scope or "").lower()
    if word in _EVERYTHING:
        return []
    if word not in _OWNED:
        raise at(source, query.at, MALFORMED, f"unexpected token: '{query.scope}'")
    if "OwnerId" not in root.thing.fields:
        return []
    condition = _OWNED[word].format(root.column("OwnerId"))
    if "?" in condition:
        parameters.append(user_id)
    return [condition]
