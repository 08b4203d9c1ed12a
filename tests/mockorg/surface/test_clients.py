"""Published clients, unchanged, against the org in the same process or on its port."""

import io
from typing import Any

import pytest
import requests
from salesforce_bulk import SalesforceBulk
from salesforce_bulk.salesforce_bulk import BulkBatchFailed
from simple_salesforce import Salesforce, bulk, bulk2
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest

from sfsync.mockorg import MockOrg, Quirks
from tests.mockorg.surface.conftest import make_org

USER = {"username": "u", "password": "p", "security_token": "t", "version": "59.0"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "sleep", lambda _: None)
    monkeypatch.setattr(bulk2, "sleep", lambda _: None)


@pytest.fixture
def live():
    org = make_org(quirks=Quirks(page_size=40))
    org.seed("charge_card", 100)
    with org.activate():
        yield org


def test_simple_salesforce_logs_in_every_way(live: MockOrg):
    with_key = {"username": "u", "password": "p", "consumer_key": "k", "consumer_secret": "s"}
    by_key = {"consumer_key": "k", "consumer_secret": "s", "domain": "mine.my"}
    for arguments in (USER, with_key, by_key):
        assert Salesforce(**arguments).query("SELECT COUNT() FROM Lead")["totalSize"] == 100
    for arguments in ({**USER, "password": "wrong"}, {**with_key, "password": "wrong"}):
        with pytest.raises(SalesforceAuthenticationFailed):
            Salesforce(**arguments)


def test_simple_salesforce_reads_and_writes(live: MockOrg):
    sf = Salesforce(**USER)
    assert len(list(sf.query_all_iter("SELECT Id FROM Lead"))) == 100
    assert sf.api_usage["api-usage"].total == 15000
    made = sf.Account.create({"Name": "Acme"})["id"]
    assert sf.Account.update(made, {"Phone": "1"}) == 204
    assert sf.Account.upsert("Sfsync_Key__c/K1", {"Name": "Keyed"}) == 201
    assert sf.Account.get_by_custom_id("Sfsync_Key__c", "K1")["Name"] == "Keyed"
    assert sf.Account.delete(made) == 204
    assert (
        sf.query_all("SELECT Id FROM Account WHERE IsDeleted = true", include_deleted=True)["totalSize"] == 1
    )
    assert sf.Lead.describe()["name"] == "Lead"
    assert sf.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"
    assert sf.limits()["DailyApiRequests"]["Max"] == 15000
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        sf.query("SELECT Foo FROM Lead")


def test_simple_salesforce_comes_back_after_its_session_ended(live: MockOrg):
    sf = Salesforce(**USER)
    live.sessions.expire()
    assert sf.query("SELECT Id FROM Lead LIMIT 1")["totalSize"] == 1
    assert live.stats.logins == 2


def test_simple_salesforce_bulk_1(live: MockOrg):
    sf = Salesforce(**USER)
    rows: list[dict[str, Any]] = [{"LastName": f"L{number}", "Company": "C"} for number in range(5)]
    results = sf.bulk.Lead.insert([*rows, {"FirstName": "x"}], batch_size=3)
    assert [result["success"] for result in results] == [True] * 5 + [False]
    found = sf.bulk.Lead.query("SELECT LastName FROM Lead WHERE LastName LIKE 'L%' AND Company = 'C'")
    assert [row["LastName"] for row in found] == [row["LastName"] for row in rows]


def test_simple_salesforce_bulk_2(live: MockOrg):
    sf = Salesforce(**USER)
    rows = [{"Sfsync_Key__c": f"K{number}", "Name": f"N{number}" if number else ""} for number in range(10)]
    (done,) = sf.bulk2.Account.upsert(records=rows, external_id_field="Sfsync_Key__c")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (10, 1)
    assert "REQUIRED_FIELD_MISSING" in sf.bulk2.Account.get_failed_records(done["job_id"])
    assert sf.bulk2.Account.get_successful_records(done["job_id"]).count("\n") == 10
    pages = list(sf.bulk2.Account.query("SELECT Name FROM Account", max_records=4))
    assert sum(page.count("\n") - 1 for page in pages) == 9


def test_salesforce_bulk_serial_and_in_order(live: MockOrg):
    client = SalesforceBulk(sessionId=live.token, host="http://127.0.0.1:9", API_version="59.0")
    job = client.create_upsert_job(
        "Account", external_id_name="Sfsync_Key__c", contentType="CSV", concurrency="Serial"
    )
    batch = client.post_batch(job, io.BytesIO(b"Sfsync_Key__c,Name\nS1,One\nS2,\nS1,Eins\n"))
    client.close_job(job)
    assert client.is_batch_done(batch, job)
    assert client.job_status(job)["concurrencyMode"] == "Serial"
    results = client.get_batch_results(batch, job)
    assert [(each.success, each.created) for each in results] == [
        ("true", "true"),
        ("false", "false"),
        ("true", "false"),
    ]


def test_salesforce_bulk_queries(live: MockOrg):
    client = SalesforceBulk(sessionId=live.token, host="http://127.0.0.1:9", API_version="59.0")
    for kind in ("CSV", "JSON", "XML"):
        job = client.create_query_job("Lead", contentType=kind)
        batch = client.query(job, "SELECT Id FROM Lead")
        client.close_job(job)
        assert client.is_batch_done(batch, job)
        files = client.get_query_batch_result_ids(batch, job)
        assert len(files) == 1
        text = b"".join(client.get_query_batch_results(batch, files[0], job))
        assert text.count(b"00QMk0") >= 100
    job = client.create_query_job("Lead", contentType="CSV")
    batch = client.query(job, "SELECT Nonsense FROM Lead")
    with pytest.raises(BulkBatchFailed):
        client.is_batch_done(batch, job)


def test_a_real_port_serves_simple_salesforce(org: MockOrg):
    class Loopback(requests.Session):
        def request(self, method: Any, url: Any, *arguments: Any, **options: Any) -> requests.Response:
            return super().request(method, url.replace("https://", "http://"), *arguments, **options)

    with org.serve() as server, Loopback() as session:
        sf = Salesforce(instance_url=server.url, session_id=server.token, session=session, version="60.0")
        assert sf.Account.create({"Name": "A"})["success"] is True
