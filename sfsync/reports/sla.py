"""Service levels of leads, by dealer, kind and month. Arithmetic only: a frame of moments in, small tables out.

What counts, for each lead:

    first contact   from assignment to the first contact; met when it took no longer than the limit
    management      from assignment to the moment when the lead was handled; the same
    fully managed   of the leads assigned in the window that ends with the period, those closed by its end

A lead that nobody has contacted or handled is *open* while there is time left, and counts for neither side; then
it is late. A lead that is handled though nobody knows since when is *unknown*, and counts for neither side as well. A
month is the dealer's: by the date of assignment in the dealer's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sfsync.reports.sla_settings import (
    FIRST_CONTACT,
    FULLY_MANAGED,
    MANAGEMENT,
    SLAS,
    Limit,
    Period,
    SlaSettings,
    before,
    months_up_to,
)

if TYPE_CHECKING:
    import pandas as pd

TOTAL = "Total"
NEVER = "none yet"
_ALL = "all"
COLUMNS = ("lead", "dealer", "dealer_name", "zone", "kind")
MOMENTS = ("assigned", "contacted", "handled", "closed")
FLAGS = ("is_handled", "is_closed")


@dataclass(frozen=True, slots=True)
class SlaReport:
    """The figures. Tables are indexed by what they are by; ``months`` and ``month_kinds`` are oldest first.

    Columns: ``leads``, and for each SLA ``<sla>_n`` (leads that count), ``_met``, ``_open``, ``_unknown``,
    ``_share`` (0 to 1, NaN where none counts), ``_hours`` (mean time of those done; calendar days count 24), and
    ``_trend`` (share minus the share of the period before; not in ``months``, ``month_kinds`` and ``cube``).
    """

    settings: SlaSettings
    period: Period
    previous: Period
    now: datetime
    total: "pd.DataFrame"
    kinds: "pd.DataFrame"
    dealers: "pd.DataFrame"
    months: "pd.DataFrame"
    month_kinds: "pd.DataFrame"
    cube: "pd.DataFrame"
    """By month, dealer and kind."""
    times: "pd.DataFrame"
    """Leads by the time to their first contact: a row a step, the last for those without; a column a kind."""
    outside: "pd.DataFrame"
    """A row for each lead of the period and SLA that it missed, the worst of each dealer first."""
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of all leads together."""
        (row,) = rows_of(self.total)
        return row[1]


def rows_of(table: "pd.DataFrame") -> list[tuple[Any, dict[str, Any]]]:
    """A table's rows as plain values, each with what it is about."""
    names = [str(name) for name in table.columns]
    return [
        (index, dict(zip(names, values, strict=True)))
        for index, values in zip(table.index, table.itertuples(index=False, name=None), strict=True)
    ]


def sla_report(
    leads: "pd.DataFrame",
    settings: SlaSettings,
    now: datetime,
    *,
    month: date | None = None,
    notes: Mapping[str, int] | None = None,
) -> SlaReport:
    """The report of one month, or of the last days (as many as the window has) when ``month`` is None.

    ``leads`` has a row a lead: COLUMNS as text, MOMENTS as UTC date-times or NaT, FLAGS as booleans; leads assigned
    for a time to come do not count yet. ``notes`` are counts of how the moments were found, passed on as they are.
    """
    timed = _timed(leads[leads["assigned"] <= now], settings, now)
    days = settings.fully_managed.window_days
    today = now.astimezone(ZoneInfo(settings.default_zone)).date()
    period = Period.month(month) if month else Period.up_to(today, days)
    previous = before(period, days)
    months = months_up_to(month or today, settings.months)
    counted = timed[_within(timed, period)]
    return SlaReport(
        settings,
        period,
        previous,
        now,
        total=_compared(timed, settings, period, previous, _ALL),
        kinds=_compared(timed, settings, period, previous, "kind"),
        dealers=_named(_compared(timed, settings, period, previous, "dealer"), timed),
        months=_by_month(timed, settings, months, [_ALL]).droplevel(_ALL),
        month_kinds=_by_month(timed, settings, months, ["kind"]),
        cube=_by_month(timed, settings, months, ["dealer", "kind"]),
        times=_times(counted, settings),
        outside=_outside(counted),
        notes={"leads": len(counted), **(notes or {})},
    )


def _timed(leads: "pd.DataFrame", settings: SlaSettings, now: datetime) -> "pd.DataFrame":
    """The leads with local dates, times taken, and a verdict for each SLA."""
    import pandas as pd

    timed = leads.reset_index(drop=True)
    timed[_ALL] = TOTAL
    present = pd.Series(pd.Timestamp(now).tz_convert("UTC"), index=timed.index, dtype="datetime64[ms, UTC]")
    timed["assigned_local"] = _wall(timed["assigned"], timed["zone"])
    timed["day"] = timed["assigned_local"].dt.normalize()
    timed["today"] = _wall(present, timed["zone"]).dt.normalize()
    timed["closed_day"] = _wall(timed["closed"], timed["zone"]).dt.normalize()
    for sla, limit, moment, said in (
        (FIRST_CONTACT, settings.first_contact, "contacted", timed["contacted"].notna()),
        (MANAGEMENT, settings.management, "handled", timed["is_handled"]),
    ):
        done = timed[moment].notna()
        unknown = said & ~done
        taken = _took(timed, timed[moment], limit)
        waiting = _took(timed, present, limit)
        late = (taken > limit.span) | (~done & ~unknown & (waiting > limit.span))
        timed[f"{sla}_time"] = taken
        timed[f"{sla}_over"] = taken.where(done, waiting) - limit.span
        timed[f"{sla}_late"] = late
        timed[f"{sla}_met"] = done & ~late
        timed[f"{sla}_unknown"] = unknown
        timed[f"{sla}_open"] = ~(done | late | unknown)
        timed[f"{sla}_n"] = timed[f"{sla}_met"] | late
    timed[f"{FULLY_MANAGED}_time"] = _took(timed, timed["closed"], Limit(days=1, target=1))
    return timed


def _wall(moments: "pd.Series[Any]", zones: "pd.Series[Any]") -> "pd.Series[Any]":
    """What clocks on the wall show in each lead's zone at these moments: date-times without a zone."""
    import pandas as pd

    parts = [
        part.dt.tz_convert(str(zone)).dt.tz_localize(None)
        for zone, part in moments.groupby(zones, sort=False)
    ]
    if not parts:
        return pd.Series([], index=moments.index, dtype="datetime64[ms]")
    found: pd.Series[Any] = pd.concat(parts).reindex(moments.index)
    return found


def _took(timed: "pd.DataFrame", until: "pd.Series[Any]", limit: Limit) -> "pd.Series[Any]":
    """The time from assignment ``until`` then, as the limit counts it; never less than nothing."""
    if limit.by_calendar:
        until, start = _wall(until, timed["zone"]), timed["assigned_local"]
    else:
        start = timed["assigned"]
    taken = until - start
    positive: pd.Series[Any] = taken.mask(taken < timedelta(), timedelta())
    return positive


def _within(timed: "pd.DataFrame", period: Period) -> "pd.Series[bool]":
    inside = timed["day"] >= _stamp(period.first)
    return inside if period.last is None else inside & (timed["day"] <= _stamp(period.last))


def _stamp(day: date) -> "pd.Timestamp":
    import pandas as pd

    return pd.Timestamp(day)


def _figures(timed: "pd.DataFrame", settings: SlaSettings, period: Period, by: list[str]) -> "pd.DataFrame":
    """The figures of one period by the columns ``by``."""
    import pandas as pd

    groups = timed[_within(timed, period)].groupby(by)
    sums: dict[str, pd.Series[Any]] = {"leads": groups.size()}
    for sla in (FIRST_CONTACT, MANAGEMENT):
        for part in ("n", "met", "open", "unknown"):
            sums[f"{sla}_{part}"] = groups[f"{sla}_{part}"].sum()
        sums[f"{sla}_hours"] = _hours_of(groups[f"{sla}_time"].mean())
    last, closed = timed["today"], timed["is_closed"]
    if period.last is not None:
        end = _stamp(period.last)
        last = last.mask(last > end, end)
        # Closed by the end of a period that is over; a closing without a moment is taken to be one of its days.
        closed &= timed["closed_day"].isna() | (timed["closed_day"] <= last)
    window = timedelta(days=settings.fully_managed.window_days)
    inside = (timed["day"] > last - window) & (timed["day"] <= last)
    shown = timed[inside].assign(done=closed[inside])
    shown[f"{FULLY_MANAGED}_time"] = shown[f"{FULLY_MANAGED}_time"].where(shown["done"])
    windowed = shown.groupby(by)
    sums |= {
        f"{FULLY_MANAGED}_n": windowed.size(),
        f"{FULLY_MANAGED}_met": windowed["done"].sum(),
        f"{FULLY_MANAGED}_hours": _hours_of(windowed[f"{FULLY_MANAGED}_time"].mean()),
    }
    found = pd.DataFrame(sums)
    if by == [_ALL]:
        found = found.reindex(pd.Index([TOTAL], name=_ALL))  # there is a total of nothing, too
    found[f"{FULLY_MANAGED}_open"] = found[f"{FULLY_MANAGED}_n"] - found[f"{FULLY_MANAGED}_met"]
    found[f"{FULLY_MANAGED}_unknown"] = 0
    counts = [name for name in map(str, found) if not name.endswith("_hours")]
    found[counts] = found[counts].fillna(0).astype("int64")
    for sla in SLAS:
        found[f"{sla}_share"] = found[f"{sla}_met"] / found[f"{sla}_n"].where(found[f"{sla}_n"] > 0)
    return found


def _compared(
    timed: "pd.DataFrame", settings: SlaSettings, period: Period, previous: Period, by: str
) -> "pd.DataFrame":
    found = _figures(timed, settings, period, [by])
    earlier = _figures(timed, settings, previous, [by]).reindex(found.index)
    for sla in SLAS:
        found[f"{sla}_trend"] = found[f"{sla}_share"] - earlier[f"{sla}_share"]
    return found


def _named(dealers: "pd.DataFrame", timed: "pd.DataFrame") -> "pd.DataFrame":
    names = timed.drop_duplicates("dealer").set_index("dealer")["dealer_name"]
    dealers.insert(0, "dealer_name", names.reindex(dealers.index))
    return dealers


def _by_month(
    timed: "pd.DataFrame", settings: SlaSettings, months: list[Period], by: list[str]
) -> "pd.DataFrame":
    import pandas as pd

    parts = {month.label: _figures(timed, settings, month, by) for month in months}
    return pd.concat(parts, names=["month", *by])


def _times(counted: "pd.DataFrame", settings: SlaSettings) -> "pd.DataFrame":
    """Leads by the hours to their first contact."""
    import pandas as pd

    steps = settings.contact_steps
    between = [_between(*pair) for pair in pairwise(steps)]
    labels = [f"≤ {_hours(steps[0])}", *between, f"> {_hours(steps[-1])}", NEVER]
    hours = _hours_of(counted[f"{FIRST_CONTACT}_time"])
    # A step includes its end: contacted after exactly 24 hours is within 24 hours.
    place = pd.cut(hours, [-1.0, *steps, float("inf")], labels=labels[:-1])
    filed = place.cat.add_categories([NEVER]).fillna(NEVER)
    found = pd.crosstab(filed, counted["kind"]).reindex(labels, fill_value=0)
    return found.astype("int64").rename_axis(index="first contact", columns=None)


def _hours_of(times: "pd.Series[Any]") -> "pd.Series[Any]":
    found: pd.Series[Any] = times.dt.total_seconds() / 3600
    return found


def _hours(step: float) -> str:
    return f"{step / 24:g} days" if step > 24 and step % 24 == 0 else f"{step:g} h"


def _between(one: float, two: float) -> str:
    whole_days = two > 24 and one % 24 == two % 24 == 0
    return f"{one / 24:g}–{two / 24:g} days" if whole_days else f"{one:g}–{two:g} h"


def _outside(counted: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    shown = ["lead", "dealer", "dealer_name", "kind", "assigned_local"]
    parts = []
    for sla in (FIRST_CONTACT, MANAGEMENT):
        late = counted[counted[f"{sla}_late"]]
        part = late[shown].copy()
        part["sla"] = sla
        part["taken"] = late[f"{sla}_time"]
        part["over"] = late[f"{sla}_over"]
        parts.append(part)
    found = pd.concat(parts)
    return found.sort_values(["dealer", "sla", "over"], ascending=[True, True, False]).reset_index(drop=True)
