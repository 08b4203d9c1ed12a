import pytest

from sfsync.errors import ConfigError, OrgError, OutcomeUnknown, TransportFailed
from sfsync.transports.files import FilesInbox, FilesOutbox
from tests.transports.orgs import RECORD


@pytest.fixture
def inbox(portal, tmp_path):
    return lambda **options: FilesInbox(portal.org, RECORD, tmp_path / "scratch", **options)


@pytest.fixture
def put(portal, tmp_path):
    def make(name, content):
        source = tmp_path / "source"
        source.write_bytes(content)
        return FilesOutbox(portal.org, RECORD).put(name, source)

    return make


def names(found):
    return [file.name for file in found]


def document(portal, version):
    (row,) = portal.rows(f"SELECT ContentDocumentId FROM ContentVersion WHERE Id = '{version}'")
    return row["ContentDocumentId"]


def marks(portal, version):
    (row,) = portal.rows(
        f"SELECT Sfsync_Taken__c, Sfsync_Reason__c FROM ContentVersion WHERE Id = '{version}'"
    )
    return row["Sfsync_Taken__c"], row["Sfsync_Reason__c"]


def test_a_corrected_version_over_the_old_one_is_taken(portal, inbox):
    first = portal.upload("a.csv", b"one")
    for file in inbox().claim():
        file.archive()
    portal.upload("a.csv", b"two", over=document(portal, first))
    (file,) = inbox().claim()
    assert (file.name, file.path.read_bytes()) == ("a.csv", b"two")


def test_a_mark_that_a_new_version_inherited_does_not_count(portal, inbox):
    first = portal.upload("a.csv", b"one")
    for file in inbox().claim():
        file.archive()
    mark, _ = marks(portal, first)
    portal.upload("a.csv", b"two", over=document(portal, first), Sfsync_Taken__c=mark)
    assert names(inbox().claim()) == ["a.csv"]


def test_the_mark_lives_in_the_org_and_may_be_taken_away(portal, inbox, tmp_path):
    version = portal.upload("a.csv", b"one")
    for file in inbox().claim():
        file.archive()
    elsewhere = FilesInbox(portal.org, RECORD, tmp_path / "another machine")
    assert names(elsewhere.claim()) == []
    portal.mock.core.update("ContentVersion", version, {"Sfsync_Taken__c": None})
    assert names(elsewhere.claim()) == ["a.csv"]


def test_why_a_file_was_put_aside_stands_on_it(portal, inbox):
    version = portal.upload("a.csv", b"one")
    (file,) = inbox().claim()
    file.quarantine("No header row. " * 40)
    assert marks(portal, version)[1].startswith("No header row. No header")


def test_a_version_that_was_replaced_while_the_run_worked(portal, inbox):
    first = portal.upload("a.csv", b"one")
    (file,) = inbox().claim()
    portal.upload("a.csv", b"two", over=document(portal, first))
    portal.mock.faults.script("reject", sobject="ContentVersion")
    file.archive()
    assert names(inbox().claim()) == ["a.csv"]


def test_files_of_others_notes_and_other_names_are_left_alone(portal, inbox):
    other = portal.mock.core.insert("Account", {"Name": "Other"})
    portal.upload("b.csv", b"x", FirstPublishLocationId=other)
    portal.upload("note.snote", b"x")
    portal.upload("a.pdf", b"x")
    portal.upload("a.csv", b"x")
    assert names(inbox(pattern="*.csv").claim()) == ["a.csv"]
    assert names(inbox().claim()) == ["a.pdf", "a.csv"]


def test_results_are_no_uploads(portal, inbox, put):
    assert put("a-result.csv", b"one")
    assert names(inbox().claim()) == []


def test_a_result_that_the_partner_corrects_and_uploads_over_it_is_taken(portal, inbox, put):
    put("a-result.csv", b"one")
    (version,) = portal.rows("SELECT ContentDocumentId FROM ContentVersion WHERE IsLatest = true")
    portal.upload("a-result.csv", b"corrected", over=version["ContentDocumentId"])
    (file,) = inbox().claim()
    assert file.path.read_bytes() == b"corrected"


def test_another_result_of_the_same_name_is_a_new_version_of_the_same_file(portal, put):
    assert put("a-result.csv", b"one")
    assert put("A-Result.csv", b"two")
    assert list(portal.shown().values()) == [b"two"]
    assert len(portal.rows("SELECT Id FROM ContentVersion")) == 2


def test_partners_see_what_was_put_there(portal, put):
    put("a.csv", b"one")
    (link,) = portal.rows(
        f"SELECT ShareType, Visibility FROM ContentDocumentLink WHERE LinkedEntityId = '{portal.account}'"
    )
    assert link == {"ShareType": "V", "Visibility": "AllUsers"}


def test_a_link_for_internal_users_is_mended_by_the_next_put(portal, put):
    put("a.csv", b"one")
    (link,) = portal.rows(f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{portal.account}'")
    portal.mock.core.update("ContentDocumentLink", link["Id"], {"Visibility": "InternalUsers"})
    assert not put("a.csv", b"one")
    assert portal.shown() == {"a.csv": b"one"}


def test_an_answer_that_was_lost_doubles_nothing(portal, put):
    portal.mock.faults.script("lost_after", route="POST */sobjects/ContentVersion")
    assert put("a.csv", b"one")
    assert len(portal.rows("SELECT Id FROM ContentVersion")) == 1


def test_a_request_that_was_lost_says_that_nobody_knows(portal, put, monkeypatch):
    session = type(portal.org.session)
    real = session.request

    def lost(self, method, path, **sent):
        if method == "POST":
            raise OutcomeUnknown("lost")
        return real(self, method, path, **sent)

    monkeypatch.setattr(session, "request", lost)
    with pytest.raises(TransportFailed, match="does not show it") as caught:
        put("a.csv", b"one")
    assert caught.value.sent is None
    monkeypatch.undo()
    assert put("a.csv", b"one")


def test_a_damaged_download_is_noticed(portal, inbox, monkeypatch):
    portal.upload("a.csv", b"one")
    monkeypatch.setattr("sfsync.transports.files._md5", lambda path: "other")
    with pytest.raises(TransportFailed, match=r"a\.csv came damaged"):
        list(inbox().claim())


def test_calls_do_not_grow_with_files_that_are_done(portal, inbox):
    def cost():
        before = portal.mock.stats.api_calls
        assert names(inbox().claim()) == []
        return portal.mock.stats.api_calls - before

    portal.upload("0.csv", b"x")
    for file in inbox().claim():
        file.archive()
    first = cost()
    for number in range(1, 30):
        portal.upload(f"{number}.csv", str(number).encode())
    for file in inbox().claim():
        file.archive()
    assert cost() == first == 3


@pytest.mark.parametrize(
    ("record", "words"),
    [("Account/Sfsync_Key__c/NOBODY", "0 records"), ("Account/Sfsync_Key__c", "names no record")],
)
def test_a_record_that_is_not_there(portal, tmp_path, record, words):
    with pytest.raises((TransportFailed, ConfigError), match=words):
        FilesInbox(portal.org, record, tmp_path / "scratch").check()
    with pytest.raises((TransportFailed, ConfigError), match=words):
        FilesOutbox(portal.org, record).check()


def test_a_record_by_its_id(portal, tmp_path):
    portal.upload("a.csv", b"one")
    assert names(FilesInbox(portal.org, portal.account, tmp_path / "scratch").claim()) == ["a.csv"]


def test_quotes_in_the_key_are_no_soql(portal, tmp_path):
    with pytest.raises(TransportFailed, match="0 records"):
        FilesInbox(portal.org, "Account/Name/x' OR Name != '", tmp_path / "scratch").check()


def test_a_mark_that_the_org_refuses_is_an_error(portal, inbox):
    portal.upload("a.csv", b"one")
    (file,) = inbox().claim()
    portal.mock.faults.script("reject", sobject="ContentVersion")
    with pytest.raises(OrgError):
        file.archive()
