"""A recorded session with an org: read from YAML, replayed to a client, held against the mock org.

recording = Recording.load("tests/recordings/order.yaml")
with recording.activate():                 # requests of this process are answered from the recording
    ...
differences = recording.compare(MockOrg()) # what the mock org answers in another shape
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from sfsync.mockorg.exchanges import bodies, yaml_text
from sfsync.mockorg.exchanges.exchange import Body, Exchange, RecordingError
from sfsync.mockorg.exchanges.match import Matcher
from sfsync.mockorg.http import Request, Response

if TYPE_CHECKING:
    from responses import RequestsMock

    from sfsync.mockorg.exchanges.compare import Difference
    from sfsync.mockorg.mock import MockOrg

__all__ = ["Exchange", "Recording", "RecordingError", "Replay", "UnknownRequest"]

_MOST_DIFFERENCES = 8


class UnknownRequest(AssertionError):
    """A request that was not recorded; the text says what differs from the nearest one that was."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The exchanges of one session, in order."""

    exchanges: tuple[Exchange, ...]
    about: str = ""

    @classmethod
    def load(cls, path: Path | str) -> "Recording":
        """Read a file.

        Raises:
            RecordingError: it is not a recording.
            OSError: it cannot be read.

        """
        about, exchanges = yaml_text.load(Path(path).read_text(encoding="utf-8"), Path(path).name)
        return cls(tuple(exchanges), about)

    def save(self, path: Path | str) -> None:
        """Write a file; readers find the whole of it or nothing."""
        target = Path(path)
        part = target.with_name(f"{target.name}.part")
        part.write_text(yaml_text.dump(self.exchanges, self.about), encoding="utf-8", newline="\n")
        part.replace(target)

    def replay(self) -> "Replay":
        """A new replay, from the first exchange on."""
        return Replay(self)

    def activate(self, hosts: str = r"[^/]+") -> "AbstractContextManager[RequestsMock]":
        """Answer what ``requests`` sends in this process to ``hosts`` (a regular expression) from the recording.

        A request that was not recorded, or comes once more than recorded, raises UnknownRequest.
        """
        from sfsync.mockorg.callbacks import activated

        return activated(self.replay().handle, hosts=hosts)

    def compare(self, org: "MockOrg") -> "list[Difference]":
        """Send the recorded requests to a mock org and list what it answers in another shape."""
        from sfsync.mockorg.exchanges.compare import compare

        return compare(self.exchanges, org)


class Replay:
    """Answers from a recording. Every exchange is used once; equal requests get their answers in order."""

    def __init__(self, recording: Recording) -> None:
        self._waiting = list(recording.exchanges)
        self._all = recording.exchanges
        self._bound: dict[str, str] = {}
        self._lock = Lock()

    @property
    def unused(self) -> Sequence[Exchange]:
        """The exchanges that nobody has asked for."""
        return tuple(self._waiting)

    def handle(self, request: Request) -> Response:
        """The recorded answer to a request.

        Raises:
            UnknownRequest: there is none.

        """
        actual = as_exchange(request)
        with self._lock:
            for number, recorded in enumerate(self._waiting):
                matcher = Matcher(request.base, dict(self._bound))
                if not matcher.differences(recorded, actual):
                    del self._waiting[number]
                    self._bound = matcher.bound
                    return _response(recorded, matcher)
            raise UnknownRequest(self._explain(actual, request.base))

    def _explain(self, actual: Exchange, base: str) -> str:
        again = [each for each in self._all if not Matcher(base, dict(self._bound)).differences(each, actual)]
        if again:
            times = "once" if len(again) == 1 else f"{len(again)} times"
            return f"{actual.line} was recorded {times}, and is asked for once more."
        ranked = sorted(
            (
                (each.method != actual.method, each.path != actual.path, len(found), found, each)
                for each in self._waiting
                if (found := Matcher(base, dict(self._bound)).differences(each, actual))
            ),
            key=lambda rank: rank[:3],
        )
        if not ranked:
            return f"{actual.line} was not recorded; all {len(self._all)} recorded exchanges are used."
        found, nearest = ranked[0][3], ranked[0][4]
        number = next(place for place, each in enumerate(self._all, 1) if each is nearest)
        listed = "".join(f"\n  {each}" for each in sorted(found)[:_MOST_DIFFERENCES])
        more = f"\n  … and {len(found) - _MOST_DIFFERENCES} more" if len(found) > _MOST_DIFFERENCES else ""
        return (
            f"{actual.line} was not recorded. The nearest is exchange {number}, {nearest.line}:{listed}{more}"
        )


def as_exchange(request: Request) -> Exchange:
    """A request in the form of a recorded one, without an answer."""
    from urllib.parse import parse_qsl

    query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    body = bodies.decode(request.body, request.header("content-type"), request.header("content-encoding"))
    return Exchange(request.method, request.path, 0, tuple(query), {}, body)


def _response(recorded: Exchange, matcher: Matcher) -> Response:
    answer = recorded.answer
    value = matcher.put_in(answer.value, escape if answer.kind == "xml" else str)
    body = bodies.encode(Body(answer.kind, value, answer.delimiter, answer.line_end))
    headers = tuple((name, matcher.put_in(text)) for name, text in recorded.answer_headers.items())
    return Response(recorded.status, headers, body)
