"""One recorded exchange as a value: what was asked, what was answered, bodies as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BASE = "https://org.example.com"
"""Stands for scheme, host and port of the org in a recording."""


class RecordingError(ValueError):
    """A recording that cannot be read, or not be made; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body by its kind: ``json`` (any value), ``csv`` (rows of texts), ``form`` (name to value), ``xml``,
    ``soql`` and ``text`` (text), ``omitted`` (why it is not kept), ``none``.
    """

    kind: str = "none"
    value: Any = None
    delimiter: str = ","
    line_end: str = "LF"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. ``path`` is percent-encoded as it was; ``query`` is decoded, in order."""

    method: str
    path: str
    status: int
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = Body()
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: Body = Body()

    @property
    def line(self) -> str:
        """Method and path, as messages name an exchange."""
        return f"{self.method} {self.path}"
