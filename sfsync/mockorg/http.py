"""Requests and responses as plain values, so that both doors of the mock org lead to the same room.

A handler gets a ``Request`` and gives a ``Reply`` (a value still to be written as JSON, or bytes); the
dispatcher makes a ``Response`` of it. What a door has to act out, a slow or a lost answer, is said in the
response and done by the door.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.spool import Spool

JSON = "application/json;charset=UTF-8"
XML = "application/xml"
CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``target`` is path and query as they were on the wire; header names are in lower case.

    ``base`` is scheme, host and port that the client used: links in answers must carry it.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = "http://127.0.0.1"
    parsed: Any = None  # the body of a subrequest, which was never bytes
    upload: Spool | None = None
    """The body of an upload to a Bulk job when it came over a door that keeps large bodies on disk."""

    @property
    def path(self) -> str:
        """The path without the query, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL; of a repeated one the first wins."""
        return parameters(self.target.partition("?")[2])

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name.lower(), default)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Refused: JSON_PARSER_ERROR.

        """
        if self.parsed is not None:
            return self.parsed
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            where = (
                f" at [line:{error.lineno}, column:{error.colno}]"
                if isinstance(error, json.JSONDecodeError)
                else ""
            )
            raise Refused("JSON_PARSER_ERROR", f"The request body is not valid JSON{where}") from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            Refused: JSON_PARSER_ERROR when it is anything else.

        """
        value = self.json()
        if not isinstance(value, dict):
            raise Refused("JSON_PARSER_ERROR", "The request body must be a JSON object")
        return value

    def form(self) -> dict[str, str]:
        """The body as a web form; of a repeated field the first wins."""
        return parameters(self.body.decode("utf-8", "replace"))


def parameters(text: str) -> dict[str, str]:
    """Decode ``a=1&b=2``; of a repeated name the first wins."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, value)
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers: ``value`` is written as JSON, unless ``body`` has the bytes already, or ``chunks``
    makes them while they are sent, when the org has long turned to other requests.
    """

    status: int = 200
    value: Any = None
    body: bytes | None = None
    chunks: Iterator[bytes] | None = None
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. The door waits ``delay`` seconds first, and cuts the line instead of answering when
    ``lost``. The body is ``chunks`` when there are any.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: Iterator[bytes] | None = None
    delay: float = 0.0
    lost: bool = False

    def whole(self) -> "Response":
        """The response with its body in one piece."""
        return self if self.chunks is None else replace(self, body=b"".join(self.chunks), chunks=None)

    def header(self, name: str) -> str | None:
        """The value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


def to_json(value: Any, *, pretty: bool = False) -> bytes:
    """Write JSON as the org does; ``pretty`` is what the header X-PrettyPrint asks for."""
    if pretty:
        return json.dumps(value, ensure_ascii=False, indent=2, separators=(",", " : ")).encode()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def to_response(reply: Reply, *, pretty: bool = False) -> Response:
    """Make the response of a reply; an answer without a body has no Content-Type."""
    body = reply.body
    if body is None:
        body = b"" if reply.value is None else to_json(reply.value, pretty=pretty)
    typed = body or reply.body is not None or reply.chunks is not None
    headers = [("Content-Type", reply.content_type)] if typed else []
    return Response(reply.status, (*headers, *reply.headers.items()), body, reply.chunks)


def make_request(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | str | Any = b""
) -> Request:
    """Build a request from a whole URL; a body that is not text or bytes is sent as JSON. For tests and for doors."""
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = to_json(body)
        sent.setdefault("content-type", "application/json")
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = Request(method.upper(), target, sent, body)
    return replace(request, base=f"{parts.scheme}://{parts.netloc}") if parts.netloc else request


def segments(path: str) -> list[str]:
    """The parts of a path, each decoded; one slash at the end does not count."""
    return [unquote(part) for part in path.removeprefix("/").removesuffix("/").split("/")]
