"""Process A from lead to order: figures, idempotence, matching, and what the org would refuse."""

from collections import Counter

import pytest

from sfsync.engine.results import RunResult
from sfsync.errors import GuardRefused, LeaseHeld
from sfsync.records import Bucket
from tests.conftest import House, NewHouse

LEAD_TO_ORDER = ("convert", "products", "close", "order")


def counts(result: RunResult) -> dict[str, dict[str, int]]:
    return {
        step.name: {bucket.value: n for bucket, n in step.buckets.items() if n}
        for step in result.steps
        if step.selected
    }


def test_every_good_lead_ends_with_one_account_opportunity_and_activated_order(house: House) -> None:
    result = house.run()
    assert result.status == "ok"
    assert counts(result)["order"] == {"applied": 20}
    assert len(house.records("SELECT Id FROM Lead WHERE IsConverted = true")) == 20
    assert len(house.records("SELECT Id FROM Opportunity WHERE IsWon = true")) == 20
    orders = house.records("SELECT Id, Status, Sfsync_Key__c, TotalAmount, Number_of_Cards__c FROM Order")
    assert {order["Status"] for order in orders} == {"Activated"}
    assert len({order["Sfsync_Key__c"] for order in orders}) == 20
    assert all(order["TotalAmount"] > 0 for order in orders)


def test_a_thousand_leads_cost_at_most_thirty_calls_by_the_orgs_own_count(new_house: NewHouse) -> None:
    house = new_house(1000)
    house.run("charge_card.intake")
    before = house.org.stats.api_calls
    for step in LEAD_TO_ORDER:
        result = house.run(f"charge_card.{step}")
        assert counts(result)[step] == {"applied": 1000}
    used = house.org.stats.api_calls - before
    assert used <= 30
    reported = sum(step.api_calls for step in house.run().steps)
    assert reported == house.org.stats.api_calls - before - used


@pytest.mark.parametrize("forget", [False, True], ids=["journal kept", "journal deleted"])
def test_running_again_writes_nothing(house: House, forget: bool) -> None:
    house.run()
    if forget:
        (house.state / "journal.sqlite").unlink()
    written = house.written
    for step in (None, "intake", *LEAD_TO_ORDER, "order_status", "allocation_out"):
        result = house.run("charge_card" if step is None else f"charge_card.{step}")
        assert result.status == "ok"
    assert house.written == written


def test_plan_says_what_run_then_does_and_writes_nothing(house: House) -> None:
    planned, plans = house.plan()
    assert house.written == 0
    assert not house.state.exists() or not list((house.state).glob("outbox/**/*.*"))
    done = house.run()
    assert [step.to_json() | {"seconds": 0} for step in planned.steps] == [
        step.to_json() | {"seconds": 0} for step in done.steps
    ]
    writes = Counter()
    for step in plans:
        writes.update({name: n for (verb, name), n in step.writes.items() if verb != "update"})
    assert writes["Order"] == 20
    assert writes["Lead"] == 20


def test_a_lead_with_a_known_e_mail_and_name_converts_into_the_contact(house: House) -> None:
    lead = house.records(
        "SELECT Id, FirstName, LastName, Email FROM Lead WHERE Customer_Type__c = 'private'"
    )[0]
    account = house.org.core.insert("Account", {"Name": "Known household"})
    person = {
        "FirstName": lead["FirstName"].upper(),
        "LastName": lead["LastName"],
        "Email": lead["Email"].upper(),
    }
    contact = house.org.core.insert("Contact", {"AccountId": account, **person})
    house.run()
    (found,) = house.records(
        f"SELECT ConvertedAccountId, ConvertedContactId FROM Lead WHERE Id = '{lead['Id']}'"
    )
    assert found["ConvertedAccountId"] == account
    assert found["ConvertedContactId"] == contact


def test_another_person_with_the_same_e_mail_is_not_the_contact(house: House) -> None:
    lead = house.records("SELECT Id, Email FROM Lead WHERE Customer_Type__c = 'private'")[0]
    account = house.org.core.insert("Account", {"Name": "Somebody else"})
    house.org.core.insert("Contact", {"AccountId": account, "LastName": "Somebody", "Email": lead["Email"]})
    house.run()
    (found,) = house.records(f"SELECT ConvertedAccountId FROM Lead WHERE Id = '{lead['Id']}'")
    assert found["ConvertedAccountId"] != account


def test_a_company_known_by_its_registration_number_gets_no_second_account(house: House) -> None:
    lead = house.records("SELECT Id, Registration_Number__c FROM Lead WHERE Customer_Type__c = 'company'")[0]
    number = lead["Registration_Number__c"]
    account = house.org.core.insert("Account", {"Name": "Old customer", "Registration_Number__c": number})
    house.run()
    (found,) = house.records(f"SELECT ConvertedAccountId FROM Lead WHERE Id = '{lead['Id']}'")
    assert found["ConvertedAccountId"] == account


def test_colleagues_share_one_account(house: House) -> None:
    one, two = house.records("SELECT Id FROM Lead LIMIT 2")
    for lead in (one, two):
        values = {
            "Customer_Type__c": "company",
            "Company": "Volt BV",
            "Registration_Number__c": "NL000000001B01",
        }
        house.org.core.update("Lead", lead["Id"], values)
    house.run()
    found = house.records(f"SELECT ConvertedAccountId FROM Lead WHERE Id IN ('{one['Id']}', '{two['Id']}')")
    assert len({lead["ConvertedAccountId"] for lead in found}) == 1


def test_a_person_who_orders_again_later_keeps_one_account(new_house: NewHouse) -> None:
    """Both forms are qualified (outside the window) and wait in the same selection."""
    house = new_house(2)
    first, second = house.records("SELECT Id, FirstName, LastName, Email FROM Lead")
    same = {name: first[name] for name in ("FirstName", "LastName", "Email")}
    same |= {
        "Customer_Type__c": "private",
        "Registration_Number__c": None,
        "Submitted_At__c": "2020-01-01T00:00:00Z",
    }
    house.org.core.update("Lead", second["Id"], same)
    house.org.core.update(
        "Lead", first["Id"], {"Customer_Type__c": "private", "Registration_Number__c": None}
    )
    result = house.run()
    assert counts(result)["convert"] == {"applied": 2}
    assert len(house.records("SELECT Id FROM Account")) == 1
    assert len(house.records("SELECT Id FROM Contact")) == 1
    assert len(house.records("SELECT Id FROM Order")) == 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Email": None}, "Email"),
        ({"Terms_Accepted__c": False}, "Terms_Accepted__c"),
        ({"FirstName": "test", "LastName": "Tester"}, "obvious test"),
    ],
)
def test_unusable_web_leads_are_rejected_with_the_reason(house: House, values: dict, reason: str) -> None:
    lead = house.records("SELECT Id FROM Lead")[0]
    house.org.core.update("Lead", lead["Id"], values)
    result = house.run()
    assert counts(result)["intake"] == {"applied": 19, "invalid": 1}
    assert result.exit_code == 1
    (found,) = house.records(
        f"SELECT Intake_Status__c, Intake_Reason__c, IsConverted FROM Lead WHERE Id='{lead['Id']}'"
    )
    assert found["Intake_Status__c"] == "Rejected"
    assert reason in found["Intake_Reason__c"]
    assert not found["IsConverted"]


def test_a_person_who_sends_the_form_twice_gets_one_order(house: House) -> None:
    one, two = house.records("SELECT Id, FirstName, LastName, Email, Submitted_At__c FROM Lead LIMIT 2")
    again = {name: one[name] for name in ("FirstName", "LastName", "Email", "Submitted_At__c")}
    house.org.core.update("Lead", two["Id"], again | {"Email": one["Email"].upper()})
    result = house.run()
    assert counts(result)["intake"] == {"applied": 19, "duplicate": 1}
    assert len(house.records("SELECT Id FROM Order")) == 19


def test_queue_owned_leads_go_to_the_owner_of_the_settings(house: House) -> None:
    house.run()
    owners = {
        opportunity["Owner"]["Name"] for opportunity in house.records("SELECT Owner.Name FROM Opportunity")
    }
    assert owners == {"Sales Desk"}


def test_countries_and_plans_choose_price_book_and_products(house: House) -> None:
    house.run()
    for order in house.records(
        "SELECT ShippingCountry, Pricebook2.Name, Opportunity.Id, "
        "(SELECT Product2.ProductCode, Quantity FROM OrderItems), Number_of_Cards__c FROM Order"
    ):
        book = "Charge Card Benelux" if order["ShippingCountry"] in {"NL", "BE"} else "Charge Card Europe"
        assert order["Pricebook2"]["Name"] == book
        items = order["OrderItems"]["records"]
        assert "CARD" in {item["Product2"]["ProductCode"] for item in items}
        assert {item["Quantity"] for item in items} == {order["Number_of_Cards__c"]}


def test_a_missing_price_is_told_and_the_others_go_on(house: House) -> None:
    (entry, *_) = house.records(
        "SELECT Id FROM PricebookEntry WHERE Product2.ProductCode = 'CARD' AND Pricebook2.Name = 'Charge Card Europe'"
    )
    house.org.core.update("PricebookEntry", entry["Id"], {"IsActive": False})
    result = house.run()
    products = next(step for step in result.steps if step.name == "products")
    assert products.buckets[Bucket.FAILED] > 0
    assert products.buckets[Bucket.APPLIED] > 0
    assert result.exit_code == 1


def test_a_second_run_of_the_same_flow_leaves(house: House) -> None:
    project = house.project
    with (
        project.journal.lease("charge_card", holder="another:1", ttl_seconds=600),
        pytest.raises(LeaseHeld, match="another"),
    ):
        house.run()
    assert house.written == 0


def test_the_guard_for_api_calls_refuses_before_the_first_write(house: House) -> None:
    house.org.stats.maximum = 1_000
    with pytest.raises(GuardRefused, match="API calls"):
        house.run()
    assert house.written == 0
    assert house.run("charge_card", "api_floor").status == "ok"
