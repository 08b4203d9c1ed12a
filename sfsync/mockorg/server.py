"""The door for everybody: HTTP/1.1 on loopback, one thread a connection, kept alive, chunked bodies taken."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from sfsync.mockorg.http import Request, Response

HOST = "127.0.0.1"
LARGEST_BODY = 256 * 1024 * 1024

Handle = Callable[[Request], Response]


class _BadBody(Exception):
    """A body that cannot be taken in; holds the status to answer with."""


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # headers and body leave in one piece: no waiting for acknowledgements between them
    disable_nagle_algorithm = True
    server: "_Listener"

    def _serve(self) -> None:
        try:
            body = self._body()
        except _BadBody as trouble:
            self.close_connection = True
            self._send(Response(trouble.args[0]))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        base = f"http://{headers.get('host') or f'{HOST}:{self.server.server_port}'}"
        method = "GET" if self.command == "HEAD" else self.command
        response = self.server.answer(Request(method, self.path, headers, body, base))
        if response.delay:
            self.server.sleep(response.delay)
        if response.lost:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit():
            raise _BadBody(400)
        if int(length) > LARGEST_BODY:
            raise _BadBody(413)
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        total = 0
        while True:
            try:
                size = int(self.rfile.readline(1024).partition(b";")[0].strip(), 16)
            except ValueError:
                raise _BadBody(400) from None
            total += size
            if size < 0 or total > LARGEST_BODY:
                raise _BadBody(413)
            if size == 0:
                while self.rfile.readline(65_536).strip():
                    pass  # trailers say nothing to us
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline(8)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status not in {204, 304}:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815  names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  name given by http.server
        """Say nothing: the org's own log has every request."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Handle, sleep: Callable[[float], None]) -> None:
        self.answer = answer
        self.sleep = sleep
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((HOST, port), _Door)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is its own affair."""

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        with self._guard:
            waiting = list(self._open)
        for connection in waiting:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A listening org. As a context manager it stops at the end of the block."""

    def __init__(
        self, answer: Handle, token: str, *, port: int = 0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.token = token
        self._listener = _Listener(port, answer, sleep)
        self.port: int = self._listener.server_port
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> Self:
        """Begin to answer, in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and hang up."""
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
