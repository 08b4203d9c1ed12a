"""Ways to log in to an org: each a frozen value with ``login(http) -> Token``."""

import base64
import json
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from sfsync.clock import Clock
from sfsync.errors import ConfigError, LoginFailed, OrgUnavailable
from sfsync.logs import redact

Http = Any
"""The transport that ``session`` brings (a requests.Session); only that file knows requests."""

DEFAULT_VERSION = "62.0"
LOGIN_URL = "https://login.salesforce.com"
_LAST_SOAP_LOGIN = 64.0  # "login()": not in API version 65 and later


@dataclass(frozen=True, slots=True)
class Token:
    """An open session of an org."""

    instance_url: str
    access_token: str = field(repr=False)


class Login(Protocol):
    """One way to get a token."""

    @property
    def renewable(self) -> bool:
        """Whether ``login`` can be called again when the session ends."""
        ...

    @property
    def calls(self) -> bool:
        """Whether ``login`` asks the org (and so counts as a login)."""
        ...

    def login(self, http: Http) -> Token:
        """Log in; raises LoginFailed, or OrgUnavailable when the login server is in trouble."""
        ...


def is_loopback(host: str | None) -> bool:
    """Whether a host name means this machine: localhost, 127.0.0.0/8 or ::1."""
    import ipaddress

    if host is None:
        return False
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(url: str) -> str:
    """The origin (scheme, host, port) of an org's address. ConfigError unless https, or http on this machine."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if not parts.hostname or parts.username is not None:
        raise ConfigError(
            f"{redact(url)!r} is not the address of an org.", hint="Expected https://….my.salesforce.com."
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ConfigError(
            f"The org's address begins with {parts.scheme}://, which would send the session unprotected.",
            hint="Use https://; http:// is accepted for this machine only (127.0.0.1, localhost, ::1).",
        )
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token made elsewhere; it cannot be renewed."""

    instance_url: str
    access_token: str = field(repr=False)
    renewable: bool = field(default=False, init=False)
    calls: bool = field(default=False, init=False)

    def login(self, http: Http) -> Token:
        return Token(check_url(self.instance_url), self.access_token)


@dataclass(frozen=True, slots=True)
class Jwt:
    """OAuth 2.0 JWT bearer flow: a signed statement instead of a password; for servers."""

    login_url: str
    client_id: str
    username: str
    private_key: str = field(repr=False)
    clock: Clock
    audience: str = ""
    renewable: bool = field(default=True, init=False)
    calls: bool = field(default=True, init=False)

    def login(self, http: Http) -> Token:
        import jwt

        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience or _audience(self.login_url),
            "exp": int((self.clock.now() + timedelta(minutes=3)).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, self.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise LoginFailed(
                "The private key for the org's login is not an RSA key in PEM form.",
                hint="`private_key` must name a PEM file: the one whose certificate the app in the org knows.",
            ) from None
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return _oauth(http, self.login_url, grant)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials flow, at the org's own domain; for servers."""

    login_url: str
    client_id: str
    client_secret: str = field(repr=False)
    renewable: bool = field(default=True, init=False)
    calls: bool = field(default=True, init=False)

    def login(self, http: Http) -> Token:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return _oauth(
            http, self.login_url, {"grant_type": "client_credentials"}, {"Authorization": f"Basic {basic}"}
        )


@dataclass(frozen=True, slots=True)
class OAuthPassword:
    """OAuth 2.0 username-password flow; being retired, for old orgs only."""

    login_url: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    renewable: bool = field(default=True, init=False)
    calls: bool = field(default=True, init=False)

    def login(self, http: Http) -> Token:
        grant = {
            "grant_type": "password",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "username": self.username,
            "password": self.password,
        }
        return _oauth(http, self.login_url, grant)


@dataclass(frozen=True, slots=True)
class SoapPassword:
    """SOAP ``login()``; being retired (not in API version 65 and later), for old orgs only."""

    login_url: str
    username: str
    password: str = field(repr=False)
    security_token: str = field(repr=False)
    version: str = DEFAULT_VERSION
    renewable: bool = field(default=True, init=False)
    calls: bool = field(default=True, init=False)

    def login(self, http: Http) -> Token:
        from simple_salesforce.login import SalesforceLogin

        return _ask(
            self.login_url,
            lambda: SalesforceLogin(
                username=self.username,
                password=self.password,
                security_token=self.security_token,
                sf_version=f"{min(float(self.version), _LAST_SOAP_LOGIN):.1f}",
                scratch_url=self.login_url,
                session=http,
            ),
        )


@dataclass(frozen=True, slots=True)
class SfAlias:
    """The login of the Salesforce CLI under an alias; on a laptop. Asked anew when the session ends."""

    alias: str
    run: Callable[..., "subprocess.CompletedProcess[str]"] = subprocess.run
    renewable: bool = field(default=True, init=False)
    calls: bool = field(default=False, init=False)

    def login(self, http: Http) -> Token:
        command = ["sf", "org", "display", "--target-org", self.alias, "--json"]
        try:
            done = self.run(command, capture_output=True, text=True, timeout=120, check=False)
        except FileNotFoundError:
            raise ConfigError(
                f"The org {self.alias!r} is an alias of the Salesforce CLI, but `sf` is not installed.",
                hint="Install the Salesforce CLI, or choose another way to log in.",
            ) from None
        except subprocess.TimeoutExpired:
            raise LoginFailed(
                f"`sf org display --target-org {self.alias}` did not answer in two minutes."
            ) from None
        try:
            answer: Any = json.loads(done.stdout)
        except ValueError:
            answer = {}
        result = answer.get("result") if isinstance(answer, dict) else None
        result = result if isinstance(result, dict) else {}
        token, url = result.get("accessToken"), result.get("instanceUrl")
        if not isinstance(token, str) or not isinstance(url, str) or "!" not in token:
            reason = redact(str(answer.get("message", ""))) if isinstance(answer, dict) else ""
            raise LoginFailed(
                f"The Salesforce CLI gives no session for the alias {self.alias!r}. {reason}".rstrip(),
                hint=f"Log in with `sf org login web --alias {self.alias}`, then try again.",
            )
        return Token(check_url(url), token)


def _audience(login_url: str) -> str:
    """The ``aud`` claim: the test host for sandboxes, else the production host ("OAuth 2.0 JWT Bearer Flow")."""
    host = urlsplit(login_url).hostname or ""
    sandbox = host == "test.salesforce.com" or ".sandbox." in host
    return "https://test.salesforce.com" if sandbox else LOGIN_URL


def _oauth(http: Http, login_url: str, grant: dict[str, str], headers: dict[str, str] | None = None) -> Token:
    from simple_salesforce.login import token_login

    url = f"{login_url}/services/oauth2/token"
    # Without a session of its own, `proxies` and `domain` only serve a hint that we word ourselves.
    return _ask(login_url, lambda: token_login(url, grant, "login", "", headers, None, http))


def _ask(login_url: str, ask: Callable[[], tuple[Any, Any]]) -> Token:
    from simple_salesforce.exceptions import SalesforceAuthenticationFailed

    host = urlsplit(login_url).netloc
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library warns about consent; _refused says it as a sentence
            access_token, instance = ask()
    except SalesforceAuthenticationFailed as error:
        raise _refused(host, str(error.code), str(error.auth_message)) from None
    except (AttributeError, ValueError):  # an answer that is no login answer at all, such as a proxy's page
        raise OrgUnavailable(
            f"{host} answered the login with something that is not Salesforce.",
            hint="Check `login_url` and the proxy.",
        ) from None
    if not access_token or not instance:
        raise LoginFailed(f"{host} answered the login without a session.")
    plain = urlsplit(login_url).scheme == "http" and is_loopback(urlsplit(f"//{instance}").hostname)
    return Token(check_url(f"{'http' if plain else 'https'}://{instance}"), str(access_token))


_HINTS = {
    "invalid_grant": "Check the user name and key or password, and that the user may use the connected app.",
    "invalid_client_id": "Check `client_id`: the consumer key of the connected app or external client app.",
    "invalid_client": "Check `client_secret`.",
    "inactive_user": "The user is inactive or frozen; an administrator can change that in Setup.",
    "unsupported_grant_type": "This way to log in is not allowed for the app; allow it in the app's OAuth settings.",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "Set `security_token`, or allow this machine's address in Setup.",
    "PASSWORD_LOCKOUT": "The user is locked out after wrong passwords; wait or let an administrator unlock it.",
}


def _refused(host: str, code: str, message: str) -> LoginFailed | OrgUnavailable:
    if code.isdigit() and (int(code) >= 500 or int(code) == 429):
        return OrgUnavailable(
            f"The login server {host} is in trouble (HTTP {code}).", hint="Run again later.", status=int(code)
        )
    hint = _HINTS.get(code, "Check the credentials of this org in config/sfsync.yaml.")
    if "approved this consumer" in message:
        hint = (
            "Let an administrator pre-authorise the user for the connected app (profile or permission set)."
        )
    detail = redact(" ".join(message.split()))[:200]
    return LoginFailed(f"The login at {host} was refused ({code}: {detail}).", hint=hint)
