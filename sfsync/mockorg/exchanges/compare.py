"""Recorded exchanges sent to a mock org: every difference in shape between its answers and the recorded ones.

Shape is status, kind and type of the answer, keys, types of values, error codes, columns, elements and their order;
not the values. The mock org is first given the records that the recording read but did not create, and ids of
records that were created since are put into later requests.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sfsync.mockorg import ids
from sfsync.mockorg.exchanges import bodies, words
from sfsync.mockorg.exchanges.exchange import BASE, Body, Exchange
from sfsync.mockorg.exchanges.plant import plant
from sfsync.mockorg.exchanges.pseudonyms import SECRET
from sfsync.mockorg.http import Request, Response

if TYPE_CHECKING:
    from sfsync.mockorg.mock import MockOrg

_CODES = frozenset({"errorCode", "statusCode", "exceptionCode", "error", "httpStatusCode", "faultcode"})
"""Keys whose values are part of the shape."""
_ORGANIZATION = re.compile(r"(?<![0-9A-Za-z])00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?(?![0-9A-Za-z])")
"""An org's own id: there is one Organization, whatever it is called."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. ``number`` counts exchanges from 1, ``where`` is a place in the answer."""

    number: int
    request: str
    where: str
    recorded: str
    mock: str

    def __str__(self) -> str:
        return f"{self.number}. {self.request}: {self.where}: recorded {self.recorded}, mock org {self.mock}"


def compare(exchanges: Sequence[Exchange], org: "MockOrg") -> list[Difference]:
    """Send the requests one after the other and compare the answers."""
    known = {planted[:15]: planted for planted in plant(exchanges, org)}
    known |= {
        each[:15]: org.core.organization_id for one in exchanges for each in _ORGANIZATION.findall(one.path)
    }
    found = []
    for number, recorded in enumerate(exchanges, 1):
        response = org.handle(_request(recorded, known, org))
        answer = bodies.decode(response.body, response.header("content-type") or "")
        _learn(recorded.answer.value, answer.value, known)
        _learn(dict(recorded.answer_headers), dict(response.headers), known)
        found += [
            Difference(number, recorded.line, where, one, other)
            for where, one, other in _differences(recorded, response, answer)
        ]
    return found


def _request(recorded: Exchange, known: Mapping[str, str], org: "MockOrg") -> Request:
    body = _translated(recorded.body, known, org.token)
    query = "&".join(
        f"{quote(name)}={quote(_known(value, known), safe='')}" for name, value in recorded.query
    )
    path = _known(recorded.path, known)
    headers = {
        "authorization": f"Bearer {org.token}",
        "x-sfdc-session": org.token,
        **{name.lower(): value for name, value in recorded.headers.items()},
    }
    return Request(recorded.method, f"{path}?{query}" if query else path, headers, bodies.encode(body), BASE)


def _translated(body: Body, known: Mapping[str, str], token: str) -> Body:
    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(each) for name, each in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        return _known(value, known) if isinstance(value, str) else value

    value = walk(body.value)
    if body.kind == "xml":
        value = re.sub(rf"(<(?:\w+:)?sessionId>){SECRET}(?=</)", rf"\g<1>{token}", value)
    return replace(body, value=value)


def _known(text: str, known: Mapping[str, str]) -> str:
    return words.ID_IN_TEXT.sub(lambda match: known.get(match[0][:15], match[0])[: len(match[0])], text)


def _learn(recorded: Any, mock: Any, known: dict[str, str]) -> None:
    """Note which of the mock org's ids stands where the recording had its own."""
    if isinstance(recorded, dict) and isinstance(mock, dict):
        for name in recorded.keys() & mock.keys():
            _learn(recorded[name], mock[name], known)
    elif isinstance(recorded, list) and isinstance(mock, list):
        for one, other in zip(recorded, mock, strict=False):
            _learn(one, other, known)
    elif isinstance(recorded, str) and isinstance(mock, str) and recorded != mock:
        theirs, ours = words.ID_IN_TEXT.findall(recorded), words.ID_IN_TEXT.findall(mock)
        if len(theirs) == len(ours):
            for one, other in zip(theirs, ours, strict=True):
                whole = ids.normalise(other)
                if whole and one[:3] == other[:3]:
                    known.setdefault(one[:15], whole)


def _differences(recorded: Exchange, response: Response, answer: Body) -> Iterator[tuple[str, str, str]]:
    if recorded.status != response.status:
        yield "status", str(recorded.status), str(response.status)
    for name, value in recorded.answer_headers.items():
        ours = response.header(name)
        if ours is None:
            yield f"header {name}", repr(value), "nothing"
        elif name.lower() == "content-type" and _media(value) != _media(ours):
            yield f"header {name}", repr(value), repr(ours)
    if recorded.answer.kind == "omitted":
        return
    if recorded.answer.kind != answer.kind:
        yield "body", recorded.answer.kind, answer.kind
    elif answer.kind == "json":
        yield from json_differences(recorded.answer.value, answer.value, "body")
    elif answer.kind == "csv":
        one, other = recorded.answer.value[:1], answer.value[:1]
        if one != other:
            yield "columns", ",".join(*one), ",".join(*other)
    elif answer.kind == "xml":
        yield from _xml_differences(recorded.answer.value, answer.value)


def _media(value: str) -> str:
    return value.replace(" ", "").lower()


def json_differences(recorded: Any, mock: Any, where: str) -> Iterator[tuple[str, str, str]]:
    """Differences in shape between two JSON values; null fits everything."""
    if recorded is None or mock is None:
        return
    one, other = type_of(recorded), type_of(mock)
    if one != other:
        yield where, one, other
    elif isinstance(recorded, dict):
        for name, value in recorded.items():
            if name not in mock:
                yield f"{where}.{name}", type_of(value), "nothing"
            elif name in _CODES and value != mock[name]:
                yield f"{where}.{name}", repr(value), repr(mock[name])
            else:
                yield from json_differences(value, mock[name], f"{where}.{name}")
        for name in mock:
            if name in recorded:
                continue
            yield f"{where}.{name}", "nothing", type_of(mock[name])
    elif isinstance(recorded, list):
        yield from _list_differences(recorded, mock, where)


def _list_differences(recorded: list[Any], mock: list[Any], where: str) -> Iterator[tuple[str, str, str]]:
    theirs, ours = _by_name(recorded), _by_name(mock)
    if theirs and ours:
        found = [
            (f"{where}[]{place.removeprefix('*')}", one, other)
            for name in theirs
            if name in ours
            for place, one, other in json_differences(theirs[name], ours[name], "*")
        ]
        yield from dict.fromkeys(found)
    elif len(recorded) == len(mock):
        found = [
            (f"{where}[]{place.removeprefix('*')}", one, other)
            for each, ours in zip(recorded, mock, strict=True)
            for place, one, other in json_differences(each, ours, "*")
        ]
        yield from dict.fromkeys(found)
    elif not recorded or not mock:
        yield where, f"{len(recorded)} entries", f"{len(mock)} entries"
    else:
        yield from json_differences(_together(recorded), _together(mock), f"{where}[]")


def _by_name(values: list[Any]) -> dict[Any, Any]:
    """Entries that have names (fields, objects, child relationships) by their names; empty for other lists."""
    named = {
        each.get("name") or (each.get("childSObject"), each.get("field")): each
        for each in values
        if isinstance(each, dict) and ("name" in each or "childSObject" in each)
    }
    return named if len(named) == len(values) else {}


def _together(values: list[Any]) -> Any:
    """One value that has the keys of all: how a list's entries look, whatever their number."""
    if not all(isinstance(each, dict) for each in values):
        return next((each for each in values if each is not None), None)
    merged: dict[str, Any] = {}
    for each in values:
        for name, value in each.items():
            if merged.get(name) in (None, [], {}):
                merged[name] = value
    return {name: None if name in _CODES else value for name, value in merged.items()}


def type_of(value: Any) -> str:
    """The JSON type of a value, whole numbers apart from others."""
    names = {
        dict: "object",
        list: "list",
        str: "text",
        bool: "true or false",
        int: "whole number",
        float: "number",
    }
    return names.get(type(value), "null")


def _xml_differences(recorded: str, mock: str) -> Iterator[tuple[str, str, str]]:
    try:
        one, other = ET.fromstring(recorded), ET.fromstring(mock)  # noqa: S314  ours, and a checked recording
    except ET.ParseError as error:
        yield "body", "XML", f"no well-formed XML ({error})"
        return
    yield from _element_differences(one, other, "")


def _element_differences(one: ET.Element, other: ET.Element, where: str) -> Iterator[tuple[str, str, str]]:
    here = f"{where}/{_local(one)}"
    if one.tag != other.tag:
        yield here, one.tag, other.tag
        return
    if _local(one) in _CODES and (one.text or "").strip() != (other.text or "").strip():
        yield here, repr(one.text), repr(other.text)
    theirs, ours = [_local(each) for each in one], [_local(each) for each in other]
    if list(dict.fromkeys(theirs)) != list(dict.fromkeys(ours)):
        yield (
            here,
            " ".join(dict.fromkeys(theirs)) or "no elements",
            " ".join(dict.fromkeys(ours)) or "no elements",
        )
        return
    firsts = {_local(each): each for each in reversed(list(other))}
    for name, child in {_local(each): each for each in reversed(list(one))}.items():
        yield from _element_differences(child, firsts[name], here)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
