"""Web-to-lead: a web form makes a lead, without a login. The answer is 200 whatever happens, as browsers are sent on.

Custom fields go by their API name here; the field ids of real forms are not known to a mock org.
Source: "Web-to-Lead Considerations" in Salesforce Help.
"""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sfsync.mockorg.http import Reply
from sfsync.mockorg.org import DmlOptions
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import insert

FIELDS = {
    "first_name": "FirstName", "last_name": "LastName", "salutation": "Salutation", "title": "Title",
    "company": "Company", "email": "Email", "phone": "Phone", "mobile": "MobilePhone", "fax": "Fax", "url": "Website",
    "street": "Street", "city": "City", "state": "State", "zip": "PostalCode", "country": "Country",
    "industry": "Industry", "lead_source": "LeadSource", "description": "Description", "rating": "Rating",
    "revenue": "AnnualRevenue", "employees": "NumberOfEmployees", "emailoptout": "HasOptedOutOfEmail",
}  # fmt: skip
"""The names of form fields, and the fields of a Lead that they fill."""


def web_to_lead(call: Call) -> Reply:
    """POST /servlet/servlet.WebToLead: the header Is-Processed says how it went."""
    form = call.request.form()
    problem = ""
    try:
        if form.get("oid", "")[:15] != call.state.sessions.org_id[:15]:
            raise Refused("INVALID_INPUT", "The oid is not that of this org")
        insert(call, "Lead", _values(call, form), DmlOptions(from_text=True))
    except Refused as refusal:
        problem = f"{refusal.code}: {refusal.message}"
    headers = {"Is-Processed": f"false Exception:{problem}".replace("\n", " ") if problem else "true"}
    return Reply(200, body=_page(form, problem), content_type="text/html;charset=UTF-8", headers=headers)


def _values(call: Call, form: dict[str, str]) -> dict[str, Any]:
    definition = call.core.schema.objects["Lead"]
    values: dict[str, Any] = {}
    for name, text in form.items():
        field = definition.fields.get(FIELDS.get(name.lower(), name))
        if field is not None and field.createable and text != "" and (field.custom or name.lower() in FIELDS):
            ticked = field.type == "boolean" and text.lower() in {"on", "yes"}
            values[field.name] = "true" if ticked else text
    owner = call.core.find("Group", "DeveloperName", "Web_Leads")
    return {"LeadSource": "Web", **values, **({"OwnerId": owner[0]} if owner else {})}


def _page(form: dict[str, str], problem: str) -> bytes:
    if form.get("debug") == "1":
        text = escape(problem or "Your request has been processed.")
        return f"<html><body><pre>{text}</pre></body></html>".encode()
    place = quoteattr(form.get("retURL") or "/")
    return f"<html><head><meta http-equiv='Refresh' content='0'><link rel='next' href={place}></head></html>".encode()


ROUTES = (Route("POST", "/servlet/servlet.WebToLead", web_to_lead, "web_to_lead", "open"),)
