"""Takes secrets and personal data out of an exchange before it is kept.

What is not known to be harmless is replaced: a text field, an unknown field, a literal in SOQL. Kept are the words
of the APIs, ids (as made-up ones), dates, numbers, checkboxes, and picklist values that the picklist has.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from sfsync.mockorg import ids
from sfsync.mockorg.exchanges import words
from sfsync.mockorg.exchanges.addresses import join_target, scrub_path
from sfsync.mockorg.exchanges.exchange import BASE, Body, Exchange
from sfsync.mockorg.exchanges.pseudonyms import PATTERN, SECRET, Pseudonyms
from sfsync.mockorg.exchanges.types import FieldTypes, is_describe
from sfsync.mockorg.exchanges.xml_values import scrub_xml

_REFERENCE = re.compile(r"@\{\w+(?:\.\w+|\[\d+\])*\}")
"""A reference to another subrequest's answer, ``@{account.id}``."""
_KEPT_AS = {
    "date": words.DATE,
    "datetime": words.MOMENT,
    "time": words.TIME,
    "int": words.NUMBER,
    "double": words.NUMBER,
    "currency": words.NUMBER,
    "percent": words.NUMBER,
    "boolean": re.compile(r"true|false|0|1", re.IGNORECASE),
}
_COUNTRY = re.compile(r"country(code)?$", re.IGNORECASE)
_PHONE_NAME = re.compile(r"phone|fax|mobile", re.IGNORECASE)
_FIELD_NAME = re.compile(r"[A-Za-z][\w.]*")
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_SOQL = re.compile(
    r"'((?:[^'\\]|\\.)*)'|([A-Za-z_][\w.]*)\s*\)?\s*(?==|!=|<>|[<>]=?|\bLIKE\b|\bNOT\s+IN\b|\bIN\b|\bINCLUDES\b"
    r"|\bEXCLUDES\b)|\bFROM\s+(\w+)",
    re.IGNORECASE,
)


class Scrubber:
    """Scrubs the exchanges of one session; the same original is replaced by the same made-up value everywhere.

    ``base``: scheme and host of the org. ``keep``: names of fields (``Name``, ``Product2.Name``, ``*__c``) whose
    values are harmless and stay.
    """

    def __init__(self, types: FieldTypes, *, base: str = "", keep: Sequence[str] = ()) -> None:
        self._types = types
        self._base = base
        self._keep = (*words.HARMLESS, *(each.lower() for each in keep))
        self.made = Pseudonyms()

    def exchange(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body,
        status: int,
        answer_headers: Mapping[str, str],
        answer: Body,
    ) -> Exchange:
        """The exchange as it may be kept. ``target`` is path and query as they were on the wire."""
        raw_path, _, raw_query = target.partition("?")
        sobject = object_of(raw_path)
        path = scrub_path(raw_path, self)
        query = tuple((name, self.parameter(name, text)) for name, text in _pairs(raw_query))
        sent = self._headers(headers, words.REQUEST_HEADERS)
        asked = self.body(body, sobject)
        got = self._headers(answer_headers, words.ANSWER_HEADERS)
        return Exchange(method, path, status, query, sent, asked, got, self.body(answer, sobject))

    def _headers(self, headers: Mapping[str, str], wanted: frozenset[str]) -> dict[str, str]:
        return {
            _header_name(name): self.kept(value)
            for name, value in headers.items()
            if (name.lower() in wanted or name.lower().startswith("sforce-"))
            and name.lower() not in words.DROPPED_HEADERS
            and value != "*/*"
        }

    def body(self, body: Body, sobject: str = "") -> Body:
        """A body without what must not be kept."""
        value: Any = body.value
        match body.kind:
            case "json":
                value = self.value(value, "", sobject)
            case "form":
                value = {name: self.parameter(name, text) for name, text in value.items()}
            case "csv":
                value = self._csv(value, sobject)
            case "xml":
                value = scrub_xml(value, lambda name, text: self.text(name, text, sobject))
                if value is None:
                    return Body("omitted", "XML with parts that cannot be scrubbed")
            case "soql":
                value = self.soql(value)
        return Body(body.kind, value, body.delimiter, body.line_end)

    def _csv(self, rows: list[list[str]], sobject: str) -> list[list[str]]:
        if not rows:
            return rows
        header, *lines = rows
        if not all(not cell or _FIELD_NAME.fullmatch(cell) for cell in header):
            header = [self.made.text(cell) for cell in header]
        width = len(header)
        return [
            header,
            *(
                [
                    self.text(header[place] if place < width else "", cell, sobject)
                    for place, cell in enumerate(line)
                ]
                for line in lines
            ),
        ]

    def value(self, value: Any, key: str, sobject: str) -> Any:
        """A JSON value under ``key``."""
        if isinstance(value, dict):
            if is_describe(value):
                self._types.learn(value)
                return self._all_kept(value)
            if key == "urls":
                return self._all_kept(value)
            if {"street", "city"} <= value.keys():
                return {name: self._part_of_address(name, each) for name, each in value.items()}
            own = value.get("attributes")
            if isinstance(own, dict) and isinstance(own.get("type"), str):
                sobject = own["type"]
            elif isinstance(value.get("url"), str):  # a subrequest names its object in its address
                sobject = object_of(value["url"]) or sobject
            return {self.kept(name): self.value(each, name, sobject) for name, each in value.items()}
        if isinstance(value, list):
            if key == "sobjects":
                return self._all_kept(value)
            return [self.value(each, key, sobject) for each in value]
        if isinstance(value, str):
            return self.text(key, value, sobject)
        if value is None or isinstance(value, bool):
            return value
        if words.SECRET.search(key) or (self._personal(key) and not self._is_kept(sobject, key)):
            return 0
        return value

    def _part_of_address(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value and not _COUNTRY.search(name):
            return self.made.text(value)
        return value if value is None or isinstance(value, str) else 0

    def _all_kept(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._all_kept(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._all_kept(each) for each in value]
        return self.kept(value) if isinstance(value, str) else value

    def text(self, key: str, text: str, sobject: str = "") -> str:
        """A text under the key, element or heading ``key``."""
        if not text:
            return text
        name = key.rpartition(".")[2]
        if name in words.PROTOCOL:
            return self.kept(text)
        if words.SECRET.search(name):
            return self.made.secret(text)
        if name in words.PROSE:
            return self.kept(self.made.in_prose(text))
        if name in words.LINKS and text.startswith(("/", "http", "services/")):
            return self.link(text)
        if name in words.QUERIES:
            return self.soql(text)
        return self.field(key, text, sobject)

    def field(self, name: str, text: str, sobject: str = "") -> str:
        """The value of a field of a record, as text. ``name`` may be a path such as ``Account.Name``."""
        parent, _, name = name.rpartition(".")
        sobject = parent.rpartition(".")[2] or sobject
        if self._is_kept(sobject, name):
            return self.kept(text)
        kind = self._types.of(sobject, name)
        pattern = _KEPT_AS.get(kind)
        if pattern is not None and pattern.fullmatch(text):
            return _impersonal(text) if self._personal(name) else text
        if kind in {"id", "reference"} and ids.normalise(text):
            return self.made.record_id(text)
        if kind in {"picklist", "multipicklist"} and self._types.is_choice(sobject, name, text):
            return text
        if kind == "base64":
            return "c2NydWJiZWQ="
        if _REFERENCE.fullmatch(text):
            return self.kept(text)
        return self._unknown(name, kind, text)

    def _unknown(self, name: str, kind: str, text: str) -> str:
        if words.EMAIL_IN_TEXT.fullmatch(text):
            return self.made.email(text)
        if (kind == "phone" or _PHONE_NAME.search(name)) and words.PHONE.fullmatch(text):
            return self.made.phone(text)
        if kind == "url" and text.startswith(("http://", "https://", "www.")):
            return self.made.link(text)
        if looks_like_id(text):
            return self.made.record_id(text)
        if text.lower() in {"true", "false", "null", "#n/a"} or (_COUNTRY.search(name) and len(text) <= 3):
            return text
        if (
            not kind
            and not self._personal(name)
            and (words.DATE.fullmatch(text) or words.MOMENT.fullmatch(text))
        ):
            return text
        return self.made.text(text)

    def _is_kept(self, sobject: str, name: str) -> bool:
        name, whole = name.lower(), f"{sobject}.{name}".lower()
        return any(fnmatchcase(whole if "." in pattern else name, pattern) for pattern in self._keep)

    @staticmethod
    def _personal(name: str) -> bool:
        return words.PERSONAL.search(name) is not None

    def parameter(self, name: str, text: str) -> str:
        """The value of a parameter of an address or a form."""
        if name in words.PARAMETERS:
            return self.kept(text)
        return self.text(name, text)

    def soql(self, text: str) -> str:
        """A query: its literals are scrubbed as the fields they are compared with. A search is a text."""
        if not _SELECT.match(text):
            return self.made.text(text) if text else text
        compared = ""
        origin = _FROM.search(re.sub(r"\([^()]*\)", lambda part: " " * len(part[0]), text))
        outer = origin[1] if origin else ""
        nearest = outer

        def replace(match: re.Match[str]) -> str:
            nonlocal compared, nearest
            if match[3] is not None:  # FROM
                nearest = match[3]
                return match[0]
            if match[2] is not None:
                compared = match[2]
                return match[0]
            literal = re.sub(r"\\(.)", r"\1", match[1])
            if self._types.is_choice(
                outer, compared, literal
            ):  # behind a subquery, of which `nearest` is left over
                return match[0]
            made = self.field(compared, literal, nearest)
            return "'" + made.replace("\\", "\\\\").replace("'", "\\'") + "'" if made != literal else match[0]

        return self.kept(_SOQL.sub(replace, text))

    def link(self, text: str) -> str:
        """An address on the org, whole or from its path on."""
        text = self._hosts(text)
        scheme, mark, rest = text.partition("://")
        if mark:
            host, slash, path = rest.partition("/")
            if f"{scheme}://{host}" != BASE:
                return self.made.link(text)
            return f"{BASE}{self.link(slash + path) if slash else ''}"
        path, mark, query = text.partition("?")
        pairs = tuple((name, self.parameter(name, value)) for name, value in _pairs(query))
        return join_target(scrub_path(path, self), pairs)

    def _hosts(self, text: str) -> str:
        if self._base:
            text = text.replace(self._base, BASE)
        return words.HOST_IN_TEXT.sub(BASE, text)

    def kept(self, text: str) -> str:
        """A harmless text; ids, addresses and tokens in it are replaced all the same."""
        text = words.TOKEN_IN_TEXT.sub(SECRET, self._hosts(text))
        text = words.EMAIL_IN_TEXT.sub(_unless_made(self.made.email), text)
        text = words.PHONE_IN_TEXT.sub(_unless_made(self.made.phone), text)
        return words.ID_IN_TEXT.sub(
            _unless_made(lambda found: self.made.record_id(found) if looks_like_id(found) else found), text
        )


def _unless_made(replace: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
    """Leaves alone what was made up already."""
    return lambda match: match[0] if PATTERN.fullmatch(match[0]) else replace(match[0])


def looks_like_id(text: str) -> bool:
    """Whether a text is an id beyond reasonable doubt: length, checksum, and digits where ids have them."""
    digits = sum(character.isdigit() for character in text)
    return ids.normalise(text) is not None and digits >= 3 and (text[0].isdigit() or text[1].isdigit())


def object_of(path: str) -> str:
    """The object that an address is about; empty when it names none."""
    found = re.search(r"/sobjects/(\w+)", path)
    return found[1] if found else ""


def _impersonal(text: str) -> str:
    return "1980-01-01" + text[10:] if words.DATE.match(text) else "0"


def _header_name(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)
