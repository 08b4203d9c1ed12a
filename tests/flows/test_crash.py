"""Killing a run at any request, before or after the org saw it, and running again: the same org in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sfsync.mockorg.http import Request, Response
from tests.conftest import House, NewHouse

LEADS = 8


class Killed(BaseException):
    """What a kill looks like from inside: no handler of the code under test may run after it."""


@contextmanager
def killed_at(house: House, number: int, *, after: bool) -> Iterator[None]:
    """The process dies at request ``number``: before the org saw it, or after it acted on it."""
    seen = 0
    answer = house.org.handle

    def handle(request: Request) -> Response:
        nonlocal seen
        seen += 1
        if seen == number and not after:
            raise Killed
        response = answer(request)
        if seen == number:
            raise Killed
        return response

    house.org.handle = handle
    try:
        yield
    finally:
        del house.org.handle


def picture(house: House) -> dict[str, Any]:
    """The org as a customer sees it: keys, statuses, amounts, links by key; no ids, no times."""
    return {
        "leads": house.records(
            "SELECT Sfsync_Key__c, Status, IsConverted, Intake_Status__c, ConvertedOpportunity.Sfsync_Key__c, "
            "ConvertedOpportunity.StageName, ConvertedOpportunity.Amount, ConvertedAccount.Name, "
            "ConvertedContact.Email FROM Lead ORDER BY Sfsync_Key__c"
        ),
        "orders": house.records(
            "SELECT Sfsync_Key__c, Status, TotalAmount, Account.Name, Opportunity.Sfsync_Key__c, "
            "Allocation_Sent_On__c, "
            "(SELECT Sfsync_Key__c, Quantity, UnitPrice FROM OrderItems ORDER BY Sfsync_Key__c) "
            "FROM Order ORDER BY Sfsync_Key__c"
        ),
        "counts": {
            name: len(house.records(f"SELECT Id FROM {name}"))
            for name in ("Account", "Contact", "Opportunity", "OpportunityLineItem", "Order", "OrderItem")
        },
    }


def without_urls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_urls(item) for name, item in value.items() if name not in {"url", "attributes"}}
    return [without_urls(item) for item in value] if isinstance(value, list) else value


def test_a_run_killed_at_any_request_is_finished_by_the_next(new_house: NewHouse) -> None:
    house = new_house(LEADS)
    house.run()
    requests = house.org.stats.requests
    wanted = without_urls(picture(house))
    assert wanted["counts"]["Order"] == LEADS
    for number in range(1, requests + 1):
        for after in (False, True):
            house = new_house(LEADS)
            with killed_at(house, number, after=after), pytest.raises(Killed):
                house.run()
            (house.state / "journal.sqlite").unlink()  # with it the lease of the dead; evidence, not state
            house.run()
            assert without_urls(picture(house)) == wanted, f"killed at request {number}, after={after}"
            written = house.written
            house.run()
            assert house.written == written, f"killed at request {number}, after={after}: wrote again"
