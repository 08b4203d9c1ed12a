import base64
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from sfsync.mockorg import Quirks, Response
from tests.mockorg.surface.conftest import NOON, Client, make_org

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def login(client: Client, headers: dict[str, str] | None = None, **form: str) -> Response:
    client.headers = {}
    sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return client.send("POST", "/services/oauth2/token", urlencode(form), headers=sent)


def jwt(**claims: Any) -> str:
    def coded(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{coded({'alg': 'RS256'})}.{coded(claims)}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "a", "password": "b", "client_id": "c", "client_secret": "s"},
        {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"},
        {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "c", "client_secret": "s"},
        {"grant_type": JWT, "assertion": jwt(sub="someone@example.com")},
    ],
)
def test_every_grant_gives_a_token_that_works(client: Client, form: dict[str, str]):
    answer = login(client, **form).json()
    assert set(answer) == {"access_token", "instance_url", "id", "token_type", "issued_at", "signature"}
    assert re.fullmatch(r"00D\w{12}!.+", answer["access_token"])
    assert answer["instance_url"] == "http://org.example:8080"
    client.headers = {"Authorization": f"Bearer {answer['access_token']}"}
    client.get("limits")
    assert client.org.stats.logins == 1


def test_signature_is_what_clients_check(client: Client):
    answer = login(client, grant_type="password", username="a", password="b", client_secret="s3").json()
    text = (answer["id"] + answer["issued_at"]).encode()
    assert answer["signature"] == base64.b64encode(hmac.new(b"s3", text, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "password": "wrong"},
        {"grant_type": "client_credentials", "client_secret": "wrong-one"},
        {"grant_type": "refresh_token", "refresh_token": "wrong"},
        {"grant_type": JWT, "assertion": "wrong"},
    ],
)
def test_wrong_secrets_are_refused(client: Client, form: dict[str, str]):
    response = login(client, **form)
    assert response.status == 400
    assert response.json() == {"error": "invalid_grant", "error_description": "authentication failure"}


def test_client_credentials_by_basic_authentication(client: Client):
    def basic(secret: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"key:{secret}".encode()).decode()}

    assert login(client, basic("fine"), grant_type="client_credentials").status == 200
    assert login(client, basic("wrong"), grant_type="client_credentials").status == 400


def test_unknown_grant(client: Client):
    assert login(client, grant_type="device").json()["error"] == "unsupported_grant_type"


def test_user_of_the_login_is_the_one_named(client: Client):
    client.org.seed("catalogue")
    answer = login(client, grant_type="password", username="sales.desk@example.com", password="x").json()
    client.headers = {"Authorization": f"Bearer {answer['access_token']}"}
    info = client.get("/services/oauth2/userinfo")
    assert info["preferred_username"] == "sales.desk@example.com"
    assert info["user_id"] == answer["id"].rpartition("/")[2]
    made = client.post("sobjects/Account", {"Name": "A"}, status=201)["id"]
    assert client.get(f"sobjects/Account/{made}")["CreatedById"] == info["user_id"]


def test_identity_takes_the_token_from_header_or_url(client: Client):
    answer = login(client, grant_type="client_credentials").json()
    path = answer["id"].removeprefix("http://org.example:8080")
    by_url = client.get(f"{path}?format=json&oauth_token={answer['access_token']}")
    client.headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert client.get(path) == by_url
    assert by_url["username"]
    assert client.org.stats.logins == 1, "to ask who one is is no login"


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ({}, "Missing_OAuth_Token"),
        ({"Authorization": "Basic eDp5"}, "Missing_OAuth_Token"),
        ({"Authorization": "Bearer nonsense"}, "Bad_OAuth_Token"),
    ],
)
@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/id/00D000000000001AAA/005000000000001AAA"])
def test_identity_service_refuses_with_one_word(client: Client, path: str, header: dict[str, str], word: str):
    client.headers = header
    response = client.send("GET", path)
    assert (response.status, response.body) == (403, word.encode())
    assert response.header("content-type") == "text/html;charset=UTF-8"


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}]
)
def test_without_a_good_token_401(client: Client, header: dict[str, str]):
    client.headers = header
    response = client.send("GET", "limits")
    assert response.status == 401
    assert response.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert client.org.stats.api_calls == 0


def test_sessions_end_on_demand(client: Client):
    client.get("limits")
    client.org.sessions.expire()
    assert client.refusal(401, "GET", "limits") == "INVALID_SESSION_ID"
    client.headers = {"Authorization": f"Bearer {client.org.token}"}
    client.get("limits")


def test_revoke(client: Client):
    client.send("POST", f"/services/oauth2/revoke?token={client.org.token}")
    client.refusal(401, "GET", "limits")


def signed(key: Any, **changes: Any) -> str:
    import jwt as tokens

    claims = {
        "iss": "consumer",
        "sub": "someone@example.com",
        "aud": "https://login.salesforce.com",
        "exp": int(NOON.timestamp()) + 180,
    }
    return tokens.encode({**claims, **changes}, key, algorithm="RS256")


def test_assertions_are_checked_when_keys_were_given():
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    good, other = (generate_private_key(65537, 2048) for _ in range(2))
    public = good.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    client = Client(make_org(jwt_keys=[public]))

    def answer(assertion: str) -> str:
        found = login(client, grant_type=JWT, assertion=assertion).json()
        return str(found.get("error_description") or found["token_type"])

    assert answer(signed(good)) == "Bearer"
    assert answer(signed(other)) == "invalid assertion"
    assert answer(jwt(sub="someone@example.com")) == "invalid assertion"
    assert answer("nonsense") == "invalid assertion"
    assert answer(signed(good, aud="https://elsewhere.example")) == "audience is invalid"
    assert answer(signed(good, exp=int(NOON.timestamp()))) == "assertion is expired"
    assert answer(signed(good, iss="")) == "client identifier invalid"


def test_introspection_tells_of_a_token_and_never_of_a_wrong_one(client: Client):
    def active(token: str) -> Any:
        form = urlencode({"token": token, "client_id": "c", "client_secret": "s"})
        return client.post("/services/oauth2/introspect", form)

    token = client.org.token
    found = active(token)
    assert (found["active"], found["client_id"], found["token_type"]) == (True, "c", "access_token")
    assert found["exp"] > found["iat"] == int(NOON.timestamp())
    client.send("GET", f"/services/oauth2/revoke?token={quote(token)}")
    assert active(token) == {"active": False}


def test_a_session_ends_when_nobody_uses_it():
    client = Client(make_org(quirks=Quirks(session_minutes=30)))
    for _ in range(3):
        client.org.clock.advance(29 * 60)
        client.get("limits")
    client.org.clock.advance(31 * 60)
    assert client.refusal(401, "GET", "limits") == "INVALID_SESSION_ID"


def test_too_many_logins_of_a_user_are_refused_until_the_hour_is_over():
    client = Client(make_org(quirks=Quirks(logins_per_hour=2)))
    form = {"grant_type": "password", "username": "u", "password": "p"}
    answers = [login(client, **form).status for _ in range(3)]
    assert answers == [200, 200, 400]
    client.org.clock.advance(3601)
    assert login(client, **form).status == 200


def test_several_sessions_of_a_user_live_side_by_side(client: Client):
    form = {"grant_type": "password", "username": "u", "password": "p"}
    tokens = [login(client, **form).json()["access_token"] for _ in range(3)]
    assert len(set(tokens)) == 3
    for token in tokens:
        client.get("limits", headers={"Authorization": f"Bearer {token}"})
