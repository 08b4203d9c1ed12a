"""Conditional requests: rows, describe and the list of objects are only given, or changed, when they are (or are not)
as the client thinks.

Dates work on all of them, entity tags on accounts only, and nothing of it on deletes. Source: REST API Developer
Guide, "Conditional Request Headers".
"""

import base64
import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.state import Call

_DATES = ("if-modified-since", "if-unmodified-since")
_TAGS = ("if-match", "if-none-match")
TAGGED = "Account"


def asked(request: Request) -> bool:
    """Whether a request has a condition."""
    return any(name in request.headers for name in (*_DATES, *_TAGS))


def row_marks(call: Call, sobject: str, record_id: str) -> dict[str, str]:
    """The headers that tell which state of a record an answer is about."""
    if "SystemModstamp" not in call.core.schema.objects[sobject].fields:
        return {}
    stamp = call.core.read(sobject, record_id, ["SystemModstamp"])["SystemModstamp"]
    return marks(datetime.fromisoformat(stamp), f"{record_id} {stamp}" if sobject == TAGGED else "")


def marks(changed: datetime, state: str = "") -> dict[str, str]:
    """``Last-Modified``, and an ``ETag`` for a state that is told from others by ``state``."""
    headers = {"Last-Modified": format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True)}
    if state:
        digest = hashlib.sha256(state.encode()).digest()[:24]
        headers["ETag"] = f'"{base64.b64encode(digest).decode()}"'
    return headers


def unmet(request: Request, headers: dict[str, str]) -> Reply | None:
    """The answer 304 or 412 to a request whose conditions do not hold for a thing with these marks, or None.

    Raises:
        Refused: a date that is none, on a request that writes; when reading it does not count.

    """
    reading = request.method == "GET"
    modified = parsedate_to_datetime(headers["Last-Modified"]) if headers else None
    tag = headers.get("ETag")
    since, not_since = (_date(request, name, strict=not reading) for name in _DATES)
    wanted, unwanted = (_tags(request.header(name)) for name in _TAGS)
    if tag and wanted and not {"*", tag} & wanted:
        return _failed()
    if not_since and modified and not (tag and wanted) and modified > not_since:
        return _failed()
    if tag and unwanted:
        same = bool({"*", tag} & unwanted)
    else:
        same = bool(reading and since and modified and modified <= since)
    if not same:
        return None
    return Reply(304, headers=headers) if reading else _failed()


def _failed() -> Reply:
    text = "The requested resource was not in the state that the request's headers asked for"
    return Reply(412, [{"message": text, "errorCode": "PRECONDITION_FAILED"}])


def _date(request: Request, name: str, *, strict: bool) -> datetime | None:
    text = request.header(name)
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        if strict:
            message = f"The value of the header {name} is not an HTTP date: {text}"
            raise Refused("INVALID_HEADER", message) from None
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _tags(header: str) -> set[str]:
    """The tags of a header; a weak one counts as the strong one, and what a compressing server adds is cut off."""
    tags = {part.strip().removeprefix("W/") for part in header.split(",") if part.strip()}
    return {f'{tag[:-7]}"' if tag.endswith('--gzip"') else tag for tag in tags}
