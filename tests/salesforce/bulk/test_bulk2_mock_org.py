"""Bulk 2.0 over the real session against the mock org: what goes over the wire, and the org's own troubles."""

import io

import pytest

from sfsync.errors import OrgError
from sfsync.mockorg.http import Request
from sfsync.records import KEY_FIELD, State
from sfsync.salesforce import bulk2_results as results
from sfsync.salesforce.bulk2 import ingest, reattach
from sfsync.salesforce.bulk_job import Patience

TEXT = 'Näme "x", \u2028 1\nA\r B'


def leads(count, **values):
    return [
        {KEY_FIELD: f"WF-{n}", "LastName": f"{TEXT} {n}", "Company": "Acme", **values} for n in range(count)
    ]


def load(session, rows, **options):
    return ingest(session, "Lead", "upsert", KEY_FIELD, rows, clock=session.clock, **options)


def names(org):
    return {row[KEY_FIELD]: row["LastName"] for row in org.query(f"SELECT {KEY_FIELD}, LastName FROM Lead")}


def test_records_arrive_as_they_were_and_a_second_load_makes_none(org, session):
    first = load(session, leads(450))
    assert all(outcome.state is State.DONE and outcome.created for outcome in first)
    assert names(org)["WF-449"] == f"{TEXT} 449"
    again = load(session, leads(450))
    assert [outcome.id for outcome in again] == [outcome.id for outcome in first]
    assert not any(outcome.created for outcome in again)
    assert len(names(org)) == 450


def test_a_load_costs_few_calls(org, session):
    load(session, leads(10))
    assert session.usage.by_kind["bulk2"] <= 8


def test_values_clear_keep_and_link(org, session):
    org.insert("Account", {"Name": "Acme", KEY_FIELD: "ACC-1"})
    load(session, leads(2, City="Gent", Terms_Accepted__c=True))
    outcomes = load(session, [{KEY_FIELD: "WF-0", "City": None}, {KEY_FIELD: "WF-1", "Street": "Kaai 1"}])
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    found = org.query(f"SELECT City, Terms_Accepted__c FROM Lead ORDER BY {KEY_FIELD}")
    assert [(row["City"], row["Terms_Accepted__c"]) for row in found] == [(None, True), ("Gent", True)]
    contacts = [{KEY_FIELD: "C-1", "LastName": "Peeters", "Account": {KEY_FIELD: "ACC-1"}}]
    ingest(session, "Contact", "upsert", KEY_FIELD, contacts, clock=session.clock)
    assert org.query("SELECT Account.Name FROM Contact")[0]["Account"]["Name"] == "Acme"


def test_a_refused_row_names_the_field_and_the_others_are_written(org, session):
    rows = leads(3)
    rows[1]["Intake_Status__c"] = "Nonsense"
    outcomes = load(session, rows)
    assert [outcome.state for outcome in outcomes] == [State.DONE, State.REFUSED, State.DONE]
    assert outcomes[1].code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert outcomes[1].fields == ("Intake_Status__c",)
    assert set(names(org)) == {"WF-0", "WF-2"}


def test_a_column_that_the_org_has_not_fails_the_job_with_the_reason(org, session):
    outcomes = load(session, leads(2, Nonsense__c="x"))
    assert {outcome.code for outcome in outcomes} == {"NOT_PROCESSED"}
    assert "Nonsense__c" in outcomes[0].reason


@pytest.mark.parametrize(("state", "expected"), [("Failed", State.REFUSED), ("JobComplete", State.UNKNOWN)])
def test_rows_left_by_the_org(org, session, state, expected):
    org.faults.script("unprocessed", rows=3, state=state)
    outcomes = load(session, leads(10))
    assert [outcome.state for outcome in outcomes].count(State.DONE) == 7
    assert [outcome.state for outcome in outcomes].count(expected) == 3
    assert len(names(org)) == 7


@pytest.mark.parametrize("kind", ["lost_before", "lost_after"])
@pytest.mark.parametrize("skip", range(7))
def test_a_lost_answer_anywhere_neither_loses_nor_doubles_a_row(org, session, kind, skip):
    org.faults.script(kind, route="bulk2*", skip=skip)
    outcomes = load(session, leads(30))
    assert org.faults.as_json()[0]["struck"] == 1
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    assert len(names(org)) == 30


def test_a_session_that_ends_on_the_way_is_renewed_once(org, session, login):
    told = []

    def on_job(job):
        if job.state == "UploadComplete" and not told:
            told.append(job)
            org.sessions.expire()

    outcomes = load(session, leads(30), on_job=on_job)
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    assert login.count == 2


def test_a_crash_after_the_upload_is_settled_by_the_next_run(org, session):
    told = []

    def die(job):
        told.append(job)
        if job.state == "UploadComplete":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(session, leads(20), on_job=die)
    settled = reattach(session, told[-1].id, clock=session.clock)
    assert settled.job.settled
    assert len(settled.outcomes) == 20
    assert settled.outcomes["WF-3"].state is State.DONE


def test_a_crash_before_the_upload_leaves_a_job_to_abort(org, session):
    def die(job):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(session, leads(20), on_job=die)
    job_id = session.request("GET", "jobs/ingest").json()["records"][0]["id"]
    assert reattach(session, job_id, clock=session.clock).job.state == "Aborted"
    assert reattach(session, job_id, clock=session.clock).outcomes == {}


def test_a_job_of_another_org_is_gone(session):
    assert reattach(session, "750000000000001AAA", clock=session.clock).job.state == "Gone"


def test_an_object_that_the_org_has_not_is_raised(session):
    with pytest.raises(OrgError):
        ingest(session, "Nonsense__c", "upsert", KEY_FIELD, [{KEY_FIELD: "a"}], clock=session.clock)


@pytest.mark.parametrize("name", results.SETS)
def test_a_result_file_cut_off_anywhere_tells_no_row_wrongly(org, session, name):
    """Keys that begin alike are the danger: the key of one row, cut off, is the key of another."""
    rows = [
        {"LastName": None if n % 3 == 1 else TEXT, "Company": "Acme", KEY_FIELD: f"WF-{n}"} for n in range(13)
    ]
    load(session, rows)
    job = next(one.target.split("/")[-2] for one in org.stats.log if one.target.endswith(name))
    whole = org.handle(
        Request(
            "GET", f"/services/data/v62.0/jobs/ingest/{job}/{name}", {"authorization": f"Bearer {org.token}"}
        )
    ).body
    full = dict(results.read_set(name, io.BytesIO(whole), KEY_FIELD, str))
    assert full or name == "unprocessedrecords"
    for size in range(len(whole)):
        part = dict(results.read_set(name, io.BytesIO(whole[:size]), KEY_FIELD, str))
        assert part.items() <= full.items()


def test_a_dead_org_is_waited_for(org, session):
    org.faults.script("unavailable", route="GET *jobs/ingest/*", times=12)
    outcomes = load(session, leads(5), patience=Patience(total=3600))
    assert {outcome.state for outcome in outcomes} == {State.DONE}
