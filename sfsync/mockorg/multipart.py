"""Bodies of several parts: a record with a file, a Bulk job with its data.

Source: "Insert or Update Blob Data" in the REST API Developer Guide.
"""

import re
from dataclasses import dataclass

from sfsync.mockorg.http import Request
from sfsync.mockorg.problems import Refused


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name in the form, its media type, its bytes."""

    name: str
    media_type: str
    body: bytes


def parts_of(request: Request) -> list[Part]:
    """The parts of a multipart/form-data body, in order.

    Raises:
        Refused: no boundary, or a body that does not keep to it.

    """
    found = re.search(r'boundary="?([^";]+)"?', request.header("content-type"), re.IGNORECASE)
    if found is None:
        raise Refused("INVALID_MULTIPART_REQUEST", "The Content-Type names no boundary")
    mark = b"--" + found[1].strip().encode()
    pieces = (b"\r\n" + request.body).split(b"\r\n" + mark)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise Refused("INVALID_MULTIPART_REQUEST", "The body does not keep to its boundary")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, blank, body = piece.partition(b"\r\n\r\n")
    if not blank:
        raise Refused("INVALID_MULTIPART_REQUEST", "A part has no blank line after its headers")
    text = head.decode("utf-8", "replace")
    name = re.search(r'\bname="([^"]*)"', text)
    media = re.search(r"^content-type:\s*([^;\r\n]+)", text, re.IGNORECASE | re.MULTILINE)
    return Part(name[1] if name else "", media[1].strip().lower() if media else "text/plain", body)
