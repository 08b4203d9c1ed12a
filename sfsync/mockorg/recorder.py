"""Records a session with an org: a small proxy on loopback that passes requests on and keeps what may be kept.

A proxy, and not a recorder inside ``requests``: any client in any language can be recorded, it needs no change but
its address, and what leaves the client is what is recorded. Each exchange is scrubbed before it is kept, in memory;
the file is written from scrubbed exchanges only.
"""

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from sfsync.mockorg.exchanges import bodies
from sfsync.mockorg.exchanges.exchange import Exchange, RecordingError
from sfsync.mockorg.exchanges.scrub import Scrubber
from sfsync.mockorg.exchanges.types import FieldTypes
from sfsync.mockorg.http import Request, Response
from sfsync.mockorg.recording import Recording
from sfsync.mockorg.schema import Schema
from sfsync.mockorg.server import Server
from sfsync.mockorg.spool import Spool

if TYPE_CHECKING:
    from responses import RequestsMock

Forward = Callable[[Request], Response]

TIMEOUT = 150.0
_OF_THE_LINE = frozenset({
    "host", "connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade",
    "transfer-encoding", "content-encoding", "content-length", "accept-encoding", "expect",
})  # fmt: skip
"""Headers that are about one stretch of the way and are not passed on; our door has unpacked bodies already."""


class _Memory(Spool):
    """An upload that is never on disk: it holds what has not been scrubbed yet."""

    def write(self, data: bytes) -> None:
        self._few += data
        self.size += len(data)


class Recorder:
    """Passes requests on to an org and keeps the exchanges. As a context manager it listens while the block runs.

    ``url``: the org's address; http is accepted for this machine only. ``schema`` says which fields hold what (see
    ``FieldTypes``); describes that pass by refine it. ``keep``: fields whose values are harmless and stay.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: Schema,
        keep: Sequence[str] = (),
        port: int = 0,
        forward: Forward | None = None,
    ) -> None:
        """Raises RecordingError for an address that may not be used."""
        self.upstream = checked(url)
        self._scrubber = Scrubber(FieldTypes(schema), base=self.upstream, keep=keep)
        self._forward = forward or Upstream(self.upstream).send
        self._kept: list[Exchange] = []
        self._lock = threading.Lock()
        self._port = port
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Where clients find the recorder while it listens; empty otherwise."""
        return self._server.url if self._server else ""

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        self._server = Server(self.handle, "", port=self._port, spool=_Memory).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def activate(self, hosts: str = r"[^/]+") -> "AbstractContextManager[RequestsMock]":
        """Record what ``requests`` sends in this process, without a port: for libraries that insist on https."""
        from sfsync.mockorg.callbacks import activated

        return activated(self.handle, hosts=hosts)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def recording(self, about: str = "") -> Recording:
        """What was recorded so far."""
        with self._lock:
            return Recording(tuple(self._kept), about)

    def handle(self, request: Request) -> Response:
        """Pass a request on, keep the exchange, and answer with addresses that lead back here."""
        if request.upload is not None:
            request = replace(request, body=request.upload.read(), upload=None)
        response = self._forward(request).whole()
        if not response.lost:
            with self._lock:
                self._kept.append(self._scrubbed(request, response))
        return _led_back(response, self.upstream, request.base)

    def _scrubbed(self, request: Request, response: Response) -> Exchange:
        headers = {name: value for name, value in response.headers if name.lower() not in _OF_THE_LINE}
        asked = bodies.decode(
            request.body, request.header("content-type"), request.header("content-encoding")
        )
        answered = bodies.decode(response.body, response.header("content-type") or "")
        return self._scrubber.exchange(
            request.method, request.target, request.headers, asked, response.status, headers, answered
        )


def checked(url: str) -> str:
    """Scheme and host of an org's address.

    Raises:
        RecordingError: it is not https, and not this machine.

    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RecordingError(f"{url!r} is not the address of an org: it begins with https://.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise RecordingError(f"http://{parts.netloc} is not protected; use https://.")
    if parts.username:
        raise RecordingError("An org's address holds no user name; log in with a token.")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Upstream:
    """The real org behind the recorder, over plain urllib: no redirects, no cookies, proxies of the environment
    only for orgs elsewhere.
    """

    def __init__(self, base: str, timeout: float = TIMEOUT) -> None:
        self._base = base
        self._timeout = timeout
        near = _is_loopback(urlsplit(base).hostname or "")
        proxies = urllib.request.ProxyHandler({}) if near else urllib.request.ProxyHandler()
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            proxies,
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
        ):
            self._opener.add_handler(handler)

    def send(self, request: Request) -> Response:
        """The org's answer; one that never came is a lost answer here, too."""
        headers = {name: value for name, value in request.headers.items() if name not in _OF_THE_LINE}
        headers["accept-encoding"] = "identity"
        body = request.body if request.body or request.method in {"POST", "PUT", "PATCH"} else None
        asked = urllib.request.Request(  # noqa: S310  the scheme was checked when the recorder was made
            self._base + request.target, body, headers, method=request.method
        )
        try:
            with self._opener.open(asked, timeout=self._timeout) as answer:
                named = [
                    (name, value)
                    for name, value in answer.headers.items()
                    if name.lower() not in _OF_THE_LINE
                ]
                return Response(answer.status, tuple(named), answer.read())
        except (OSError, http.client.HTTPException):
            return Response(0, lost=True)


def _led_back(response: Response, upstream: str, here: str) -> Response:
    """The answer with the org's address replaced by ours, so that the client's next request comes here again."""
    body = response.body.replace(upstream.encode(), here.encode())
    headers = tuple((name, value.replace(upstream, here)) for name, value in response.headers)
    return replace(response, headers=headers, body=body)
