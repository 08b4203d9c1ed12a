"""The charge-card flow from lead to activated order, against a client that writes one record at a time.

Both sides talk to a mock org in their own process, so the org's time counts on both and the network's on neither.
The org itself counts the calls.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tests.bench.measure import ROOT, Cost, Pair, Plan, Row, Work, alternate, side

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

MOST_CALLS = 30
"""For 1,000 leads from lead to activated order; one record at a time they take about 9,000."""
_FULL = 1_000
_BY_RECORD = 50
_STEPS = ("convert", "products", "close", "order")


def rows(plan: Plan) -> Iterator[Row]:
    count = plan.rows(_FULL)
    pair = alternate(
        plan.runs(3), side(with_sfsync, count, plan.scratch), side(one_record_at_a_time, _BY_RECORD)
    )
    ours, theirs = pair.ours[-1].value, round(pair.theirs[-1].value * count / _BY_RECORD)
    yield Row(
        "API calls, lead to order",
        "one record at a time",
        ours / theirs,
        f"{count:,} leads: {ours} calls against {theirs:,}",
        f"≤ {MOST_CALLS} calls",
        passed=ours <= MOST_CALLS,
    )
    scaled = Pair(pair.ours, [Cost(c.seconds * count / _BY_RECORD, c.megabytes) for c in pair.theirs])
    yield Row(
        "run charge_card, time",
        "one record at a time",
        scaled.time,
        f"{count:,} leads against {_BY_RECORD}, by lead; without a network",
    )


def with_sfsync(count: str, scratch: str) -> Work:
    """All of lead to order as `sfsync run charge_card` does it, intake beforehand; returns the calls."""
    from tempfile import mkdtemp

    from sfsync.clock import SystemClock
    from sfsync.engine.operation import run_flow
    from sfsync.engine.running import Nobody
    from sfsync.mockorg import MockOrg
    from sfsync.mockorg.callbacks import activated
    from sfsync.project import open_project

    org = MockOrg(metadata=[ROOT / "config" / "org"])
    org.seed("charge_card", int(count))
    env = {
        "SF_INSTANCE_URL": "https://bench.my.salesforce.com",
        "SF_ACCESS_TOKEN": org.token,
        "SFSYNC_STATE": mkdtemp(dir=Path(scratch)),
    }
    project = open_project(str(ROOT), env=env, clock=SystemClock())
    flow = project.content.flow("charge_card")
    ports = project.ports(Nobody())
    with activated(org.handle):
        run_flow(ports, flow, "intake")

    def work() -> int:
        before = org.stats.api_calls
        with activated(org.handle):
            for step in _STEPS:
                result = run_flow(ports, flow, step)
                if result.exit_code:
                    raise SystemExit(f"{step}: {result.status}")
        return org.stats.api_calls - before

    return work


def one_record_at_a_time(count: str) -> Work:
    """The same sales through simple-salesforce, a call for every record; returns the calls."""
    from simple_salesforce.api import Salesforce

    from sfsync.mockorg import MockOrg
    from sfsync.mockorg.callbacks import activated

    org = MockOrg(metadata=[ROOT / "config" / "org"])
    org.seed("charge_card", int(count))

    def work() -> int:
        with activated(org.handle):
            client = Salesforce(instance="bench.my.salesforce.com", session_id=org.token, version="62.0")
            before = org.stats.api_calls
            _sell(client)
        return org.stats.api_calls - before

    return work


def _sell(client: "Salesforce") -> None:
    entries = {
        (entry["Pricebook2"]["Name"], entry["Product2"]["ProductCode"]): entry
        for entry in client.query_all(
            "SELECT Id, Pricebook2Id, Pricebook2.Name, Product2.ProductCode, UnitPrice FROM PricebookEntry"
        )["records"]
    }
    (owner,) = client.query("SELECT Id FROM User WHERE Name = 'Sales Desk'")["records"]
    leads = client.query_all(
        "SELECT Id, Name, Country, Number_of_Cards__c, Subscription_Plan__c FROM Lead WHERE IsConverted = false"
    )
    for number, lead in enumerate(leads["records"]):
        book = "Charge Card Benelux" if lead["Country"] in {"NL", "BE", "LU"} else "Charge Card Europe"
        plan = lead["Subscription_Plan__c"]
        codes = ["CARD"] if plan == "pay_per_use" else ["CARD", f"PLAN-{plan.upper()}"]
        lines = [entries[book, code] for code in codes]
        _one(client, lead, f"BENCH-{number}", owner["Id"], lines)


def _one(
    client: "Salesforce", lead: dict[str, Any], key: str, owner: str, entries: list[dict[str, Any]]
) -> None:
    """Convert; price book; a call a line; close; order; a call a product; activate."""
    account, opportunity = _convert(client, lead["Id"], owner)
    book, cards = entries[0]["Pricebook2Id"], lead["Number_of_Cards__c"]
    client.Opportunity.update(opportunity, {"Sfsync_Key__c": key, "Pricebook2Id": book})
    items = [
        {"PricebookEntryId": entry["Id"], "Quantity": cards, "UnitPrice": entry["UnitPrice"]}
        for entry in entries
    ]
    for item in items:
        client.OpportunityLineItem.create({"OpportunityId": opportunity, **item})
    client.Opportunity.update(opportunity, {"StageName": "Closed Won"})
    order = client.Order.create(
        {
            "Sfsync_Key__c": key,
            "AccountId": account,
            "OpportunityId": opportunity,
            "Pricebook2Id": book,
            "EffectiveDate": "2026-03-02",
            "Status": "Draft",
        }
    )["id"]
    for item in items:
        client.OrderItem.create({"OrderId": order, **item})
    client.Order.update(order, {"Status": "Activated"})


def _convert(client: "Salesforce", lead: str, owner: str) -> tuple[str, str]:
    """One lead through SOAP, which simple-salesforce leaves to its users; returns account and opportunity."""
    from xml.etree import ElementTree as ET

    body = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns="urn:partner.soap.sforce.com">'
        f"<soapenv:Header><SessionHeader><sessionId>{escape(client.session_id)}</sessionId></SessionHeader>"
        "</soapenv:Header><soapenv:Body><convertLead><leadConverts>"
        f"<convertedStatus>Closed - Converted</convertedStatus><leadId>{lead}</leadId><ownerId>{owner}</ownerId>"
        "</leadConverts></convertLead></soapenv:Body></soapenv:Envelope>"
    )
    answer = client.session.post(
        f"https://{client.sf_instance}/services/Soap/u/62.0",
        data=body,
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
    )
    found = {
        element.tag.rpartition("}")[2]: element.text or "" for element in ET.fromstring(answer.content).iter()
    }
    return found["accountId"], found["opportunityId"]
