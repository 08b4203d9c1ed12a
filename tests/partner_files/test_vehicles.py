"""Head office's vehicle file, and the details of leads that follow it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfsync.errors import GuardRefused
from sfsync.records import Bucket
from tests.aftersales import LEAD, Company, company

VIN, OTHER = "VF1AA000055555555", "VF1AA000066666666"
HEAD = (
    "Châssis;Modèle;Début de garantie;Fin de garantie;Garantie en cours;Vendu le;Prochain entretien;Concessionnaire;"
    "Propriétaire;Courriel;Téléphone;Langue;Consentement e-mail\n"
)
ROW = (
    "vf1aa0000 5555-5555;Aria 1.6;01/03/2024;01/03/2027;Extension 5 ans;;20/03/2026;d00001;"
    "Ada BERGER;ada@customer.example;0600000001;FR;oui\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path / "state") as found:
        found.dealer()
        yield found


def take(shop: Company, tmp_path: Path, text: str) -> dict[str, dict[Bucket, int]]:
    path = tmp_path / "parc.csv"
    path.write_text(text, encoding="utf-8")
    return {step.name: dict(step.buckets) for step in shop.take("vehicles", path).steps}


def test_a_file_makes_vehicles_and_fills_leads(shop: Company, tmp_path: Path) -> None:
    name = shop.lead(VIN__c=VIN)
    assert take(shop, tmp_path, HEAD + ROW) == {
        "vehicles_in": {Bucket.APPLIED: 1},
        "vehicle_details": {Bucket.APPLIED: 1},
    }
    (vehicle,) = shop.records(
        "SELECT Id, Name, Sfsync_Key__c, Dealer__r.Dealer_Code__c, Next_Service_Due__c, Owner_Phone__c, "
        "Owner_Language__c, Consent_Email__c, Consent_Post__c FROM Vehicle__c"
    )
    assert (vehicle["Name"], vehicle["Sfsync_Key__c"]) == (VIN, VIN)
    assert vehicle["Dealer__r"]["Dealer_Code__c"] == "D00001"
    assert (vehicle["Next_Service_Due__c"], vehicle["Owner_Phone__c"]) == ("2026-03-20", "+33600000001")
    assert (vehicle["Owner_Language__c"], vehicle["Consent_Email__c"], vehicle["Consent_Post__c"]) == (
        "fr",
        True,
        False,
    )
    lead = shop[name]
    assert (lead["Vehicle__c"], lead["Model__c"]) == (vehicle["Id"], "Aria 1.6")
    assert (lead["Warranty_Start__c"], lead["Warranty_End__c"]) == ("2024-03-01", "2027-03-01")
    assert (lead["Current_Warranty__c"], lead["End_of_Ownership__c"]) == ("Extension 5 ans", None)
    assert take(shop, tmp_path, HEAD + ROW) == {"vehicles_in": {Bucket.UNCHANGED: 1}, "vehicle_details": {}}


def test_rows_that_are_none(shop: Company, tmp_path: Path) -> None:
    rows = [
        f"{vin};Aria;;;;;;{dealer};;;;;\n"
        for vin, dealer in [("VF1AAO00055555555", "D00001"), (VIN, "D99999")]
    ]
    assert take(shop, tmp_path, HEAD + "".join(rows))["vehicles_in"] == {
        Bucket.INVALID: 1,
        Bucket.NOT_FOUND: 1,
    }
    assert shop.written == 0


def details(shop: Company) -> dict[Bucket, int]:
    (step,) = shop.run("aftersales.vehicle_details").steps
    return dict(step.buckets)


def test_only_what_differs_is_written(shop: Company) -> None:
    shop.vehicle(Warranty_End__c="2027-03-01")
    name = shop.lead(VIN__c=VIN)
    same = shop.lead(VIN__c=VIN)
    shop.lead(VIN__c=OTHER)  # not in the vehicle park
    shop.lead()
    assert details(shop) == {Bucket.APPLIED: 2}
    assert (shop[name]["Model__c"], shop[name]["Warranty_End__c"]) == ("Aria 1.2", "2027-03-01")
    assert details(shop) == {}
    shop.change(same, Model__c="Something typed")
    before = shop[name]["SystemModstamp"]
    shop.wait(hours=1)
    assert details(shop) == {Bucket.APPLIED: 1}
    assert shop[same]["Model__c"] == "Aria 1.2"
    assert shop[name]["SystemModstamp"] == before


def test_what_the_park_does_not_know_and_what_the_dealer_heard_stays(shop: Company) -> None:
    shop.vehicle(Model__c=None, End_of_Ownership__c="2026-02-01")
    heard = shop.lead(VIN__c=VIN, Model__c="Aria, red", End_of_Ownership__c="2026-01-15")
    empty = shop.lead(VIN__c=VIN)
    assert details(shop) == {Bucket.APPLIED: 2}
    assert (shop[heard]["Model__c"], shop[heard]["End_of_Ownership__c"]) == ("Aria, red", "2026-01-15")
    assert shop[empty]["End_of_Ownership__c"] == "2026-02-01"
    assert details(shop) == {}


def test_a_vin_that_was_corrected_leads_to_its_own_vehicle(shop: Company) -> None:
    shop.vehicle()
    other = shop.vehicle(OTHER, Model__c="Borea EV")
    name = shop.lead(VIN__c=VIN)
    details(shop)
    shop.change(name, VIN__c=OTHER)
    assert details(shop) == {Bucket.APPLIED: 1}
    assert (shop[name]["Vehicle__c"], shop[name]["Model__c"]) == (other, "Borea EV")
    shop.change(name, VIN__c="VF1AA000077777777")  # of no vehicle that is known
    assert details(shop) == {}


def test_the_cost_follows_what_changed(shop: Company) -> None:
    vehicle = shop.vehicle()
    for _ in range(50):
        shop.lead(VIN__c=VIN)
    for number in range(40):
        shop.lead(VIN__c=VIN, Vehicle__c=vehicle, Model__c="Aria 1.2", Sfsync_Key__c=f"X:{number}")
    first = shop.run("aftersales.vehicle_details")
    assert (first.steps[0].selected, first.api_calls) == (
        50,
        3,
    )  # two questions in one call, vehicles, one write
    assert shop.run("aftersales.vehicle_details").api_calls == 1


def test_waiting_files_are_taken_by_the_flow(shop: Company) -> None:
    shop.lead(VIN__c=VIN)
    shop.deliver("vehicles", "park.csv", HEAD + ROW)
    result = shop.run("aftersales")
    steps: dict[str, Any] = {step.name: step.buckets for step in result.steps}
    assert steps["vehicles_in"] == {Bucket.APPLIED: 1}
    assert steps["vehicle_details"] == {Bucket.APPLIED: 1}
    assert shop.records(f"SELECT Model__c FROM {LEAD}")[0]["Model__c"] == "Aria 1.6"


def test_missing_columns_change_nothing_but_consents_must_be_said(shop: Company, tmp_path: Path) -> None:
    shop.vehicle(Warranty_End__c="2027-03-01", Consent_Email__c=True)
    assert take(shop, tmp_path, f"VIN;Model\n{VIN};Borea EV\n")["vehicles_in"] == {Bucket.APPLIED: 1}
    (vehicle,) = shop.records(
        "SELECT Model__c, Warranty_End__c, Owner_Name__c, Consent_Email__c FROM Vehicle__c"
    )
    assert (vehicle["Model__c"], vehicle["Warranty_End__c"]) == ("Borea EV", "2027-03-01")
    assert (vehicle["Owner_Name__c"], vehicle["Consent_Email__c"]) == ("Ada Berger", False)


def test_a_file_that_would_empty_what_is_known_is_stopped(shop: Company, tmp_path: Path) -> None:
    shop.vehicle(Warranty_End__c="2027-03-01")
    with pytest.raises(GuardRefused, match="filled fields would be emptied"):
        take(shop, tmp_path, f"VIN;Warranty end\n{VIN};\n")


def test_a_vin_that_nobody_knows_is_not_looked_for_for_ever(shop: Company, tmp_path: Path) -> None:
    name = shop.lead(VIN__c=VIN)
    shop.wait(days=31)
    shop.vehicle()  # by hand
    assert details(shop) == {}
    assert take(shop, tmp_path, f"VIN;Model\n{OTHER};Borea EV\n")["vehicle_details"] == {Bucket.APPLIED: 1}
    assert shop[name]["Model__c"] == "Aria 1.2"
