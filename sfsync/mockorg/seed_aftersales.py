"""The seed ``aftersales:N``: dealers, vehicles with their owners, and N after-sales leads in every status.

Everything is invented and the same every time; moments count back from the org's clock. A vehicle that is there
already gets no second lead, so a served org with a data file can be started again with its seed.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sfsync.mockorg.org import DmlOptions, OrgCore
from sfsync.mockorg.people import Person, people
from sfsync.mockorg.seed_aftersales_history import HISTORY, history_of

LEADS_PER_DEALER = 200
FEWEST_DEALERS = 8

PROFILES = (
    ("fr", "Europe/Paris"),
    ("it", "Europe/Rome"),
    ("de", "Europe/Berlin"),
    ("en", "Europe/London"),
    ("zh", "Asia/Shanghai"),
    ("nl", "Europe/Amsterdam"),
    ("en-US", "America/New_York"),
    ("", ""),
)
"""Language and time zone of dealers, in turn; the last leave both to the company's default."""

STATUSES = (
    ("Assigned to Dealer", 46),
    ("Appointment Booked", 20),
    ("Closed With Sale", 14),
    ("Closed Without Sale", 14),
    ("Lost Sale", 6),
)
"""Status → how many of a hundred leads."""

_AGES = {"Lost Sale": (61, 150), "Closed With Sale": (1, 150), "Closed Without Sale": (1, 150)}
"""Days since assignment, from and to: open leads are young enough not to be aged, the others go back some months."""

REASONS = (
    "no_privacy_consent", "not_eligible", "trade_in", "not_owner_sold", "leasing_rental_trader", "owner_not_driver",
    "declined_offer", "other", "not_now_contact_again",
)  # fmt: skip
SOURCES = ("Web form", "Owner app", "Spontaneous", "Service reminder", "Warranty-end reminder")
MODELS = ("Aria 1.2", "Aria 1.6", "Borea EV", "Cassia Van", "Dorado 2.0")
WARRANTIES = ("New vehicle", "Extended 5 years", "Battery 8 years")
_VIN_SIGNS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_SEED = 6
_EMAIL = 80
"""Characters that an Email field holds; of a longer address the end is kept, where its number stands."""


def aftersales(core: OrgCore, count: int = 500) -> None:
    """Dealers D00001 …, a vehicle for each lead, and ``count`` leads; one dealer for 200 leads, eight at least."""
    dealers = [
        _dealer(core, number) for number in range(1, max(FEWEST_DEALERS, count // LEADS_PER_DEALER) + 1)
    ]
    chance = random.Random(_SEED)  # noqa: S311 - invented data, no secrets
    now = core.clock.now()
    for number, person in enumerate(islice(people(_SEED, companies=0.0), count), 1):
        life = dict(_life(chance, now))  # drawn for every lead, so that a second planting draws the same
        dealer = dealers[number % len(dealers)]
        vehicle = _vehicle(person, number, dealer, now)
        if core.find("Vehicle__c", "Sfsync_Key__c", vehicle["Name"]):
            continue
        made = core.insert("Vehicle__c", vehicle)
        lead = core.insert("Aftersales_Lead__c", {**_lead(person, vehicle, made), **life})
        for row in history_of(life, number, now):
            core.insert(HISTORY, {"ParentId": lead, **row}, options=DmlOptions(system=True))


def vin(number: int) -> str:
    """The VIN of the seed's vehicle with this number: 17 signs, no I, O or Q, of a maker that does not exist."""
    signs = ""
    rest = number * 7_919
    for _ in range(8):
        rest, sign = divmod(rest, len(_VIN_SIGNS))
        signs = _VIN_SIGNS[sign] + signs
    return f"ZZ9AS{signs}{number % 10_000:04d}"


def _dealer(core: OrgCore, number: int) -> str:
    code = f"D{number:05d}"
    known = core.find("Account", "Dealer_Code__c", code)
    if known:
        return known[0]
    language, zone = PROFILES[(number - 1) % len(PROFILES)]
    return core.insert(
        "Account",
        {
            "Name": f"Garage {code}",
            "Dealer_Code__c": code,
            "Dealer_Language__c": language or None,
            "Dealer_Time_Zone__c": zone or None,
            "Dealer_Email__c": f"workshop.{code.lower()}@example.com",
        },
    )


def _vehicle(person: Person, number: int, dealer: str, now: datetime) -> dict[str, Any]:
    begun = now.date() - timedelta(days=200 + number * 37 % 1_500)
    return {
        "Name": vin(number),
        "Sfsync_Key__c": vin(number),
        "Model__c": MODELS[number % len(MODELS)],
        "Warranty_Start__c": begun.isoformat(),
        "Warranty_End__c": (begun + timedelta(days=1_095)).isoformat(),
        "Current_Warranty__c": WARRANTIES[number % len(WARRANTIES)],
        "Next_Service_Due__c": (now.date() + timedelta(days=number * 53 % 365 - 60)).isoformat(),
        "Dealer__c": dealer,
        "Owner_Name__c": f"{person.first_name} {person.last_name}",
        "Owner_Email__c": person.email[-_EMAIL:],
        "Owner_Phone__c": person.phone,
        "Owner_Language__c": person.language,
        "Consent_Email__c": number % 4 != 0,
        "Consent_Phone__c": number % 3 != 0,
        "Consent_Post__c": number % 2 == 0,
    }


_COPIED = ("Model__c", "Warranty_Start__c", "Warranty_End__c", "Current_Warranty__c", "Dealer__c")


def _lead(person: Person, vehicle: Mapping[str, Any], vehicle_id: str) -> dict[str, Any]:
    return {
        "VIN__c": vehicle["Name"],
        "Vehicle__c": vehicle_id,
        **{name: vehicle[name] for name in _COPIED},
        "Customer_Name__c": vehicle["Owner_Name__c"],
        "Customer_Email__c": person.email[-_EMAIL:],
        "Customer_Phone__c": person.phone,
        "Customer_Language__c": person.language,
    }


def _life(chance: random.Random, now: datetime) -> Iterator[tuple[str, Any]]:
    """What happened to a lead up to ``now``, field by field, as the rules of the process allow it."""
    (status,) = chance.choices([name for name, _ in STATUSES], [share for _, share in STATUSES])
    source = chance.choice(SOURCES)
    days = chance.uniform(*_AGES.get(status, (1, 55)))
    assigned = (now - timedelta(days=days)).replace(second=0, microsecond=0)
    yield "Status__c", status
    yield "Source__c", source
    yield "Lead_Kind__c", "HQ driven" if source.endswith("reminder") else "Customer driven"
    yield "Date_Assigned_to_Dealer__c", _text(assigned)
    yield "Privacy_Consent__c", chance.random() < 0.8
    attempts = _attempts(
        chance, assigned, now, fewest=0 if status in {"Assigned to Dealer", "Lost Sale"} else 1
    )
    for number, moment in enumerate(attempts, 1):
        yield f"Contact_Attempt_{number}__c", _text(moment)
    if attempts:
        yield "First_Contact_On__c", _text(attempts[0])
        yield "First_Contact_SLA_Met__c", attempts[0] - assigned <= timedelta(hours=24)
        yield "Mileage__c", float(chance.randint(50, 2_400_000)) / 10
    if status == "Appointment Booked":
        day = now + timedelta(days=chance.randint(1, 20))
        yield (
            "Appointment_At__c",
            _text(day.replace(hour=chance.randint(7, 15), minute=0, second=0, microsecond=0)),
        )
        yield "Appointment_Emails__c", chance.random() < 0.5
    elif status.startswith("Closed"):
        closed = attempts[-1] + min(now - attempts[-1], timedelta(days=30)) * chance.random()
        yield "Closed_At__c", _text(closed.replace(microsecond=0))
        yield from _closing(chance, status, now)


def _closing(chance: random.Random, status: str, now: datetime) -> Iterator[tuple[str, Any]]:
    if status == "Closed With Sale":
        yield "Management_Notes__c", "Came in for the service."
        return
    reason = chance.choice(REASONS)
    yield "No_Sale_Reason__c", reason
    if reason == "not_owner_sold":
        yield "End_of_Ownership__c", (now.date() - timedelta(days=chance.randint(10, 300))).isoformat()
    elif reason == "other":
        yield "Management_Notes__c", "Moved abroad."
    elif reason == "not_now_contact_again":
        yield "Recontact_Date__c", (now.date() + timedelta(days=chance.randint(1, 120))).isoformat()


def _attempts(chance: random.Random, assigned: datetime, now: datetime, *, fewest: int) -> list[datetime]:
    """Up to five moments between assignment and now, in order."""
    latest = assigned
    found: list[datetime] = []
    for _ in range(max(fewest, chance.choice((0, 0, 1, 1, 1, 2, 2, 3, 5)))):
        latest += min(timedelta(minutes=chance.randint(20, 2_900)), (now - latest) / 2)
        found.append(latest.replace(second=0, microsecond=0))
    return found


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
