"""What an org is filled with before work begins: users, queue, catalogue, and open web leads as web-to-lead
makes them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any

from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.people import Person, people
from sfsync.mockorg.seed_aftersales import aftersales

SALES_DESK = "sales.desk@example.com"
QUEUE = "Web_Leads"

PRODUCTS = {
    "CARD": ("Charge card", 5.00),
    "PLAN-BASIC": ("Plan Basic, a year", 24.00),
    "PLAN-PLUS": ("Plan Plus, a year", 60.00),
    "PLAN-BUSINESS": ("Plan Business, a year", 96.00),
}
"""Product code to name and standard price in euros."""

PRICE_BOOKS = {"Charge Card Benelux": 1.0, "Charge Card Europe": 1.15}
"""Price book to the factor on the standard price."""


def catalogue(core: OrgCore, count: int = 0) -> None:
    """Users, queue, price books and products; ``count`` is not used."""
    del count
    _users(core)
    _queue(core)
    _products(core)


def charge_card(core: OrgCore, count: int = 1_000) -> None:
    """The catalogue, and the leads of the first ``count`` people: distinct, all of them good.

    A person who has a lead gets no second one, so a served org with a data file can be started again with its seed.
    """
    with core.transaction():
        catalogue(core)
        queue = _one(core, "Group", "DeveloperName", QUEUE)
        now = core.clock.now()
        for number, person in enumerate(islice(people(), count)):
            if not core.find("Lead", "Email", person.email):
                core.insert("Lead", _lead(person, number, queue, now))


SEEDS: Mapping[str, Callable[[OrgCore, int], None]] = MappingProxyType(
    {"charge_card": charge_card, "aftersales": aftersales, "catalogue": catalogue}
)

DEFAULT_COUNTS: Mapping[str, int] = MappingProxyType(
    {"charge_card": 1_000, "aftersales": 500, "catalogue": 0}
)


def plant(core: OrgCore, name: str, count: int | None = None) -> None:
    """Fill the org with the seed of that name.

    Raises:
        ValueError: there is no such seed; the message lists those that are.

    """
    if name not in SEEDS:
        raise ValueError(f"There is no seed {name!r}; there are {', '.join(SEEDS)}.")
    with core.transaction():
        SEEDS[name](core, DEFAULT_COUNTS[name] if count is None else count)


def _one(core: OrgCore, sobject: str, field: str, value: str) -> str | None:
    found = core.find(sobject, field, value)
    return found[0] if found else None


def _ensure(core: OrgCore, sobject: str, field: str, values: Mapping[str, Any]) -> str:
    """The id of the record with this value in ``field``, made when it is missing: a seed may be planted twice."""
    return _one(core, sobject, field, values[field]) or core.insert(sobject, dict(values))


def _users(core: OrgCore) -> None:
    desk = {
        "Username": SALES_DESK,
        "FirstName": "Sales",
        "LastName": "Desk",
        "Email": SALES_DESK,
        "Alias": "sdesk",
        "IsActive": True,
        "ProfileId": core.read("User", core.user_id)["ProfileId"],
    }
    _ensure(core, "User", "Username", desk)


def _queue(core: OrgCore) -> None:
    queue = _ensure(
        core, "Group", "DeveloperName", {"DeveloperName": QUEUE, "Name": "Web Leads", "Type": "Queue"}
    )
    if not core.find("QueueSobject", "QueueId", queue):
        core.insert("QueueSobject", {"QueueId": queue, "SobjectType": "Lead"})


def _products(core: OrgCore) -> None:
    standard = core.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true").rows(0, 1)[0]["Id"]
    books = {
        _ensure(core, "Pricebook2", "Name", {"Name": name, "IsActive": True}): factor
        for name, factor in PRICE_BOOKS.items()
    }
    for code, (name, price) in PRODUCTS.items():
        known = _one(core, "Product2", "ProductCode", code)
        if known is not None:
            continue
        product = core.insert("Product2", {"Name": name, "ProductCode": code, "IsActive": True})
        for book, factor in {standard: 1.0, **books}.items():
            entry = {
                "Pricebook2Id": book,
                "Product2Id": product,
                "UnitPrice": round(price * factor, 2),
                "IsActive": True,
            }
            core.insert("PricebookEntry", entry)


def _lead(person: Person, number: int, queue: str | None, now: datetime) -> dict[str, Any]:
    """A lead as the web form and web-to-lead leave it. Patterns repeat by number, not by chance: counts are
    easy to foresee.
    """
    firm = bool(person.company)
    plans = (
        ("business", "plus", "business", "basic")
        if firm
        else ("pay_per_use", "basic", "plus", "pay_per_use", "basic")
    )
    cards = (2, 5, 1, 12, 40, 3, 8)[number % 7] if firm else (1, 1, 1, 1, 1, 2, 1, 1, 1, 3)[number % 10]
    submitted = now - timedelta(seconds=600 + number * 61 % 600_000)
    return {
        "FirstName": person.first_name,
        "LastName": person.last_name,
        "Company": person.company or f"{person.first_name} {person.last_name}",
        "Email": person.email,
        "Phone": person.phone,
        "Street": person.street,
        "PostalCode": person.postcode,
        "City": person.city,
        "Country": person.country,
        "LeadSource": "Web",
        "Status": "Open - Not Contacted",
        **({"OwnerId": queue} if queue else {}),
        "Customer_Type__c": "company" if firm else "private",
        **({"Registration_Number__c": person.registration} if firm else {}),
        "Number_of_Cards__c": cards,
        "Subscription_Plan__c": plans[number % len(plans)],
        "Terms_Accepted__c": True,
        "Privacy_Consent__c": True,
        "Marketing_Consent__c": number % 3 == 0,
        "Language__c": person.language,
        "Submitted_At__c": submitted.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
