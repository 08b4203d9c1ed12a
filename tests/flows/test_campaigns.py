"""Reminders made from the vehicle park: for whom, how often, at what cost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flows.campaigns import Campaign, Campaigns, MakeReminders
from sfsync.engine.flow import Flow
from sfsync.engine.operation import run_flow
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.records import Bucket
from tests.aftersales import Company, company

SERVICE = {"kind": "service_reminder", "channel": "email", "days_before": 30}
DUE = {"Next_Service_Due__c": "2026-03-20", "Consent_Email__c": True}
VIN = "VF1AA000055555555"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path / "state") as found:
        yield found


def run(shop: Company, **campaigns: dict[str, Any]) -> RunResult:
    chosen = Campaigns.model_validate(campaigns or {"SERVICE": SERVICE})
    flow = Flow("aftersales", "", (MakeReminders(chosen),))
    return run_flow(shop.project.ports(Nobody(), mail=shop.mails), flow, None)


def made(shop: Company, **campaigns: dict[str, Any]) -> int:
    before = len(shop.leads)
    result = run(shop, **campaigns)
    assert result.status == "ok"
    assert result.steps[0].buckets.get(Bucket.APPLIED, 0) == len(shop.leads) - before
    return len(shop.leads) - before


def test_the_project_s_campaigns_run(shop: Company) -> None:
    shop.vehicle(**DUE)
    shop.vehicle("VF1AA000066666666", Warranty_End__c="2026-04-20", Consent_Post__c=True)
    assert shop.run("aftersales.campaigns").status == "ok"
    assert {lead["Campaign_Code__c"] for lead in shop.leads} == {"SERVICE", "WARRANTY"}


def test_a_lead_for_the_dealer_with_everything_the_vehicle_knows(shop: Company) -> None:
    shop.vehicle(
        **DUE, Warranty_Start__c="2024-03-01", Warranty_End__c="2027-03-01", Current_Warranty__c="New vehicle"
    )
    assert made(shop) == 1
    (lead,) = shop.leads
    assert lead["Sfsync_Key__c"] == f"SERVICE:{VIN}:2026-03-20"
    assert (lead["Status__c"], lead["Lead_Kind__c"], lead["Source__c"]) == (
        "Assigned to Dealer",
        "HQ driven",
        "Service reminder",
    )
    assert lead["Date_Assigned_to_Dealer__c"] == "2026-03-02T03:00:00.000+0000"
    assert (lead["Dealer__c"], lead["VIN__c"], lead["Model__c"]) == (shop.dealer(), VIN, "Aria 1.2")
    assert (lead["Warranty_Start__c"], lead["Warranty_End__c"], lead["Current_Warranty__c"]) == (
        "2024-03-01",
        "2027-03-01",
        "New vehicle",
    )
    assert (lead["Customer_Name__c"], lead["Customer_Email__c"], lead["Customer_Language__c"]) == (
        "Ada Berger",
        "ada@customer.example",
        "de",
    )
    assert lead["Vehicle_Details_Differ__c"] is False
    assert made(shop) == 0


@pytest.mark.parametrize(
    ("channel", "consents", "wanted"),
    [
        ("email", {"Consent_Email__c": True}, 1),
        ("email", {"Consent_Phone__c": True, "Consent_Post__c": True}, 0),
        ("email", {"Consent_Email__c": True, "Owner_Email__c": None}, 0),
        ("phone", {"Consent_Phone__c": True}, 1),
        ("phone", {"Consent_Email__c": True}, 0),
        ("phone", {"Consent_Phone__c": True, "Owner_Phone__c": None}, 0),
        ("post", {"Consent_Post__c": True}, 1),
        ("post", {"Consent_Phone__c": True}, 0),
    ],
)
def test_only_owners_who_agreed_to_the_channel(
    shop: Company, channel: str, consents: dict[str, Any], wanted: int
) -> None:
    shop.vehicle(Next_Service_Due__c="2026-03-20", **consents)
    assert made(shop, SERVICE={**SERVICE, "channel": channel}) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"Next_Service_Due__c": "2026-04-01"}, 1),  # 30 days
        ({"Next_Service_Due__c": "2026-04-02"}, 0),
        ({"Next_Service_Due__c": "2026-01-31"}, 1),  # 30 days ago
        ({"Next_Service_Due__c": "2026-01-30"}, 0),
        ({"Next_Service_Due__c": None}, 0),
        ({"End_of_Ownership__c": "2026-03-02"}, 0),
        ({"End_of_Ownership__c": "2026-03-03"}, 1),
        ({"Dealer__c": None}, 0),
        ({"Model__c": "Borea EV"}, 0),
    ],
)
def test_who_is_due(shop: Company, values: dict[str, Any], wanted: int) -> None:
    shop.vehicle(**{**DUE, **values})
    assert made(shop, SERVICE={**SERVICE, "models": ["Aria 1.2"], "dealers": ["D00001"]}) == wanted


def test_other_dealers_and_other_days(shop: Company) -> None:
    shop.vehicle(**DUE)
    assert made(shop, SERVICE={**SERVICE, "dealers": ["D00002"]}) == 0
    assert made(shop, SERVICE={**SERVICE, "to": "2026-03-01"}) == 0
    assert made(shop, SERVICE={**SERVICE, "from": "2026-03-03"}) == 0
    assert made(shop, SERVICE={**SERVICE, "from": "2026-03-02", "to": "2026-03-02"}) == 1


@pytest.mark.parametrize(
    ("status", "final", "blocks"),
    [
        ("Assigned to Dealer", False, True),
        ("Appointment Booked", False, True),
        ("Appointment Booked", True, False),
        ("Closed With Sale", False, False),
        ("Lost Sale", False, False),
    ],
)
def test_never_beside_an_open_lead_of_the_same_campaign(
    shop: Company, status: str, final: bool, blocks: bool
) -> None:
    vehicle = shop.vehicle(**DUE)
    shop.lead(
        Vehicle__c=vehicle, Campaign_Code__c="SERVICE", Status__c=status, Final__c=final,
        Date_Assigned_to_Dealer__c=shop.text(days=-200),
    )  # fmt: skip
    assert made(shop) == (0 if blocks else 1)


def test_another_campaign_s_lead_does_not_stand_in_the_way(shop: Company) -> None:
    shop.lead(Vehicle__c=shop.vehicle(**DUE), Campaign_Code__c="OTHER")
    assert made(shop) == 1


def test_the_next_year_s_service_is_a_new_lead_and_a_corrected_date_is_none(shop: Company) -> None:
    vehicle = shop.vehicle(**DUE)
    assert made(shop) == 1
    (lead,) = shop.leads
    shop.change(lead["Name"], Status__c="Closed With Sale")
    shop.org.core.update("Vehicle__c", vehicle, {"Next_Service_Due__c": "2026-03-23"})
    assert made(shop) == 0
    shop.org.core.update("Vehicle__c", vehicle, {"Next_Service_Due__c": "2027-03-20"})
    shop.until("2027-03-01T03:00:00+00:00")
    assert made(shop) == 1
    assert [lead["Sfsync_Key__c"] for lead in shop.leads] == [
        f"SERVICE:{VIN}:2026-03-20",
        f"SERVICE:{VIN}:2027-03-20",
    ]


def test_a_hundred_vehicles_cost_two_calls(shop: Company) -> None:
    for number in range(100):
        shop.vehicle(f"VF1AA00005555{number:04d}", **DUE)
    result = run(shop, SERVICE=SERVICE, WARRANTY={**SERVICE, "kind": "warranty_end_reminder"})
    assert (len(shop.leads), result.api_calls) == (100, 2)


def test_settings_that_could_make_two_leads_of_one_date_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"at least days_before \+ days_after \(230\)"):
        Campaign.model_validate({**SERVICE, "days_before": 200})
    with pytest.raises(ValidationError):
        Campaigns.model_validate({"service": SERVICE})
