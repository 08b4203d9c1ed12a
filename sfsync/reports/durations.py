"""Times taken, as people say them."""

from math import isnan


def spoken(hours: float | None) -> str:
    """``2 h 18 min`` up to two days, then ``3.4 days``; a dash where there is none."""
    if hours is None or isnan(hours):
        return "–"
    minutes = round(hours * 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        whole, rest = divmod(minutes, 60)
        return f"{whole} h {rest} min" if rest else f"{whole} h"
    return f"{hours / 24:,.1f} days"
