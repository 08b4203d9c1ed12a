"""Takes values out of reasons before they are kept: some messages of an org quote the value."""

import re

from sfsync import logs

_BLANK = "…"
_QUOTED = (
    # the wording of these messages is the org's ("Core Data Types Used in API Calls", StatusCode)
    re.compile(r"(data value too large: ).*?(?= \(max length=|$)", re.DOTALL),
    re.compile(r"(bad value for restricted picklist field: ).*?(?=:[\w, ]* ?--$| \(\w|$)", re.DOTALL),
    re.compile(r"(invalid email address: ).*?(?=:[\w, ]* ?--$| \(\w|$)", re.DOTALL),
    re.compile(r"(Cannot deserialize instance of \w+ from \w+ value ).*?(?= or request|$)", re.DOTALL),
)
_LONGEST = 500


def redact(text: str) -> str:
    """``text`` as it may be logged, and without the values that known messages quote; one line.

    >>> redact("STRING_TOO_LONG: City: data value too large: Oost-West-Middelbeers (max length=10)")
    'STRING_TOO_LONG: City: data value too large: … (max length=10)'
    """
    for pattern in _QUOTED:
        text = pattern.sub(rf"\1{_BLANK}", text)
    text = " ".join(logs.redact(text).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + _BLANK
