"""The assertions of JWT logins: read, and checked against public keys when the org was given any.

Source: "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" in Salesforce Help.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class BadAssertion(Exception):
    """An assertion that is refused; the text is the ``error_description``."""


def subject(assertion: str, keys: Sequence[str], now: datetime) -> str:
    """The user name that an assertion is for.

    Without keys everything is accepted, and what cannot be read is for nobody in particular. With ``keys`` (PEM,
    public keys or certificates) the signature must fit one of them, and audience and time must be right.

    Raises:
        BadAssertion: it is refused.

    """
    claims = _verified(assertion, keys) if keys else _unverified(assertion)
    if keys:
        if claims.get("aud") not in AUDIENCES:
            raise BadAssertion("audience is invalid")
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= now.timestamp():
            raise BadAssertion("assertion is expired")
        if not claims.get("iss"):
            raise BadAssertion("client identifier invalid")
    return str(claims.get("sub", ""))


def _unverified(assertion: str) -> dict[str, Any]:
    try:
        middle = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _verified(assertion: str, keys: Sequence[str]) -> dict[str, Any]:
    import jwt
    from jwt.types import Options

    checks = Options(verify_exp=False, verify_aud=False, verify_iat=False, verify_nbf=False)
    for key in keys:
        try:
            return dict(jwt.decode(assertion, _public(key), algorithms=["RS256"], options=checks))
        except jwt.InvalidTokenError:
            continue
    raise BadAssertion("invalid assertion")


def _public(key: str) -> Any:
    if "CERTIFICATE" not in key:
        return key
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(key.encode()).public_key()
