"""The door for everybody: HTTP/1.1 on loopback, one thread a connection, kept alive.

Bodies may be chunked and compressed with gzip. Uploads to Bulk jobs go to disk while they arrive, and results of
Bulk jobs are made while they leave, so neither is ever in memory as a whole.
"""

import contextlib
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from sfsync.mockorg.background import Worker
from sfsync.mockorg.http import Request, Response
from sfsync.mockorg.spool import Spool

HOST = "127.0.0.1"
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a body that is held in memory; a little above what any of the APIs takes."""
LARGEST_UPLOAD = 256 * 1024 * 1024
_BLOCK = 1024 * 1024
_UPLOAD = re.compile(r"/services/data/v\d+\.\d/jobs/ingest/\w+/batches/?", re.IGNORECASE)

Handle = Callable[[Request], Response]


class _BadBody(Exception):
    """A body that cannot be taken in; holds the status to answer with."""


def _unzipped(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The pieces without their gzip; what would grow beyond ``most`` bytes is cut off a byte later."""
    machine = zlib.decompressobj(wbits=31)
    made = 0
    try:
        for piece in pieces:
            rest = piece
            while rest and made <= most:
                plain = machine.decompress(rest, _BLOCK)
                rest = machine.unconsumed_tail
                made += len(plain)
                yield plain
        yield machine.flush()
    except zlib.error:
        raise _BadBody(400) from None


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # headers and body leave in one piece: no waiting for acknowledgements between them
    disable_nagle_algorithm = True
    server: "_Listener"

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        spooled = self.command == "PUT" and _UPLOAD.fullmatch(self.path.partition("?")[0]) is not None
        upload = self.server.spool() if spooled else None
        try:
            body = self._body(headers, upload)
        except _BadBody as trouble:
            self.close_connection = True
            self._send(Response(trouble.args[0]))
            return
        base = f"http://{headers.get('host') or f'{HOST}:{self.server.server_port}'}"
        method = "GET" if self.command == "HEAD" else self.command
        request = Request(method, self.path, headers, body, base, upload=upload)
        response = self.server.answer(request)
        if response.delay:
            self.server.sleep(response.delay)
        if response.lost:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response)

    def handle_expect_100(self) -> bool:
        """Tell a client that asks first that its body is welcome, and do not keep that in the buffer."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _body(self, headers: dict[str, str], upload: Spool | None) -> bytes:
        """Read the body: into ``upload`` when there is one, else into memory."""
        most = LARGEST_BODY if upload is None else LARGEST_UPLOAD
        parts: list[bytes] = []
        keep = parts.append if upload is None else upload.write
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in {"identity", "gzip"}:
            raise _BadBody(415)
        total = 0
        pieces = self._pieces(headers, most)
        for piece in _unzipped(pieces, most) if coding == "gzip" else pieces:
            total += len(piece)
            if total > most:
                raise _BadBody(413)
            keep(piece)
        headers.pop("content-encoding", None)
        return b"".join(parts)

    def _pieces(self, headers: dict[str, str], most: int) -> Iterator[bytes]:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            while size := self._chunk_size():
                yield from self._exactly(size, most)
                self.rfile.readline(8)
            while self.rfile.readline(65_536).strip():
                pass  # trailers say nothing to us
            return
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise _BadBody(400)
        yield from self._exactly(int(length), most)

    def _chunk_size(self) -> int:
        try:
            size = int(self.rfile.readline(1024).partition(b";")[0].strip(), 16)
        except ValueError:
            raise _BadBody(400) from None
        if size < 0:
            raise _BadBody(400)
        return size

    def _exactly(self, size: int, most: int) -> Iterator[bytes]:
        if size > most:
            raise _BadBody(413)
        while size:
            piece = self.rfile.read(min(size, _BLOCK))
            if not piece:
                raise _BadBody(400)  # the client hung up in the middle
            size -= len(piece)
            yield piece

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        chunks = response.chunks
        chunked = chunks is not None and self.request_version != "HTTP/1.0"
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif chunks is not None:
            self.close_connection = True  # the end of the line is the end of the body
        elif response.status not in {204, 304}:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        if chunks is None:
            self.wfile.write(response.body)
            return
        for piece in chunks:
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815  names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  name given by http.server
        """Say nothing: the org's own log has every request."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, answer: Handle, sleep: Callable[[float], None], spool: Callable[[], Spool]
    ) -> None:
        self.answer = answer
        self.sleep = sleep
        self.spool = spool
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
        self,
        answer: Handle,
        token: str,
        *,
        port: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        spool: Callable[[], Spool] = Spool,
        worker: Worker | None = None,
    ) -> None:
        self.token = token
        self._worker = worker
        self._listener = _Listener(port, answer, sleep, spool)
        self.port: int = self._listener.server_port
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> Self:
        """Begin to answer, in a thread of its own."""
        self._thread.start()
        if self._worker is not None:
            self._worker.start()
        return self

    def stop(self) -> None:
        """Stop listening and hang up."""
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        self._thread.join()
        if self._worker is not None:
            self._worker.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
