"""Lead conversion. REST has none; SOAP ``convertLead`` takes an OAuth session and up to 100 leads a call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sfsync.logs import redact
from sfsync.records import ConvertLead, Outcome, State
from sfsync.salesforce import soap
from sfsync.salesforce.session import Session

LEADS_A_CALL = 100
"""Leads that one call may hold ("convertLead()")."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of one lead; the ids are those that the org made or merged into."""

    outcome: Outcome
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None


def convert(session: Session, leads: Sequence[ConvertLead]) -> list[Converted]:
    """Convert up to 100 leads in one call; each lead stands for itself. Results in order.

    A lead that is converted already is refused (CANNOT_UPDATE_CONVERTED_LEAD): look it up again. Raises what
    ``Session.request`` raises for the call as a whole, among them OutcomeUnknown when its answer was lost.
    ``account_key`` is not looked at: the caller has put the id in ``account_id``.
    """
    if len(leads) > LEADS_A_CALL:
        raise ValueError(f"a call converts at most {LEADS_A_CALL} leads")
    call = soap.call("convertLead")
    for lead in leads:
        _describe(call, lead)
    answer = session.request(
        "POST",
        f"/services/Soap/u/{session.version}",
        data=lambda token: soap.envelope(token, call),
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
    )
    return list(_results(answer.body, leads))


def _describe(call: Element, lead: ConvertLead) -> None:
    """One lead in the order of the WSDL, which some orgs insist on; absent options are left out, never empty."""
    item = soap.section(call, "leadConverts")
    values: tuple[tuple[str, str | bool | None], ...] = (
        ("accountId", lead.account_id),
        ("contactId", lead.contact_id),
        ("convertedStatus", lead.converted_status),
        ("doNotCreateOpportunity", False),
        ("leadId", lead.lead_id),
        ("opportunityName", lead.opportunity_name),
        ("overwriteLeadSource", False),
        ("ownerId", lead.owner_id),
        ("sendNotificationEmail", False),
    )
    for name, value in values:
        if value is not None and value != "":
            soap.append(item, name, value)


def _results(body: bytes, leads: Sequence[ConvertLead]) -> Iterator[Converted]:
    try:
        root = soap.parse_xml(body)
    except ValueError:
        results = []
    else:
        results = [item for item in root.iter() if soap.local(item) == "result"]
    if len(results) != len(leads):  # an answer that cannot be matched leaves every lead unknown
        yield from [Converted(Outcome(State.UNKNOWN))] * len(leads)
        return
    for result, lead in zip(results, leads, strict=True):
        yield _result(result, lead)


def _result(result: Element, lead: ConvertLead) -> Converted:
    if soap.child_text(result, "success") == "true":
        return Converted(
            Outcome(State.DONE, id=lead.lead_id),
            soap.child_text(result, "accountId") or None,
            soap.child_text(result, "contactId") or None,
            soap.child_text(result, "opportunityId") or None,
        )
    error = soap.child(result, "errors")
    if error is None:
        return Converted(Outcome(State.UNKNOWN))
    fields = tuple(item.text or "" for item in error if soap.local(item) == "fields")
    code, message = soap.child_text(error, "statusCode"), redact(soap.child_text(error, "message"))
    return Converted(Outcome(State.REFUSED, id=lead.lead_id, code=code, message=message, fields=fields))
