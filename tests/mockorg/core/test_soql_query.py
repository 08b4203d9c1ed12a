# ruff: noqa: E501 - tables of cases read best with one case a line
import pytest

from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.problems import Refused

PEOPLE = (
    {"LastName": "Adams", "Company": "ACME", "City": "Gent", "NumberOfEmployees": 10, "Email": "a@x.example"},
    {"LastName": "Bos", "Company": "acme", "City": "GENT", "NumberOfEmployees": 20, "Submitted_At__c": "2026-03-03T23:59:59Z"},
    {"LastName": "Çelik", "Company": "Büro_1", "Interests__c": "A;C", "Submitted_At__c": "2026-03-04T00:00:00Z"},
    {"LastName": "O'Neil", "Company": "BÜRO 1", "Interests__c": "B", "Plan__c": "plus", "AnnualRevenue": 100.5},
)  # fmt: skip


@pytest.fixture
def leads(org: OrgCore) -> OrgCore:
    for person in PEOPLE:
        org.insert("Lead", person)
    return org


def names(org: OrgCore, where: str) -> str:
    """The first letters of the last names that fit."""
    rows = org.query(f"SELECT LastName FROM Lead WHERE {where} ORDER BY CreatedDate, Id").rows()
    return "".join(row["LastName"][0] for row in rows)


def refused(org: OrgCore, soql: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        org.query(soql)
    return refusal.value


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Company = 'ACME'", "AB"),
        ("lead.company = 'Acme'", "AB"),
        ("Company = 'büro 1'", "O"),
        ("Company IN ('büro 1', 'acme')", "ABO"),
        ("Company LIKE 'BÜRO%'", "ÇO"),
        (r"Company LIKE 'büro\_%'", "Ç"),
        ("Company LIKE 'a__e'", "AB"),
        (r"LastName = 'O\'Neil'", "O"),
        ("LastName = 'çelik'", "Ç"),
        ("City != 'Gent'", "ÇO"),
        ("City = null", "ÇO"),
        ("City = ''", "ÇO"),
        ("City <> null", "AB"),
        ("NOT City = 'Gent'", "ÇO"),
        ("(NOT (City LIKE 'G%'))", "ÇO"),
        ("City NOT IN ('Gent')", "ÇO"),
        ("City IN ('Gent', null)", "ABÇO"),
        ("NumberOfEmployees > 10", "B"),
        ("NumberOfEmployees >= 10 AND NumberOfEmployees < 20.5", "AB"),
        ("NumberOfEmployees IN (10, 11)", "A"),
        ("AnnualRevenue > 100.5", "O"),
        ("IsConverted = FALSE", "ABÇO"),
        ("IsConverted != false", ""),
        ("Interests__c INCLUDES ('A')", "Ç"),
        ("Interests__c INCLUDES ('A;C', 'B')", "ÇO"),
        ("Interests__c INCLUDES ('A;B')", ""),
        ("Interests__c EXCLUDES ('A')", "ABO"),
        ("Submitted_At__c = TODAY", "Ç"),
        ("Submitted_At__c < TODAY", "B"),
        ("Submitted_At__c <= TODAY", "BÇ"),
        ("Submitted_At__c > YESTERDAY", "Ç"),
        ("Submitted_At__c = LAST_N_DAYS:1", "BÇ"),
        ("Submitted_At__c != TODAY", "ABO"),
        ("Submitted_At__c IN (TODAY, YESTERDAY)", "BÇ"),
        ("Submitted_At__c >= 2026-03-04T01:00:00+01:00", "Ç"),
        ("DAY_ONLY(Submitted_At__c) = 2026-03-03", "B"),
        ("CALENDAR_YEAR(Submitted_At__c) = 2026 AND HOUR_IN_DAY(Submitted_At__c) = 23", "B"),
        ("toLabel(Plan__c) = 'Plus'", "O"),
        ("Owner.Name = 'integration user' AND City = 'Gent'", "AB"),
        ("Owner.Type = 'User' AND City = 'Gent'", "AB"),
        ("Id IN (SELECT ConvertedContactId FROM Lead)", ""),
        ("Id NOT IN (SELECT WhoId FROM Task)", "ABÇO"),
        ("OwnerId IN (SELECT Id FROM User WHERE IsActive = true) AND City = 'gent'", "AB"),
        ("City = 'Gent' AND (LastName = 'Bos' OR LastName = 'Nobody')", "B"),
    ],
)
def test_conditions(leads: OrgCore, where: str, found: str):
    assert names(leads, where) == found


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Id FROM Cards", "INVALID_TYPE", "sObject type 'Cards' is not supported."),
        ("SELECT Colour FROM Lead", "INVALID_FIELD", "No such column 'Colour' on entity 'Lead'."),
        ("SELECT Id FROM Lead WHERE Colour = 1", "INVALID_FIELD", "No such column 'Colour' on entity 'Lead'."),
        ("SELECT Owner.Colour FROM Lead", "INVALID_FIELD", "No such column 'Colour' on entity 'Name'."),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path."),
        ("SELECT (SELECT Id FROM Foes) FROM Lead", "INVALID_TYPE", "Didn't understand relationship 'Foes' in FROM part of query call."),
        ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "value of filter criterion for field 'LastName' must be of type string and should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", "INVALID_FIELD", "value of filter criterion for field 'NumberOfEmployees' must be of type int and should not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE AnnualRevenue > '5'", "INVALID_FIELD", "must be of type double and should not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'false'", "INVALID_FIELD", "must be of type boolean and should not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime and should not be enclosed in quotes"),
        ("SELECT Id FROM Opportunity WHERE CloseDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date and should not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE LastName = TODAY", "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Lead WHERE CreatedDate = SOON", "MALFORMED_QUERY", "unexpected token: 'SOON'"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_YEARS:9000", "MALFORMED_QUERY", "date literal out of range"),
        ("SELECT Id FROM Lead WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nonsense"),
        ("SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field"),
        ("SELECT Id FROM Lead WHERE IsConverted > false", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field"),
        ("SELECT Id FROM Lead WHERE City INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on string field"),
        ("SELECT Id FROM Lead WHERE Description LIKE 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"),
        ("SELECT Id FROM Lead ORDER BY Address", "INVALID_FIELD", "field 'Address' can not be sorted in a query call"),
        ("SELECT Id, id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id one FROM Lead", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        ("SELECT City, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: City"),
        ("SELECT SUM(City) FROM Lead", "MALFORMED_QUERY", "field City does not support aggregate operator SUM"),
        ("SELECT HOUR_IN_DAY(City) FROM Lead", "INVALID_FIELD", "field 'City' does not support function HOUR_IN_DAY"),
        ("SELECT ROT13(City) FROM Lead", "MALFORMED_QUERY", "unexpected function: ROT13"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200"),
        ("SELECT Id FROM Lead LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id FROM Lead WHERE City IN (SELECT Id FROM User)", "MALFORMED_QUERY", "left operand of a semi-join"),
        ("SELECT Id FROM Lead WHERE Id IN (SELECT Name FROM User)", "MALFORMED_QUERY", "must be an ID or reference field"),
    ],
)  # fmt: skip
def test_refusals(org: OrgCore, soql: str, code: str, text: str):
    refusal = refused(org, soql)
    assert refusal.code == code
    assert text in refusal.message
    assert "\nERROR at Row:1:Column:" in refusal.message


def test_the_caret_stands_under_the_mistake(org: OrgCore):
    message = refused(org, "SELECT Id FROM Lead WHERE NumberOfEmployees = '5'").message
    _, excerpt, caret, place, _ = message.split("\n")
    assert excerpt[caret.index("^") :] == "NumberOfEmployees = '5'", "the org points at the field"
    assert place == "ERROR at Row:1:Column:27"


def test_records_have_the_names_of_the_schema(leads: OrgCore):
    (row,) = leads.query("select ID, lastname, owner.name from LEAD where lastname = 'Bos'").rows(
        version="51.0"
    )
    assert list(row) == ["attributes", "Id", "LastName", "Owner"]
    assert row["attributes"] == {"type": "Lead", "url": f"/services/data/v51.0/sobjects/Lead/{row['Id']}"}
    assert row["Owner"] == {
        "attributes": {"type": "User", "url": f"/services/data/v51.0/sobjects/User/{leads.user_id}"},
        "Name": "Integration User",
    }


def test_parents_and_children(org: OrgCore):
    top = org.insert("Account", {"Name": "Top"})
    below = org.insert("Account", {"Name": "Below", "ParentId": top})
    for name in ("Jansen", "Pietersen", "Klaassen"):
        org.insert("Contact", {"LastName": name, "AccountId": below})
    soql = (
        "SELECT Name, Parent.Owner.Profile.Name, Parent.ParentId, "
        "(SELECT LastName, Account.Name FROM Contacts WHERE LastName != 'Jansen' ORDER BY LastName LIMIT 1), "
        "(SELECT Id FROM Cases) FROM Account ORDER BY Name"
    )
    first, second = org.query(soql).rows()
    assert first["Parent"]["Owner"]["Profile"]["Name"] == "System Administrator"
    assert first["Parent"]["ParentId"] is None
    assert first["Contacts"]["totalSize"] == 1
    assert first["Contacts"]["done"] is True
    (child,) = first["Contacts"]["records"]
    assert (child["LastName"], child["Account"]["Name"]) == ("Klaassen", "Below")
    assert first["Cases"] is None
    assert second["Name"] == "Top"
    assert second["Parent"] is second["Contacts"] is None


def test_custom_relationships(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    order = org.insert("Order", {"AccountId": account, "EffectiveDate": "2026-01-01", "Status": "Draft"})
    org.insert("Asset", {"Name": "Card", "AccountId": account, "Order__c": order})
    (row,) = org.query("SELECT Order__r.OrderNumber, Order__r.Account.Name FROM Asset").rows()
    assert row["Order__r"]["OrderNumber"] == "00000100"
    assert row["Order__r"]["Account"]["Name"] == "ACME"
    (row,) = org.query("SELECT Order.Id, (SELECT Name FROM Cards__r) FROM Order").rows()
    assert [card["Name"] for card in row["Cards__r"]["records"]] == ["Card"]


def test_polymorphic_parents(org: OrgCore):
    queue = org.find("Group", "DeveloperName", "Web_Leads")[0]
    org.insert("Lead", {"LastName": "A", "Company": "X", "OwnerId": queue})
    org.insert("Lead", {"LastName": "B", "Company": "X"})
    rows = org.query("SELECT Owner.Name, Owner.Type FROM Lead ORDER BY LastName").rows()
    assert [(row["Owner"]["Name"], row["Owner"]["Type"]) for row in rows] == [
        ("Web Leads", "Group"),
        ("Integration User", "User"),
    ]
    assert [row["Owner"]["attributes"]["type"] for row in rows] == ["Group", "User"]


def test_compound_addresses(org: OrgCore):
    org.insert("Account", {"Name": "A", "BillingCity": "Gent", "BillingLatitude": 51.05})
    (row,) = org.query("SELECT BillingAddress, ShippingAddress FROM Account").rows()
    assert row["BillingAddress"]["city"] == "Gent"
    assert row["BillingAddress"]["latitude"] == 51.05
    assert row["BillingAddress"]["street"] is None
    assert row["ShippingAddress"] is None


def test_aggregates(leads: OrgCore):
    soql = (
        "SELECT City, Owner.Name, COUNT(Id), MAX(NumberOfEmployees) most, AVG(NumberOfEmployees), COUNT_DISTINCT(Company) "
        "FROM Lead GROUP BY City, Owner.Name HAVING COUNT(Id) > 1 ORDER BY City DESC NULLS LAST"
    )
    result = leads.query(soql)
    assert [column.name for column in result.columns] == ["City", "Name", "expr0", "most", "expr1", "expr2"]
    first, second = result.rows()
    assert first == {
        "attributes": {"type": "AggregateResult"},
        "City": first["City"],
        "Name": "Integration User",
        "expr0": 2,
        "most": 20,
        "expr1": 15.0,
        "expr2": 1,
    }
    assert first["City"].lower() == "gent"
    assert second["City"] is None
    (row,) = leads.query(
        "SELECT CALENDAR_YEAR(CreatedDate) y, COUNT(Id) n FROM Lead GROUP BY CALENDAR_YEAR(CreatedDate)"
    ).rows()
    assert (row["y"], row["n"]) == (2026, 4)


def test_counting(leads: OrgCore):
    result = leads.query("SELECT COUNT() FROM Lead WHERE City = 'Gent'")
    assert (result.total, result.rows()) == (2, [])
    assert leads.query("SELECT COUNT() FROM Lead LIMIT 3").total == 3
    assert leads.query("SELECT COUNT(Id) CNT FROM Lead").rows()[0]["CNT"] == 4


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ("ORDER BY City", [None, None, "Gent", "GENT"]),
        ("ORDER BY City DESC", ["Gent", "GENT", None, None]),
        ("ORDER BY City NULLS LAST, LastName", ["Gent", "GENT", None, None]),
        ("ORDER BY LastName LIMIT 2", ["Gent", "GENT"]),
        ("ORDER BY LastName LIMIT 1 OFFSET 1", ["GENT"]),
        ("LIMIT 0", []),
    ],
)
def test_order_and_limit(leads: OrgCore, clause: str, found: list[str | None]):
    result = leads.query(f"SELECT City FROM Lead {clause}")
    assert [row["City"] for row in result.rows()] == found
    assert result.total == len(found)


def test_all_fields(leads: OrgCore):
    row = leads.query("SELECT FIELDS(ALL) FROM Lead LIMIT 200").rows()[0]
    assert set(row) == {"attributes", *leads.schema.objects["Lead"].fields}
    custom = leads.query("SELECT Id, FIELDS(CUSTOM) FROM Lead LIMIT 1").rows()[0]
    assert all(name.endswith("__c") for name in set(custom) - {"attributes", "Id"})
    assert "Plan__c" not in leads.query("SELECT FIELDS(STANDARD) FROM Lead").rows()[0]


def test_long_answers_are_cut_into_pages(org: OrgCore):
    with org.transaction():
        for number in range(2500):
            org.insert("Lead", {"LastName": f"{number:04d}", "Company": "X"})
    result = org.query("SELECT LastName, Owner.Name FROM Lead ORDER BY LastName DESC")
    assert result.total == 2500
    pages = [result.rows(start, 1000) for start in (0, 1000, 2000)]
    assert [len(page) for page in pages] == [1000, 1000, 500]
    assert [row["LastName"] for page in pages for row in page] == [
        f"{number:04d}" for number in reversed(range(2500))
    ]
    org.insert("Lead", {"LastName": "9999", "Company": "X"})
    assert result.rows(0, 1)[0]["LastName"] == "2499"
    assert org.query("SELECT Id FROM Lead LIMIT 2200").total == 2200


def test_many_groups_are_refused(org: OrgCore):
    with org.transaction():
        for number in range(2001):
            org.insert("Lead", {"LastName": f"{number}", "Company": "X"})
    refusal = refused(org, "SELECT LastName, COUNT(Id) FROM Lead GROUP BY LastName")
    assert refusal.message.startswith("Aggregate query does not support queryMore()")
    assert org.query("SELECT LastName, COUNT(Id) FROM Lead GROUP BY LastName LIMIT 2000").total == 2000


def test_long_and_deep_conditions(leads: OrgCore):
    assert (
        names(
            leads, " OR ".join(f"LastName = 'N{number}'" for number in range(3000)) + " OR LastName = 'Bos'"
        )
        == "B"
    )
    assert names(leads, "NOT NOT City = 'Gent'") == "AB"
    for depth in (60, 600, 6000):
        deep = "NOT " * depth + "City = 'Gent'"
        assert refused(leads, f"SELECT Id FROM Lead WHERE {deep}").code == "QUERY_TOO_COMPLICATED"


def test_scope_mine(leads: OrgCore):
    queue = leads.find("Group", "DeveloperName", "Web_Leads")[0]
    leads.insert("Lead", {"LastName": "Q", "Company": "X", "OwnerId": queue})
    assert leads.query("SELECT Id FROM Lead USING SCOPE mine").total == 4
    assert leads.query("SELECT Id FROM Lead USING SCOPE everything").total == 5


def test_indexes_are_used(org: OrgCore):
    for where, index in (
        ("t0.\"Sfsync_Key__c\" = 'A'", "Lead.Sfsync_Key__c"),
        ("t0.\"Email\" IN ('a', 'b')", "Lead.Email"),
        ("t0.Id = 'x'", "sqlite_autoindex_Lead_1"),
        ("t0.\"SystemModstamp\" >= '2026'", "Lead.SystemModstamp"),
    ):
        plan = org.store.select(f'EXPLAIN QUERY PLAN SELECT Id FROM "Lead" AS t0 WHERE {where}')
        assert index in plan[0][-1]
