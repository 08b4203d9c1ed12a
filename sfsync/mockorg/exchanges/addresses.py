"""Paths and addresses of the APIs: which parts are words, which are values."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote, unquote

_READABLE = "-_.~ ,'()=<>!@{}:/*"
"""Characters that stay as they are in addresses inside bodies, so that people can read a query there."""

_NO_FIELDS = frozenset({"describe", "listviews", "deleted", "updated", "quickactions", "layouts", "id"})


class Values(Protocol):
    """What scrubs single values."""

    def field(self, name: str, text: str, sobject: str = "") -> str: ...

    def kept(self, text: str) -> str: ...


def scrub_path(path: str, values: Values) -> str:
    """A path with the values in it replaced: ids everywhere, and the key of ``sobjects/OBJECT/FIELD/KEY``."""
    parts = path.split("/")
    lower = [part.lower() for part in parts]
    place = lower.index("sobjects") + 1 if "sobjects" in lower else len(parts)
    made = []
    for number, part in enumerate(parts):
        word = unquote(part)
        is_key = (
            number == place + 2
            and lower[number - 1] not in _NO_FIELDS
            and len(parts[number - 1]) not in {15, 18}
        )
        new = values.field(parts[number - 1], word, parts[place]) if is_key and word else values.kept(word)
        made.append(part if new == word else quote(new, safe="@{}"))
    return "/".join(made)


def join_target(path: str, query: Sequence[tuple[str, str]]) -> str:
    """Path and query as one readable text that decodes to the same."""
    if not query:
        return path
    return f"{path}?" + "&".join(
        f"{quote(name, safe=_READABLE)}={quote(value, safe=_READABLE)}" for name, value in query
    )
