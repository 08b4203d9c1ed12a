"""Charts as SVG text that stands inside a page: lines by month, columns, a bar with a target, dealers by share.

Colours are CSS classes, so that the page decides them for day, night and paper. Every chart says in words what it
shows, for those who do not see it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, isnan

_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 10.0, 26.0, 26.0


@dataclass(frozen=True, slots=True)
class Line:
    """A series of shares (0 to 1, NaN for a gap), its CSS class, and what is said at each point."""

    name: str
    css: str
    values: Sequence[float]
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: its label, height, the text above it, its CSS class."""

    label: str
    value: float
    above: str
    css: str


def _drawing(width: float, height: float, parts: Iterable[str], title: str, css: str) -> str:
    body = "".join(parts)
    return (
        f'<svg class="{css}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title, quote=True)}">'
        f"{body}</svg>"
    )


def _text(x: float, y: float, said: str, css: str = "", anchor: str = "middle") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def span_of(shares: Iterable[float]) -> tuple[float, float]:
    """From where to where an axis goes that has room for these shares: fifths of the whole, two at least."""
    known = [share for share in shares if not isnan(share)]
    low = floor(max(min(known, default=0.0) - 0.05, 0.0) * 5) / 5
    high = ceil(min(max(known, default=1.0) + 0.05, 1.0) * 5 - 1e-9) / 5
    return min(low, high - 0.4), high


def line_chart(
    labels: Sequence[str],
    lines: Sequence[Line],
    target: float,
    span: tuple[float, float],
    title: str,
    *,
    unfinished: bool,
) -> str:
    """Shares by month with a target. The last line is the main one: its last figure is written beside it.

    The last point is hollow when its month is ``unfinished``.
    """
    width, height = 360.0, 220.0
    low, high = span
    inner = width - _LEFT - _RIGHT
    places = [_LEFT + inner * (0.5 + number) / len(labels) for number in range(len(labels))]

    def level(share: float) -> float:
        return _TOP + (height - _TOP - _BOTTOM) * (high - share) / (high - low)

    parts = []
    for step in (fifth / 5 for fifth in range(round(low * 5), round(high * 5) + 1)):
        parts.append(_rule(_LEFT, level(step), width - _RIGHT, level(step), "grid"))
        parts.append(_text(_LEFT - 6, level(step) + 4, f"{step:.0%}", "tick", "end"))
    parts += [_text(x, height - 8, label, "tick") for x, label in zip(places, labels, strict=True)]
    parts.append(_rule(_LEFT, level(target), width - _RIGHT, level(target), "target"))
    for line in lines:
        parts += _strokes(line, places, [level(value) for value in line.values])
        for number, value in enumerate(line.values):
            if not isnan(value):
                hollow = " hollow" if unfinished and number == len(labels) - 1 else ""
                parts.append(
                    f'<circle class="{line.css}{hollow}" cx="{places[number]:.1f}" cy="{level(value):.1f}" r="4">'
                    f"<title>{escape(line.said[number])}</title></circle>"
                )
        known = [number for number, value in enumerate(line.values) if not isnan(value)]
        if line is lines[-1] and known:
            last = known[-1]
            said = f"{line.values[last]:.0%}"
            parts.append(_text(places[last], level(line.values[last]) - 11, said, "figure"))
    return _drawing(width, height, parts, title, "chart lines")


def _strokes(line: Line, places: Sequence[float], levels: Sequence[float]) -> list[str]:
    points = list(zip(places, levels, line.values, strict=True))
    found = []
    for (x1, y1, one), (x2, y2, two) in pairwise(points):
        if not (isnan(one) or isnan(two)):
            found.append(_rule(x1, y1, x2, y2, line.css))
    return found


def column_chart(bars: Sequence[Bar], title: str) -> str:
    """Columns with their figures above; no axis, for the figures say it."""
    width, height = 1060.0, 250.0
    top, bottom = 26.0, 28.0
    highest = max((bar.value for bar in bars), default=0) or 1
    slot = width / max(len(bars), 1)
    parts = [_rule(0, height - bottom, width, height - bottom, "axis")]
    for number, bar in enumerate(bars):
        tall = (height - top - bottom) * bar.value / highest
        x = slot * number
        y = height - bottom - tall
        parts.append(
            f'<rect class="{bar.css}" x="{x + slot * 0.12:.1f}" y="{y:.1f}" width="{slot * 0.76:.1f}" '
            f'height="{tall:.1f}" rx="3"><title>{escape(f"{bar.label}: {bar.above}")}</title></rect>'
        )
        parts.append(_text(x + slot / 2, y - 7, bar.above, "figure"))
        parts.append(_text(x + slot / 2, height - 8, bar.label, "tick"))
    return _drawing(width, height, parts, title, "chart columns")


def target_bar(share: float, target: float, css: str, title: str) -> str:
    """A share of the whole as a bar, with a mark at the target."""
    width, height = 300.0, 18.0
    filled = 0.0 if isnan(share) else share * width
    parts = [
        f'<rect class="track" x="0" y="4" width="{width:g}" height="10" rx="5"/>',
        f'<rect class="{css}" x="0" y="4" width="{filled:.1f}" height="10" rx="5"/>',
        _rule(target * width, 0, target * width, height, "mark"),
    ]
    return _drawing(width, height, parts, title, "chart bar")


def spread_chart(shares: Sequence[float], target: float, title: str) -> str:
    """How many of many stand where: a column for every twentieth of the way from 0 to 100 %, and the target."""
    width, height, slots = 1060.0, 150.0, 20
    top, bottom = 20.0, 24.0
    counts = [0] * slots
    for share in shares:
        counts[min(int(share * slots + 1e-9), slots - 1)] += 1
    highest = max([*counts, 1])
    slot = width / slots
    parts = [_rule(0, height - bottom, width, height - bottom, "axis")]
    for number, count in enumerate(counts):
        tall = (height - top - bottom) * count / highest
        good = number / slots >= target - 1e-9
        span = f"{number / slots:.0%} to {(number + 1) / slots:.0%}: {count:,}"
        if count:
            parts.append(
                f'<rect class="{"good" if good else "bad"}" x="{slot * number + 2:.1f}" '
                f'y="{height - bottom - tall:.1f}" width="{slot - 4:.1f}" height="{tall:.1f}" rx="2">'
                f"<title>{escape(span)}</title></rect>"
            )
            parts.append(
                _text(slot * (number + 0.5), height - bottom - tall - 5, f"{count:,}", "figure small")
            )
    for step in range(0, slots + 1, 2):
        anchor = "start" if step == 0 else "end" if step == slots else "middle"
        parts.append(_text(slot * step, height - 7, f"{step / slots:.0%}", "tick", anchor))
    parts.append(_rule(target * width, top - 12, target * width, height - bottom, "target"))
    return _drawing(width, height, parts, title, "chart spread")
