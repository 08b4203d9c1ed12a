"""Takes values out of reasons before they are kept: some messages of an org quote the value."""

from functools import lru_cache

from sfsync import logs

_BLANK = "…"
_LONGEST = 500
_REASONS = 1_000
"""Reasons that are remembered: in a large table thousands of rows share one."""


@lru_cache(maxsize=_REASONS)
def redact(text: str) -> str:
    """``text`` as it may be logged, and without the values that known messages quote; one line.

    >>> redact("STRING_TOO_LONG: City: data value too large: Oost-West-Middelbeers (max length=10)")
    'STRING_TOO_LONG: City: data value too large: … (max length=10)'
    """
    text = " ".join(logs.redact(text).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + _BLANK
