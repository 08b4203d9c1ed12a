"""Dealers: what files and mails need to know about them."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@cache
def zone_of(name: str | None, default: str) -> ZoneInfo:
    """A dealer's time zone; the project's where the org names none, or one that does not exist."""
    try:
        return ZoneInfo((name or default).strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(default)
