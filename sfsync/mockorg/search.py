"""Search: SOSL as far as FIND, IN and RETURNING go, and the same by parameters.

A real org searches an index of words; here every word of the term must occur in one of the fields searched, in any
case, with ``*`` and ``?`` as wildcards. Source: "SOSL Syntax", and in the REST API Developer Guide "Search" and
"Parameterized Search".
"""

import re
from dataclasses import dataclass
from typing import Any

from sfsync.mockorg.http import Reply
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.schema import ObjectDef
from sfsync.mockorg.state import Call, json_list

V = "/services/data/{version}"
MOST = 2_000
"""Records of an answer."""

_SEARCHED = {
    "all": {"string", "textarea", "email", "phone", "url", "picklist", "combobox", "encryptedstring"},
    "name": set(),
    "email": {"email"},
    "phone": {"phone"},
    "sidebar": {"string", "email", "phone"},
}
_FIND = re.compile(
    r"\s*FIND\s*\{(?P<term>(?:[^{}\\]|\\.)*)\}\s*(?:IN\s+(?P<scope>\w+)\s+FIELDS\s*)?"
    r"(?:RETURNING\s+(?P<returning>.*?))?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_RETURNED = re.compile(r"\s*(\w+)\s*(?:\(((?:[^()']|'(?:[^'\\]|\\.)*'|\([^()]*\))*)\))?\s*(?:,|$)", re.DOTALL)
_TAIL = re.compile(r"\s+(?=(?:WHERE|ORDER\s+BY|LIMIT|OFFSET)\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object to search, the fields to give of what is found, and conditions as SOQL writes them."""

    name: str
    fields: str = "Id"
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """A search: the term, the fields it looks at, the objects, how many records at most."""

    term: str
    scope: str = "all"
    wanted: tuple[Wanted, ...] = ()
    limit: int = MOST


def search(call: Call) -> Reply:
    """GET /search?q=FIND …"""
    text = call.request.query.get("q", "")
    found = _FIND.fullmatch(text)
    if found is None:
        raise Refused("MALFORMED_SEARCH", f"No search expression that can be read: {text}")
    term = re.sub(r"\\(.)", r"\1", found["term"])
    wanted = _returning(found["returning"]) if found["returning"] else ()
    limit = min(int(found["limit"] or MOST), MOST)
    return _answer(call, Search(term, (found["scope"] or "all").lower(), wanted, limit))


def _returning(text: str) -> tuple[Wanted, ...]:
    wanted: list[Wanted] = []
    place = 0
    while place < len(text):
        found = _RETURNED.match(text, place)
        if found is None:
            raise Refused("MALFORMED_SEARCH", f"unexpected token in RETURNING: {text[place:]}")
        fields, *tail = _TAIL.split(" " + (found[2] or "Id"), maxsplit=1)
        wanted.append(Wanted(found[1], fields.strip(), tail[0] if tail else ""))
        place = found.end()
    return tuple(wanted)


def by_parameters(call: Call) -> Reply:
    """GET /parameterizedSearch?q=…&sobject=…"""
    asked = call.request.query
    names = [name.strip() for name in asked.get("sobject", "").split(",") if name.strip()]
    wanted = []
    for name in names:
        own = {key.partition(".")[2]: value for key, value in asked.items() if key.startswith(f"{name}.")}
        wanted.append(
            _wanted(
                name,
                own.get("fields") or asked.get("fields", ""),
                own.get("where", ""),
                own.get("limit") or asked.get("defaultLimit", ""),
            )
        )
    return _by(call, asked, tuple(wanted))


def by_body(call: Call) -> Reply:
    """POST /parameterizedSearch: the same as JSON."""
    asked = call.request.json_object()
    common = ",".join(map(str, json_list(asked.get("fields", []), "fields")))
    wanted = []
    for each in json_list(asked.get("sobjects", []), "sobjects"):
        if not isinstance(each, dict) or not each.get("name"):
            raise Refused("INVALID_INPUT", "Every entry of sobjects needs a name")
        own = ",".join(map(str, json_list(each.get("fields", []), "fields")))
        limit = str(each.get("limit") or asked.get("defaultLimit") or "")
        wanted.append(_wanted(str(each["name"]), own or common, str(each.get("where") or ""), limit))
    return _by(call, asked, tuple(wanted))


def _wanted(name: str, fields: str, where: str, limit: str) -> Wanted:
    tail = (f" WHERE {where}" if where else "") + (f" LIMIT {int(limit)}" if limit.isdigit() else "")
    return Wanted(name, fields or "Id", tail)


def _by(call: Call, asked: Any, wanted: tuple[Wanted, ...]) -> Reply:
    limit = str(asked.get("overallLimit") or MOST)
    most = min(int(limit), MOST) if limit.isdigit() else MOST
    return _answer(
        call, Search(str(asked.get("q") or ""), str(asked.get("in") or "all").lower(), wanted, most)
    )


def _answer(call: Call, asked: Search) -> Reply:
    words = asked.term.split()
    if not words or any(len(word.strip("*?")) < 2 for word in words):
        text = f"search term must be longer than one character: {asked.term}"
        raise Refused("MALFORMED_SEARCH", text)
    if asked.scope not in _SEARCHED:
        raise Refused("MALFORMED_SEARCH", f"There are no {asked.scope.upper()} FIELDS to search")
    wanted = asked.wanted or tuple(
        Wanted(each.name) for each in call.core.schema.objects.values() if _searched(each, "name")
    )
    found: list[dict[str, Any]] = []
    for each in wanted:
        if len(found) >= asked.limit:
            break
        found += _found(call, each, asked.scope, words)
    return Reply(200, {"searchRecords": found[: asked.limit]})


def _found(call: Call, wanted: Wanted, scope: str, words: list[str]) -> list[dict[str, Any]]:
    definition = call.core.schema.objects.get(wanted.name)
    if definition is None:
        raise Refused("INVALID_TYPE", f"sObject type '{wanted.name}' is not supported.")
    searched = _searched(definition, scope)
    if not searched:
        return []
    parts = []
    for word in words:
        pattern = re.sub(r"([\\'%_])", r"\\\1", word).replace("*", "%").replace("?", "_")
        parts.append("(" + " OR ".join(f"{name} LIKE '%{pattern}%'" for name in searched) + ")")
    condition = " AND ".join(parts)
    where = re.match(
        r"\s*WHERE\s+(.*?)(?=\s+(?:ORDER\s+BY|LIMIT|OFFSET)\s|$)", wanted.tail, re.IGNORECASE | re.DOTALL
    )
    rest = wanted.tail[where.end() :] if where else f" {wanted.tail}"
    if where:
        condition = f"({where[1]}) AND {condition}"
    if not re.search(r"\blimit\b", rest, re.IGNORECASE):
        rest += f" LIMIT {MOST}"
    soql = f"SELECT {wanted.fields} FROM {definition.name} WHERE {condition}{rest}"
    return call.core.query(soql).rows(version=call.version)


def _searched(definition: ObjectDef, scope: str) -> list[str]:
    """The fields that a scope looks at and that can be filtered by."""
    names = [each.name for each in definition.fields.values() if each.name_field and each.filterable]
    if scope in {"email", "phone"}:
        names = []
    kinds = _SEARCHED[scope]
    more = [each.name for each in definition.fields.values()
            if each.type in kinds and each.filterable and each.stored]  # fmt: skip
    return list(dict.fromkeys([*names, *more]))


ROUTES = (
    Route("GET", V + "/search", search, "search"),
    Route("GET", V + "/parameterizedSearch", by_parameters, "search"),
    Route("POST", V + "/parameterizedSearch", by_body, "search"),
)
