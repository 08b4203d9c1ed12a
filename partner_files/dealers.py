"""Dealers: what files and mails need to know about them."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sfsync.project import Content
from sfsync.reports.sla_settings import SlaSettings


def default_zone(content: Content) -> str:
    """The time zone of dealers whose account names none: ``default_zone`` of ``config/sla.yaml``."""
    return content.settings("sla", SlaSettings).default_zone


@cache
def zone_of(name: str | None, default: str) -> ZoneInfo:
    """A dealer's time zone; the default where the org names none, or one that does not exist."""
    try:
        return ZoneInfo((name or default).strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(default)
