"""Service levels held against cases worked out by hand."""

# ruff: noqa: E501 - a case is a line

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from sfsync.reports.sla import COLUMNS, FLAGS, MOMENTS, NEVER, TOTAL, SlaReport, sla_report
from sfsync.reports.sla_settings import Limit, SlaSettings, Window
from tests.effort import EFFORT

SETTINGS = SlaSettings(
    first_contact=Limit(hours=24, target=0.7),
    management=Limit(days=10, target=0.7),
    fully_managed=Window(window_days=60, target=0.9),
    months=3,
)
BY_DAY = SETTINGS.model_copy(update={"first_contact": Limit(days=1, target=0.7)})
BY_HOUR = SETTINGS.model_copy(update={"management": Limit(hours=240, target=0.7)})
PARIS = "Europe/Paris"
NOW = "2022-08-31 12:00"


def at(text: str | None, zone: str = PARIS) -> Any:
    """A moment from what the clock on the wall shows; ``+`` at the end: the second time it shows that."""
    if text is None:
        return pd.NaT
    local = datetime.fromisoformat(text.rstrip("+")).replace(tzinfo=ZoneInfo(zone), fold=text.endswith("+"))
    return pd.Timestamp(local.astimezone(UTC))


def lead(
    assigned: str,
    contacted: str | None = None,
    handled: str | None = None,
    closed: str | None = None,
    zone: str = PARIS,
    **more: Any,
) -> dict[str, Any]:
    moments = {"assigned": assigned, "contacted": contacted, "handled": handled or closed, "closed": closed}
    return {
        "lead": "ASL-000001",
        "dealer": "D00001",
        "dealer_name": "One",
        "zone": zone,
        "kind": "Customer driven",
        **{name: at(moment, zone) for name, moment in moments.items()},
        "is_handled": bool(handled or closed),
        "is_closed": bool(closed),
        **more,
    }


def frame(*leads: dict[str, Any]) -> pd.DataFrame:
    found = pd.DataFrame(list(leads), columns=[*COLUMNS, *MOMENTS, *FLAGS])
    for name in MOMENTS:
        found[name] = pd.to_datetime(found[name], utc=True).astype("datetime64[ms, UTC]")
    return found.astype(dict.fromkeys(FLAGS, "bool"))


def made(
    *leads: dict[str, Any], now: str = NOW, month: str | None = None, settings: SlaSettings = SETTINGS
) -> SlaReport:
    day = date.fromisoformat(f"{month}-01") if month else None
    return sla_report(frame(*leads), settings, at(now).to_pydatetime(), month=day)


def verdict(report: SlaReport, sla: str) -> tuple[str, float | None]:
    """What became of the only lead, and the hours it took."""
    row = report.total.loc[TOTAL]
    hours = row[f"{sla}_hours"]
    (state,) = [
        state
        for state, found in (
            ("met", row[f"{sla}_met"]),
            ("late", row[f"{sla}_n"] - row[f"{sla}_met"]),
            ("open", row[f"{sla}_open"]),
            ("unknown", row[f"{sla}_unknown"]),
        )
        if found
    ]
    return state, None if pd.isna(hours) else round(float(hours), 4)


FIRST_CONTACTS: dict[str, tuple[dict[str, Any], str, SlaSettings, str, float | None]] = {
    "the worked example": (lead("2022-07-28 13:23", "2022-07-28 15:41"), NOW, SETTINGS, "met", 2.3),
    "24 hours to the second": (lead("2022-07-28 13:23:10", "2022-07-29 13:23:10"), NOW, SETTINGS, "met", 24),
    "a second over": (lead("2022-07-28 13:23:10", "2022-07-29 13:23:11"), NOW, SETTINGS, "late", 24.0003),
    "over a weekend": (lead("2022-08-05 17:00", "2022-08-08 09:00"), NOW, SETTINGS, "late", 64),
    # 27 March 2022, clocks go forward: the day has 23 hours.
    "spring, 24 hours passed": (lead("2022-03-26 13:00", "2022-03-27 14:00"), "2022-04-01 12:00", SETTINGS, "met", 24),
    "spring, a second over": (lead("2022-03-26 13:00", "2022-03-27 14:00:01"), "2022-04-01 12:00", SETTINGS, "late", 24.0003),
    "spring, by calendar": (lead("2022-03-26 13:00", "2022-03-27 13:00"), "2022-04-01 12:00", BY_DAY, "met", 24),
    "spring, by calendar, over": (lead("2022-03-26 13:00", "2022-03-27 13:00:01"), "2022-04-01 12:00", BY_DAY, "late", 24.0003),
    # 30 October 2022, clocks go back: the day has 25 hours.
    "autumn, 24 hours passed": (lead("2022-10-29 13:00", "2022-10-30 12:00"), "2022-11-05 12:00", SETTINGS, "met", 24),
    "autumn, a second over": (lead("2022-10-29 13:00", "2022-10-30 12:00:01"), "2022-11-05 12:00", SETTINGS, "late", 24.0003),
    "autumn, by calendar": (lead("2022-10-29 13:00", "2022-10-30 13:00"), "2022-11-05 12:00", BY_DAY, "met", 24),
    "the hour that comes twice": (lead("2022-10-30 02:50", "2022-10-30 02:10+"), "2022-11-05 12:00", SETTINGS, "met", 0.3333),
    "never less than nothing": (lead("2022-10-30 02:50", "2022-10-30 02:10+"), "2022-11-05 12:00", BY_DAY, "met", 0),
    # No daylight saving in Shanghai; the hours that pass are the same everywhere.
    "another zone": (lead("2022-03-26 13:00", "2022-03-27 13:00", zone="Asia/Shanghai"), "2022-04-01 12:00", SETTINGS, "met", 24),
    "nobody yet, in time": (lead("2022-08-30 12:00"), NOW, SETTINGS, "open", None),
    "nobody yet, a second over": (lead("2022-08-30 11:59:59"), NOW, SETTINGS, "late", None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "now", "settings", "state", "hours"), FIRST_CONTACTS.values(), ids=list(FIRST_CONTACTS)
)
def test_first_contact(one: dict[str, Any], now: str, settings: SlaSettings, state: str, hours: float | None):
    assert verdict(made(one, now=now, settings=settings), "first_contact") == (state, hours)


DAY = 24
MANAGED: dict[str, tuple[dict[str, Any], str, SlaSettings, str, float | None]] = {
    "ten days to the second": (lead("2022-08-01 09:00", handled="2022-08-11 09:00"), NOW, SETTINGS, "met", 10 * DAY),
    "a second over": (lead("2022-08-01 09:00", handled="2022-08-11 09:00:01"), NOW, SETTINGS, "late", 240.0003),
    "closed at once": (lead("2022-08-01 09:00", closed="2022-08-01 09:00"), NOW, SETTINGS, "met", 0),
    # Across a change of clocks ten days end at the same time of day; in hours they end an hour off.
    "spring": (lead("2022-03-20 09:00", handled="2022-03-30 09:00"), "2022-04-15 12:00", SETTINGS, "met", 10 * DAY),
    "spring, a second over": (lead("2022-03-20 09:00", handled="2022-03-30 09:00:01"), "2022-04-15 12:00", SETTINGS, "late", 240.0003),
    "spring, 240 hours": (lead("2022-03-20 09:00", handled="2022-03-30 10:00"), "2022-04-15 12:00", BY_HOUR, "met", 240),
    "autumn": (lead("2022-10-25 09:00", handled="2022-11-04 09:00"), "2022-11-20 12:00", SETTINGS, "met", 10 * DAY),
    "autumn, a second over": (lead("2022-10-25 09:00", handled="2022-11-04 09:00:01"), "2022-11-20 12:00", SETTINGS, "late", 240.0003),
    "autumn, 240 hours are over": (lead("2022-10-25 09:00", handled="2022-11-04 09:00"), "2022-11-20 12:00", BY_HOUR, "late", 241),
    "not yet, in time": (lead("2022-08-21 12:00"), NOW, SETTINGS, "open", None),
    "not yet, a second over": (lead("2022-08-21 11:59:59"), NOW, SETTINGS, "late", None),
    "nobody knows since when": (lead("2022-08-01 09:00", is_handled=True), NOW, SETTINGS, "unknown", None),
}  # fmt: skip


@pytest.mark.parametrize(("one", "now", "settings", "state", "hours"), MANAGED.values(), ids=list(MANAGED))
def test_management(one: dict[str, Any], now: str, settings: SlaSettings, state: str, hours: float | None):
    assert verdict(made(one, now=now, settings=settings), "management") == (state, hours)


WINDOWED: dict[str, tuple[dict[str, Any], str, str | None, int, int]] = {
    "the first day of sixty": (lead("2022-07-03 00:00", closed="2022-07-04 09:00"), NOW, None, 1, 1),
    "the day before": (lead("2022-07-02 23:59:59", closed="2022-07-04 09:00"), NOW, None, 0, 0),
    "not closed": (lead("2022-08-30 09:00", handled="2022-08-30 10:00"), NOW, None, 1, 0),
    # A month that is over is seen from its end.
    "closed by the end of July": (lead("2022-07-10 09:00", closed="2022-07-31 23:59"), NOW, "2022-07", 1, 1),
    "closed in August": (lead("2022-07-10 09:00", closed="2022-08-01 00:00"), NOW, "2022-07", 1, 0),
    "closed at a moment nobody knows": (lead("2022-07-10 09:00", is_closed=True), NOW, "2022-07", 1, 1),
    "assigned in June, sixty days before July ends": (lead("2022-06-02 00:00"), NOW, "2022-07", 1, 0),
    "assigned too early for July": (lead("2022-06-01 23:59"), NOW, "2022-07", 0, 0),
    "assigned after July": (lead("2022-08-01 00:00"), NOW, "2022-07", 0, 0),
    "this month is seen from now": (
        lead("2022-08-31 09:00", closed="2022-08-31 11:00"),
        NOW,
        "2022-08",
        1,
        1,
    ),
}


@pytest.mark.parametrize(("one", "now", "month", "count", "closed"), WINDOWED.values(), ids=list(WINDOWED))
def test_fully_managed(one: dict[str, Any], now: str, month: str | None, count: int, closed: int):
    report = made(one, now=now, month=month)
    found = report.total.loc[TOTAL]
    assert (found["fully_managed_n"], found["fully_managed_met"]) == (count, closed)


def test_a_month_is_the_dealers():
    """31 July, 23:30 in Paris is 1 August, 05:30 in Shanghai."""
    assert at("2022-07-31 23:30") == at("2022-08-01 05:30", "Asia/Shanghai")
    leads = [lead("2022-07-31 23:30"), lead("2022-08-01 05:30", zone="Asia/Shanghai")]
    report = made(*leads, month="2022-08")
    assert report.total.loc[TOTAL, "leads"] == 1
    assert list(report.months["leads"]) == [0, 1, 1]


def test_by_dealer_kind_and_month_with_trends():
    one = [lead("2022-07-05 09:00", "2022-07-05 10:00"), lead("2022-07-06 09:00", "2022-07-09 09:00")]
    two = [lead("2022-08-02 09:00", "2022-08-02 12:00"), lead("2022-08-03 09:00", "2022-08-03 10:00", dealer="D00002", kind="HQ driven")]  # fmt: skip
    report = made(*one, *two, month="2022-08")
    assert list(report.months["first_contact_share"])[1:] == [0.5, 1.0]
    assert report.dealers["leads"].to_dict() == {"D00001": 1, "D00002": 1}
    assert report.dealers.loc["D00001", "first_contact_trend"] == 0.5
    assert pd.isna(report.dealers.loc["D00002", "first_contact_trend"])
    assert report.kinds["first_contact_hours"].to_dict() == {"Customer driven": 3.0, "HQ driven": 1.0}
    assert report.cube.loc[("2022-07", "D00001", "Customer driven"), "leads"] == 2
    assert report.times.loc["2–4 h", "Customer driven"] == 1
    assert report.times.loc["≤ 1 h", "HQ driven"] == 1


def test_without_a_month_it_is_about_the_last_days():
    report = made(lead("2022-07-03 00:00"), lead("2022-07-02 23:59"), lead("2022-08-31 11:00"))
    assert report.period.label == "last 60 days"
    assert report.total.loc[TOTAL, "leads"] == 2
    assert (report.previous.first, report.previous.last) == (date(2022, 5, 4), date(2022, 7, 2))


def test_leads_outside_come_worst_first():
    report = made(
        lead("2022-08-01 09:00", "2022-08-03 09:00", lead="A"),
        lead("2022-08-01 09:00", lead="B"),
        lead("2022-08-30 19:00", lead="C"),
    )
    found = report.outside
    assert list(zip(found["lead"], found["sla"], strict=True)) == [
        ("B", "first_contact"),
        ("A", "first_contact"),
        ("A", "management"),
        ("B", "management"),
    ]
    assert list(found["over"])[1] == timedelta(hours=24)
    assert pd.isna(found["taken"][0])
    assert found["assigned_local"][0] == pd.Timestamp("2022-08-01 09:00")


def test_first_contacts_are_filed_by_their_time():
    report = made(lead("2022-08-01 09:00", "2022-08-02 09:00"), lead("2022-08-01 09:00"))
    found = report.times["Customer driven"]
    assert found[found > 0].to_dict() == {"8–24 h": 1, NEVER: 1}


def test_leads_for_a_day_to_come_do_not_count_yet():
    report = made(lead("2022-08-31 12:00:01"), lead("2022-08-31 12:00:00"))
    assert report.total.loc[TOTAL, "leads"] == 1


def test_the_limit_is_a_step_of_the_times():
    odd = SETTINGS.model_copy(update={"first_contact": Limit(hours=36, target=0.7)})
    assert list(made(lead("2022-08-01 09:00"), settings=odd).times.index) == [
        "≤ 1 h", "1–2 h", "2–4 h", "4–8 h", "8–24 h", "24–36 h", "36–48 h", "2–7 days", "> 7 days", NEVER,
    ]  # fmt: skip


def test_no_leads_at_all():
    report = made()
    assert report.total.loc[TOTAL, "leads"] == 0
    assert pd.isna(report.total.loc[TOTAL, "fully_managed_share"])
    assert list(report.months["leads"]) == [0, 0, 0]
    assert report.dealers.empty
    assert report.outside.empty
    assert report.times.to_numpy().sum() == 0


MOMENT = st.integers(0, 100 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@tried(max_examples=12 * EFFORT)
@given(st.lists(st.tuples(MOMENT, st.none() | MOMENT, st.none() | MOMENT, st.sampled_from(["a", "b"]), st.sampled_from([PARIS, "Asia/Shanghai"])), max_size=12))  # fmt: skip
def test_every_lead_is_counted_once(
    drawn: list[tuple[timedelta, timedelta | None, timedelta | None, str, str]],
):
    begin, now = datetime(2022, 2, 20, tzinfo=UTC), datetime(2022, 6, 1, tzinfo=UTC)
    leads = []
    for assigned, contact, closing, dealer, zone in drawn:
        start = begin + assigned
        done = [min(start + span, now) if span is not None else pd.NaT for span in (contact, closing)]
        one = lead("2022-01-01 00:00", dealer=dealer, zone=zone)
        leads.append(one | {"assigned": start, "contacted": done[0], "handled": done[1], "closed": done[1], "is_handled": done[1] is not pd.NaT, "is_closed": done[1] is not pd.NaT})  # fmt: skip
    report = sla_report(frame(*leads), SETTINGS, now, month=date(2022, 4, 1))
    for table in (report.total, report.kinds, report.dealers, report.months, report.cube):
        for sla in ("first_contact", "management"):
            parts = table[f"{sla}_n"] + table[f"{sla}_open"] + table[f"{sla}_unknown"]
            assert (parts == table["leads"]).all()
            assert (table[f"{sla}_met"] <= table[f"{sla}_n"]).all()
    assert report.dealers["leads"].sum() == report.total["leads"].sum() == report.times.to_numpy().sum()
    assert report.cube.groupby("month")["leads"].sum().reindex(report.months.index, fill_value=0).equals(report.months["leads"])  # fmt: skip
    for name in ("first_contact_n", "management_met", "fully_managed_n", "fully_managed_met"):
        assert report.dealers[name].sum() == report.total[name].sum()
