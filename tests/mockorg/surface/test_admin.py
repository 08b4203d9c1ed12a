from datetime import timedelta

import pytest

from tests.mockorg.surface.conftest import NOON, Client


@pytest.fixture
def admin(client: Client) -> Client:
    client.headers = {}
    return client


def test_stats_and_log(client: Client):
    client.post("sobjects/Account", {"Name": "A"}, status=201)
    client.refusal(404, "GET", "nonsense")
    stats = client.get("/__mock/stats")
    assert stats["api_calls"] == 1
    assert stats["calls"] == {"create": 1}
    assert stats["written"] == {"Account.insert": 1}
    assert stats["records_written"] == 1
    assert stats["api_usage"] == {"used": 1, "max": 15000}
    log = client.get("/__mock/log")
    assert [(each["kind"], each["status"]) for each in log] == [("create", 201), ("unknown", 404)]


def test_headers_and_body_of_each_request_can_be_looked_at(client: Client):
    client.post("sobjects/Account", {"Name": "A"}, status=201, headers={"Sforce-Auto-Assign": "FALSE"})
    logged = client.org.stats.log[-1]
    assert logged.headers["sforce-auto-assign"] == "FALSE"
    assert logged.body == b'{"Name":"A"}'


def test_state_counts_seeds_and_resets(admin: Client):
    seeded = admin.post("/__mock/state", {"seed": "charge_card:3"})["counts"]
    assert (seeded["Lead"], seeded["Product2"]) == (3, 4)
    assert admin.get("/__mock/state")["counts"] == seeded
    admin.post("/__mock/faults", {"kind": "error"})
    after = admin.post("/__mock/reset")["counts"]
    assert "Lead" not in after
    assert admin.get("/__mock/faults") == []


def test_sessions_and_usage_are_set(client: Client):
    client.post("/__mock/state", {"usage": 14_999, "limit": 15_000})
    response = client.send("GET", "limits")
    assert response.header("sforce-limit-info") == "api-usage=15000/15000"
    assert client.refusal(403, "GET", "limits") == "REQUEST_LIMIT_EXCEEDED"
    client.post("/__mock/state", {"usage": 0, "expire": True})
    assert client.refusal(401, "GET", "limits") == "INVALID_SESSION_ID"
    client.post("/__mock/state", {"stats": "reset"})
    assert client.get("/__mock/stats")["requests"] == 0


def test_clock(admin: Client):
    assert admin.get("/__mock/clock") == {"now": NOON.isoformat()}
    admin.post("/__mock/clock", {"advance": 3600})
    assert admin.org.clock.now() == NOON + timedelta(hours=1)
    admin.post("/__mock/clock", {"now": "2025-01-01T00:00:00+01:00"})
    assert admin.get("/__mock/clock") == {"now": "2024-12-31T23:00:00+00:00"}
    admin.refusal(400, "POST", "/__mock/clock", {"now": "2025-01-01"})
    admin.refusal(400, "POST", "/__mock/clock", {"now": "yesterday"})


def test_faults_by_http(admin: Client):
    listed = admin.post("/__mock/faults", [{"kind": "slow", "seconds": 1}, {"kind": "lock", "times": None}])
    assert [(each["kind"], each["struck"]) for each in listed] == [("slow", 0), ("lock", 0)]
    assert admin.get("/__mock/faults") == listed
    assert admin.send("DELETE", "/__mock/faults").status == 204
    assert admin.get("/__mock/faults") == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {}), ("faults", {"kind": "x"}), ("faults", [1]), ("faults", {"kind": "slow", "what": 1}),
        ("state", {"what": 1}), ("state", {"seed": "nothing"}), ("state", {"seed": "charge_card:x"}),
    ],
)  # fmt: skip
def test_wishes_that_make_no_sense(admin: Client, path: str, body: object):
    admin.refusal(400, "POST", f"/__mock/{path}", body)
