"""The audit as `make audit` runs it, against a service on this machine that answers as osv.dev does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.audit import __main__ as audit

LEAK = {
    "id": "PYSEC-2026-1",
    "summary": "It leaks.",
    "affected": [
        {
            "package": {"name": "requests", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


@contextmanager
def service(answers: dict[str, object], status: int = 200) -> Iterator[str]:
    """Answers by the name of the package; an empty object for the others: nothing is known against them."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answers.get(asked["package"]["name"], {})).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _pins_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pins, and nothing else to find fault with."""
    monkeypatch.setattr(audit, "pins", lambda _: {"lark": "1.0.0", "requests": "2.0.0"})
    monkeypatch.setattr(audit, "differences", lambda *_: [])


def test_a_vulnerability_fails_the_audit(capsys: pytest.CaptureFixture[str]) -> None:
    with service({"requests": {"vulns": [LEAK]}}) as url:
        assert audit.main(["--osv-url", url]) == 1
    said = capsys.readouterr().out
    assert "audit: 2 of 2 pins looked up, 1 vulnerabilities." in said
    assert "audit: requests 2.0.0: PYSEC-2026-1, mended in 99.1" in said


def test_nothing_known_passes(capsys: pytest.CaptureFixture[str]) -> None:
    with service({}) as url:
        assert audit.main(["--osv-url", url]) == 0
    assert "audit: 2 of 2 pins looked up, 0 vulnerabilities." in capsys.readouterr().out


def test_a_service_that_does_not_answer_is_said_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    with service({}, status=503) as url:
        assert audit.main(["--osv-url", url]) == 0
    assert "audit: NOT AUDITED." in capsys.readouterr().out
