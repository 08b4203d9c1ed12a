"""The served mock org of a client's checks, and a witness that looks into it.

The witness is plain urllib with a token of its own: what it sees does not pass through the client.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.clients.install import ROOT

API = "/services/data/v62.0"
SEED = 2_500
"""Open leads in the org before a client begins: more than a page of 2,000."""


class Witness:
    """Reads the org through REST, and its counters through ``/__mock``."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def get(self, path: str, **headers: str) -> Any:
        try:
            return self._get(path, headers)
        except urllib.error.HTTPError as refused:
            if refused.code != 401:
                raise
        self.token = self._login()  # the sessions were ended for a client's sake
        return self._get(path, headers)

    def _get(self, path: str, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {self.token}", **headers}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _login(self) -> str:
        form = b"grant_type=client_credentials&client_id=witness&client_secret=secret"
        with urllib.request.urlopen(f"{self.url}/services/oauth2/token", form, timeout=60) as answer:
            return json.load(answer)["access_token"]

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All rows, in pages of 500, so that a client's pages of 2,000 are seen another way."""
        path = f"{API}/{'queryAll' if deleted else 'query'}?q={quote(soql)}"
        rows: list[dict[str, Any]] = []
        while path:
            page = self.get(path, **{"Sforce-Query-Options": "batchSize=500"})
            rows += page["records"]
            path = page.get("nextRecordsUrl", "")
        return rows

    def stats(self) -> dict[str, Any]:
        return self.get("/__mock/stats")


@contextmanager
def served(folder: Path) -> Iterator[Witness]:
    """A fresh org behind ``sfsync mock serve``; ``folder`` takes what it says."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    words = [sys.executable, "-m", "sfsync", "mock", "serve", "--seed", f"charge_card:{SEED}"]
    with (folder / "mock.log").open("w") as said:
        process = subprocess.Popen(
            [*words, "--ready-file", str(ready)], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        while not ready.is_file():
            if process.poll() is not None:
                raise RuntimeError(f"sfsync mock serve ended: {(folder / 'mock.log').read_text()[-2000:]}")
            time.sleep(0.1)
        address = json.loads(ready.read_text())
        yield Witness(address["url"], address["token"])
    finally:
        process.terminate()
        process.wait(30)
