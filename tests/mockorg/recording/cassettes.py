"""Reads recordings of real orgs in the format of VCR cassettes, with parts of them in files of their own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ruamel.yaml import YAML

from sfsync.mockorg.exchanges.bodies import decode
from sfsync.mockorg.exchanges.exchange import Exchange
from sfsync.mockorg.recording import Recording

VERSION = "v62.0"


def load(path: Path) -> Recording:
    """A cassette as one of our recordings; headers that were elided are absent."""
    return Recording(tuple(_exchanges(path)), path.name)


def _exchanges(path: Path) -> Iterator[Exchange]:
    top = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    for each in top.get("interactions") or [top]:
        if "include_file" in each:
            yield from _exchanges(path.parent / each["include_file"])
        else:
            yield _exchange(each)


def _exchange(entry: dict[str, Any]) -> Exchange:
    request, response = entry["request"], entry["response"]
    parts = urlsplit(_versioned(request["uri"]))
    asked = request.get("body") or ""
    headers = response["headers"].get("Response-Headers", response["headers"])
    media = headers.get("Content-Type", [""])[0] if isinstance(headers, dict) else ""
    return Exchange(
        request["method"],
        parts.path,
        response["status"]["code"],
        tuple(parse_qsl(parts.query, keep_blank_values=True)),
        {"Content-Type": "application/json"} if asked else {},
        decode(_versioned(asked).encode(), "application/json"),
        {"Content-Type": media} if media else {},
        decode(_versioned(response["body"]["string"]).encode(), media or "application/json"),
    )


def _versioned(text: str) -> str:
    return re.sub(r"v(xx|\d\d)\.0(?=[/\"])", VERSION, text)


def template(path: Path) -> str:
    """A template of a Bulk 1.0 document, with something in place of every hole."""
    return re.sub(r"\{[^{}]*\}", "0", path.read_text(encoding="utf-8")).replace("vxx.0", "62.0")
