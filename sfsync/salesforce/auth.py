"""How an org is named in config/sfsync.yaml, and which way to log in is chosen.

Passwords and keys come by reference, never from YAML.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from sfsync.clock import Clock
from sfsync.errors import ConfigError
from sfsync.salesforce.logins import (
    DEFAULT_VERSION,
    LOGIN_URL,
    AccessToken,
    ClientCredentials,
    Jwt,
    Login,
    OAuthPassword,
    SfAlias,
    SoapPassword,
    check_url,
)
from sfsync.salesforce.secrets import FORMS, is_reference, resolve


def _reference(text: str) -> str:
    if not is_reference(text):
        raise ValueError(f"a secret must not stand in YAML; name where it is kept: {FORMS}")
    return text


Secret = Annotated[str, AfterValidator(_reference)]

_NEEDED = {
    "jwt": ("client_id", "username", "private_key"),
    "client_credentials": ("client_id", "client_secret", "login_url"),
    "password": ("username", "password"),
    "sf_alias": ("alias",),
    "access_token": ("instance_url", "access_token"),
}


class OrgSettings(BaseModel):
    """One org under ``orgs:`` in config/sfsync.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    login: Literal["jwt", "client_credentials", "password", "sf_alias", "access_token"] = Field(
        description="The way to log in. `password` is being retired by Salesforce: for old orgs only."
    )
    login_url: str | None = Field(None, description="Where to log in; the org's own domain is best.")
    instance_url: str | None = Field(None, description="The org's own address, for `login: access_token`.")
    version: str = Field(DEFAULT_VERSION, pattern=r"^\d{2,3}\.0$", description="API version, such as 62.0.")
    username: str | None = Field(None, description="The integration user; a name or a reference.")
    client_id: str | None = Field(None, description="Consumer key of the app; text or a reference.")
    client_secret: Secret | None = Field(None, description=f"A reference: {FORMS}.")
    private_key: Secret | None = Field(None, description=f"The PEM key for jwt, by reference: {FORMS}.")
    password: Secret | None = Field(None, description=f"A reference: {FORMS}.")
    security_token: Secret | None = Field(None, description=f"A reference: {FORMS}.")
    access_token: Secret | None = Field(None, description=f"A reference: {FORMS}.")
    alias: str | None = Field(None, description="The alias of `sf org login`, for `login: sf_alias`.")
    audience: str = Field("", description="The audience of a jwt, where it is not the usual one.")
    connect_timeout: float = Field(10.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(120.0, gt=0, description="Seconds to wait for an answer.")

    @model_validator(mode="after")
    def _complete(self) -> "OrgSettings":
        missing = [name for name in _NEEDED[self.login] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"login: {self.login} needs {' and '.join(missing)}")
        if (self.client_id is None) != (self.client_secret is None) and self.login == "password":
            raise ValueError("login: password needs both client_id and client_secret, or neither")
        if self.login == "client_credentials" and urlsplit(self.login_url or "").hostname in {
            "login.salesforce.com",
            "test.salesforce.com",
        }:
            raise ValueError("login: client_credentials needs the org's own domain as login_url")
        return self


def choose(
    settings: OrgSettings | None, env: Mapping[str, str], clock: Clock, base: Path | None = None
) -> Login:
    """The way to log in: a named org's settings, else SF_INSTANCE_URL with SF_ACCESS_TOKEN.

    Relative ``file:`` references are looked for in ``base``. Raises ConfigError when there is no way.
    """
    if settings is not None:
        return _named(settings, env, clock, base)
    url, token = env.get("SF_INSTANCE_URL", "").strip(), env.get("SF_ACCESS_TOKEN", "").strip()
    if url and token:
        return AccessToken(check_url(url), token)
    if url or token:
        missing = "SF_ACCESS_TOKEN" if url else "SF_INSTANCE_URL"
        raise ConfigError(f"The environment has one half of a login: {missing} is not set.")
    raise ConfigError(
        "No org to connect to.",
        hint="Name one with --org (from config/sfsync.yaml), or set SF_INSTANCE_URL and SF_ACCESS_TOKEN. "
        "`sfsync demo` needs no org.",
    )


def _named(settings: OrgSettings, env: Mapping[str, str], clock: Clock, base: Path | None) -> Login:
    def value(name: str) -> str:
        text = str(getattr(settings, name) or "")
        return resolve(text, env, base) if is_reference(text) else text

    login_url = check_url(settings.login_url or settings.instance_url or LOGIN_URL)
    match settings.login:
        case "jwt":
            return Jwt(
                login_url,
                value("client_id"),
                value("username"),
                value("private_key"),
                clock,
                settings.audience,
            )
        case "client_credentials":
            return ClientCredentials(login_url, value("client_id"), value("client_secret"))
        case "sf_alias":
            return SfAlias(value("alias"))
        case "access_token":
            return AccessToken(check_url(value("instance_url")), value("access_token"))
        case "password" if settings.client_id:
            password = value("password") + value("security_token")
            return OAuthPassword(
                login_url, value("client_id"), value("client_secret"), value("username"), password
            )
        case "password":
            return SoapPassword(
                login_url, value("username"), value("password"), value("security_token"), settings.version
            )
