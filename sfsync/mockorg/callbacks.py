"""The door for tests: ``responses`` catches what ``requests`` sends, and the org answers in the same process.

One catch-all callback for each method; which path leads where is only the router's business.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
import responses

from sfsync.mockorg.http import Request, Response

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


@contextmanager
def activated(
    answer: Callable[[Request], Response],
    *,
    hosts: str = r"[^/]+",
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[responses.RequestsMock]:
    """While this holds, requests to ``hosts`` (a regular expression on host and port) reach the org, over http
    or https.
    """

    def callback(prepared: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        response = answer(_request(prepared))
        if response.delay:
            timeout = _timeout(prepared)
            if timeout is not None and timeout < response.delay:
                raise requests.exceptions.ReadTimeout(
                    f"Read timed out. (read timeout={timeout})", request=prepared
                )
            sleep(response.delay)
        if response.lost:
            raise requests.exceptions.ConnectionError("Connection aborted: no answer", request=prepared)
        return response.status, dict(response.headers), b"" if prepared.method == "HEAD" else response.body

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        everything = re.compile(rf"https?://{hosts}(/.*)?$", re.DOTALL)
        for method in METHODS:
            mock.add_callback(method, everything, callback=callback, content_type=None)
        yield mock


def _request(prepared: requests.PreparedRequest) -> Request:
    parts = urlsplit(prepared.url or "")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    method = "GET" if prepared.method == "HEAD" else prepared.method or "GET"
    return Request(method, target, headers, _body(prepared.body), f"{parts.scheme}://{parts.netloc}")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    if hasattr(body, "read"):
        return _body(body.read())
    return b"".join(_body(part) for part in body)


def _timeout(prepared: requests.PreparedRequest) -> float | None:
    given = getattr(prepared, "req_kwargs", {}).get("timeout")
    return given[1] if isinstance(given, tuple) else given
