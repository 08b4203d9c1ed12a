"""How the SLA report speaks: names and rules of the SLAs, shares, trends, remarks. For screen, page, book."""

from datetime import date
from math import floor, isnan
from zoneinfo import ZoneInfo

from sfsync.reports.sla import SlaReport
from sfsync.reports.sla_settings import FIRST_CONTACT, FULLY_MANAGED, MANAGEMENT, SlaSettings

NAMES = {FIRST_CONTACT: "First contact", MANAGEMENT: "Management", FULLY_MANAGED: "Fully managed"}


def rule(sla: str, settings: SlaSettings) -> str:
    """What a lead must do to meet the SLA."""
    if sla == FIRST_CONTACT:
        return f"contacted within {settings.first_contact} of assignment"
    if sla == MANAGEMENT:
        return f"closed or appointment booked within {settings.management} of assignment"
    return f"closed, of the leads assigned in {settings.fully_managed.window_days} days"


def share(value: float, aim: float = 1.0) -> str:
    """``72.4 %``; a dash where nothing counts. Never rounded up to a target that was missed."""
    if isnan(value):
        return "–"
    shown = round(value * 100, 1)
    if met(value, aim) is False and shown >= round(aim * 100, 1):
        shown = floor(value * 1000) / 10
    return f"{shown:.1f} %"


def target(value: float) -> str:
    return f"{value * 100:g} %"


def trend(value: float) -> str:
    """Points gained or lost against the period before: ``▲ 3.1``."""
    if isnan(value):
        return ""
    points = round(value * 100, 1)
    return f"{'▲' if points > 0 else '▼' if points < 0 else '='} {abs(points):.1f}"


def points(value: float) -> str:
    """As ``trend``, in words: ``▲ 3.1 points``."""
    return f"{trend(value)} points" if trend(value) else "–"


def month_name(month: str) -> str:
    """``Oct`` for ``2026-10``; January says its year."""
    day = date.fromisoformat(f"{month}-01")
    return f"{day:%b %Y}" if day.month == 1 else f"{day:%b}"


def met(value: float, aim: float) -> bool | None:
    """Whether a share reaches its target; None where nothing counts."""
    return None if isnan(value) else value >= aim - 1e-12


def heading(report: SlaReport, title: str, dealer: str | None) -> str:
    """One line that says what the figures are of."""
    parts = [title, report.period.label, f"{int(report.figures['leads']):,} leads"]
    if dealer:
        parts.insert(1, f"dealer {dealer}")
    return " · ".join(parts)


def as_of(report: SlaReport) -> str:
    zone = report.settings.default_zone
    return f"as of {report.now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def remarks(report: SlaReport) -> list[str]:
    """What a reader must know to judge the figures."""
    settings, notes, total = report.settings, report.notes, report.figures
    found = [f"Figures {as_of(report)}. Trends are points against {compared_with(report)}."]
    still = int(total[f"{FIRST_CONTACT}_open"]), int(total[f"{MANAGEMENT}_open"])
    if any(still):
        found.append(
            f"Leads that still have time count for neither side: {still[0]:,} to contact, {still[1]:,} to manage."
        )
    if notes.get("by_field"):
        found.append(
            f"Of {notes['by_field'] + notes.get('by_history', 0):,} leads read, {notes['by_field']:,} have no "
            "history of their assignment; there the date of the lead counts."
        )
    if int(total[f"{MANAGEMENT}_unknown"]):
        found.append(
            f"{int(total[f'{MANAGEMENT}_unknown']):,} handled leads do not tell when; they are not in "
            f"{NAMES[MANAGEMENT].lower()}."
        )
    if notes.get("unknown_zones"):
        found.append(
            f"{notes['unknown_zones']:,} dealers have a time zone that does not exist; there "
            f"{settings.default_zone} counts."
        )
    return found


def compared_with(report: SlaReport) -> str:
    """What the trends are against."""
    return f"{'' if report.period.last else 'the '}{report.previous.label}"
