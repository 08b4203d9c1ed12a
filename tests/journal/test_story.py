import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.journal.journal import Journal
from sfsync.journal.story import _ids
from sfsync.journal.values import FileRecord, JobRecord, RowRecord
from sfsync.records import Bucket

LEAD = "00Q000000000001EAA"
JOB = "750P0000006HoS1IAK"


@pytest.fixture
def told(journal: Journal, clock) -> Journal:
    first = journal.start_run("import", "web_forms", org="dev", arguments={})
    journal.record_job(JobRecord(first, "bulk2", JOB, "Lead", "upsert", "JobComplete", 2, clock.now(), True))
    clock.sleep(1)
    journal.record_rows(
        first,
        "intake",
        [
            RowRecord("WF-1", Bucket.APPLIED, "", "forms.csv", 2, LEAD, "Lead", ("LastName",), JOB),
            RowRecord("WF-2", Bucket.INVALID, "no last name", "forms.csv", 3),
        ],
    )
    clock.sleep(1)
    journal.record_file(
        first, FileRecord("forms.csv", "d1", "in", "web_forms", 10, mapping="web_forms 0a1b2c3d")
    )
    clock.sleep(3600)
    second = journal.start_run("run", "charge_card", org="dev", arguments={})
    journal.record_rows(
        second, "convert", [RowRecord("WF-1", Bucket.FAILED, "outcome unknown", record_id=LEAD)]
    )
    clock.sleep(3600)
    third = journal.start_run("run", "charge_card", org="dev", arguments={})
    via = "#12 POST convert"
    journal.record_rows(third, "convert", [RowRecord("WF-1", Bucket.APPLIED, record_id=LEAD, via=via)])
    return journal


def steps(journal: Journal, text: str) -> list[tuple[str, str]]:
    return [(event.step, event.row.bucket.value) for event in journal.explain(text).events if event.row]


WHOLE = [("intake", "applied"), ("convert", "failed"), ("convert", "applied")]


@pytest.mark.parametrize("text", ["WF-1", "wf-1", " WF-1 ", LEAD, LEAD[:15]])
def test_a_key_and_a_record_id_tell_the_same_story_in_order(told, text):
    assert steps(told, text) == WHOLE


def test_a_story_names_what_else_to_ask_for(told):
    assert told.explain("WF-1").also == (LEAD,)
    assert told.explain(LEAD[:15]).also == ("WF-1",)


def test_a_row_of_a_file(told):
    story = told.explain("in/forms.csv:3")
    assert [event.row.key for event in story.events if event.row] == ["WF-2"]
    assert [event.file.digest for event in story.events if event.file] == ["d1"]


def test_the_whole_story_of_a_row_of_a_file(told):
    """The file first, then the row with mapping and job, then what became of its key in later runs."""
    events = told.explain("forms.csv:2").events
    assert [(event.step, event.file is not None, event.mapping) for event in events] == [
        ("", True, ""),
        ("intake", False, "web_forms 0a1b2c3d"),
        ("convert", False, ""),
        ("convert", False, ""),
    ]
    rows = [event.row for event in events if event.row]
    assert [(row.job_id, row.request) for row in rows] == [
        (JOB, None),
        (None, None),
        (None, "#12 POST convert"),
    ]


def test_a_key_in_doubt_leads_nowhere(told):
    run_id = told.run().run.id
    told.record_rows(run_id, "intake", [RowRecord("row 3", Bucket.INVALID, "", "forms.csv", 3)])
    told.record_rows(run_id, "other", [RowRecord("row 3", Bucket.INVALID, "", "other.csv", 3)])
    told.record_rows(run_id, "other", [RowRecord("row 4", Bucket.INVALID, "", "other.csv", 4)])
    assert steps(told, "other.csv:3") == [("other", "invalid")]


def test_a_file_and_its_digest(told):
    for text in ("forms.csv", "d1"):
        events = told.explain(text).events
        assert [event.file.name for event in events if event.file] == ["forms.csv"]


def test_a_job_and_its_rows(told):
    for text in (JOB, JOB[:15]):
        events = told.explain(text).events
        assert [event.job.job_id for event in events if event.job] == [JOB]
        assert [event.row.key for event in events if event.row] == ["WF-1"]


def test_a_key_that_looks_like_a_place_in_a_file_is_found_as_a_key(told):
    run_id = told.run().run.id
    told.record_rows(run_id, "products", [RowRecord("WF-1:1001", Bucket.APPLIED)])
    assert steps(told, "WF-1:1001") == [("products", "applied")]


def test_nothing_is_known_of_a_stranger(told):
    story = told.explain("WF-9")
    assert story.events == ()
    assert not story.cut


def test_a_long_story_keeps_its_end(told, monkeypatch):
    from sfsync.journal import story as module

    monkeypatch.setattr(module, "LONGEST", 2)
    story = told.explain("WF-1")
    assert story.cut
    assert [event.row.bucket.value for event in story.events] == ["failed", "applied"]


def test_a_job_of_many_rows_is_still_told_itself(told, monkeypatch):
    from sfsync.journal import story as module

    monkeypatch.setattr(module, "LONGEST", 2)
    told.record_rows(
        told.run().run.id, "more", [RowRecord(f"K-{n}", Bucket.APPLIED, via=JOB) for n in range(5)]
    )
    story = told.explain(JOB)
    assert story.cut
    assert [event.job.job_id for event in story.events if event.job] == [JOB]
    assert [event.row.key for event in story.events if event.row] == ["K-3", "K-4"]


@pytest.mark.parametrize(
    ("short", "suffix"), [("001P000001vkheI", "IAQ"), ("0035500001H9cak", "AAB"), ("750P0000006HoS1", "IAK")]
)
def test_both_forms_of_an_id(short, suffix):
    assert _ids(short) == _ids(short + suffix) == {short, short + suffix}


@given(st.text(max_size=25))
def test_any_text_may_be_asked_for(text):
    assert all(len(one) in {15, 18} for one in _ids(text))
