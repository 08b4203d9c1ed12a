import io

import pytest

from sfsync.errors import OrgError, OrgUnavailable, RequestLimit
from sfsync.records import KEY_FIELD, State
from sfsync.salesforce import bulk1
from sfsync.salesforce.bulk1 import ingest, read_results, reattach
from sfsync.salesforce.bulk_job import Patience


def leads(count, **values):
    return [
        {KEY_FIELD: f"WF-{n}", "LastName": f'A "q", é\n{n}', "Company": f"C{n % 3}", **values}
        for n in range(count)
    ]


def load(session, rows, **options):
    return ingest(session, "Lead", "upsert", KEY_FIELD, rows, clock=session.clock, **options)


def test_rows_of_one_parent_share_a_batch_and_outcomes_keep_the_order(org, session):
    told = []
    rows = leads(10)
    rows[4] = {KEY_FIELD: "WF-4", "Company": "C1"}
    outcomes = load(
        session, rows, families=[row["Company"] for row in rows], batch_rows=4, on_job=told.append
    )
    assert [outcome.state for outcome in outcomes] == [State.DONE] * 4 + [State.REFUSED] + [State.DONE] * 5
    assert outcomes[4].code == "REQUIRED_FIELD_MISSING"
    assert outcomes[4].fields == ("LastName",)
    ids = {row[KEY_FIELD]: row["Id"] for row in org.query(f"SELECT Id, {KEY_FIELD} FROM Lead")}
    assert [outcome.id for outcome in outcomes] == [ids.get(f"WF-{n}") for n in range(10)]
    assert all(outcome.created for outcome in outcomes if outcome.id)
    bodies = [
        one.body.decode() for one in org.stats.log if one.method == "POST" and one.target.endswith("/batch")
    ]
    assert [sorted(name for name in ("C0", "C1", "C2") if f'"{name}"' in body) for body in bodies] == [
        ["C0"],
        ["C1"],
        ["C2"],
    ]
    assert len(told[-1].batches) == 3
    assert told[-1].settled
    assert {outcome.via for outcome in outcomes} == {told[-1].id}


def test_the_job_is_serial_and_reported_before_any_batch(org, session):
    told = []
    load(session, leads(3), on_job=lambda job: told.append((job.batches, job.settled, len(org.stats.log))))
    created = next(one for one in org.stats.log if one.target.endswith("/job"))
    assert b"<concurrencyMode>Serial</concurrencyMode>" in created.body
    assert created.target == "/services/async/62.0/job"
    assert [(len(batches), settled) for batches, settled, _ in told] == [(0, False), (1, False), (1, True)]
    assert not any("/batch" in one.target for one in list(org.stats.log)[: told[0][2]])


def test_a_value_clears_and_no_value_keeps(org, session):
    load(session, leads(2, City="Gent"))
    load(session, [{KEY_FIELD: "WF-0", "City": None}, {KEY_FIELD: "WF-1", "Street": "Kaai 1"}])
    assert [row["City"] for row in org.query(f"SELECT City FROM Lead ORDER BY {KEY_FIELD}")] == [None, "Gent"]


def test_a_row_that_cannot_be_sent_is_refused_alone(session):
    rows = leads(3)
    rows[1]["LastName"] = "#N/A"
    outcomes = load(session, rows)
    assert [outcome.state for outcome in outcomes] == [State.DONE, State.REFUSED, State.DONE]
    assert load(session, [{KEY_FIELD: float("nan")}])[0].code == "NOT_SENDABLE"


def test_an_ended_session_is_renewed_once(org, session, login):
    outcomes = load(session, leads(3), on_job=lambda job: org.sessions.expire() if not job.batches else None)
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    assert login.count == 2


@pytest.mark.parametrize("kind", ["lost_before", "lost_after"])
@pytest.mark.parametrize("skip", range(9))
def test_a_lost_answer_anywhere_neither_loses_nor_doubles_a_row(org, session, kind, skip):
    org.faults.script(kind, route="bulk1*", skip=skip)
    outcomes = load(session, leads(6), batch_rows=2)
    assert org.faults.as_json()[0]["struck"] == 1
    written = {row[KEY_FIELD] for row in org.query(f"SELECT {KEY_FIELD} FROM Lead")}
    for number, outcome in enumerate(outcomes):
        match outcome.state:
            case State.DONE:
                assert f"WF-{number}" in written
            case State.REFUSED:
                assert outcome.code == "NOT_SENT"
                assert f"WF-{number}" not in written
    if kind == "lost_after":
        assert {outcome.state for outcome in outcomes} == {State.DONE}


def test_trouble_before_the_first_batch_is_raised_and_later_trouble_makes_outcomes(org, session):
    org.faults.script("limit", route="POST */batch")
    with pytest.raises(RequestLimit):
        load(session, leads(3))
    org.faults.clear()
    org.faults.script("limit", route="POST */batch", skip=1)
    outcomes = load(session, leads(3), batch_rows=1)
    assert [outcome.code for outcome in outcomes] == ["", "NOT_SENT", "NOT_SENT"]


def test_a_batch_that_was_lost_in_a_dead_org_stays_unknown_and_nothing_more_is_sent(org, session):
    told = []
    org.faults.script("lost_after", route="POST */batch", skip=1)
    org.faults.script("unavailable", route="GET */batch", times=5)
    outcomes = load(session, leads(6), batch_rows=2, on_job=told.append)
    states = [outcome.state for outcome in outcomes]
    assert states == [State.DONE] * 2 + [State.UNKNOWN] * 2 + [State.REFUSED] * 2
    assert not told[-1].settled
    assert reattach(session, told[-1].id, clock=session.clock).outcomes["WF-3"].state is State.DONE


def test_progress_is_told_batch_by_batch(session):
    done = []
    load(session, leads(6), batch_rows=2, progress=done.append)
    assert done == [2, 2, 2]


def test_a_job_that_is_gone_while_it_is_followed_leaves_its_rows_unknown(org, session):
    told = []
    org.faults.script("error", route="GET */batch", status=400, code="INVALID_JOB", times=None)
    outcomes = load(session, leads(2), on_job=told.append)
    assert {outcome.state for outcome in outcomes} == {State.UNKNOWN}
    assert not told[-1].settled


def test_patience_ends_and_leaves_the_job_to_its_work(session):
    told = []
    outcomes = load(session, leads(3), patience=Patience(total=-1), on_job=told.append)
    assert {outcome.state for outcome in outcomes} <= {State.UNKNOWN, State.DONE}
    assert told[-1].settled == all(outcome.state is State.DONE for outcome in outcomes)


def test_a_batch_that_the_org_cannot_read_says_why(session):
    outcomes = load(session, leads(2, Nonsense__c="x"))
    assert {outcome.state for outcome in outcomes} == {State.REFUSED}
    assert "Nonsense__c" in outcomes[0].reason


def test_an_object_that_the_org_has_not(session):
    with pytest.raises(OrgError):
        ingest(session, "Nonsense__c", "upsert", KEY_FIELD, [{KEY_FIELD: "a"}], clock=session.clock)


def test_no_rows_no_calls(session):
    assert load(session, []) == []
    assert session.usage.calls == 0


def test_nothing_is_written_without_a_key(session):
    with pytest.raises(ValueError, match="upserted on a key field"):
        ingest(session, "Lead", "insert", None, leads(1), clock=session.clock)


def test_a_batch_too_large_is_halved(session, monkeypatch, org):
    monkeypatch.setattr(bulk1, "_LARGEST_BYTES", 120)
    outcomes = load(session, leads(9))
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    assert sum(one.target.endswith("/batch") and one.method == "POST" for one in org.stats.log) > 2


def test_results_are_read_in_order_with_booleans_as_booleans():
    body = (
        b'"Id","Success","Created","Error"\n"00Q000000000001EAA","true","false",""\n'
        b'"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"\n'
    )
    first, second = read_results(io.BytesIO(body))
    assert (first.state, first.created) == (State.DONE, False)
    assert (second.state, second.code, second.fields) == (
        State.REFUSED,
        "REQUIRED_FIELD_MISSING",
        ("LastName",),
    )


def test_a_dead_org_is_waited_for(org, session):
    org.faults.script("unavailable", route="GET */batch", times=12)
    assert {outcome.state for outcome in load(session, leads(3))} == {State.DONE}
    assert issubclass(OrgUnavailable, OrgError)


class TestReattach:
    def die(self, session, when, rows=None):
        """Load until ``when`` says so, then die; the job as it was last told of."""
        told = []

        def on_job(job):
            told.append(job)
            if when(job):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load(session, rows or leads(5), batch_rows=2, on_job=on_job)
        return told[-1]

    def test_what_was_sent_is_settled(self, org, session):
        rows = leads(5)
        rows[1]["LastName"] = None
        job = self.die(session, lambda job: len(job.batches) == 2, rows)
        told = []
        settled = reattach(session, job.id, clock=session.clock, on_job=told.append)
        assert {key: outcome.state for key, outcome in settled.outcomes.items()} == {
            "WF-0": State.DONE,
            "WF-1": State.REFUSED,
            "WF-2": State.DONE,
            "WF-3": State.DONE,
        }
        assert settled.job.settled
        assert told == [settled.job]
        assert (settled.job.object, settled.job.operation, settled.job.rows) == ("Lead", "upsert", 4)
        again = reattach(session, job.id, clock=session.clock)
        assert again.outcomes == settled.outcomes
        assert again.job.state == "Closed"

    def test_a_job_without_batches_is_aborted(self, org, session):
        job = self.die(session, lambda job: not job.batches)
        settled = reattach(session, job.id, clock=session.clock)
        assert settled.job.settled
        assert settled.outcomes == {}
        assert reattach(session, job.id, clock=session.clock).job.state == "Aborted"

    def test_a_job_that_the_org_forgot_is_settled(self, session):
        assert reattach(session, "750000000000009AAA", clock=session.clock).job.state == "Gone"

    def test_a_dead_org_changes_nothing(self, org, session):
        job = self.die(session, lambda job: job.batches)
        org.faults.script("unavailable", route="bulk1*", times=None)
        with pytest.raises(OrgUnavailable):
            reattach(session, job.id, clock=session.clock)
