"""Ways in: OAuth grants, identity and user info. SOAP login is in soap.py.

Every login is accepted, whoever asks, except with a secret that begins with ``wrong``: a mock org has nothing
to protect, and tests need one way to be refused. Source: "OAuth Endpoints" and "Identity URLs" in Salesforce
Help.
"""

import base64
import hashlib
import hmac
from typing import Any

from sfsync.mockorg.assertions import BadAssertion, subject
from sfsync.mockorg.http import Reply, Request
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call, State

GRANTS = {
    "password": ("password", "client_secret"),
    "client_credentials": ("client_secret",),
    "refresh_token": ("refresh_token", "client_secret"),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": ("assertion",),
}
"""The grants that are served, and the fields of each that may hold a wrong secret."""


def token(call: Call) -> Reply:
    """POST /services/oauth2/token."""
    form = call.request.form() | _basic(call.request)
    grant = form.get("grant_type", "")
    if grant not in GRANTS:
        return _refusal("unsupported_grant_type", "grant type not supported")
    if any(form.get(name, "").startswith("wrong") for name in GRANTS[grant]):
        return _refusal("invalid_grant", "authentication failure")
    name = form.get("username", "")
    if grant.endswith("jwt-bearer"):
        try:
            name = subject(form.get("assertion", ""), call.state.jwt_keys, call.core.clock.now())
        except BadAssertion as trouble:
            return _refusal("invalid_grant", str(trouble))
    user_id = user_of(call.state, name)
    access = call.state.sessions.login(user_id)
    if access is None:
        return _refusal("invalid_grant", "login rate exceeded")
    issued = str(int(call.core.clock.now().timestamp() * 1000))
    identity = f"{call.request.base}/id/{call.state.sessions.org_id}/{user_id}"
    secret = form.get("client_secret", "").encode()
    signature = hmac.new(secret, (identity + issued).encode(), hashlib.sha256).digest()
    answer = {
        "access_token": access,
        "instance_url": call.request.base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
        "signature": base64.b64encode(signature).decode(),
    }
    return Reply(200, answer)


def _basic(request: Request) -> dict[str, str]:
    scheme, _, coded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(coded).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": name, "client_secret": secret}


def _refusal(error: str, description: str) -> Reply:
    return Reply(400, {"error": error, "error_description": description})


def user_of(state: State, name: str) -> str:
    """The id of the user with this user name, or of the integration user for a name nobody has."""
    found = state.core.find("User", "Username", name) if name else []
    return found[0] if found else state.core.user_id


def revoke(call: Call) -> Reply:
    """POST /services/oauth2/revoke ends a session."""
    call.state.sessions.expire((call.request.form() | call.request.query).get("token", ""))
    return Reply(200)


def introspect(call: Call) -> Reply:
    """POST /services/oauth2/introspect: whether a token is good, and whose it is. Source: "OpenID Connect Token
    Introspection" in Salesforce Help.
    """
    form = call.request.form() | _basic(call.request)
    session = call.state.sessions.session(form.get("token", ""))
    if session is None:
        return Reply(200, {"active": False})
    began = int(session.began.timestamp())
    minutes = call.state.quirks.session_minutes or 120
    answer = {
        "active": True,
        "scope": "api web refresh_token",
        "client_id": form.get("client_id", ""),
        "username": call.core.read("User", session.user_id)["Username"],
        "sub": f"{call.request.base}/id/{call.state.sessions.org_id}/{session.user_id}",
        "token_type": "access_token",
        "exp": int(session.used.timestamp()) + minutes * 60,
        "iat": began,
        "nbf": began,
    }
    return Reply(200, answer)


def userinfo(call: Call) -> Reply:
    """GET /services/oauth2/userinfo."""
    known = _known(call)
    if isinstance(known, Reply):
        return known
    user = call.core.read("User", known)
    answer = {
        "sub": f"{call.request.base}/id/{call.state.sessions.org_id}/{known}",
        "user_id": known,
        "organization_id": call.state.sessions.org_id,
        "preferred_username": user["Username"],
        "nickname": user.get("Alias"),
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user["LastName"],
        "zoneinfo": user.get("TimeZoneSidKey") or "Europe/Amsterdam",
        "user_type": "STANDARD",
        "active": user["IsActive"],
        "urls": _urls(call),
    }
    return Reply(200, answer)


def _known(call: Call) -> str | Reply:
    """The user of the token, or the refusal of the identity service: 403 and one word of plain text, where the
    data APIs answer 401 and JSON.
    """
    token = call.request.query.get("oauth_token") or bearer(call.request)
    known = call.state.sessions.user(token)
    if known is not None:
        return known
    word = b"Bad_OAuth_Token" if token else b"Missing_OAuth_Token"
    return Reply(403, body=word, content_type="text/html;charset=UTF-8")


def identity(call: Call) -> Reply:
    """GET /id/ORG/USER: who a token belongs to; takes the token in the header or as ``oauth_token``."""
    known = _known(call)
    if isinstance(known, Reply):
        return known
    user = call.core.read("User", known)
    answer: dict[str, Any] = {
        "id": f"{call.request.base}/id/{call.state.sessions.org_id}/{known}",
        "asserted_user": True,
        "user_id": known,
        "organization_id": call.state.sessions.org_id,
        "username": user["Username"],
        "nick_name": user.get("Alias"),
        "display_name": user["Name"],
        "email": user["Email"],
        "first_name": user.get("FirstName"),
        "last_name": user["LastName"],
        "timezone": user.get("TimeZoneSidKey") or "Europe/Amsterdam",
        "user_type": "STANDARD",
        "active": user["IsActive"],
        "urls": _urls(call),
    }
    return Reply(200, answer)


def _urls(call: Call) -> dict[str, str]:
    base = call.request.base
    return {
        "partner": f"{base}/services/Soap/u/{{version}}/{call.state.sessions.org_id[:15]}",
        "rest": f"{base}/services/data/v{{version}}/",
        "sobjects": f"{base}/services/data/v{{version}}/sobjects/",
        "query": f"{base}/services/data/v{{version}}/query/",
        "custom_domain": base,
    }


def bearer(request: Request) -> str:
    """The token of a request, wherever its API puts it; empty when there is none."""
    session = request.header("x-sfdc-session")
    if session:
        return session
    scheme, _, value = request.header("authorization").partition(" ")
    return value.strip() if scheme.lower() in {"bearer", "oauth"} else ""


ROUTES = (
    Route("POST", "/services/oauth2/token", token, "login", "login"),
    Route("POST", "/services/oauth2/revoke", revoke, "login", "login"),
    Route("GET", "/services/oauth2/revoke", revoke, "login", "login"),
    Route("POST", "/services/oauth2/introspect", introspect, "login", "login"),
    Route("GET", "/services/oauth2/userinfo", userinfo, "userinfo", "open"),
    Route("POST", "/services/oauth2/userinfo", userinfo, "userinfo", "open"),
    Route("GET", "/id/{org}/{user}", identity, "identity", "open"),
)
