"""Which moment of a lead is which: rows of leads and of field history, held against cases worked out by hand."""

# ruff: noqa: E501 - a case is a line

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.aftersales_sla import ASSIGNED, ATTEMPTS, STATUS, lead_frame, queries, report
from sfsync.clock import ManualClock
from sfsync.errors import ConfigError
from sfsync.project import Content
from sfsync.reports.report import Asked, Findings, Sources
from sfsync.reports.sla_settings import SlaSettings

ROOT = Path(__file__).parents[2]
SETTINGS = Content(ROOT).settings("sla", SlaSettings)
BOOKED = "Appointment Booked"


def lead(
    assigned: str,
    *attempts: str,
    status: str = "Assigned to Dealer",
    closed: str | None = None,
    **dealer: Any,
) -> dict[str, Any]:
    named = {"Dealer_Code__c": "D00001", "Name": "One", "Dealer_Time_Zone__c": "Europe/Rome", **dealer}
    return {
        "Id": "a0LA",
        "Name": "ASL-000001",
        "Lead_Kind__c": "Customer driven",
        STATUS: status,
        ASSIGNED: _utc(assigned),
        **dict.fromkeys(ATTEMPTS),
        **{name: _utc(moment) for name, moment in zip(ATTEMPTS, attempts, strict=False)},
        "Closed_At__c": _utc(closed) if closed else None,
        "Dealer__r": named,
    }


def row(at: str, field: str, value: str | None) -> dict[str, Any]:
    return {"ParentId": "a0LA", "Field": field, "NewValue": value, "CreatedDate": _utc(at)}


def _utc(text: str) -> str:
    return f"2022-{text.replace(' ', 'T')}.000+0000"


def moment(found: pd.DataFrame, name: str) -> str | None:
    value = found.loc[0, name]
    return None if pd.isna(value) else f"{value:%m-%d %H:%M:%S}"


CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple[str | None, str | None, str | None, str | None]]] = {
    "by history": (
        lead("07-28 11:20:00", "07-28 13:41:00"),
        [row("07-28 11:23:00", ASSIGNED, "x")],
        ("07-28 11:23:00", "07-28 13:41:00", None, None),
    ),
    "no history": (
        lead("07-28 11:23:00", "07-28 13:41:00"),
        [row("07-30 00:00:00", "created", None)],
        ("07-28 11:23:00", "07-28 13:41:00", None, None),
    ),
    "re-assigned, the new dealer has not called": (
        lead("08-05 09:00:00", "07-28 13:41:00"),
        [row("07-28 11:23:00", ASSIGNED, "x"), row("08-05 09:00:01", ASSIGNED, "y")],
        ("08-05 09:00:01", None, None, None),
    ),
    "re-assigned, the new dealer called": (
        lead("08-05 09:00:00", "07-28 13:41:00", "08-06 10:00:00", "08-07 10:00:00"),
        [row("08-05 09:00:01", ASSIGNED, "y"), row("07-28 11:23:00", ASSIGNED, "x")],
        ("08-05 09:00:01", "08-06 10:00:00", None, None),
    ),
    "re-assigned with an appointment of the earlier dealer": (
        lead("08-05 09:00:00", "07-28 13:41:00", status=BOOKED),
        [row("07-29 09:00:00", STATUS, BOOKED), row("08-05 09:00:01", ASSIGNED, "y")],
        ("08-05 09:00:01", None, None, None),
    ),
    "taken back and given again": (
        lead("08-05 09:00:00"),
        [row("07-28 11:23:00", ASSIGNED, "x"), row("08-01 00:00:00", ASSIGNED, None), row("08-05 09:00:01", ASSIGNED, "y")],
        ("08-05 09:00:01", None, None, None),
    ),
    "an attempt noted to the minute": (
        lead("07-28 11:23:00", "07-28 11:23:00"),
        [row("07-28 11:23:40", ASSIGNED, "x")],
        ("07-28 11:23:40", "07-28 11:23:00", None, None),
    ),
    "dated back": (
        lead("07-25 08:00:00", "07-26 10:00:00"),
        [row("07-28 11:23:00", ASSIGNED, "x")],
        ("07-28 11:23:00", "07-26 10:00:00", None, None),
    ),
    "assigned for a day to come": (
        lead("08-05 07:00:00", "08-05 09:00:00"),
        [row("07-28 11:23:00", ASSIGNED, "x")],
        ("08-05 07:00:00", "08-05 09:00:00", None, None),
    ),
    "booked, moved, closed": (
        lead("07-28 11:23:00", "07-28 13:41:00", status="Closed With Sale", closed="08-20 10:00:00"),
        [row("07-28 13:45:00", STATUS, BOOKED), row("08-20 23:00:00", STATUS, "Closed With Sale")],
        ("07-28 11:23:00", "07-28 13:41:00", "07-28 13:45:00", "08-20 10:00:00"),
    ),
    "closed, and the dealer gave no moment": (
        lead("07-28 11:23:00", "07-28 13:41:00", status="Closed Without Sale"),
        [row("07-30 09:00:00", STATUS, "Closed Without Sale")],
        ("07-28 11:23:00", "07-28 13:41:00", "07-30 09:00:00", "07-30 09:00:00"),
    ),
    "lost sale is not handled": (
        lead("07-28 11:23:00", status="Lost Sale"),
        [row("09-26 11:23:00", STATUS, "Lost Sale")],
        ("07-28 11:23:00", None, None, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "history", "expected"), CASES.values(), ids=list(CASES))
def test_moments(one: dict[str, Any], history: list[dict[str, Any]], expected: tuple[str | None, ...]):
    found, notes = lead_frame([one], history, "Europe/Paris")
    assert tuple(moment(found, name) for name in ("assigned", "contacted", "handled", "closed")) == expected
    recorded = any(each["Field"] == ASSIGNED and each["NewValue"] for each in history)
    assert (notes["by_history"], notes["by_field"]) == ((1, 0) if recorded else (0, 1))


def test_flags_follow_the_status():
    found, _ = lead_frame([lead("07-28 11:23:00", status=BOOKED)], [], "Europe/Paris")
    assert (found.loc[0, "is_handled"], found.loc[0, "is_closed"]) == (True, False)
    found, _ = lead_frame([lead("07-28 11:23:00", status="Closed Without Sale")], [], "Europe/Paris")
    assert (found.loc[0, "is_handled"], found.loc[0, "is_closed"]) == (True, True)


def test_dealers_without_a_good_zone_get_the_default():
    found, notes = lead_frame([lead("07-28 11:23:00", Dealer_Time_Zone__c="Mars/Olympus")], [], "Asia/Tokyo")
    assert (found.loc[0, "zone"], notes["unknown_zones"]) == ("Asia/Tokyo", 1)
    found, notes = lead_frame([lead("07-28 11:23:00", Dealer_Time_Zone__c=None)], [], "Asia/Tokyo")
    assert (found.loc[0, "zone"], notes["unknown_zones"]) == ("Asia/Tokyo", 0)
    orphan = lead("07-28 11:23:00") | {"Dealer__r": None, "Lead_Kind__c": None}
    found, _ = lead_frame([orphan], [], "Asia/Tokyo")
    assert (found.loc[0, "dealer"], found.loc[0, "kind"]) == ("(no dealer)", "(no kind)")


def test_the_queries_read_what_the_figures_need():
    leads, history = queries(SETTINGS, date(2022, 8, 31), Asked(month=date(2022, 7, 1), dealer="D'1"))
    # Six months up to July begin in February; the window of its first month ends sixty days before.
    for soql, path in ((leads, ""), (history, "Parent.")):
        assert f"{path}{ASSIGNED} >= 2021-12-01T00:00:00Z" in soql
        assert f"{path}{ASSIGNED} < 2022-08-02T00:00:00Z" in soql
        assert f"{path}Dealer__r.Dealer_Code__c = 'D\\'1'" in soql
    assert "Customer" not in leads + history
    open_end, _ = queries(SETTINGS, date(2022, 8, 31), Asked())
    assert " < " not in open_end


class FakeOrg:
    url = "http://127.0.0.1:1"

    def __init__(self, leads: list[dict[str, Any]], history: list[dict[str, Any]], dealers: int = 1) -> None:
        self.found, self.dealers = [leads, history], dealers

    def extract(self, soqls: tuple[str, str]) -> list[list[dict[str, Any]]]:
        return self.found

    def query_many(self, soqls: list[str]) -> list[list[dict[str, Any]]]:
        return [[{"Id": "001"}] * self.dealers]


def findings(org: FakeOrg, **asked: Any) -> Findings:
    def no_journal() -> Any:
        raise AssertionError

    clock = ManualClock(datetime(2022, 8, 31, 10, tzinfo=UTC))
    return report(Content(ROOT)).make(Sources(org, no_journal, clock, "UTC"), Asked(**asked))


def test_the_worked_example_of_the_process():
    """Assigned 28/07/2022 13:23, first attempt 15:41 the same day: 2 h 18 min, met."""
    org = FakeOrg([lead("07-28 11:20:00", "07-28 13:41:00")], [row("07-28 11:23:00", ASSIGNED, "x")])
    made = findings(org, month=date(2022, 7, 1))
    contact = made.json["total"]["first_contact"]
    assert (contact["met"], contact["n"], contact["mean_hours"]) == (1, 1, 2.3)
    assert "2 h 18 min" in {cell.text for cell in made.tables[0].rows[0]}


def test_what_cannot_be_reported_is_said():
    with pytest.raises(ConfigError, match=r"2022-09 has not begun"):
        findings(FakeOrg([], []), month=date(2022, 9, 1))
    with pytest.raises(ConfigError, match=r"no dealer with the code 'D9'"):
        findings(FakeOrg([], [], dealers=0), dealer="D9")
    assert findings(FakeOrg([], []), dealer="D1").json["total"]["leads"] == 0


def test_a_lead_assigned_now_is_in_the_report():
    """A dealer in the east may already have tomorrow."""
    now = datetime(2022, 8, 31, 10, tzinfo=UTC) - timedelta(minutes=5)
    tokyo = lead(f"{now:%m-%d %H:%M:%S}", Dealer_Time_Zone__c="Pacific/Kiritimati")
    assert findings(FakeOrg([tokyo], [])).json["total"]["leads"] == 1
