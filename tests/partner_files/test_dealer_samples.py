"""Every readable sample of dealers' files, applied to an org with its leads: buckets and fields as its truth says.

What is expected is worked out here once more from the truth's values, plainly, for leads that are fresh: assigned
before the first attempt, nothing recorded yet.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sfsync.errors import FileRefused
from tests.conftest import House
from tests.partner_files.leads import add_dealer, add_lead, lead
from tests.shared import SAMPLES

TRUTHS = sorted(SAMPLES.glob("b*.truth.json"))
ATTEMPTS = [f"attempt_{number}" for number in range(1, 6)]
LONG_AGO = "2021-01-01T00:00:00Z"


def samples() -> list[Any]:
    truths = [json.loads(path.read_text("utf-8")) for path in TRUTHS]
    return [pytest.param(truth, id=truth["file"]) for truth in truths if truth["expect"] != "refuse"]


def language(truth: dict[str, Any]) -> str:
    declares = truth["declares"]
    return "en-US" if declares.get("date_order") == "mdy" else str(declares["language"])


def wall(value: str) -> datetime:
    """A moment of the truth; without an offset it is on the wall, so that only its order counts."""
    return datetime.fromisoformat(value).replace(tzinfo=None)


def expected(truth: dict[str, Any], row: dict[str, Any], number: int) -> str:
    """The bucket of a row, for a fresh lead."""
    if any(each["row"] == number and each["severity"] == "error" for each in truth["row_problems"]):
        return "invalid"
    status, reason = row["status"], row.get("no_sale_reason")
    attempts = [row[name] for name in ATTEMPTS if row.get(name)]
    appointment = row.get("appointment")
    if status == "Assigned to Dealer":
        sound = not appointment and not reason
    elif status == "Appointment Booked":
        sound = bool(attempts and appointment and wall(appointment) > wall(attempts[-1]) and not reason)
    elif status == "Closed With Sale":
        sound = bool(attempts and row.get("vin") and (appointment or row.get("notes")) and not reason)
    elif status == "Closed Without Sale":
        needs = {
            "not_owner_sold": "ownership_end",
            "other": "notes",
            "not_now_contact_again": "recontact_date",
        }
        sound = bool(attempts and reason and (reason not in needs or row.get(needs[reason])))
    else:
        sound = False
    return "applied" if sound else "invalid"


def instant(value: str | None, zone: str) -> str | None:
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def fields(row: dict[str, Any], zone: str) -> dict[str, Any]:
    """What an applied row leaves in the org."""
    attempts = {
        f"Contact_Attempt_{number}__c": instant(row.get(name), zone)
        for number, name in enumerate(ATTEMPTS, 1)
    }
    return {
        "Status__c": row["status"],
        **attempts,
        "First_Contact_On__c": attempts["Contact_Attempt_1__c"],
        "Appointment_At__c": instant(row.get("appointment"), zone),
        "No_Sale_Reason__c": row.get("no_sale_reason") or None,
        "Management_Notes__c": row.get("notes") or None,
        "End_of_Ownership__c": row.get("ownership_end") or None,
        "Recontact_Date__c": row.get("recontact_date") or None,
        "Mileage__c": round(float(row["mileage"]) + 1e-9, 1) if row.get("mileage") else None,
        "VIN__c": row["vin"] or None,
        "Privacy_Consent__c": row.get("consent_privacy") == "true",
        "Marketing_Consent__c": row.get("consent_marketing") == "true",
    }


@pytest.mark.parametrize("truth", samples())
def test_a_sample_is_applied_as_its_truth_says(truth: dict[str, Any], garage: House) -> None:
    zone = truth["declares"].get("timezone", "Europe/Paris")
    for row in truth["rows"]:
        dealer = add_dealer(garage, row["dealer_code"], zone=zone, language=language(truth))
        add_lead(garage, row["lead_ref"], dealer, Date_Assigned_to_Dealer__c=LONG_AGO)
    try:
        result = garage.take("dealer_updates", SAMPLES / truth["file"])
    except FileRefused:
        if truth["expect"] == "accept_or_refuse":
            pytest.skip("the reader may refuse this file, and does")
        raise
    wanted = [
        expected(truth, row, number) for row, number in zip(truth["rows"], truth["row_numbers"], strict=True)
    ]
    assert result.rows_read == len(wanted)
    assert {bucket.value: count for bucket, count in result.steps[0].buckets.items() if count} == {
        bucket: wanted.count(bucket) for bucket in set(wanted)
    }
    for row, bucket in zip(truth["rows"], wanted, strict=True):
        found = lead(garage, row["lead_ref"])
        assert bool(found["Contact_Attempt_1__c"] or found["VIN__c"]) == (bucket == "applied")
        if bucket == "applied":
            assert {name: found[name] for name in fields(row, zone)} == fields(row, zone)
    again = garage.take("dealer_updates", SAMPLES / truth["file"])
    assert again.to_json()["applied"] == 0
    assert again.to_json()["unchanged"] == wanted.count("applied")


def test_the_file_without_lead_numbers_is_refused(garage: House) -> None:
    path: Path = SAMPLES / "b11_no_reference_column.xlsx"
    if not path.exists():
        pytest.skip("the shared samples are not here")
    with pytest.raises(FileRefused, match="lead_ref"):
        garage.take("dealer_updates", path)
