"""What an answer that is not a success means, and which error it becomes. Pure: no I/O, no waiting.

The classes follow "Status Codes and Error Responses" and "Core Data Types Used in API Calls" of the Salesforce
developer documentation; what may be repeated is our own judgement:

    EXPIRED     the session ended: log in once more, then repeat
    BUSY        the org declined before it did anything: every request may be repeated
    UNREACHED   the request never left: every request may be repeated
    BROKEN      the request may or may not have been done: only repeatable ones are repeated
    LIMIT, LOGIN, PERMISSION, CLOSED, REFUSED    never repeated
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit, SfsyncError
from sfsync.logs import redact
from sfsync.salesforce.soap import find_text, parse_xml


class FaultKind(StrEnum):
    """What to do about a request that failed as a whole (see the module)."""

    EXPIRED = "expired"
    BUSY = "busy"
    UNREACHED = "unreached"
    BROKEN = "broken"
    LIMIT = "limit"
    LOGIN = "login"
    PERMISSION = "permission"
    CLOSED = "closed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that failed as a whole. ``tries`` caps the policy's tries; ``wait`` is the least pause in seconds."""

    kind: FaultKind
    code: str = ""
    message: str = ""
    status: int = 0
    tries: int = 99
    wait: float = 0.0

    @property
    def detail(self) -> str:
        """Code and message in one, without personal data, on one line."""
        text = f"{self.code}: {self.message}" if self.code and self.message else self.code or self.message
        return redact(_without_literals(" ".join(text.split())))[:300] or f"HTTP {self.status}"

    def may_repeat(self, *, repeatable: bool) -> bool:
        """Whether the same request may be sent again."""
        if self.kind in {FaultKind.BUSY, FaultKind.UNREACHED}:
            return True
        return self.kind is FaultKind.BROKEN and repeatable


_EXCERPT = re.compile(r"(^|: ).*?(?=ERROR at Row:)", re.DOTALL)
_LITERAL = re.compile(r"""((?:[=(,<>]|\b(?:LIKE|found|token:?))\s*)'(?:[^'\\]|\\.)*'?""", re.IGNORECASE)


def _without_literals(text: str) -> str:
    """A message about a query without the part of it that it shows, and without the values in what is left."""
    return _LITERAL.sub(r"\1'…'", _EXCERPT.sub(r"\1", text, count=1))


_BY_CODE = {
    "InvalidSessionId": FaultKind.EXPIRED,
    "UNABLE_TO_LOCK_ROW": FaultKind.BUSY,
    "TOO_MANY_APEX_REQUESTS": FaultKind.BUSY,
    "UNKNOWN_EXCEPTION": FaultKind.BROKEN,
    "INTERNAL_ERROR": FaultKind.BROKEN,
    "SERVER_UNAVAILABLE": FaultKind.BROKEN,
    "REQUEST_RUNNING_TOO_LONG": FaultKind.BROKEN,
    "QUERY_TIMEOUT": FaultKind.BROKEN,
    "ExceededQuota": FaultKind.LIMIT,
    "API_CURRENTLY_DISABLED": FaultKind.CLOSED,
    "ORG_IN_MAINTENANCE": FaultKind.CLOSED,
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": FaultKind.CLOSED,
    "INSUFFICIENT_ACCESS": FaultKind.PERMISSION,
    "INSUFFICIENT_ACCESS_OR_READONLY": FaultKind.PERMISSION,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": FaultKind.PERMISSION,
    **dict.fromkeys(
        (
            "API_DISABLED_FOR_ORG",
            "INVALID_LOGIN",
            "INVALID_AUTH_HEADER",
            "LOGIN_MUST_USE_SECURITY_TOKEN",
            "PASSWORD_LOCKOUT",
            "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
            "LOGIN_DURING_RESTRICTED_DOMAIN",
            "LOGIN_DURING_RESTRICTED_TIME",
            "ORG_LOCKED",
            "TRIAL_EXPIRED",
        ),
        FaultKind.LOGIN,
    ),
}
_TRIES = {"QUERY_TIMEOUT": 2, "REQUEST_RUNNING_TOO_LONG": 2}
_CONCURRENT_WAIT = 30.0
_LOCK = "UNABLE_TO_LOCK_ROW"


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Fault | None:
    """The fault in an answer; None when it is none (2xx, and 304 of a conditional request)."""
    if 200 <= status < 300 or status == 304:
        return None
    code, message = read_error(body)
    soap = body.lstrip()[:1] == b"<" and b"Fault" in body
    kind = _kind(status, code, message, soap=soap)
    if kind is FaultKind.BUSY and code == "REQUEST_LIMIT_EXCEEDED":
        return Fault(kind, code, message, status, wait=_CONCURRENT_WAIT)
    if status in {420, 429, 504}:  # the edge of the platform, which asks for few repetitions
        return Fault(kind, code, message, status, tries=3, wait=_retry_after(headers))
    return Fault(kind, code, message, status, tries=_TRIES.get(code, 99))


def classify_part(status: int, body: Any) -> Fault | None:
    """The fault of a sub-request whose body is JSON already; None when it succeeded."""
    if 200 <= status < 300 or status == 304:
        return None
    code, message = error_of(body)
    return Fault(_kind(status, code, message, soap=False), code, message, status)


def _kind(status: int, code: str, message: str, *, soap: bool) -> FaultKind:
    if code == "INVALID_SESSION_ID":
        # A 401 of a session that is alive but not allowed here: a new login would not help.
        return FaultKind.LOGIN if "not valid for use with" in message else FaultKind.EXPIRED
    if code == "REQUEST_LIMIT_EXCEEDED":
        return FaultKind.BUSY if "concurrent" in message.casefold() else FaultKind.LIMIT
    if is_passing(code, message):
        return FaultKind.BUSY
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code.startswith("TXN_SECURITY") or status == 403:
        return FaultKind.PERMISSION
    if status == 401:
        return FaultKind.LOGIN
    if status in {420, 429}:
        return FaultKind.BUSY
    if status >= 500 and not (soap and code):
        return FaultKind.BROKEN
    return FaultKind.REFUSED


def is_passing(code: str, message: str) -> bool:
    """Whether a refused row met a trouble that passes: another transaction held its lock.

    Nothing was written for such a row, so it may be sent again. A trigger's lock error comes inside the message
    of CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY. A bulk job that met too many locks gives up with TooManyLockFailure,
    and does not come to the rest of its rows ("General Guidelines for Data Loads").
    """
    return (
        code == _LOCK
        or (code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and _LOCK in message)
        or (code == "NOT_PROCESSED" and "TooManyLockFailure" in message)
    )


def read_error(body: bytes) -> tuple[str, str]:
    """Code and message of an error body: REST list, Bulk 1.0 or OAuth object, XML error or SOAP fault.

    ("", "") for a body that is none of these, such as a proxy's page.
    """
    start = body.lstrip()[:1]
    if start == b"<":
        return _read_xml_error(body)
    if start not in {b"[", b"{"}:
        return "", ""
    try:
        value: Any = json.loads(body)
    except ValueError:
        return "", ""
    return error_of(value)


def error_of(value: Any) -> tuple[str, str]:
    """Code and message of an error body that is JSON already, such as a composite sub-response."""
    if isinstance(value, list):
        value = value[0] if value else {}
    if not isinstance(value, dict):
        return "", ""
    code = (
        value.get("errorCode") or value.get("statusCode") or value.get("exceptionCode") or value.get("error")
    )
    message = value.get("message") or value.get("exceptionMessage") or value.get("error_description")
    return str(code or ""), str(message or "")


def _read_xml_error(body: bytes) -> tuple[str, str]:
    try:
        root = parse_xml(body)
    except ValueError:
        return "", ""
    code = find_text(root, "exceptionCode") or find_text(root, "faultcode").rpartition(":")[2]
    return code, find_text(root, "exceptionMessage") or find_text(root, "faultstring")


def _retry_after(headers: Mapping[str, str]) -> float:
    value = next((text for name, text in headers.items() if name.casefold() == "retry-after"), "")
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else 0.0


_HINTS = {
    "INVALID_FIELD": "Run `sfsync org check`: a field is missing in the org or hidden from the integration user.",
    "INVALID_TYPE": "Run `sfsync org check`: an object is missing in the org or hidden from the integration user.",
    "NOT_FOUND": "Check the object's and the key field's names with `sfsync org check`.",
    "UNSUPPORTED_API_VERSION": "Set `version` of the org in config/sfsync.yaml to a version that the org offers.",
    "STORAGE_LIMIT_EXCEEDED": "Free data storage in the org, then run again.",
}


def to_error(fault: Fault, host: str, *, repeatable: bool) -> SfsyncError:
    """The error, a sentence for an operator, that a fault ends in when nothing more can be tried."""
    detail = fault.detail
    code, status = fault.code, fault.status
    match fault.kind:
        case FaultKind.UNREACHED:
            return OrgUnavailable(
                f"The org at {host} cannot be reached ({detail}).",
                hint="Nothing was sent. Check the address, the network and the proxy, then run again.",
                code=code,
                status=status,
            )
        case FaultKind.BROKEN if not repeatable:
            return OutcomeUnknown(
                f"The org at {host} gave no usable answer to a write ({detail}): it may have been done.",
                hint="Run the same command again: it looks in the org before it writes.",
                code=code,
                status=status,
            )
        case FaultKind.BROKEN | FaultKind.BUSY:
            return OrgUnavailable(
                f"The org at {host} is in trouble ({detail}), also after repeated tries.",
                hint="Run again in some minutes; the org's state is shown at https://status.salesforce.com.",
                code=code,
                status=status,
            )
        case FaultKind.CLOSED:
            return OrgUnavailable(
                f"The org at {host} is closed for maintenance ({detail}).",
                hint="Run again when the maintenance is over.",
                code=code,
                status=status,
            )
        case FaultKind.LIMIT:
            return RequestLimit(
                f"The request limit of the org at {host} is used up ({detail}).",
                hint="It frees up over the next 24 hours; `sfsync org limits` shows what is left.",
                code=code,
                status=status,
            )
        case FaultKind.LOGIN | FaultKind.EXPIRED:
            return LoginFailed(
                f"The org at {host} does not accept the login ({detail}).",
                hint="Check the credentials of this org, then try `sfsync org check`.",
            )
        case FaultKind.PERMISSION:
            return LoginFailed(
                f"The integration user may not do this in the org at {host} ({detail}).",
                hint="Give the user the missing permission; `sfsync org check` names those that flows need.",
            )
        case FaultKind.REFUSED:
            moved = (
                "The org has another address now: use its current My Domain." if 300 < status < 400 else ""
            )
            return OrgError(
                f"The org at {host} refused the request ({detail}).",
                hint=_HINTS.get(code, moved),
                code=code,
                status=status,
            )
