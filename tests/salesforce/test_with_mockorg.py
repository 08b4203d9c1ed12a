"""The client against the mock org, through both of its doors."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from sfsync.clock import ManualClock
from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, RequestLimit
from sfsync.mockorg import MockOrg
from sfsync.records import KEY_FIELD, ConvertLead, Create, State, Update
from sfsync.salesforce.auth import OrgSettings
from sfsync.salesforce.graph import Graph, write_graphs
from sfsync.salesforce.org import Org, open_org
from sfsync.salesforce.retry import Policy
from sfsync.salesforce.session import Session, choose

IN_PROCESS = "https://mock.my.salesforce.com"


@pytest.fixture
def mock():
    made = MockOrg()
    yield made
    made.close()


@pytest.fixture(params=["served", "in process"])
def env(mock, request):
    if request.param == "served":
        with mock.serve() as server:
            yield {"SF_INSTANCE_URL": server.url, "SF_ACCESS_TOKEN": server.token}
    else:
        with mock.activate():
            yield {"SF_INSTANCE_URL": IN_PROCESS, "SF_ACCESS_TOKEN": mock.token}


@pytest.fixture
def activated(mock):
    with mock.activate():
        yield {"SF_INSTANCE_URL": IN_PROCESS, "SF_ACCESS_TOKEN": mock.token}


def clock():
    return ManualClock(datetime(2024, 3, 1, 12, tzinfo=UTC))


def connect(env, **kwargs) -> Org:
    time = clock()
    session = Session(choose(None, env, time), clock=time, policy=Policy(jitter=lambda: 0.5))
    return Org(session, clock=time, **kwargs)


def leads(count):
    return [
        Create("Lead", f"WF-{number}", {"LastName": "Jansen", "Company": "Jansen"}) for number in range(count)
    ]


def states(outcomes):
    return Counter(outcome.state for outcome in outcomes)


def test_a_thousand_leads_to_accounts_in_eleven_calls(mock, env):
    org = connect(env)
    made = org.write(leads(1000))
    convert = [ConvertLead(outcome.id, "Closed - Converted") for outcome in made]
    assert org.cost(leads(1000)) + org.cost(convert) == 11
    assert states(org.write(convert)) == {State.DONE: 1000}
    assert org.usage.calls == 11
    assert mock.stats.api_calls == 11
    assert org.usage.used == 11
    assert len(mock.query("SELECT Id FROM Opportunity")) == 1000


def test_writing_twice_makes_nothing_twice(mock, env):
    org = connect(env)
    first, second = org.write(leads(5)), org.write(leads(5))
    assert [outcome.id for outcome in first] == [outcome.id for outcome in second]
    assert [outcome.created for outcome in (first[0], second[0])] == [True, False]
    assert len(mock.query("SELECT Id FROM Lead")) == 5


def test_long_results_come_whole_and_together(env):
    org = connect(env)
    org.write(leads(4500), progress=None)
    before = org.usage.calls
    everything, some, none = org.query_many(
        [
            f"SELECT Id, {KEY_FIELD} FROM Lead",
            f"SELECT Id FROM Lead WHERE {KEY_FIELD} = 'WF-7'",
            f"SELECT Id FROM Lead WHERE {KEY_FIELD} = 'nope'",
        ]
    )
    assert (len({row[KEY_FIELD] for row in everything}), len(some), len(none)) == (4500, 1, 0)
    assert org.usage.calls - before == 3
    assert len(list(org.query("SELECT Id FROM Lead"))) == 4500


def test_many_rows_of_one_kind_go_by_bulk(mock, activated):
    jobs = []
    org = connect(activated, bulk_from=300, on_job=jobs.append)
    done = []
    changes = [*leads(300), Create("Account", "A-1", {"Name": "Acme"})]
    outcomes = org.write(changes, progress=done.append)
    assert states(outcomes) == {State.DONE: 301}
    assert all(outcome.id for outcome in outcomes)
    assert org.usage.by_kind["composite"] == 1
    assert org.usage.calls >= org.cost(changes)
    assert org.usage.by_kind["bulk2"] >= 7
    assert sum(done) == 301
    assert jobs[-1].settled
    by_key = {row[KEY_FIELD]: row["Id"] for row in mock.query(f"SELECT Id, {KEY_FIELD} FROM Lead")}
    assert [outcome.id for outcome in outcomes[:300]] == [by_key[f"WF-{number}"] for number in range(300)]


def test_bulk_updates_by_id(mock, activated):
    org = connect(activated, bulk_from=50)
    made = connect(activated).write(leads(60))
    outcomes = org.write([Update("Lead", item.id, {"Rating": "Hot"}) for item in made])
    assert states(outcomes) == {State.DONE: 60}
    assert {row["Rating"] for row in mock.query("SELECT Rating FROM Lead")} == {"Hot"}


def test_a_write_that_was_done_but_not_answered_is_unknown(mock, env):
    mock.faults.script("lost_after", route="composite")
    org = connect(env)
    assert states(org.write(leads(3))) == {State.UNKNOWN: 3}
    assert len(mock.query("SELECT Id FROM Lead")) == 3
    assert states(org.write(leads(3))) == {State.DONE: 3}
    assert len(mock.query("SELECT Id FROM Lead")) == 3


def test_a_conversion_that_was_done_but_not_answered_is_unknown_and_then_refused(mock, env):
    org = connect(env)
    made = org.write(leads(2))
    convert = [ConvertLead(outcome.id, "Closed - Converted") for outcome in made]
    mock.faults.script("lost_after", route="POST */services/Soap/*")
    assert states(org.write(convert)) == {State.UNKNOWN: 2}
    assert {outcome.code for outcome in org.write(convert)} == {"CANNOT_UPDATE_CONVERTED_LEAD"}
    assert len(mock.query("SELECT Id FROM Account")) == 2


def test_reads_outlive_trouble(mock, env):
    mock.faults.script("unavailable", route="query*", times=2)
    mock.faults.script("lost_before", route="query*")
    org = connect(env)
    assert list(org.query("SELECT Id FROM Lead")) == []
    assert org.usage.by_kind["query"] == 4


def test_locked_rows_are_sent_again(mock, activated):
    mock.faults.script("lock", sobject="Lead", rate=0.2, times=40, seed=7)
    org = connect(activated)
    assert states(org.write(leads(200))) == {State.DONE: 200}
    assert 1 < org.usage.by_kind["composite"] <= 4


def test_a_session_that_ends_in_the_middle(mock, env):
    mock.faults.script("expired", route="composite")
    with pytest.raises(LoginFailed, match="cannot be renewed"):
        connect(env).write(leads(1))


@pytest.mark.parametrize("route", ["composite", "POST */services/Soap/*", "POST */jobs/ingest"])
def test_a_login_that_can_be_renewed_goes_on(mock, route):
    with mock.serve() as server:
        settings = OrgSettings(
            login="client_credentials", login_url=server.url, client_id="c", client_secret="env:SECRET"
        )
        org = open_org(settings, {"SECRET": "good"}, clock(), bulk_from=100)
        assert org.url == server.url
        mock.faults.script("expired", route=route)
        made = org.write(leads(2) if "jobs" not in route else leads(100))
        if "Soap" in route:
            made = org.write([ConvertLead(item.id, "Closed - Converted") for item in made])
        assert set(states(made)) == {State.DONE}
        assert org.usage.by_kind["login"] == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"login": "client_credentials", "client_id": "c", "client_secret": "env:PW"},
        {"login": "password", "username": "u", "password": "env:PW"},
        {
            "login": "password",
            "username": "u",
            "password": "env:PW",
            "client_id": "c",
            "client_secret": "env:PW",
        },
    ],
)
def test_logins_are_accepted_and_wrong_secrets_are_not(mock, settings):
    with mock.serve() as server:
        found = OrgSettings(login_url=server.url, **settings)
        assert list(open_org(found, {"PW": "good"}, clock()).query("SELECT Id FROM Lead")) == []
        with pytest.raises(LoginFailed):
            open_org(found, {"PW": "wrong"}, clock())


def test_the_daily_limit(mock, env):
    org = connect(env)
    mock.faults.script("limit", route="composite", skip=1)
    outcomes = org.write(leads(1500))
    assert states(outcomes) == {State.DONE: 1000, State.REFUSED: 500}
    assert outcomes[-1].code == "NOT_SENT"
    mock.faults.script("limit", route="composite")
    with pytest.raises(RequestLimit):
        org.write(leads(1))


def test_a_proxy_is_not_asked_for_this_machine(mock, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with mock.serve() as server:
        org = connect({"SF_INSTANCE_URL": server.url, "SF_ACCESS_TOKEN": server.token})
        assert list(org.query("SELECT Id FROM Lead")) == []


def test_an_org_that_is_not_there():
    org = connect({"SF_INSTANCE_URL": "http://127.0.0.1:9", "SF_ACCESS_TOKEN": "00D1!x"})
    with pytest.raises(OrgUnavailable, match="connection is refused"):
        list(org.query("SELECT Id FROM Lead"))


def test_refusals_are_the_orgs_words(env):
    org = connect(env)
    [outcome] = org.write(
        [Create("Lead", "K", {"LastName": "x", "Company": "y", "Customer_Type__c": "alien"})]
    )
    assert outcome.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    [missing] = org.write([Create("Lead", "K", {"Company": "y"})])
    assert missing.code == "REQUIRED_FIELD_MISSING"
    [unknown] = org.write([Update("Lead", "00Q000000000001AAA", {"Company": "y"})])
    assert unknown.state is State.REFUSED
    with pytest.raises(OrgError) as caught:
        list(org.query("SELECT Nope FROM Lead"))
    assert caught.value.code == "INVALID_FIELD"


def test_an_unknown_field_refuses_the_rows_not_the_run(env):
    org = connect(env)
    outcomes = org.write(
        [Create("Lead", "K", {"LastName": "x", "Nope__c": 1}), Create("Account", "A", {"Name": "a"})]
    )
    assert [outcome.state for outcome in outcomes] == [State.REFUSED, State.DONE]


def test_parents_written_in_the_same_call_are_there(mock, env):
    org = connect(env)
    outcomes = org.write(
        [
            Create("Account", "A-1", {"Name": "Acme"}),
            Create("Contact", "C-1", {"LastName": "x", "Account": {KEY_FIELD: "A-1"}}),
        ]
    )
    assert states(outcomes) == {State.DONE: 2}
    assert org.usage.calls == 1
    [contact] = mock.query("SELECT AccountId FROM Contact")
    assert contact["AccountId"] == outcomes[0].id


def test_units_are_written_whole_or_not_at_all(mock, env):
    org = connect(env)
    units = [
        Graph(
            (
                Create("Account", f"A-{number}", {"Name": "Acme"}),
                Create(
                    "Contact", f"C-{number}", {"LastName": "x" if number else None, "AccountId": "@{n0.id}"}
                ),
            )
        )
        for number in range(3)
    ]
    outcomes = write_graphs(org.session, units)
    assert [outcome.state for outcome in outcomes] == [State.REFUSED, State.DONE, State.DONE]
    assert outcomes[0].reason.startswith("REQUIRED_FIELD_MISSING")
    assert len(mock.query("SELECT Id FROM Account")) == 2
    assert org.usage.calls == 1


def test_describe(env):
    org = connect(env)
    asset = org.describe("Asset")
    assert asset.field("Card_Id__c").external_id
    assert asset.parent("Order__r").reference_to == ("Order",)
    with pytest.raises(OrgError):
        org.describe("Nope__c")
