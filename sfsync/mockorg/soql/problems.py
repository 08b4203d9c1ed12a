"""Errors of queries: the org's text with the excerpt, the caret and the place."""

from sfsync.mockorg.problems import Refused

_BEFORE, _AFTER = 32, 35
"""How much of the query is shown around the place, to the next blanks."""

INVALID_FIELD = "INVALID_FIELD"
INVALID_TYPE = "INVALID_TYPE"
MALFORMED = "MALFORMED_QUERY"
BAD_OPERATOR = "INVALID_QUERY_FILTER_OPERATOR"


def at(source: str, place: int, code: str, message: str) -> Refused:
    """A refusal that shows the query around the character at ``place`` (from 0)."""
    row = source.count("\n", 0, place) + 1
    column = place - (source.rfind("\n", 0, place) + 1) + 1
    start, end = max(place - _BEFORE, 0), min(place + _AFTER, len(source))
    while start and not source[start - 1].isspace():
        start -= 1
    while end < len(source) and not source[end].isspace():
        end += 1
    excerpt = " ".join(source[start:end].split("\n"))
    caret = " " * (place - start) + "^"
    return Refused(code, f"\n{excerpt}\n{caret}\nERROR at Row:{row}:Column:{column}\n{message}")


def no_such_column(source: str, place: int, column: str, entity: str) -> Refused:
    """A field that the object does not have."""
    return at(
        source,
        place,
        INVALID_FIELD,
        f"No such column '{column}' on entity '{entity}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )


def no_such_type(source: str, place: int, name: str) -> Refused:
    """An object that the org does not have."""
    return at(
        source,
        place,
        INVALID_TYPE,
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    )


def no_such_relationship(source: str, place: int, name: str, where: str) -> Refused:
    """A relationship that the object does not have; ``where`` is "field path" or "FROM part of query call"."""
    code = INVALID_FIELD if where == "field path" else INVALID_TYPE
    return at(
        source,
        place,
        code,
        f"Didn't understand relationship '{name}' in {where}. If you are attempting to use a custom relationship, be "
        "sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
        "call for the appropriate names.",
    )
