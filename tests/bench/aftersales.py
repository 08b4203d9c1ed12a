"""A night over many open after-sales leads: its API calls follow what changed, not how many leads there are.

The other side is a job that reads every open lead, 2,000 a page, and writes what changed one record at a time. It is
counted, not run. The org itself counts our calls; it lives in our process.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import ROOT, Plan, Row, Work, side

if TYPE_CHECKING:
    from sfsync.mockorg import MockOrg

_FULL = 100_000
_PAGE = 2_000
_DEALERS = 500
_QUIET = 10
"""Most calls of a night in which nothing is to be done."""
_CHANGES_A_CALL = 50
"""At least so many changed leads a call beside that; the mails of 200 leads take two calls."""


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    found = side(night, count, plan.scratch)()
    for name, told in found.value.items():
        calls, changed, mails = told["calls"], told["changed"], told["mails"]
        bar = _QUIET + changed // _CHANGES_A_CALL
        yield Row(
            f"API calls, {name} night",
            "every open lead read, changes one by one",
            calls / (count // _PAGE + changed),
            f"{count:,} open leads, {changed:,} changed, {mails:,} mails: {calls} calls in {told['seconds']:.1f} s",
            f"≤ {bar} calls",
            passed=calls <= bar,
        )


def night(count: str, scratch: str) -> Work:
    """A night of usual work and, right after it, one without any; returns calls, changed leads, mails, seconds."""
    from tempfile import mkdtemp
    from time import perf_counter

    from sfsync.clock import ManualClock
    from sfsync.engine.operation import run_flow
    from sfsync.engine.running import Nobody
    from sfsync.mockorg import MockOrg
    from sfsync.mockorg.callbacks import activated
    from sfsync.mockorg.clock import MockClock
    from sfsync.project import open_project
    from sfsync.testing.bound import Mails
    from tests.aftersales import START

    org = MockOrg(metadata=[ROOT / "config" / "org"], clock=MockClock(START))
    _fill(org, int(count))
    env = {
        "SF_INSTANCE_URL": "https://bench.my.salesforce.com",
        "SF_ACCESS_TOKEN": org.token,
        "SFSYNC_STATE": mkdtemp(dir=Path(scratch)),
    }
    project = open_project(str(ROOT), env=env, clock=ManualClock(START))
    mails = Mails()
    ports = project.ports(Nobody(), mail=mails)
    flow = project.content.flow("aftersales")

    def once() -> dict[str, Any]:
        calls, sent, started = org.stats.api_calls, len(mails.sent), perf_counter()
        with activated(org.handle):
            result = run_flow(ports, flow, "nightly")
        if result.exit_code:
            raise SystemExit(f"nightly: {result.status} {result.messages}")
        return {
            "calls": org.stats.api_calls - calls,
            "changed": sum(step.selected for step in result.steps),
            "mails": len(mails.sent) - sent,
            "seconds": perf_counter() - started,
        }

    return lambda: {"usual": once(), "quiet": once()}


def _fill(org: "MockOrg", count: int) -> None:
    """Open leads of two months, spread evenly: of each day some lapse, some are recontacted, some are visited."""
    core = org.core
    now = core.clock.now()

    def text(days: float) -> str:
        return (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    with core.transaction():
        dealers = [
            core.insert(
                "Account",
                {
                    "Name": f"Garage {number}",
                    "Dealer_Code__c": f"D{number:05d}",
                    "Dealer_Email__c": f"d{number}@dealer.example",
                    "Dealer_Time_Zone__c": "Europe/Paris",
                },
            )
            for number in range(min(_DEALERS, count))
        ]
        for number in range(count):
            values: dict[str, Any] = {
                "Dealer__c": dealers[number % len(dealers)],
                "Lead_Kind__c": "Customer driven",
                "Status__c": "Assigned to Dealer",
                "Date_Assigned_to_Dealer__c": text(-(number % 6_100) / 100),
                "Customer_Name__c": f"Customer {number}",
                "Customer_Email__c": f"c{number}@customer.example",
                "Customer_Language__c": ("fr", "de", "it", "nl", "en")[number % 5],
            }
            if number % 3 == 0:
                ahead = 0.2 + (number % 6_000) / 200
                values |= {
                    "Status__c": "Appointment Booked",
                    "Contact_Attempt_1__c": text(-1),
                    "Appointment_At__c": text(ahead),
                    "Appointment_Emails__c": number % 2 == 0,
                    "Customer_Confirmed_For__c": text(ahead) if number % 100 else None,
                    "Dealer_Confirmed_For__c": text(ahead) if number % 100 else None,
                    # Who comes today was reminded last night.
                    "Customer_Reminded_For__c": text(ahead) if ahead < 1 else None,
                    "Dealer_Reminded_For__c": text(ahead) if ahead < 1 else None,
                }
            core.insert("Aftersales_Lead__c", values)
        for number in range(count // 500):
            core.insert(
                "Aftersales_Lead__c",
                {
                    "Dealer__c": dealers[number % len(dealers)],
                    "Status__c": "Closed Without Sale",
                    "No_Sale_Reason__c": "not_now_contact_again",
                    "Recontact_Date__c": now.date().isoformat(),
                    "Customer_Name__c": f"Customer {number}",
                },
            )
