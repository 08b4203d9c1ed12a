"""Whether a request is the one that was recorded, and which values of its own it has in place of made-up ones.

Made-up values match any value of their kind, the same one everywhere; a date matches any date and a moment any
moment, for clients write the present. Everything else must be equal.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from sfsync.mockorg import ids
from sfsync.mockorg.exchanges import words
from sfsync.mockorg.exchanges.bodies import folded
from sfsync.mockorg.exchanges.exchange import BASE, Body, Exchange
from sfsync.mockorg.exchanges.pseudonyms import PATTERN, POD, SECRET

_LOOSE = re.compile(f"({PATTERN.pattern}|{words.MOMENT.pattern}|{words.DATE.pattern})")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_LIST = re.compile(rf"\(\s*{_LITERAL.pattern}(?:\s*,\s*{_LITERAL.pattern})+\s*\)")
_LEAF = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?(?:/>|>([^<>]*)(?=</))")
_OPEN_QUOTE = re.compile(r"(?<!\\)(?:\\\\)*'")
_SHOWN = 80


@dataclass(slots=True)
class Matcher:
    """Compares recorded values with actual ones; ``bound`` is what made-up values turned out to be."""

    base: str
    bound: dict[str, str] = field(default_factory=dict)

    def differences(self, recorded: Exchange, actual: Exchange) -> list[str]:
        """What differs between the requests of two exchanges, in words; empty when they are the same."""
        if recorded.method != actual.method:
            return [f"method: recorded {recorded.method}, sent {actual.method}"]
        found: list[str] = []
        self._text(_path(recorded.path), _path(actual.path), "path", found)
        self._value(_named(recorded.query), _named(actual.query), "query", found)
        self._body(recorded.body, actual.body, found)
        return found

    def _body(self, recorded: Body, actual: Body, found: list[str]) -> None:
        if recorded.kind != actual.kind:
            found.append(f"body: recorded {_kind(recorded)}, sent {_kind(actual)}")
        elif recorded.kind == "xml":
            self._xml(folded(recorded.value), folded(actual.value), found)
        elif recorded.kind == "soql":
            self._soql(recorded.value, actual.value, "soql", found)
        elif recorded.kind not in {"none", "omitted"}:
            self._value(recorded.value, actual.value, recorded.kind, found)

    def _xml(self, recorded: str, actual: str, found: list[str]) -> None:
        theirs, ours = _LEAF.findall(recorded), _LEAF.findall(actual)
        if [name for name, _ in theirs] != [name for name, _ in ours]:
            listed = " ".join(name for name, _ in theirs), " ".join(name for name, _ in ours)
            found.append(f"xml: recorded the elements {_shown(listed[0])}, sent {_shown(listed[1])}")
            return
        for (name, one), (_, other) in zip(theirs, ours, strict=True):
            self._text(html.unescape(one), html.unescape(other), f"xml.{name}", found)

    def _value(self, recorded: Any, actual: Any, where: str, found: list[str]) -> None:
        if isinstance(recorded, dict) and isinstance(actual, dict):
            for name in dict.fromkeys([*recorded, *actual]):
                here = f"{where}.{name}"
                if name not in actual:
                    found.append(f"{here}: recorded {_shown(recorded[name])}, sent nothing")
                elif name not in recorded:
                    found.append(f"{here}: sent {_shown(actual[name])}, recorded nothing")
                elif name in words.QUERIES and isinstance(recorded[name], str):
                    self._soql(recorded[name], str(actual[name]), here, found)
                elif name in words.LINKS and isinstance(recorded[name], str):
                    self._link(recorded[name], str(actual[name]), here, found)
                else:
                    self._value(recorded[name], actual[name], here, found)
        elif isinstance(recorded, list) and isinstance(actual, list):
            if len(recorded) != len(actual):
                found.append(f"{where}: recorded {len(recorded)} entries, sent {len(actual)}")
            for number, (one, other) in enumerate(zip(recorded, actual, strict=False)):
                self._value(one, other, f"{where}[{number}]", found)
        elif isinstance(recorded, str) and isinstance(actual, str):
            self._text(recorded, actual, where, found)
        elif recorded != actual or isinstance(recorded, bool) != isinstance(actual, bool):
            found.append(f"{where}: recorded {_shown(recorded)}, sent {_shown(actual)}")

    def _link(self, recorded: str, actual: str, where: str, found: list[str]) -> None:
        path, _, query = recorded.partition("?")
        actual_path, _, actual_query = actual.partition("?")
        self._text(_path(path), _path(actual_path), where, found)
        self._value(dict(parse_qsl(query, True)), dict(parse_qsl(actual_query, True)), where, found)

    def _soql(self, recorded: str, actual: str, where: str, found: list[str]) -> None:
        if _with_sorted_lists(recorded) == _with_sorted_lists(actual):
            return  # lists of made-up values, which the client has in another order than the originals had
        self._text(recorded, actual, where, found, soql=True)

    def _text(self, recorded: str, actual: str, where: str, found: list[str], *, soql: bool = False) -> None:
        actual = actual.replace(self.base, BASE) if self.base else actual
        if recorded == actual:
            return
        taken = _taken(recorded, actual)
        if taken is None or (soql and any(_OPEN_QUOTE.search(text) for _, text in taken)):
            found.append(f"{where}: recorded {_shown(recorded)}, sent {_shown(actual)}")
            return
        for made, text in taken:
            own = re.sub(r"\\(.)", r"\1", text) if soql else text
            known = self.bound.setdefault(_key(made), own)
            if made != SECRET and _key(known) != _key(own):
                found.append(f"{where}: {_shown(text)} stands where {_shown(known)} stood before ({made})")

    def put_in(self, value: Any, write: Any = str) -> Any:
        """A recorded answer with the client's own values in place of made-up ones; ``write`` escapes them."""
        if isinstance(value, dict):
            return {self.put_in(name): self.put_in(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.put_in(each) for each in value]
        if not isinstance(value, str):
            return value
        text = PATTERN.sub(lambda made: write(self._own(made[0])), value)
        return text.replace(BASE, self.base)

    def _own(self, made: str) -> str:
        own = self.bound.get(_key(made))
        if own is None or made == SECRET:
            return made
        whole = ids.normalise(own) if _is_id(made) else None
        return whole[: len(made)] if whole else own


def _taken(recorded: str, actual: str) -> list[tuple[str, str]] | None:
    """What stands in ``actual`` for the made-up values of ``recorded``; None when the rest is not equal.

    Goes from left to right and never back, so that long lists cost no more than they are long.
    """
    parts = _LOOSE.split(recorded)
    if len(parts) == 1 or not actual.startswith(parts[0]):
        return None
    place = len(parts[0])
    taken: list[tuple[str, str]] = []
    for made, behind in zip(parts[1::2], parts[2::2], strict=True):
        last = len(taken) * 2 + 3 == len(parts)
        end = (len(actual) - len(behind)) if last else actual.find(behind, place) if behind else -1
        if end < place or not actual.startswith(behind, end) or not _fits(made, actual[place:end]):
            return None
        taken.append((made, actual[place:end]))
        place = end + len(behind)
    return [pair for pair in taken if PATTERN.fullmatch(pair[0])]


def _fits(made: str, text: str) -> bool:
    if words.MOMENT.fullmatch(made):
        return words.MOMENT.fullmatch(text) is not None
    if words.DATE.fullmatch(made):
        return words.DATE.fullmatch(text) is not None
    if _is_id(made):
        return len(text) in {15, 18} and text[:3].upper() == made[:3].upper()
    return True


def _is_id(made: str) -> bool:
    return len(made) in {15, 18} and made[3:6].upper() == POD.upper() and PATTERN.fullmatch(made) is not None


def _key(text: str) -> str:
    """One spelling for an id of 15, of 18 characters, or in capitals."""
    whole = ids.normalise(text)
    return whole[:15] if whole and len(text) in {15, 18} else text


def _path(path: str) -> str:
    return unquote(path).rstrip("/") or "/"


def _with_sorted_lists(soql: str) -> str:
    return _LIST.sub(lambda match: f"({','.join(sorted(_LITERAL.findall(match[0])))})", soql)


def _named(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(pairs)


def _kind(body: Body) -> str:
    return "none" if body.kind == "none" else body.kind.upper()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
