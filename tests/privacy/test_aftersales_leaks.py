"""The after-sales flow leaves no customer's data in output, logs, journal or the names of files either."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.privacy.conftest import LINE, Witness

LEAD = "Aftersales_Lead__c"
PERSON = {
    "Name__c": "Kanarietje Vogelkooi",
    "Email__c": "geel.veertje@voliere.example",
    "Phone__c": "+31687654321",
    "Language__c": "nl",
}
VIN = "VF1AA000055555555"


def text(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def lead(witness: Witness) -> str:
    """A lead with an appointment tomorrow; a vehicle that is due; a customer to be contacted again."""
    core = witness.shell.org.core
    dealer = core.insert(
        "Account",
        {
            "Name": "Zitstok Garage",
            "Dealer_Code__c": "D00001",
            "Dealer_Email__c": "werkplaats@voliere.example",
            "Dealer_Language__c": "nl",
        },
    )
    core.insert(
        "Vehicle__c",
        {
            "Name": VIN,
            "Sfsync_Key__c": VIN,
            "Dealer__c": dealer,
            "Consent_Email__c": True,
            "Next_Service_Due__c": text(days=9)[:10],
            **{f"Owner_{name}": value for name, value in PERSON.items()},
        },
    )
    values = {
        "Dealer__c": dealer,
        "Date_Assigned_to_Dealer__c": text(days=-9),
        "Contact_Attempt_1__c": text(days=-8),
        "Management_Notes__c": LINE,
        **{f"Customer_{name}": value for name, value in PERSON.items()},
    }
    core.insert(
        LEAD,
        {
            **values,
            "Status__c": "Closed Without Sale",
            "No_Sale_Reason__c": "not_now_contact_again",
            "Recontact_Date__c": text(days=-1)[:10],
        },
    )
    booked = {
        "Status__c": "Appointment Booked",
        "Appointment_At__c": text(hours=20),
        "Appointment_Emails__c": True,
    }
    return str(core.read(LEAD, core.insert(LEAD, {**values, **booked}))["Name"])


def look_back(witness: Witness, lead: str) -> None:
    for option in ("--json", "-vv"):
        witness("runs", "show", "last", "--rows", option, code=0)
        witness("runs", "explain", lead, option)


def test_a_night_and_the_campaigns(witness: Witness, lead: str) -> None:
    for option in ((), ("--json",), ("-q",)):
        witness("plan", "aftersales.nightly", *option, code=0)
        witness("plan", "aftersales.campaigns", *option, code=0)
    witness("run", "aftersales.campaigns", "-vv", code=0)
    witness("run", "aftersales.nightly", "-vv", code=0)
    assert witness.postbox.mails == 4
    assert (
        len(witness.shell.org.query(f"SELECT Id FROM {LEAD} WHERE Customer_Name__c = 'Kanarietje Vogelkooi'"))
        == 4
    )
    look_back(witness, lead)
    assert witness.leaks() == {}


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [
        ("550 5.1.1 <geel.veertje@voliere.example> unknown", "250 OK"),
        ("250 OK", "554 5.7.1 refused: geel.veertje@voliere.example, +31687654321"),
    ],
)
def test_mail_servers_that_quote(witness: Witness, lead: str, rcpt: str, data: str) -> None:
    witness.postbox.rcpt, witness.postbox.data = rcpt, data
    said = witness("run", "aftersales.nightly", "-vv", code=1)
    assert "mail server refused" in said.out
    look_back(witness, lead)
    assert witness.leaks() == {}


def test_files_of_head_office_and_of_dealers(witness: Witness, lead: str) -> None:
    park = witness.shell.file(
        "park.csv",
        "VIN,Dealer,Owner,E-mail,Phone,E-mail consent,Next service\n"
        f"{VIN},D00001,Kanarietje Vogelkooi,geel.veertje@voliere.example,+31687654321,yes,01/01/2030\n"
        "Vogelkooi,D00001,Kanarietje,geel.veertje at voliere.example,8765432187654321,Zitstok,Fluitpad\n",
    )
    witness("import", "vehicles", park, "-vv", code=1)
    updates = witness.shell.file(
        "updates.csv",
        "Lead ID,Dealer code,Status,Contact attempt 2,Management notes,Appointment\n"
        f"{lead},D00001,Closed With Sale,,{LINE.replace(',', ' ')},\n"
        f"Kanarietje,D00001,Vogelkooi,Fluitpad,{LINE.replace(',', ' ')},Snaveltje\n",
    )
    for option in ("-vv", "--json"):
        witness("import", "dealer_updates", updates, option, code=1)
    look_back(witness, lead)
    assert witness.leaks() == {}
