"""The night of the after-sales leads: ageing and recontacts, and what each step costs."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.aftersales_nightly import Ageing, AgeingSettings, Lapse, Lapsed
from sfsync.records import Bucket, Update
from tests.aftersales import Company, company

AGAIN = {
    "Status__c": "Closed Without Sale",
    "No_Sale_Reason__c": "not_now_contact_again",
    "Recontact_Date__c": "2026-03-20",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path / "state") as found:
        yield found


def night(shop: Company) -> dict[str, dict[Bucket, int]]:
    result = shop.run("aftersales.nightly")
    assert result.status == "ok"
    return {step.name: dict(step.buckets) for step in result.steps}


def test_an_assigned_lead_is_lost_after_sixty_days_to_the_minute(shop: Company) -> None:
    name = shop.lead()
    shop.wait(days=60, minutes=-1)
    assert night(shop)["ageing"] == {}
    assert shop[name]["Status__c"] == "Assigned to Dealer"
    shop.wait(minutes=1)
    assert night(shop)["ageing"] == {Bucket.APPLIED: 1}
    assert (shop[name]["Status__c"], shop[name]["Final__c"]) == ("Lost Sale", False)
    assert shop[name]["Closed_At__c"] is None
    assert night(shop)["ageing"] == {}


def test_a_lapsed_appointment_becomes_final_as_it_stands(shop: Company) -> None:
    name = shop.lead(Status__c="Appointment Booked", Appointment_At__c=shop.text(days=10))
    shop.wait(days=69, hours=23)
    night(shop)
    assert shop[name]["Final__c"] is False
    shop.wait(hours=1)
    assert night(shop)["ageing"] == {Bucket.APPLIED: 1}
    assert (shop[name]["Status__c"], shop[name]["Final__c"]) == ("Appointment Booked", True)
    assert night(shop)["ageing"] == {}


def test_closed_and_final_leads_do_not_age(shop: Company) -> None:
    for status in ("Closed With Sale", "Closed Without Sale", "Lost Sale"):
        shop.lead(Status__c=status)
    shop.lead(Final__c=True)
    shop.wait(days=100)
    assert night(shop)["ageing"] == {}


@pytest.mark.parametrize("outcome", ["lost", "final"])
def test_days_and_outcomes_are_settings(outcome: Any) -> None:
    settings = AgeingSettings(
        assigned=Lapse(days=5, outcome=outcome), appointment=Lapse(days=5, outcome=outcome)
    )
    leads = [{"Id": "1", "Name": "ASL-1", "Status__c": "…", "Final__c": False}]
    expected = {"lost": {"Status__c": "Lost Sale"}, "final": {"Final__c": True}}[outcome]
    for lapsed in (Lapsed(leads, []), Lapsed([], leads)):
        (decision,) = Ageing(settings).decide(lapsed)
        (change,) = decision.phases[0]
        assert isinstance(change, Update)
        assert change.values == expected


def test_a_recontact_lead_comes_on_its_day_and_once(shop: Company) -> None:
    name = shop.lead(**AGAIN, VIN__c="VF1AA000055555555", Campaign_Code__c="SERVICE", Mileage__c=12.5)
    shop.until("2026-03-19T22:59:00+00:00")  # the project's day is Amsterdam's: one minute to go
    assert night(shop)["recontacts"] == {}
    shop.wait(minutes=1)
    assert night(shop)["recontacts"] == {Bucket.APPLIED: 1}
    old, new = shop.leads
    assert new["Sfsync_Key__c"] == f"{name}:R"
    assert (new["Status__c"], new["Recontacted__c"], new["Source__c"]) == (
        "Assigned to Dealer",
        True,
        "Recontact",
    )
    assert (new["Parent_Lead__c"], old["Recontact_Lead__c"]) == (old["Id"], new["Id"])
    assert (old["Status__c"], old["Recontacted__c"]) == ("Closed Without Sale", False)
    copied = (
        "VIN__c",
        "Campaign_Code__c",
        "Mileage__c",
        "Dealer__c",
        "Customer_Name__c",
        "Customer_Email__c",
    )
    assert [new[field] for field in copied] == [old[field] for field in copied]
    assert new["Date_Assigned_to_Dealer__c"] == "2026-03-19T23:00:00.000+0000"
    assert new["No_Sale_Reason__c"] is None
    for _ in range(3):
        assert night(shop)["recontacts"] == {}
        shop.wait(days=1)
    assert len(shop.leads) == 2


def test_a_job_that_was_down_catches_up_and_a_chain_goes_on(shop: Company) -> None:
    shop.lead(**AGAIN)
    shop.until("2026-04-10T03:00:00+00:00")
    night(shop)
    _, second = shop.leads
    shop.change(second["Name"], **{**AGAIN, "Recontact_Date__c": "2026-05-01"})
    shop.until("2026-05-02T03:00:00+00:00")
    night(shop)
    *_, third = shop.leads
    assert len(shop.leads) == 3
    assert third["Sfsync_Key__c"] == f"{second['Name']}:R"


def test_a_run_that_died_between_new_lead_and_pointer_makes_no_second_one(shop: Company) -> None:
    name = shop.lead(**AGAIN)
    worked = shop.lead(Sfsync_Key__c=f"{name}:R", Contact_Attempt_1__c=shop.text())
    shop.change(worked, Status__c="Appointment Booked", Appointment_At__c=shop.text(days=40))
    shop.until("2026-03-21T03:00:00+00:00")
    before = shop[worked]
    assert night(shop)["recontacts"] == {Bucket.APPLIED: 1}
    assert shop[name]["Recontact_Lead__c"] == before["Id"]
    assert {**shop[worked], "SystemModstamp": "", "LastModifiedDate": ""} == {
        **before,
        "SystemModstamp": "",
        "LastModifiedDate": "",
    }


def test_only_leads_closed_to_be_contacted_again(shop: Company) -> None:
    shop.lead(**{**AGAIN, "No_Sale_Reason__c": "trade_in"})
    shop.lead(**{**AGAIN, "Status__c": "Assigned to Dealer"})
    shop.until("2026-03-21T03:00:00+00:00")
    assert night(shop)["recontacts"] == {}


def test_moving_the_date_before_the_new_lead_is_made_just_moves_it(shop: Company) -> None:
    name = shop.lead(**AGAIN)
    shop.change(name, Recontact_Date__c="2026-03-25")
    shop.until("2026-03-21T03:00:00+00:00")
    assert night(shop)["recontacts"] == {}
    shop.until("2026-03-25T03:00:00+00:00")
    assert night(shop)["recontacts"] == {Bucket.APPLIED: 1}


def test_moving_the_date_afterwards_moves_a_lead_that_nobody_touched(shop: Company) -> None:
    name = shop.lead(**AGAIN)
    shop.until("2026-03-20T03:00:00+00:00")
    night(shop)
    shop.change(name, Recontact_Date__c="2026-04-15")
    assert night(shop)["recontacts"] == {Bucket.APPLIED: 1}
    _, new = shop.leads
    assert new["Date_Assigned_to_Dealer__c"] == "2026-04-14T22:00:00.000+0000"  # midnight in Paris
    assert night(shop)["recontacts"] == {}
    shop.change(new["Name"], Contact_Attempt_1__c=shop.text())
    shop.change(name, Recontact_Date__c="2026-05-15")
    assert night(shop)["recontacts"] == {}
    assert len(shop.leads) == 2


def test_a_night_without_work_costs_a_handful_of_calls_however_many_leads_there_are(shop: Company) -> None:
    for _ in range(30):
        shop.lead()
        shop.lead(Status__c="Closed With Sale")
        shop.lead(Status__c="Appointment Booked", Appointment_At__c=shop.text(days=30))
    few = shop.run("aftersales.nightly").api_calls
    assert few <= 6
    assert shop.plan("aftersales.nightly")[0].api_calls <= 6
    assert date.fromisoformat("2026-03-02") == shop.clock.now().date()


def test_plan_of_a_night_is_what_the_night_does(shop: Company) -> None:
    shop.lead(**AGAIN)
    shop.lead()
    shop.lead(
        Status__c="Appointment Booked",
        Appointment_Emails__c=True,
        Appointment_At__c=shop.text(days=61, hours=9),
    )
    shop.wait(days=60)
    planned, _ = shop.plan("aftersales.nightly")
    assert shop.org.stats.records_written == 0
    done = shop.run("aftersales.nightly")
    assert [(s.name, s.selected, s.buckets) for s in planned.steps] == [
        (s.name, s.selected, s.buckets) for s in done.steps
    ]
    assert sum(s.selected for s in done.steps) == 4
    assert planned.api_calls == done.api_calls
