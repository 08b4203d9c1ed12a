from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit
from sfsync.records import KEY_FIELD, State
from sfsync.salesforce.bulk2 import ingest, reattach
from sfsync.salesforce.bulk_job import Patience
from tests.salesforce.bulk.fake_session import FakeSession

LOST = OutcomeUnknown("lost")
DOWN = OrgUnavailable("down")


def load(session, count=5, **options):
    rows = [{KEY_FIELD: f"WF-{number}", "LastName": f"Name {number}"} for number in range(count)]
    return ingest(session, "Lead", "upsert", KEY_FIELD, rows, clock=session.clock, **options)


def by_last_digit(row):
    number = int(row[KEY_FIELD][-1])
    return [
        ("created", f"00Q00000000000{number}AAA"),
        ("updated", f"00Q00000000000{number}AAA"),
        ("failed", "REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --"),
        ("unprocessed", ""),
        ("lost", ""),
    ][number % 5]


def test_outcomes_come_in_the_order_of_the_input_from_results_in_any_order():
    session = FakeSession(by_last_digit)
    outcomes = load(session)
    assert [outcome.state.value for outcome in outcomes] == ["done", "done", "refused", "unknown", "unknown"]
    assert [outcome.created for outcome in outcomes[:2]] == [True, False]
    assert outcomes[1].id == "00Q000000000001AAA"
    assert outcomes[2].code == "REQUIRED_FIELD_MISSING"
    assert outcomes[2].message == "Required fields are missing: [Company]"
    assert outcomes[2].fields == ("Company",)
    assert session.sent()[0] == {KEY_FIELD: "WF-0", "LastName": "Name 0"}


def test_every_row_that_was_sent_names_its_job():
    session = FakeSession(by_last_digit)
    outcomes = load(session)
    (job,) = session.jobs
    assert {outcome.via for outcome in outcomes} == {job}
    session = FakeSession(lambda row: ("created", row["LastName"]))
    outcomes = load(session, 20, part_bytes=120)
    assert list(dict.fromkeys(outcome.via for outcome in outcomes)) == list(session.jobs)
    session = FakeSession()
    session.trouble("GET", "successfulResults", DOWN)
    assert {(outcome.state, outcome.via) for outcome in load(session)} == {(State.UNKNOWN, *session.jobs)}


def test_the_job_is_reported_before_its_upload_and_when_it_is_settled():
    session, told = FakeSession(), []
    load(session, on_job=lambda job: told.append((job.state, job.settled, len(session.uploads[job.id]))))
    assert told == [
        ("Open", False, 0),
        ("UploadComplete", False, 1),
        ("InProgress", False, 1),
        ("JobComplete", False, 1),
        ("JobComplete", True, 1),
    ]
    assert [call for call in session.calls if "Results" in call[1] or "records" in call[1]] == [
        ("GET", f"jobs/ingest/{next(iter(session.jobs))}/{name}")
        for name in ("successfulResults", "failedResults", "unprocessedrecords")
    ]


def test_a_large_load_goes_in_several_jobs_one_after_the_other():
    session = FakeSession(lambda row: ("created", row["LastName"]))
    done = []
    outcomes = load(session, 20, part_bytes=120, progress=done.append)
    assert len(session.jobs) == 3
    assert [outcome.id for outcome in outcomes] == [f"Name {number}" for number in range(20)]
    assert sum(done) == 20


def test_progress_adds_up_to_the_rows_whatever_happens():
    session, done = FakeSession(by_last_digit), []
    ingest(
        session, "Lead", "upsert", KEY_FIELD,
        [{KEY_FIELD: f"WF-{n}"} for n in range(5)] + [{KEY_FIELD: "WF-1"}, {}],
        clock=session.clock, progress=done.append,
    )  # fmt: skip
    assert sum(done) == 7


def test_trouble_while_looking_never_aborts_the_job():
    session = FakeSession()
    session.looks_until_done = 4
    for _ in range(3):
        session.trouble("GET", "AAA", DOWN)
    outcomes = load(session)
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    assert ("PATCH", "jobs/ingest/750000000000001AAA") in session.calls
    assert session.jobs["750000000000001AAA"]["state"] == "JobComplete"


def test_patience_ends_and_leaves_the_job_to_its_work():
    session, told = FakeSession(), []
    session.looks_until_done = 10_000
    outcomes = load(session, on_job=told.append, patience=Patience(total=60))
    assert {outcome.state for outcome in outcomes} == {State.UNKNOWN}
    assert session.clock.monotonic() == 60
    assert not told[-1].settled
    assert session.jobs[told[-1].id]["state"] == "InProgress"


def test_an_upload_whose_answer_was_lost_is_given_up_for_a_new_job():
    session, told = FakeSession(), []
    session.trouble("PUT", "batches", LOST, after=True)
    outcomes = load(session, on_job=told.append)
    assert {outcome.state for outcome in outcomes} == {State.DONE}
    assert [job["state"] for job in session.jobs.values()] == ["Aborted", "JobComplete"]
    assert [job.settled for job in told if job.id == "750000000000001AAA"] == [False, True]


def test_uploads_that_are_lost_again_and_again_are_given_up_with_nothing_written():
    session = FakeSession()
    for _ in range(3):
        session.trouble("PUT", "batches", LOST, after=True)
    with pytest.raises(OrgUnavailable, match="Nothing was written"):
        load(session)
    assert [job["state"] for job in session.jobs.values()] == ["Aborted"] * 3


def test_a_lost_closing_is_looked_up_not_repeated():
    session = FakeSession()
    session.trouble("PATCH", "AAA", LOST, after=True)
    assert {outcome.state for outcome in load(session)} == {State.DONE}
    assert sum(call[0] == "PATCH" for call in session.calls) == 1


def test_a_closing_that_did_not_arrive_is_repeated():
    session = FakeSession()
    session.trouble("PATCH", "AAA", LOST)
    assert {outcome.state for outcome in load(session)} == {State.DONE}
    assert sum(call[0] == "PATCH" for call in session.calls) == 2


def test_a_lost_closing_in_a_dead_org_leaves_the_rows_unknown_and_the_job_open_in_the_journal():
    session, told = FakeSession(), []
    session.trouble("PATCH", "AAA", LOST, after=True)
    for _ in range(200):
        session.trouble("GET", "AAA", DOWN)
    outcomes = load(session, on_job=told.append, patience=Patience(total=600))
    assert {outcome.state for outcome in outcomes} == {State.UNKNOWN}
    assert not told[-1].settled


def test_a_job_that_never_closes_is_aborted_and_its_rows_are_refused():
    session = FakeSession()
    for _ in range(3):
        session.trouble("PATCH", "AAA", LOST)
    outcomes = load(session)
    assert {(outcome.state, outcome.code) for outcome in outcomes} == {(State.REFUSED, "NOT_PROCESSED")}
    assert next(iter(session.jobs.values()))["state"] == "Aborted"


@pytest.mark.parametrize("error", [DOWN, LoginFailed("no"), RequestLimit("used up")])
@pytest.mark.parametrize(("method", "ending"), [("POST", "ingest"), ("PUT", "batches"), ("PATCH", "AAA")])
def test_trouble_before_anything_was_sent_is_raised(error, method, ending):
    session = FakeSession()
    session.trouble(method, ending, error)
    with pytest.raises(type(error)):
        load(session)
    assert all(job["state"] != "UploadComplete" for job in session.jobs.values())


def test_trouble_later_makes_outcomes_and_keeps_what_was_done():
    session = FakeSession()
    original = session.request

    def request(method, path, **given):
        if method == "POST" and len(session.jobs) == 1:
            raise RequestLimit("The request limit is used up.")
        return original(method, path, **given)

    session.request = request
    outcomes = load(session, 20, part_bytes=120)
    states = [outcome.state for outcome in outcomes]
    first = states.index(State.REFUSED)
    assert first > 0
    assert set(states[:first]) == {State.DONE}
    assert {outcome.reason for outcome in outcomes[first:]} == {
        "NOT_SENT: not sent: The request limit is used up."
    }


def test_results_that_cannot_be_read_leave_their_rows_unknown():
    session, told = FakeSession(by_last_digit), []
    session.trouble("GET", "failedResults", DOWN)
    outcomes = load(session, on_job=told.append)
    assert [outcome.state.value for outcome in outcomes[:3]] == ["done", "done", "unknown"]
    assert not told[-1].settled


def test_a_failed_job_says_why_of_the_rows_that_it_did_not_come_to():
    session = FakeSession(lambda row: ("unprocessed", ""))
    session.end_state, session.error = "Failed", "InvalidBatch : Field name not found : Nmae"
    outcomes = load(session)
    assert {outcome.state for outcome in outcomes} == {State.REFUSED}
    assert "Field name not found : Nmae" in outcomes[0].reason


def test_a_failed_job_that_wrote_something_leaves_rows_it_does_not_tell_of_unknown():
    session = FakeSession(by_last_digit)
    session.end_state = "Failed"
    assert load(session)[4].state is State.UNKNOWN
    session = FakeSession(lambda row: ("lost", ""))
    session.end_state = "Failed"
    assert {outcome.code for outcome in load(session)} == {"NOT_PROCESSED"}


def test_updates_are_matched_by_id_in_either_length():
    session = FakeSession(lambda row: ("updated", row["Id"]))
    rows = [{"Id": "00Q00000000000a", "City": None}, {"Id": "00Q00000000000bAAA", "City": "Gent"}]
    outcomes = ingest(session, "Lead", "update", None, rows, clock=session.clock)
    assert [outcome.state for outcome in outcomes] == [State.DONE] * 2
    assert session.sent()[0]["City"] == "#N/A"
    assert "externalIdFieldName" not in next(iter(session.jobs.values()))


@pytest.mark.parametrize(
    ("operation", "key"), [("insert", None), ("upsert", None), ("update", "K__c"), ("delete", None)]
)
def test_nothing_is_written_without_a_key(operation, key):
    with pytest.raises(ValueError, match="upserted on a key field"):
        ingest(FakeSession(), "Lead", operation, key, [], clock=FakeSession().clock)


def test_no_rows_no_calls():
    session = FakeSession()
    assert load(session, 0) == []
    assert session.calls == []


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=12), st.integers(20, 90)
)
def test_every_row_gets_one_outcome_whatever_its_key(keys, size):
    session = FakeSession(lambda row: ("created", row["Place"]))
    rows = [{KEY_FIELD: key, "Place": str(place)} for place, key in enumerate(keys)]
    outcomes = ingest(session, "Lead", "upsert", KEY_FIELD, rows, clock=session.clock, part_bytes=size)
    assert len(outcomes) == len(rows)
    for place, outcome in enumerate(outcomes):
        assert outcome.id == str(place) if outcome.state is State.DONE else outcome.state is State.REFUSED


class TestReattach:
    def died(self, judge=by_last_digit, **trouble):
        """A session whose client died while the job was at work; and the job."""
        session, told = FakeSession(judge), []
        session.looks_until_done = 10_000
        load(session, on_job=told.append, patience=Patience(total=1))
        session.looks_until_done = 3
        return session, told[-1]

    def test_a_job_at_work_is_waited_for_and_read(self):
        session, job = self.died()
        told = []
        settled = reattach(session, job.id, clock=session.clock, on_job=told.append)
        assert settled.job.settled
        assert told[-1] == settled.job
        assert {key: outcome.state.value for key, outcome in settled.outcomes.items()} == {
            "WF-0": "done", "WF-1": "done", "WF-2": "refused", "WF-3": "unknown",
        }  # fmt: skip

    def test_a_job_that_was_never_closed_is_aborted(self):
        session = FakeSession()
        session.trouble("PUT", "batches", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            load(session)
        settled = reattach(session, "750000000000001AAA", clock=session.clock)
        assert (settled.job.state, settled.job.settled, settled.outcomes) == ("Aborted", True, {})
        assert session.jobs["750000000000001AAA"]["state"] == "Aborted"

    def test_a_job_that_the_org_forgot_is_settled(self):
        session = FakeSession()
        assert reattach(session, "750000000000009AAA", clock=session.clock).job.state == "Gone"

    def test_a_dead_org_changes_nothing(self):
        session, job = self.died()
        session.trouble("GET", "AAA", DOWN)
        with pytest.raises(OrgUnavailable):
            reattach(session, job.id, clock=session.clock)

    def test_a_job_that_takes_longer_stays_unsettled(self):
        session, job = self.died()
        session.looks_until_done = 10_000
        settled = reattach(session, job.id, clock=session.clock, patience=Patience(total=1))
        assert not settled.job.settled
        assert settled.outcomes == {}

    def test_other_refusals_are_raised(self):
        session, job = self.died()
        session.trouble("GET", "AAA", OrgError("no", status=403))
        with pytest.raises(OrgError):
            reattach(session, job.id, clock=session.clock)


def test_jobs_are_values():
    session, told = FakeSession(), []
    load(session, on_job=told.append)
    assert replace(told[-1], settled=False) == told[-2]
