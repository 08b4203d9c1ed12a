"""`sfsync runs` over a journal in a file."""

import json

import pytest
from click.testing import CliRunner

from sfsync.cli.root import root
from sfsync.journal.journal import open_journal
from sfsync.journal.values import FileRecord, JobRecord, RowRecord, StepRecord
from sfsync.records import Bucket


@pytest.fixture
def url(tmp_path, clock):
    url = f"sqlite:///{tmp_path}/j.sqlite"
    with open_journal(url, clock=clock) as journal:
        run_id = journal.start_run("import", "allocation", org="dev", arguments={"file": "may.csv"})
        journal.record_file(run_id, FileRecord("may.csv", "d1", "in", "allocation", 1_234))
        journal.record_job(
            JobRecord(run_id, "bulk2", "750P0000006HoS1IAK", "Asset", "upsert", "Open", 2, clock.now())
        )
        journal.record_step(run_id, StepRecord("cards", 2, {Bucket.APPLIED: 1, Bucket.CONFLICT: 1}, 3, 1.25))
        journal.record_rows(
            run_id,
            "cards",
            [
                RowRecord("WF-1", Bucket.APPLIED, "", "may.csv", 2, "02i000000000001AAA", "Asset"),
                RowRecord("WF-2", Bucket.CONFLICT, "the card [bold]is[/bold] another's", "may.csv", 3),
            ],
        )
        journal.finish_run(
            run_id,
            "partial",
            exit_code=1,
            api_calls=3,
            api_remaining=14_997,
            seconds=1.3,
            messages=["One left."],
        )
        clock.sleep(60)
        journal.start_run("run", "charge_card", org="dev", arguments={})
    return url


def invoke(url, *arguments):
    result = CliRunner().invoke(root, ["runs", "--journal", url, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list(url):
    newest, older = (line for line in invoke(url, "list").splitlines() if "dev" in line)
    assert "charge_card" in newest
    assert "unfinished" in newest
    assert "partial" in older
    body = json.loads(invoke(url, "list", "--json", "--flow", "allocation"))
    assert [run["status"] for run in body["runs"]] == ["partial"]


def test_show(url):
    run_id = json.loads(invoke(url, "list", "--json"))["runs"][1]["run_id"]
    text = invoke(url, "show", run_id[:13], "--rows")
    for part in ("One left.", "14,997 left", "file=may.csv", "may.csv:3", "results not read", "1,234"):
        assert part in text
    assert "the card [bold]is[/bold] another's" in text  # a reason is text, not markup
    assert "conflict" in text
    assert "duplicate" not in text  # only the buckets that were met
    body = json.loads(invoke(url, "show", run_id, "--json", "--rows"))
    assert body["steps"][0] == {
        "name": "cards", "selected": 2, "applied": 1, "unchanged": 0, "invalid": 0, "not_found": 0,
        "duplicate": 0, "conflict": 1, "failed": 0, "api_calls": 3, "seconds": 1.25,
    }  # fmt: skip
    assert [row["key"] for row in body["rows"]] == ["WF-2"]
    assert (body["run_id"], body["api_calls"], body["exit_code"]) == (run_id, 3, 1)
    assert json.loads(invoke(url, "show", "--json"))["status"] == "running"


def test_explain_is_readable_in_a_narrow_window(url, monkeypatch):
    from sfsync.cli import runs_view

    monkeypatch.setattr(runs_view, "_WIDE", 60)
    lines = invoke(url, "explain", "wf-1").splitlines()
    assert max(map(len, lines)) <= 60
    assert sum("run 2" in line for line in lines) == len(
        [line for line in lines if not line.startswith((" ", "See"))]
    )


def test_explain(url):
    text = invoke(url, "explain", "wf-1")
    assert "applied" in text
    assert "See also: 02i000000000001AAA" in text
    assert "file in" in invoke(url, "explain", "may.csv:3")
    body = json.loads(invoke(url, "explain", "WF-2", "--json"))
    assert [event["row"]["bucket"] for event in body["events"]] == ["conflict"]
    assert "job Open" in invoke(url, "explain", "750P0000006HoS1")
    assert "knows nothing of WF-9" in invoke(url, "explain", "WF-9")


def test_an_empty_journal(tmp_path):
    assert "No runs yet." in invoke(f"sqlite:///{tmp_path}/new.sqlite", "list")


def test_forget(url):
    assert json.loads(invoke(url, "forget", "--before", "2024-11-22", "--json")) == {
        "runs": 0,
        "rows": 0,
        "kept": 0,
    }
    said = invoke(url, "forget", "--before", "2024-11-23")
    assert "Runs let go of: 1, with 0 rows." in said  # the other one has a bulk job that is not settled
    assert "Older runs that stay: 1." in said
