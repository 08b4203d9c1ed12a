"""Web-to-lead: a web form makes a lead, without a login. The answer is 200 whatever happens, as browsers are sent on.

Forms name custom fields by their ids, which ``GET /__mock/web_to_lead`` lists. Source: "Web-to-Lead Considerations"
and "Guidelines for Setting Up Web-to-Lead" in Salesforce Help.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

from sfsync.mockorg import ids
from sfsync.mockorg.http import Reply
from sfsync.mockorg.org import DmlOptions
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.schema import FieldDef
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import insert

FIELDS = {
    "first_name": "FirstName", "last_name": "LastName", "salutation": "Salutation", "title": "Title",
    "company": "Company", "email": "Email", "phone": "Phone", "mobile": "MobilePhone", "fax": "Fax", "url": "Website",
    "street": "Street", "city": "City", "state": "State", "zip": "PostalCode", "country": "Country",
    "industry": "Industry", "lead_source": "LeadSource", "description": "Description", "rating": "Rating",
    "revenue": "AnnualRevenue", "employees": "NumberOfEmployees", "emailoptout": "HasOptedOutOfEmail",
    "recordtype": "RecordTypeId",
}  # fmt: skip
"""The names of form fields in lower case, and the fields of a Lead that they fill."""
MOST_WAITING = 50_000

_LOCAL_DATE = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})(?: (\d{1,2}):(\d{2}))?")
_TEXT = DmlOptions(from_text=True)


def web_to_lead(call: Call) -> Reply:
    """POST /servlet/servlet.WebToLead: the header Is-Processed says how it went."""
    pairs = parse_qsl(call.request.body.decode("utf-8", "replace"), keep_blank_values=True)
    form = dict(reversed(pairs))
    problem = ""
    try:
        oid = form.get("oid") or call.request.query.get("orgId", "")
        if oid[:15] != call.state.sessions.org_id[:15]:
            raise Refused("INVALID_INPUT", "The oid is not that of this org")
        _take(call, _values(call, pairs), form)
    except Refused as refusal:
        problem = f"{refusal.code}: {refusal.message}"
    headers = {"Is-Processed": f"false Exception:{problem}".replace("\n", " ") if problem else "true"}
    page = _page(form, problem)
    if call.state.quirks.web_redirect == 302 and form.get("retURL") and form.get("debug") != "1":
        return Reply(302, body=b"", content_type="text/html;charset=UTF-8",
                     headers={**headers, "Location": form["retURL"]})  # fmt: skip
    return Reply(200, body=page, content_type="text/html;charset=UTF-8", headers=headers)


def _take(call: Call, values: dict[str, Any], form: dict[str, str]) -> None:
    """Make the lead, or let it wait when the day's allowance is used up."""
    allowance, waiting = call.state.web_leads, call.state.web_waiting
    now = call.core.clock.now()
    if not allowance.left(now):
        if len(waiting) >= MOST_WAITING:
            raise Refused("LIMIT_EXCEEDED", "The queue of waiting requests is full")
        if not waiting:
            call.state.background.start(_later(call))
        waiting.append((values, form))
        return
    allowance.take(now)
    _make(call, values, form)


def _later(call: Call) -> Iterator[int]:
    """Make the leads that wait as soon as the allowance has room; those that are refused are lost."""
    waiting, allowance = call.state.web_waiting, call.state.web_leads
    while waiting:
        now = call.core.clock.now()
        if not allowance.left(now):
            yield 0
            continue
        allowance.take(now)
        values, form = waiting.popleft()
        try:
            _make(call, values, form)
        except Refused:
            continue
        yield 1


def _make(call: Call, values: dict[str, Any], form: dict[str, str]) -> None:
    with call.state.transaction():
        try:
            lead = insert(call, "Lead", values, _TEXT)
        except Refused as refusal:
            if refusal.code != "INVALID_EMAIL_ADDRESS":
                raise
            email = values.pop("Email", None)  # forms' addresses are not checked
            lead = insert(call, "Lead", values, _TEXT)
            call.core.store.update("Lead", lead, {"Email": email})
        if form.get("Campaign_ID"):
            status = {"Status": form["member_status"]} if form.get("member_status") else {}
            member = {"CampaignId": form["Campaign_ID"], "LeadId": lead, **status}
            insert(call, "CampaignMember", member, _TEXT)


def field_ids(call: Call) -> dict[str, str]:
    """The ids (15 characters) by which forms name the custom fields of leads, by API name."""
    definition = call.core.schema.objects["Lead"]
    names = [each.name for each in definition.fields.values() if each.custom]
    return {name: ids.make("00N", number)[:15] for number, name in enumerate(names, 1)}


def _values(call: Call, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    definition = call.core.schema.objects["Lead"]
    by_id = {made: name for name, made in field_ids(call).items()}
    values: dict[str, Any] = {}
    for name, text in pairs:
        api_name = FIELDS.get(name.lower()) or by_id.get(name[:15], "")
        if not api_name and call.state.quirks.web_names and name.endswith("__c"):
            api_name = name
        field = definition.fields.get(api_name) if api_name else None
        if field is None or not field.createable or text == "":
            continue
        if field.name not in values:
            values[field.name] = _text(field, text)
        elif field.type == "multipicklist":
            values[field.name] += f";{text}"
    owner = call.core.find("Group", "DeveloperName", "Web_Leads")
    return {"LeadSource": "Web", **values, **({"OwnerId": owner[0]} if owner else {})}


def _text(field: FieldDef, text: str) -> str:
    """A value as the org takes it: boxes that are ticked, dates as the org's locale writes them."""
    if field.type == "boolean":
        return "true" if text.strip().lower() in {"1", "on", "yes", "true"} else "false"
    found = _LOCAL_DATE.fullmatch(text.strip()) if field.type in {"date", "datetime"} else None
    if found is None:
        return text
    day, month, year, hour, minute = found.groups()
    date = f"{year}-{month:0>2}-{day:0>2}"
    return date if field.type == "date" else f"{date}T{hour or '0':0>2}:{minute or '00'}:00Z"


def _page(form: dict[str, str], problem: str) -> bytes:
    if form.get("debug") == "1":
        text = escape(problem or "Your request has been processed.")
        return f"<html><body><pre>{text}</pre></body></html>".encode()
    place = quoteattr(form.get("retURL") or "/")
    return f"<html><head><meta http-equiv='Refresh' content='0'><link rel='next' href={place}></head></html>".encode()


def about(call: Call) -> Reply:
    """GET /__mock/web_to_lead: what a form needs to know."""
    answer = {
        "action": f"{call.request.base}/servlet/servlet.WebToLead?encoding=UTF-8",
        "oid": call.state.sessions.org_id[:15],
        "fields": field_ids(call),
        "waiting": len(call.state.web_waiting),
    }
    return Reply(200, answer)


ROUTES = (
    Route("POST", "/servlet/servlet.WebToLead", web_to_lead, "web_to_lead", "open"),
    Route("GET", "/__mock/web_to_lead", about, "mock.web_to_lead", "open"),
)
