"""Structured logs: JSON lines for machines, short text on a terminal; never a token, an e-mail or a phone number."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

RUN: ContextVar[str] = ContextVar("run", default="")
"""The id of the run that goes on: every line of its log bears it."""

_TOKEN = re.compile(
    r"""
    \b00D[0-9A-Za-z]{9,15}![\w.\-]+            # a Salesforce session id
    | \beyJ[\w-]+\.[\w-]+\.[\w-]*              # a JSON web token
    | (?i:\bBearer|\bBasic)\s+[\w.!~+/=-]{8,}  # an Authorization header
    | (?i:(?:access_token|refresh_token|client_secret|password|assertion|sessionId)
      (?:["']?\s*[=:]\s*["']?|>))[^\s"'&<,]+
    | -----BEGIN[ A-Z]+PRIVATE[ ]KEY-----.*?(?:-----END[ A-Z]+PRIVATE[ ]KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.:-])(?:\+|0)\d[\d ()./-]{5,20}\d(?!\w)")
_PHONE_DIGITS = range(9, 16)
_QUOTED = (
    # the wording of these messages is the org's ("Core Data Types Used in API Calls", StatusCode)
    re.compile(r"(data value too large: ).*?(?= \(max length=|$)", re.DOTALL),
    re.compile(r"(bad value for restricted picklist field: ).*?(?=:[\w, ]* ?--$| \(\w|$)", re.DOTALL),
    re.compile(r"(invalid email address: ).*?(?=:[\w, ]* ?--$| \(\w|$)", re.DOTALL),
    re.compile(r"(Cannot deserialize instance of \w+ from \w+ value ).*?(?= or request|$)", re.DOTALL),
)


def redact(text: str) -> str:
    """The text without tokens, passwords, e-mail addresses, phone numbers and what known messages quote."""
    for pattern in _QUOTED:
        text = pattern.sub(r"\1…", text)
    text = _EMAIL.sub("[e-mail]", _TOKEN.sub("[secret]", text))
    return _PHONE.sub(_redact_phone, text)


def _redact_phone(match: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in match[0])
    return "[phone]" if digits in _PHONE_DIGITS else match[0]


def event(logger: logging.Logger, level: int, name: str, /, **fields: Any) -> None:
    """Log a fact under a dotted name, such as ``salesforce.retry``, with its fields."""
    logger.log(level, name, extra={"fields": fields})


def configure(verbosity: int, stream: TextIO) -> None:
    """Send sfsync's log to ``stream``: errors at -1, warnings at 0, what happens at 1, every request at 2.

    JSON lines unless ``stream`` is a terminal. Calling it again replaces the former setting.
    """
    logger = logging.getLogger("sfsync")
    for handler in [old for old in logger.handlers if isinstance(old, _Handler)]:
        logger.removeHandler(handler)
    handler = _Handler(stream)
    handler.setFormatter(_Text() if stream.isatty() else _Json())
    logger.addHandler(handler)
    logger.setLevel(_LEVELS.get(verbosity, logging.DEBUG if verbosity > 0 else logging.ERROR))


_LEVELS = {0: logging.WARNING, 1: logging.INFO}


class _Handler(logging.StreamHandler[TextIO]):
    """Marks the handler as ours, so that it can be replaced; silent once its stream is closed."""

    def emit(self, record: logging.LogRecord) -> None:
        if not self.stream.closed:
            super().emit(record)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact(record.getMessage()),
            **{name: _clean(value) for name, value in _fields(record).items()},
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=lambda value: redact(str(value)))


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        text = redact(f"{time} {record.levelname.lower():7} {record.getMessage()} {fields}".rstrip())
        return f"{text}\n{redact(self.formatException(record.exc_info))}" if record.exc_info else text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = getattr(record, "fields", None)
    run = {"run": RUN.get()} if RUN.get() else {}
    return run | fields if isinstance(fields, dict) else run


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
