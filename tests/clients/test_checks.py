"""The checks themselves must be able to fail; no client is needed for that."""

import json

import pytest

from sfsync.mockorg import MockOrg
from tests.clients import checks
from tests.clients.__main__ import Result, table, with_table
from tests.clients.install import CLIENTS
from tests.clients.org import SEED, Witness


@pytest.fixture(scope="module")
def org():
    org = MockOrg()
    org.seed("catalogue")
    yield org
    org.close()


@pytest.fixture
def witness(org):
    with org.serve() as server:
        yield Witness(server.url, server.token)


def test_the_task_is_json_and_its_load_has_good_and_bad_rows(witness):
    told = json.loads(json.dumps(checks.task(witness, "folder", "programs")))
    names = [row["LastName"] for row in told["load"]]
    assert (len(names), names.count("")) == (checks.GOOD + checks.BAD, checks.BAD)
    assert {row["Sfsync_Key__c"] for row in told["load"]}.isdisjoint(
        row["Sfsync_Key__c"] for row in told["load_1"]
    )


def test_login_must_be_the_user_and_the_org(org, witness):
    good = {"user": checks.USER, "org": org.core.organization_id}
    checks.login(good, witness)
    for wrong in ({"user": checks.OTHER_USER}, {"org": "00D000000000000AAA"}):
        with pytest.raises(checks.Wrong):
            checks.login(good | wrong, witness)


def test_rows_must_be_as_many_as_were_planted(witness):
    with pytest.raises(checks.Wrong, match=f"not {SEED}|the witness sees 0"):
        checks.query({"rows": []}, witness)


def test_describe_must_name_every_field(witness):
    with pytest.raises(checks.Wrong, match="fields of Lead"):
        checks.describe({"fields": {"Id": "id"}}, witness)


def test_writes_are_read_from_the_org(org, witness):
    values = checks.RECORD | checks.CHANGE
    kept, gone = (org.insert("Lead", values) for _ in range(2))
    with pytest.raises(checks.Wrong, match="still there"):
        checks.write({"kept": kept, "gone": gone}, witness)
    org.core.delete("Lead", gone)
    checks.write({"kept": kept, "gone": gone}, witness)
    org.core.update("Lead", kept, {"Company": "Else"})
    with pytest.raises(checks.Wrong, match="Company is 'Else'"):
        checks.write({"kept": kept, "gone": gone}, witness)


def test_upserts_must_make_once(org, witness):
    org.insert("Lead", {**checks.VERSIONS[-1], "Sfsync_Key__c": checks.KEY})
    checks.upsert({"created": [True, False]}, witness)
    with pytest.raises(checks.Wrong, match="created is"):
        checks.upsert({"created": [True, True]}, witness)


def test_a_load_that_says_all_is_well_is_not_believed(witness):
    with pytest.raises(checks.Wrong, match="0 rows in the org"):
        checks.bulk_load({"good": checks.GOOD, "bad": checks.BAD, "reasons": ["…"]}, witness)


@pytest.mark.parametrize("name", ["bad_soql", "missing_field", "bad_login", "session_ends"])
def test_any_error_is_not_enough(witness, name):
    with pytest.raises(checks.Wrong):
        checks.CHECKS[name]({"text": "Something went wrong"}, witness)


def test_the_witness_logs_in_again_when_sessions_end(org, witness):
    org.sessions.expire()
    assert witness.query(f"SELECT Id FROM User WHERE Username = '{checks.USER}'")


def test_what_clients_lack_are_abilities():
    assert {ability for client in CLIENTS for ability in client.lacks} <= set(checks.CHECKS)


def test_the_table_tells_failures_from_what_a_client_does_not_do():
    results = [Result("a", "1", "login", "", 1.0), Result("a", "1", "query", "wrong", 1.0)]
    *_, row = table(results).splitlines()
    assert row.startswith("| a | 1 | ok | – | FAILS | – |")


def test_the_page_keeps_all_but_its_table():
    page = "before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n"
    assert with_table(page, "| new |") == (
        "before\n<!-- table -->\n\n| new |\n\n<!-- end of table -->\nafter\n"
    )
