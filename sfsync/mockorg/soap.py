"""SOAP, as far as REST has no equal: login and convertLead; getUserInfo, getServerTimestamp and logout for
clients that ask.

The order of elements does not matter here, though the WSDL fixes one: real orgs were seen to differ.
Source: SOAP API Developer Guide, "login()", "convertLead()", "API Fault Element".
"""

from collections.abc import Callable
from dataclasses import fields as dataclass_fields
from typing import Any
from xml.sax.saxutils import escape

from sfsync.mockorg.auth import user_of
from sfsync.mockorg.http import Reply
from sfsync.mockorg.org import LeadConvert
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call
from sfsync.mockorg.writes import convert_lead
from sfsync.mockorg.xml_in import Node, parse, tag

MOST_LEADS = 100
CONTENT_TYPE = "text/xml;charset=UTF-8"

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)


def soap(call: Call) -> Reply:
    """POST /services/Soap/u/XX.X: the first element of the body says what is asked."""
    envelope = parse(call.request.body)
    body = envelope.find("Body")
    if envelope.name != "Envelope" or body is None or not body.children:
        raise Refused("UNKNOWN_EXCEPTION", "A SOAP envelope with a body was expected", status=500)
    asked = body.children[0]
    if asked.name == "login":
        return _answer("login", _login(call, asked))
    operation = OPERATIONS.get(asked.name)
    if operation is None:
        text = f"No operation available for request {{urn:partner.soap.sforce.com}}{asked.name}"
        raise Refused("INVALID_OPERATION", text, status=500)
    return _answer(asked.name, operation(call, asked))


def token_of(body: bytes) -> str:
    """The session id in a SOAP header; empty when there is none or the request is a login."""
    header = parse(body).find("Header", "SessionHeader", "sessionId")
    return header.text.strip() if header else ""


def operation_of(body: bytes) -> str:
    """The name of what a SOAP request asks; empty when it is no envelope."""
    found = parse(body).find("Body")
    return found.children[0].name if found and found.children else ""


def _answer(operation: str, result: str) -> Reply:
    inner = f"<{operation}Response>{result}</{operation}Response>"
    return Reply(200, body=_ENVELOPE.format(inner).encode(), content_type=CONTENT_TYPE)


def fault(error: Refused) -> Reply:
    """The fault that a refused request is answered with; its names carry the prefix ``sf``, as clients expect."""
    kind = "LoginFault" if error.code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    code, text = escape(error.code), escape(error.message)
    inner = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring><detail>"
        f'<sf:{kind} xmlns:sf="urn:fault.partner.soap.sforce.com" xsi:type="sf:{kind}">'
        f"<sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{text}</sf:exceptionMessage>"
        f"</sf:{kind}></detail></soapenv:Fault>"
    )
    status = max(error.status, 500)
    return Reply(status, body=_ENVELOPE.format(inner).encode(), content_type=CONTENT_TYPE)


def _login(call: Call, asked: Node) -> str:
    if asked.value("password").startswith("wrong"):
        text = "Invalid username, password, security token; or user locked out."
        raise Refused("INVALID_LOGIN", text, status=500)
    user_id = user_of(call.state, asked.value("username"))
    session = call.state.sessions.login(user_id)
    if session is None:
        raise Refused("LOGIN_RATE_EXCEEDED", "The login rate of the user is exceeded", status=500)
    version, org = call.args["version"], call.state.sessions.org_id
    inside = [
        tag("metadataServerUrl", f"{call.request.base}/services/Soap/m/{version}/{org}"),
        tag("passwordExpired", False),
        tag("sandbox", False),
        tag("serverUrl", f"{call.request.base}/services/Soap/u/{version}/{org[:15]}"),
        tag("sessionId", session),
        tag("userId", user_id),
        f"<userInfo>{_user_info(call, user_id)}</userInfo>",
    ]
    return f"<result>{''.join(inside)}</result>"


def _user_info(call: Call, user_id: str) -> str:
    user = call.core.read("User", user_id)
    facts = {
        "orgDefaultCurrencyIsoCode": "EUR",
        "organizationId": call.state.sessions.org_id,
        "organizationMultiCurrency": False,
        "organizationName": "Mock org",
        "profileId": user.get("ProfileId"),
        "sessionSecondsValid": (call.state.quirks.session_minutes or 120) * 60,
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user["Email"],
        "userFullName": user["Name"],
        "userId": user_id,
        "userLanguage": "en_US",
        "userLocale": "nl_NL",
        "userName": user["Username"],
        "userTimeZone": "Europe/Amsterdam",
        "userType": "Standard",
    }
    return "".join(tag(name, value) for name, value in facts.items())


def _get_user_info(call: Call, asked: Node) -> str:
    del asked
    return f"<result>{_user_info(call, call.user)}</result>"


def _get_server_timestamp(call: Call, asked: Node) -> str:
    del asked
    return f"<result>{tag('timestamp', call.core.clock.now().strftime('%Y-%m-%dT%H:%M:%S.000Z'))}</result>"


def _logout(call: Call, asked: Node) -> str:
    del asked
    call.state.sessions.expire(token_of(call.request.body))
    return ""


def _convert_leads(call: Call, asked: Node) -> str:
    """Up to 100 leads; each converts or is refused by itself, in the order given."""
    wanted = asked.all("leadConverts")
    if len(wanted) > MOST_LEADS:
        text = f"The limit of {MOST_LEADS} leads in one call is exceeded: {len(wanted)}"
        raise Refused("EXCEEDED_LEAD_CONVERT_LIMIT", text, status=500)
    return "".join(_convert_one(call, each) for each in wanted)


_ARGUMENTS = {
    "accountId": "account_id",
    "contactId": "contact_id",
    "convertedStatus": "converted_status",
    "doNotCreateOpportunity": "do_not_create_opportunity",
    "leadId": "lead_id",
    "opportunityId": "opportunity_id",
    "opportunityName": "opportunity_name",
    "overwriteLeadSource": "overwrite_lead_source",
    "ownerId": "owner_id",
    "sendNotificationEmail": "send_notification_email",
}
_FLAGS = {"doNotCreateOpportunity", "overwriteLeadSource", "sendNotificationEmail"}
"""Elements that hold true or false."""


def _convert_one(call: Call, asked: Node) -> str:
    known = {each.name for each in dataclass_fields(LeadConvert)}
    arguments: dict[str, Any] = {}
    for node in asked.children:
        name = _ARGUMENTS.get(node.name)
        if name in known and not node.nil:
            text = node.text.strip()
            arguments[name] = text in {"true", "1"} if node.name in _FLAGS else text
    try:
        if not arguments.get("lead_id"):
            raise Refused(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [leadId]", fields=["leadId"]
            )
        done = convert_lead(call, LeadConvert(**arguments))
    except Refused as refusal:
        return _refused(asked.value("leadId"), refusal)
    inside = (
        tag("accountId", done.account_id),
        tag("contactId", done.contact_id),
        tag("leadId", done.lead_id),
        tag("opportunityId", done.opportunity_id),
        tag("success", True),
    )
    return f"<result>{''.join(inside)}</result>"


def _refused(lead_id: str, refusal: Refused) -> str:
    fields = "".join(tag("fields", name) for name in refusal.fields)
    errors = f"<errors>{fields}{tag('message', refusal.message)}{tag('statusCode', refusal.code)}</errors>"
    inside = (
        tag("accountId", None),
        tag("contactId", None),
        errors,
        tag("leadId", lead_id or None),
        tag("opportunityId", None),
        tag("success", False),
    )
    return f"<result>{''.join(inside)}</result>"


OPERATIONS: dict[str, Callable[[Call, Node], str]] = {
    "convertLead": _convert_leads,
    "getUserInfo": _get_user_info,
    "getServerTimestamp": _get_server_timestamp,
    "logout": _logout,
}

ROUTES = tuple(
    Route("POST", pattern, soap, "soap", "soap")
    for pattern in ("/services/Soap/u/{version}", "/services/Soap/u/{version}/{org}")
)
