"""The seed ``aftersales``: the same every time, and nothing in it that the process would not allow."""

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from sfsync.mockorg import MockOrg
from sfsync.mockorg.people import people
from sfsync.mockorg.seed_aftersales import _lead, _vehicle

ORG = Path(__file__).resolve().parents[3] / "config" / "org"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ATTEMPTS = [f"Contact_Attempt_{number}__c" for number in range(1, 6)]
LEADS = (
    f"SELECT Name, Status__c, Date_Assigned_to_Dealer__c, {', '.join(ATTEMPTS)}, First_Contact_On__c, VIN__c, "
    "First_Contact_SLA_Met__c, Appointment_At__c, Closed_At__c, No_Sale_Reason__c, Recontact_Date__c, Model__c, "
    "Vehicle__r.Name, Vehicle__r.Model__c, Vehicle__r.Dealer__c, Dealer__c, Dealer__r.Dealer_Code__c, "
    "Customer_Email__c FROM Aftersales_Lead__c ORDER BY Name"
)


@pytest.fixture(scope="module")
def seeded() -> MockOrg:
    org = MockOrg(metadata=[ORG])
    org.seed("aftersales", 400)
    return org


def test_leads_spread_over_dealers_and_statuses(seeded: MockOrg):
    leads = seeded.query(LEADS)
    assert len(leads) == 400
    assert {lead["Dealer__r"]["Dealer_Code__c"] for lead in leads} == {f"D{n:05d}" for n in range(1, 9)}
    assert set(Counter(lead["Status__c"] for lead in leads)) == {
        "Assigned to Dealer",
        "Appointment Booked",
        "Closed With Sale",
        "Closed Without Sale",
        "Lost Sale",
    }
    assert any(not lead["Contact_Attempt_1__c"] for lead in leads)


def test_every_lead_kept_to_the_rules(seeded: MockOrg):
    for lead in seeded.query(LEADS):
        attempts = [lead[name] for name in ATTEMPTS]
        made = [moment for moment in attempts if moment]
        assert attempts[: len(made)] == made == sorted(made)
        assert all(moment >= lead["Date_Assigned_to_Dealer__c"] for moment in made)
        assert lead["First_Contact_On__c"] == (made[0] if made else None)
        if lead["Status__c"] not in {"Assigned to Dealer", "Lost Sale"}:
            assert made
        assert bool(lead["Appointment_At__c"]) == (lead["Status__c"] == "Appointment Booked")
        assert bool(lead["No_Sale_Reason__c"]) == (lead["Status__c"] == "Closed Without Sale")
        assert bool(lead["Closed_At__c"]) == lead["Status__c"].startswith("Closed")
        assert bool(lead["Recontact_Date__c"]) == (lead["No_Sale_Reason__c"] == "not_now_contact_again")


def test_every_lead_has_its_vehicle_with_a_vin_of_its_own(seeded: MockOrg):
    leads = seeded.query(LEADS)
    assert len({lead["VIN__c"] for lead in leads}) == 400
    for lead in leads:
        assert re.fullmatch("[A-HJ-NPR-Z0-9]{17}", lead["VIN__c"])
        assert lead["Vehicle__r"]["Name"] == lead["VIN__c"]
        assert (lead["Vehicle__r"]["Model__c"], lead["Vehicle__r"]["Dealer__c"]) == (
            lead["Model__c"],
            lead["Dealer__c"],
        )
        assert lead["Customer_Email__c"].rpartition(".")[0]


def test_planting_again_adds_only_what_is_missing_and_is_the_same():
    one, other = MockOrg(metadata=[ORG]), MockOrg(metadata=[ORG])
    other.core.clock.set(one.core.clock.now())
    one.seed("aftersales", 30)
    one.seed("aftersales", 50)
    other.seed("aftersales", 50)
    bare = [
        {name: value for name, value in lead.items() if name != "attributes"} for lead in one.query(LEADS)
    ]
    assert len(bare) == 50
    assert [lead["VIN__c"] for lead in bare] == [lead["VIN__c"] for lead in other.query(LEADS)]
    assert [lead["Status__c"] for lead in bare] == [lead["Status__c"] for lead in other.query(LEADS)]


def test_the_history_tells_the_same_life(seeded: MockOrg):
    rows = seeded.query(
        "SELECT Parent.Name, Field, NewValue, CreatedDate FROM Aftersales_Lead__History "
        "WHERE Field != 'created' ORDER BY CreatedDate"
    )
    told: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        told.setdefault(row["Parent"]["Name"], {})[row["Field"]] = row
    leads = {lead["Name"]: lead for lead in seeded.query(LEADS)}
    assert len(told) == len(leads) * 24 // 25
    for name, fields in told.items():
        lead, assigned = leads[name], fields["Date_Assigned_to_Dealer__c"]
        assert assigned["NewValue"] == lead["Date_Assigned_to_Dealer__c"]
        assert assigned["CreatedDate"] >= lead["Date_Assigned_to_Dealer__c"]
        status = fields.get("Status__c")
        assert (status["NewValue"] if status else "Assigned to Dealer") == lead["Status__c"]
        assert not status or status["CreatedDate"] >= assigned["NewValue"]


def test_addresses_fit_their_fields_however_many_there_are():
    """Person 12,727 has a longer address than an Email field holds."""
    (person,) = islice(people(6, companies=0.0), 12_726, 12_727)
    assert len(person.email) > 80
    assert len(_lead(person, _vehicle(person, 1, "", NOW), "")["Customer_Email__c"]) == 80
