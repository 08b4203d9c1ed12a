"""What the org says about sales: its leads, their orders and cards, as outcomes for the tally.

Queries and arithmetic; whoever has an org runs the queries. A lead, its order and its cards carry one key
(docs/data-model.md).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta

from sfsync.records import KEY_FIELD, Record
from sfsync.reports.tally import FormOutcome

_BUCKETS = {"Qualified": "applied", "Duplicate": "duplicate", "Rejected": "invalid"}
_KEY_IN_REASON = re.compile(r"\b[A-Z0-9]{2,4}-[A-Z0-9-]{6,}\b")


def order_queries(since: date | None = None, until: date | None = None) -> list[str]:
    """SOQL for leads, orders and cards, in the order in which ``order_outcomes`` takes their rows.

    Leads submitted from ``since`` to ``until``, both days included, in UTC; all leads where neither is given.
    """
    leads = (
        "SELECT Id, Sfsync_Key__c, Country, Subscription_Plan__c, Intake_Status__c, Intake_Reason__c, IsConverted "
        "FROM Lead WHERE (Sfsync_Key__c != null OR LeadSource = 'Web')"
    )
    if since:
        leads += f" AND Submitted_At__c >= {_instant(since)}"
    if until:
        leads += f" AND Submitted_At__c < {_instant(until + timedelta(days=1))}"
    return [
        leads,
        "SELECT Sfsync_Key__c, Status, TotalAmount, Number_of_Cards__c FROM Order WHERE Sfsync_Key__c != null",
        "SELECT Status, Order__r.Sfsync_Key__c FROM Asset WHERE Sfsync_Key__c != null AND Order__c != null",
    ]


def _instant(day: date) -> str:
    return f"{datetime.combine(day, time(), UTC):%Y-%m-%dT%H:%M:%SZ}"


def order_outcomes(
    leads: Iterable[Record], orders: Iterable[Record], cards: Iterable[Record]
) -> list[FormOutcome]:
    """One outcome a lead. An order counts once it is activated; a card is sent once it exists."""
    by_key = {order[KEY_FIELD]: order for order in orders if order["Status"] != "Draft"}
    sent: Counter[str] = Counter()
    active: Counter[str] = Counter()
    for card in cards:
        owner = card["Order__r"][KEY_FIELD]
        sent[owner] += 1
        active[owner] += card["Status"] == "Active"
    return [_outcome(lead, by_key.get(lead[KEY_FIELD]), sent, active) for lead in leads]


def _outcome(lead: Record, order: Record | None, sent: Counter[str], active: Counter[str]) -> FormOutcome:
    key = lead[KEY_FIELD]
    intake = lead["Intake_Status__c"] or ("Qualified" if lead["IsConverted"] else "")
    return FormOutcome(
        country=lead["Country"] or "",
        plan=lead["Subscription_Plan__c"] or "",
        bucket=_BUCKETS.get(intake, "waiting"),
        reason=_general(lead["Intake_Reason__c"] or ""),
        ordered=order is not None,
        cards=int(order["Number_of_Cards__c"] or 0) if order else 0,
        cards_sent=sent[key] if order else 0,
        cards_active=active[key] if order else 0,
        amount=float(order["TotalAmount"] or 0) if order else 0.0,
    )


def _general(reason: str) -> str:
    """A reason without the key of the one record it is about, so that equal reasons count together."""
    return _KEY_IN_REASON.sub("…", reason)


NOT_IN_THE_ORG = "(no lead)"


def refused_outcomes(rows: Iterable[tuple[str, str, str]], known: Collection[str]) -> list[FormOutcome]:
    """Outcomes of submissions that never became a lead: (key, bucket, reason) of rows that intake refused.

    A key counts once, as it ended last; keys in ``known`` (the org's leads) do not count. What such a form asked
    for is not kept anywhere, so its country and plan stay open.
    """
    last = {key: (bucket, reason) for key, bucket, reason in rows if key not in known}
    return [
        FormOutcome(NOT_IN_THE_ORG, NOT_IN_THE_ORG, bucket, _general(reason))
        for bucket, reason in last.values()
    ]
