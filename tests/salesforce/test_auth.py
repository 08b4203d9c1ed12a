import json
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from sfsync.errors import ConfigError, LoginFailed, OrgUnavailable
from sfsync.salesforce.auth import OrgSettings, choose
from sfsync.salesforce.logins import AccessToken, SfAlias, SoapPassword, check_url, is_loopback
from sfsync.salesforce.secrets import resolve
from sfsync.salesforce.session import Http, Session
from tests.salesforce.support import URL, manual_clock

TOKEN_URL = f"{URL}/services/oauth2/token"
GRANTED = {"access_token": "00D000000000001!new", "instance_url": URL, "token_type": "Bearer"}
ENV = {"SECRET": "s3cret", "ID": "consumer"}


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(scope="module")
def key():
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, made.public_key()


def login(settings, env=None, base=None):
    return choose(OrgSettings(**settings), ENV if env is None else env, manual_clock(), base)


def test_jwt_signs_what_salesforce_asks_for(org, key, tmp_path):
    pem, public = key
    (tmp_path / "key.pem").write_text(pem)
    org.post(TOKEN_URL, json=GRANTED)
    way = login(
        {
            "login": "jwt",
            "login_url": URL,
            "client_id": "env:ID",
            "username": "u@x.y",
            "private_key": "file:key.pem",
        },
        base=tmp_path,
    )
    token = way.login(Http())
    form = parse_qs(org.calls[0].request.body)
    claims = jwt.decode(
        form["assertion"][0],
        public,
        algorithms=["RS256"],
        audience="https://login.salesforce.com",
        options={"verify_exp": False},
    )
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert (claims["iss"], claims["sub"]) == ("consumer", "u@x.y")
    assert claims["exp"] == manual_clock().now().timestamp() + 180
    assert (token.instance_url, token.access_token) == (URL, "00D000000000001!new")
    assert way.renewable
    assert "PRIVATE" not in repr(way)


def test_a_sandbox_has_another_audience(org, key):
    pem, _ = key
    url = "https://acme--dev.sandbox.my.salesforce.com"
    org.post(f"{url}/services/oauth2/token", json=GRANTED)
    login(
        {"login": "jwt", "login_url": url, "client_id": "c", "username": "u", "private_key": "env:KEY"},
        {"KEY": pem},
    ).login(Http())
    assertion = parse_qs(org.calls[0].request.body)["assertion"][0]
    assert jwt.decode(assertion, options={"verify_signature": False})["aud"] == "https://test.salesforce.com"


def test_a_key_that_is_none_is_said_without_showing_it():
    way = login({"login": "jwt", "client_id": "c", "username": "u", "private_key": "env:SECRET"})
    with pytest.raises(LoginFailed, match="RSA key") as caught:
        way.login(Http())
    assert "s3cret" not in str(caught.value)


def test_client_credentials_use_the_orgs_own_domain(org):
    org.post(TOKEN_URL, json=GRANTED)
    login(
        {
            "login": "client_credentials",
            "login_url": URL,
            "client_id": "env:ID",
            "client_secret": "env:SECRET",
        }
    ).login(Http())
    request = org.calls[0].request
    assert request.body == "grant_type=client_credentials"
    assert request.headers["Authorization"] == "Basic Y29uc3VtZXI6czNjcmV0"


def test_oauth_password_sends_password_and_token_together(org):
    org.post(TOKEN_URL, json=GRANTED)
    login(
        {
            "login": "password", "login_url": URL, "username": "a&b@x.y", "client_id": "c",
            "client_secret": "env:SECRET", "password": "env:PW", "security_token": "env:ST",
        },
        {**ENV, "PW": "p<1", "ST": "tok"},
    ).login(Http())  # fmt: skip
    form = parse_qs(org.calls[0].request.body)
    assert (form["username"], form["password"]) == (["a&b@x.y"], ["p<1tok"])


def test_soap_password_never_asks_for_a_version_without_login(org):
    body = (
        "<e:Envelope xmlns:e='x'><e:Body><loginResponse><result>"
        "<serverUrl>https://acme-api.my.salesforce.com/services/Soap/u/64.0/00D</serverUrl><sessionId>00D1!s</sessionId>"
        "</result></loginResponse></e:Body></e:Envelope>"
    )
    org.post(f"{URL}/services/Soap/u/64.0", body=body)
    token = SoapPassword(URL, "u", "p", "t", "66.0").login(Http())
    assert (token.instance_url, token.access_token) == (URL, "00D1!s")


def test_a_soap_login_fault_is_a_sentence(org):
    body = (
        "<e:Envelope xmlns:e='x' xmlns:sf='y'><e:Body><e:Fault><detail><sf:LoginFault>"
        "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
        "<sf:exceptionMessage>Invalid username</sf:exceptionMessage>"
        "</sf:LoginFault></detail></e:Fault></e:Body></e:Envelope>"
    )
    org.post(f"{URL}/services/Soap/u/62.0", status=500, body=body)
    with pytest.raises(LoginFailed, match="INVALID_LOGIN: Invalid username"):
        SoapPassword(URL, "u", "p", "t").login(Http())


@pytest.mark.parametrize(
    ("error", "description", "hint"),
    [
        ("invalid_grant", "authentication failure", "user name and key"),
        ("invalid_client_id", "client identifier invalid", "client_id"),
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorise"),
        ("what_is_this", "odd", "credentials"),
    ],
)
def test_a_refused_login_says_what_to_do(org, error, description, hint):
    org.post(TOKEN_URL, status=400, json={"error": error, "error_description": description})
    way = login(
        {"login": "client_credentials", "login_url": URL, "client_id": "c", "client_secret": "env:SECRET"}
    )
    with pytest.raises(LoginFailed) as caught:
        Session(way, clock=manual_clock())
    assert hint in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert len(org.calls) == 1


@pytest.mark.parametrize(
    ("status", "body"), [(503, "<html>down"), (429, "<html>"), (200, "{}"), (200, '"x"'), (200, "[]")]
)
def test_a_login_server_in_trouble_is_not_called_wrong_credentials(org, status, body):
    org.post(TOKEN_URL, status=status, body=body)
    way = login(
        {"login": "client_credentials", "login_url": URL, "client_id": "c", "client_secret": "env:SECRET"}
    )
    with pytest.raises(OrgUnavailable):
        way.login(Http())


def test_a_login_server_that_cannot_be_reached_is_tried_again(org):
    org.post(TOKEN_URL, body=requests.ConnectTimeout("no"))
    org.post(TOKEN_URL, json=GRANTED)
    way = login(
        {"login": "client_credentials", "login_url": URL, "client_id": "c", "client_secret": "env:SECRET"}
    )
    assert Session(way, clock=manual_clock()).token == "00D000000000001!new"


def cli(stdout, code=0):
    def run(command, **kwargs):
        assert command[:3] == ["sf", "org", "display"]
        return subprocess.CompletedProcess(command, code, stdout, "")

    return run


def test_the_salesforce_cli_lends_its_session():
    answer = {"status": 0, "result": {"accessToken": "00D1!x", "instanceUrl": f"{URL}/"}}
    token = SfAlias("dev", cli(json.dumps(answer))).login(Http())
    assert (token.instance_url, token.access_token) == (URL, "00D1!x")


@pytest.mark.parametrize(
    "stdout",
    [
        "",
        "not json",
        "[]",
        '{"status":1,"message":"No authorization found"}',
        '{"result":{"accessToken":"[REDACTED]"}}',
    ],
)
def test_a_cli_without_session_says_how_to_log_in(stdout):
    with pytest.raises(LoginFailed, match="sf org login web --alias dev"):
        SfAlias("dev", cli(stdout, 1)).login(Http())


def test_a_missing_cli_is_said_plainly():
    def run(*args, **kwargs):
        raise FileNotFoundError("sf")

    with pytest.raises(ConfigError, match="not installed"):
        SfAlias("dev", run).login(Http())


def test_a_literal_secret_in_yaml_is_refused_and_not_repeated():
    with pytest.raises(ValidationError, match="must not stand in YAML") as caught:
        OrgSettings(login="client_credentials", login_url=URL, client_id="c", client_secret="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"login": "jwt"}, "client_id and username and private_key"),
        ({"login": "sf_alias"}, "alias"),
        ({"login": "access_token"}, "instance_url and access_token"),
        (
            {
                "login": "client_credentials",
                "client_id": "c",
                "client_secret": "env:X",
                "login_url": "https://login.salesforce.com",
            },
            "own domain",
        ),
        ({"login": "password", "username": "u", "password": "env:X", "client_id": "c"}, "both"),
        ({"login": "sf_alias", "alias": "x", "version": "v62"}, "version"),
        ({"login": "sf_alias", "alias": "x", "pasword": "env:X"}, "pasword"),
    ],
)
def test_settings_say_what_is_missing(settings, problem):
    with pytest.raises(ValidationError, match=problem):
        OrgSettings(**settings)


def test_the_environment_is_the_second_way():
    way = choose(
        None,
        {"SF_INSTANCE_URL": "https://acme.my.salesforce.com/", "SF_ACCESS_TOKEN": "00D1!x"},
        manual_clock(),
    )
    assert way == AccessToken(URL, "00D1!x")


@pytest.mark.parametrize(
    ("env", "problem"),
    [
        ({}, "--org"),
        ({"SF_INSTANCE_URL": URL}, "SF_ACCESS_TOKEN is not set"),
        ({"SF_ACCESS_TOKEN": "x"}, "SF_INSTANCE_URL is not set"),
    ],
)
def test_no_way_to_log_in_is_a_configuration_to_complete(env, problem):
    with pytest.raises(ConfigError, match=problem):
        choose(None, env, manual_clock())


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.my.salesforce.com/lightning", URL),
        ("acme.my.salesforce.com", URL),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("http://127.9.9.9", "http://127.9.9.9"),
    ],
)
def test_an_orgs_address(url, origin):
    assert check_url(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "ftp://localhost",
        "https://",
        "https://user:pw@host",
        "http://127.0.0.1.evil.com",
        "http://128.0.0.1",
    ],
)
def test_an_address_that_would_leak_the_session_is_refused(url):
    with pytest.raises(ConfigError):
        check_url(url)


def test_loopback_is_this_machine_only():
    assert all(map(is_loopback, ("localhost", "LOCALHOST", "127.0.0.1", "127.255.0.1", "::1")))
    assert not any(map(is_loopback, (None, "", "0.0.0.0", "localhost.evil.com", "10.0.0.1", "::2")))


@pytest.mark.parametrize("reference", ["env:NOPE", "file:/nope/nope", "literal", "keyring:x"])
def test_a_reference_that_leads_nowhere_names_itself(reference):
    with pytest.raises(ConfigError):
        resolve(reference, {})


def test_secrets_come_from_environment_and_file(tmp_path):
    (tmp_path / "s").write_text("pw\n")
    assert resolve("env:A", {"A": "pw"}) == "pw"
    assert resolve("file:s", {}, tmp_path) == "pw"
    (tmp_path / "e").write_text("")
    with pytest.raises(ConfigError, match="empty"):
        resolve("file:e", {}, tmp_path)


def test_a_keyring_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match=r"pip install .sfsync\[keyring\]"):
        resolve("keyring:sfsync/prod", {})


@pytest.mark.parametrize(
    ("kept", "problem"), [("pw", ""), (None, "no secret sfsync/prod"), (KeyError, "cannot be opened")]
)
def test_secrets_come_from_the_keyring(monkeypatch, kept, problem):
    def get_password(service, user):
        assert (service, user) == ("sfsync", "prod")
        if kept is KeyError:
            raise KeyError
        return kept

    errors = SimpleNamespace(KeyringError=KeyError)
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=get_password, errors=errors))
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    if problem:
        with pytest.raises(ConfigError, match=problem):
            resolve("keyring:sfsync/prod", {})
    else:
        assert resolve("keyring:sfsync/prod", {}) == "pw"
