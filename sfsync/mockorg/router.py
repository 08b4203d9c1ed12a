"""From a path to its handler. Each file of the surface brings a table of routes; this file only matches.

Literal parts of a path match in any case and one slash at the end does not count, as in a real org. ``{name}``
takes one part, decoded after the path was cut, so that a key with ``%2F`` in it stays one part.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sfsync.mockorg.http import Reply, segments
from sfsync.mockorg.state import Call

Handler = Callable[[Call], Reply]
Family = Literal["rest", "bulk1", "soap", "open", "login", "login_soap"]
"""How a route is called: its way to log in, its error documents, and whether it counts. ``open`` and ``login``
need no token.
"""

_VERSION = re.compile(r"v?\d{2}\.\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a table of routes. ``kind`` is the name in the statistics and for faults."""

    method: str
    pattern: str
    handler: Handler
    kind: str
    family: Family = "rest"


@dataclass(frozen=True, slots=True)
class Match:
    """What a path led to: the route, the parts of the path, or only the methods that it would take."""

    route: Route | None
    args: dict[str, str]
    methods: tuple[str, ...] = ()


class Router:
    """All tables of routes together."""

    def __init__(self, tables: Iterable[Sequence[Route]]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        for table in tables:
            for route in table:
                parts = segments(route.pattern)
                self._by_length.setdefault(len(parts), []).append((parts, route))

    def match(self, method: str, path: str) -> Match:
        """Find the route of a request; literal parts win over named ones by standing earlier in the tables."""
        parts = segments(path)
        methods: list[str] = []
        found: dict[str, str] = {}
        for pattern, route in self._by_length.get(len(parts), []):
            args = _fit(pattern, parts)
            if args is None:
                continue
            if route.method in (method, "*"):
                return Match(route, args)
            methods.append(route.method)
            found = found or args
        return Match(None, found, tuple(methods))


def _fit(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    args: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            if not part or (wanted == "{version}" and not _VERSION.fullmatch(part)):
                return None
            args[wanted[1:-1]] = part
        elif wanted.lower() != part.lower():
            return None
    return args
