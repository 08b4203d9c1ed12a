import itertools
from datetime import timedelta

import pytest

from sfsync.clock import ManualClock
from sfsync.errors import ConfigError, JournalError
from sfsync.journal import rows as rows_module
from sfsync.journal.journal import Journal, open_journal
from sfsync.journal.values import FileRecord, JobRecord, ReasonCount, RowRecord, StepRecord, Usage
from sfsync.records import Bucket


def start(journal: Journal, flow: str = "charge_card") -> str:
    return journal.start_run("run", flow, org="dev", arguments={"step": "convert"})


def test_run_ids_are_short_and_sort_by_time(journal, clock):
    ids = [start(journal) for _ in range(3)]  # the clock stands still: the same millisecond
    clock.sleep(0.01)
    ids.append(start(journal))
    clock.sleep(86_400)
    ids.append(start(journal))
    assert ids[0].startswith("20241122-0431-")
    assert len(ids[0]) == 18
    assert ids == sorted(set(ids))
    assert [run.id for run in journal.runs()] == ids[::-1]


def test_a_run_is_read_back_as_it_was_recorded(journal, clock):
    run_id = start(journal)
    assert journal.run("last").run.status == "running"
    step = StepRecord("convert", 10, {Bucket.APPLIED: 8, Bucket.INVALID: 2}, api_calls=3, seconds=1.5)
    journal.record_step(run_id, step)
    clock.sleep(7)
    journal.finish_run(
        run_id,
        "partial",
        exit_code=1,
        api_calls=31,
        api_remaining=14_969,
        seconds=7.0,
        messages=["Two rows were not applied."],
    )
    found = journal.run(run_id)
    assert found.run.arguments == {"step": "convert"}
    assert found.run.status == "partial"
    assert found.run.finished_at - found.run.started_at == timedelta(seconds=7)
    assert found.run.messages == ("Two rows were not applied.",)
    assert found.steps[0].buckets == {bucket: step.buckets.get(bucket, 0) for bucket in Bucket}
    assert (found.steps[0].selected, found.steps[0].api_calls, found.steps[0].seconds) == (10, 3, 1.5)


def test_rows_come_back_in_order_over_several_batches(journal, monkeypatch):
    monkeypatch.setattr(rows_module, "BATCH", 10)
    run_id = start(journal)
    sent = [
        RowRecord(
            f"WF-{number}",
            Bucket.INVALID if number % 5 == 0 else Bucket.APPLIED,
            "no last name" if number % 5 == 0 else "",
            "in/web forms.csv",
            number,
            f"00Q{number:015d}",
            "Lead",
            ("LastName", "Email"),
            "750000000000001AAA",
        )
        for number in range(25)
    ]
    assert journal.record_rows(run_id, "intake", iter(sent)) == 25
    back = list(journal.rows(run_id))
    assert [row.key for row in back] == [row.key for row in sent]
    assert back[3] == RowRecord(
        "WF-3", Bucket.APPLIED, "", "web forms.csv", 3, f"00Q{3:015d}", "Lead", ("LastName", "Email"),
        "750000000000001AAA",
    )  # fmt: skip
    assert [row.row_number for row in journal.rows(run_id, buckets=[Bucket.INVALID])] == [0, 5, 10, 15, 20]
    assert list(journal.rows(run_id, step="convert")) == []
    assert journal.run(run_id).reasons == (ReasonCount("intake", Bucket.INVALID, "no last name", 5),)


def test_a_crash_while_rows_arrive_keeps_the_batches_before_it(journal, monkeypatch):
    monkeypatch.setattr(rows_module, "BATCH", 10)
    run_id = start(journal)

    def rows():
        for number in itertools.count():
            if number == 25:
                raise OSError
            yield RowRecord(str(number), Bucket.APPLIED)

    with pytest.raises(OSError):  # noqa: PT011  the very error that was raised
        journal.record_rows(run_id, "intake", rows())
    assert len(list(journal.rows(run_id))) == 20


def test_no_personal_data_in_reasons_and_messages(journal):
    run_id = start(journal)
    reasons = {
        "STRING_TOO_LONG: City: data value too large: Sint-Job-in-'t-Goor (max length=10)": "Sint-Job",
        "INVALID_EMAIL_ADDRESS: Email: invalid email address: jan jansen@x (Email)": "jansen",
        "Status: bad value for restricted picklist field: Jan Jansen": "Jansen",
        "a row of jan.jansen@example.com": "jansen",
    }
    journal.record_rows(run_id, "x", [RowRecord("K", Bucket.FAILED, reason) for reason in reasons])
    for row, secret in zip(journal.rows(run_id), reasons.values(), strict=True):
        assert secret not in row.reason
        assert row.reason
    journal.finish_run(
        run_id,
        "failed",
        exit_code=4,
        api_calls=0,
        api_remaining=None,
        seconds=0,
        messages=["to jan@example.com"],
    )
    assert "jan" not in journal.run(run_id).run.messages[0]


def test_files_are_known_by_their_digest(journal, clock):
    run_id = start(journal)
    taken = FileRecord("in/may.csv", "d1", "in", "allocation", 120)
    assert journal.file_taken("d1", "allocation") is None
    journal.record_file(run_id, FileRecord("out.csv", "d1", "out", "allocation", 120))
    assert journal.file_taken("d1", "allocation") is None  # what we gave out was not taken in
    journal.record_file(run_id, taken)
    found = journal.file_taken("d1", "allocation")
    assert found == FileRecord("may.csv", "d1", "in", "allocation", 120, run_id, clock.now())
    assert journal.file_taken("d1", "activation") is None
    assert [file.direction for file in journal.run(run_id).files] == ["out", "in"]


def test_a_job_is_open_until_its_results_were_read(journal, clock):
    run_id = start(journal)
    job = JobRecord(run_id, "bulk2", "750000000000001AAA", "Lead", "upsert", "Open", 5_000, clock.now())
    journal.record_job(job)
    assert journal.open_jobs() == [job]
    states = [("JobComplete", False), ("JobComplete", True)]
    for state, settled in states:
        journal.record_job(
            JobRecord(run_id, "bulk2", job.job_id, "Lead", "upsert", state, 5_000, clock.now(), settled)
        )
        assert bool(journal.open_jobs()) is not settled
    assert journal.run(run_id).jobs[0].state == "JobComplete"


def test_open_jobs_of_a_flow_in_an_org(journal, clock):
    for number, (flow, org) in enumerate([("a", "dev"), ("a", "prod"), ("b", "dev")]):
        run_id = journal.start_run("run", flow, org=org, arguments={})
        journal.record_job(JobRecord(run_id, "bulk2", f"J{number}", "Lead", "upsert", "Open", 5, clock.now()))
    assert [job.job_id for job in journal.open_jobs("a", org="dev")] == ["J0"]
    assert [job.job_id for job in journal.open_jobs("a")] == ["J0", "J1"]
    assert [job.job_id for job in journal.open_jobs(org="dev")] == ["J0", "J2"]


def test_a_job_found_again_keeps_its_run_and_rows(journal, clock):
    first, second = start(journal), start(journal)
    journal.record_job(JobRecord(first, "bulk2", "J", "Lead", "upsert", "Open", 5, clock.now()))
    journal.record_job(JobRecord(second, "bulk2", "J", "", "", "Gone", 0, clock.now(), settled=True))
    (job,) = journal.run(first).jobs
    assert (job.state, job.rows, job.object, job.settled) == ("Gone", 5, "Lead", True)
    assert journal.run(second).jobs == ()


def test_runs_of_a_flow_include_those_of_its_steps_only(journal):
    for flow in ("charge_card", "charge_card.convert", "charge_cards", "chargeXcard"):
        start(journal, flow)
    assert {run.flow for run in journal.runs(flow="charge_card")} == {"charge_card", "charge_card.convert"}
    assert len(journal.runs(limit=3)) == 3


def test_a_run_is_found_by_the_beginning_of_its_id(journal, clock):
    with pytest.raises(ConfigError, match="no run yet"):
        journal.run("last")
    first = start(journal)
    clock.sleep(86_400)
    second = start(journal)
    assert journal.run(first[:8]).run.id == first
    assert journal.run().run.id == second
    with pytest.raises(ConfigError, match=f"Several runs begin with 2024: {second}, {first}"):
        journal.run("2024")
    with pytest.raises(ConfigError, match="no run 1999"):
        journal.run("1999")
    with pytest.raises(ConfigError, match="no run %"):
        journal.run("%")


def test_usage_adds_up_the_calls_of_an_org_since_a_moment(journal, clock):
    old = start(journal)
    journal.finish_run(old, "ok", exit_code=0, api_calls=1_000, api_remaining=5, seconds=1)
    clock.sleep(100_000)
    midnight = clock.now()
    for calls, remaining in ((10, 900), (20, 880)):
        clock.sleep(60)
        run_id = start(journal)
        journal.finish_run(run_id, "ok", exit_code=0, api_calls=calls, api_remaining=remaining, seconds=1)
    assert journal.usage("dev", midnight) == Usage(2, 30, 880)
    assert journal.usage("prod", midnight) == Usage(0, 0, None)


def test_rows_of_a_run_that_was_never_started_are_refused(journal):
    with pytest.raises(JournalError):
        journal.record_rows("20240101-0000-0000", "x", [RowRecord("K", Bucket.APPLIED)])


def test_it_is_still_there_when_opened_again(url: str, clock: ManualClock):
    with open_journal(url, clock=clock) as journal:
        run_id = start(journal)
    with open_journal(url, clock=clock) as journal:
        assert journal.run().run.id == run_id


def test_rows_of_a_bad_file_are_kept_all_the_same(journal):
    run_id = start(journal)
    journal.record_rows(run_id, "x", [RowRecord("K\0\ud800é", Bucket.INVALID, "a\0b", "f\0.csv", 1)])
    (row,) = journal.rows(run_id)
    assert (row.key, row.reason, row.file) == ("K?é", "ab", "f.csv")
