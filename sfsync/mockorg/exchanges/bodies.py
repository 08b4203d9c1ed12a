"""Bodies between bytes and values: JSON, CSV, XML, forms, SOQL; what is none of them is not kept."""

import json
import re
import zlib
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sfsync.mockorg import csv_text
from sfsync.mockorg.exchanges.exchange import Body

DELIMITERS = ",;\t|^`"
"""What the Bulk APIs let stand between columns."""

_XML_MEDIA = ("xml",)
_SOQL = re.compile(r"\s*SELECT\s", re.IGNORECASE)
_LARGEST_UNPACKED = 256 * 1024 * 1024


def decode(data: bytes, content_type: str = "", encoding: str = "") -> Body:
    """Read a body. The Content-Type counts first, then what the body looks like; never fails."""
    if encoding.strip().lower() in {"gzip", "deflate"}:
        data = _unpacked(data)
    if not data:
        return Body()
    media = content_type.partition(";")[0].strip().lower()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _omitted(media, data)
    if media == "application/x-www-form-urlencoded":
        return Body("form", dict(parse_qsl(text, keep_blank_values=True)))
    if media.endswith("csv"):
        return Body("soql", text) if _SOQL.match(text) else _csv(text, media, data)
    start = text.lstrip()[:1]
    if media.endswith("json") or (not media.endswith(_XML_MEDIA) and start in {"{", "["}):
        try:
            return Body("json", json.loads(text))
        except (ValueError, RecursionError):
            return _omitted(media, data)
    if media.endswith(_XML_MEDIA) or text.lstrip().startswith(("<?xml", "<soap", "<env")):
        # A batch of a Bulk 1.0 query is plain SOQL whatever its job's documents are.
        return Body("soql", text) if _SOQL.match(text) else Body("xml", spread(text))
    return Body("soql", text) if _SOQL.match(text) else _omitted(media, data)


def encode(body: Body) -> bytes:
    """The bytes of a body; an omitted one is empty."""
    match body.kind:
        case "json":
            return json.dumps(body.value, ensure_ascii=False, separators=(",", ":")).encode()
        case "csv":
            return csv_text.written(body.value, body.delimiter, body.line_end)
        case "form":
            return urlencode(body.value).encode()
        case "xml":
            return folded(body.value).encode()
        case "soql" | "text":
            return str(body.value).encode()
        case _:
            return b""


def _csv(text: str, media: str, data: bytes) -> Body:
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows: list[Any] = [list(row) for row in csv_text.read(text, delimiter)]
    except csv_text.BadCsv:
        return _omitted(media, data)
    return Body("csv", rows, delimiter, "CRLF" if "\r\n" in text else "LF")


def _omitted(media: str, data: bytes) -> Body:
    return Body("omitted", f"{len(data)} bytes of {media or 'an unknown type'}")


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(data, _LARGEST_UNPACKED)
    except zlib.error:
        return data


def spread(text: str) -> str:
    """XML with one element a line, indented; only blanks between elements change."""
    depth = 0
    lines = []
    for line in re.sub(
        r"(</[^<>]*>|/>|\?>)\s*(?=<)|(<[^/!?<>][^<>]*>)\s*(?=<[^/!])", r"\1\2\n", text
    ).splitlines():
        piece = line.strip() if line.strip().startswith("<") else line
        if piece.startswith("</"):
            depth -= 1
        lines.append("  " * max(depth, 0) + piece if piece.startswith("<") else piece)
        opens = len(re.findall(r"<[^/!?][^<>]*(?<!/)>", piece))
        closes = len(re.findall(r"</", piece))
        depth += opens - closes + (1 if piece.startswith("</") else 0)
    return "\n".join(lines)


def folded(text: str) -> str:
    """XML without blanks between elements, as it is sent and compared."""
    text = re.sub(r"(</[^<>]*>|/>|\?>)\s+(?=<)", r"\1", text.strip())
    return re.sub(r"(<[^/!?<>][^<>]*>)\s+(?=<[^/!])", r"\1", text)
