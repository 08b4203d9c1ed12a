import functools

import pytest

from sfsync.errors import OrgError, OrgUnavailable
from sfsync.records import KEY_FIELD
from sfsync.salesforce import rest
from sfsync.salesforce.bulk2_query import query
from sfsync.salesforce.bulk_job import Patience
from sfsync.salesforce.describe import describe

SOQL = (
    f"SELECT {KEY_FIELD}, FirstName, LastName, Number_of_Cards__c, Terms_Accepted__c, ConvertedAccount.Name"
    f" FROM Lead ORDER BY {KEY_FIELD}"
)


def read(session, soql, **options):
    return query(session, soql, describe=functools.partial(describe, session), clock=session.clock, **options)


@pytest.fixture
def leads(org):
    for number in range(25):
        org.insert(
            "Lead",
            {
                KEY_FIELD: f"WF-{number:02}",
                "LastName": f'A "q", \u2028\n{number}',
                "Company": "Acme",
                "Number_of_Cards__c": None if number else 3,
                "Terms_Accepted__c": number % 2 == 0,
            },
        )


@pytest.mark.parametrize("page_rows", [1_000, 25, 10, 1])
def test_records_are_those_of_rest(session, leads, page_rows):
    told = []
    records = list(read(session, SOQL, page_rows=page_rows, on_job=told.append))
    assert records == list(rest.query(session, SOQL))
    assert records[0]["Number_of_Cards__c"] == 3
    assert records[1]["Number_of_Cards__c"] is None
    assert records[1]["Terms_Accepted__c"] is False
    assert [job.settled for job in told] == [False, False, True]


def test_parents_are_nested_and_none_when_empty(org, session):
    account = org.insert("Account", {"Name": "Acme", "NumberOfEmployees": 7})
    org.insert("Contact", {"LastName": "A", "AccountId": account})
    org.insert("Contact", {"LastName": "B"})
    soql = "SELECT LastName, Account.Name, Account.NumberOfEmployees FROM Contact ORDER BY LastName"
    assert list(read(session, soql)) == [
        {"LastName": "A", "Account": {"Name": "Acme", "NumberOfEmployees": 7}},
        {"LastName": "B", "Account": None},
    ]


def test_no_records(session):
    assert list(read(session, SOQL)) == []


def test_a_reader_that_stops_early_asks_for_no_more_pages(session, leads):
    records = read(session, SOQL, page_rows=5)
    next(records)
    calls = session.usage.calls
    records.close()
    assert session.usage.calls == calls


def test_lost_answers_are_asked_for_again(org, session, leads):
    org.faults.script("lost_after", route="bulk2*", times=3)
    assert len(list(read(session, SOQL, page_rows=10))) == 25
    assert org.faults.as_json()[0]["struck"] == 3


def test_a_query_that_the_org_refuses(session):
    with pytest.raises(OrgError, match="Nonsense"):
        list(read(session, "SELECT Nonsense FROM Lead"))


def test_a_query_that_never_ends(org, session, leads):
    org.faults.script("unavailable", route="GET *jobs/query/*", times=None)
    with pytest.raises(OrgUnavailable, match=r"has not finished the bulk query 750.* after 1 minutes"):
        list(read(session, SOQL, patience=Patience(total=60)))
