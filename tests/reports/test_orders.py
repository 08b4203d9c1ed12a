"""What the org holds becomes outcomes: leads, their orders and cards joined by key."""

from datetime import date
from typing import Any

import pytest

from sfsync.reports.orders import order_outcomes, order_queries


def lead(key: str | None, status: str | None = "Qualified", **more: Any) -> dict[str, Any]:
    return {
        "Sfsync_Key__c": key,
        "Country": "NL",
        "Subscription_Plan__c": "plus",
        "Intake_Status__c": status,
        "Intake_Reason__c": None,
        "IsConverted": False,
        **more,
    }


def order(key: str, status: str = "Activated", amount: float | None = 12.5) -> dict[str, Any]:
    return {"Sfsync_Key__c": key, "Status": status, "TotalAmount": amount, "Number_of_Cards__c": 2.0}


def card(order_key: str, status: str = "Shipped") -> dict[str, Any]:
    return {"Status": status, "Order__r": {"Sfsync_Key__c": order_key}}


def test_a_sale_with_its_cards():
    (found,) = order_outcomes(
        [lead("A-1")], [order("A-1")], [card("A-1"), card("A-1", "Active"), card("B-1")]
    )
    assert (found.bucket, found.ordered, found.cards, found.cards_sent, found.cards_active, found.amount) == (
        "applied",
        True,
        2,
        2,
        1,
        12.5,
    )


def test_a_draft_order_is_not_a_sale_yet():
    (found,) = order_outcomes([lead("A-1")], [order("A-1", "Draft")], [])
    assert (found.ordered, found.amount, found.cards) == (False, 0.0, 0)


@pytest.mark.parametrize(
    ("status", "converted", "bucket"),
    [
        ("Qualified", False, "applied"),
        ("Duplicate", False, "duplicate"),
        ("Rejected", False, "invalid"),
        (None, False, "waiting"),
        (None, True, "applied"),
    ],
)
def test_intake_status_decides(status: str | None, converted: bool, bucket: str):
    (found,) = order_outcomes([lead("A-1", status, IsConverted=converted)], [], [])
    assert found.bucket == bucket


def test_missing_values_do_not_stop_a_report():
    (found,) = order_outcomes(
        [lead(None, None, Country=None, Subscription_Plan__c=None)], [order("A", amount=None)], []
    )
    assert (found.country, found.plan, found.bucket) == ("", "", "waiting")


def test_equal_reasons_count_together():
    reasons = [lead("A", "Rejected", Intake_Reason__c=f"repeats WF-202600000{n}") for n in (1, 2)]
    assert len({found.reason for found in order_outcomes(reasons, [], [])}) == 1


def test_the_period_is_in_the_query():
    leads, *others = order_queries(date(2026, 3, 1), date(2026, 3, 31))
    assert "Submitted_At__c >= 2026-03-01T00:00:00Z" in leads
    assert "Submitted_At__c < 2026-04-01T00:00:00Z" in leads
    assert len(others) == 2
    assert "Submitted_At__c" not in order_queries()[0]
