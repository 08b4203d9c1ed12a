# ruff: noqa: E501 - tables of cases read best with one case a line
"""What queries can do beyond fields and conditions: TYPEOF, groups of groups, labels, order, deep children, limits."""

import pytest

from sfsync.mockorg.org import OrgCore
from sfsync.mockorg.quirks import Quirks
from tests.mockorg.core.support import put
from tests.mockorg.core.test_dml import LEAD, refused


def test_typeof(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    contact = org.insert("Contact", {"LastName": "Dekker", "AccountId": account, "Email": "d@x.example"})
    lead = org.insert("Lead", LEAD)
    for subject, who in (("A", contact), ("B", lead), ("C", None)):
        org.insert("Task", {"Subject": subject, "WhoId": who})
    soql = "SELECT Subject, TYPEOF Who WHEN Contact THEN Email, Account.Name WHEN Lead THEN Company ELSE Name END FROM Task ORDER BY Subject"
    first, second, third = (row["Who"] for row in org.query(soql).rows())
    assert first["attributes"]["type"] == "Contact"
    assert (first["Email"], first["Account"]["Name"]) == ("d@x.example", "ACME")
    assert list(second) == ["attributes", "Company"]
    assert second["attributes"]["url"].endswith(lead)
    assert third is None
    rows = org.query(
        "SELECT TYPEOF Who WHEN Lead THEN Company ELSE Name END FROM Task WHERE WhoId != null ORDER BY Subject"
    ).rows()
    assert rows[0]["Who"]["Name"] == "Dekker"
    assert refused(org.query, "SELECT TYPEOF Who WHEN Case THEN Id END FROM Task").code == "INVALID_TYPE"
    assert (
        refused(org.query, "SELECT TYPEOF Account WHEN Account THEN Id END FROM Contact").code
        == "MALFORMED_QUERY"
    )
    assert (
        refused(org.query, "SELECT TYPEOF Who WHEN Lead THEN Colour__c END FROM Task").code == "INVALID_FIELD"
    )


@pytest.fixture
def sales(org: OrgCore) -> OrgCore:
    for name, stage, kind, amount in (
        ("a", "Closed Won", "New Customer", 10), ("b", "Closed Won", None, 20), ("c", "Prospecting", "New Customer", 30), ("é", "Prospecting", None, 40),
    ):  # fmt: skip
        org.insert(
            "Opportunity",
            {"Name": name, "StageName": stage, "Type": kind, "Amount": amount, "CloseDate": "2026-05-01"},
        )
    return org


def test_rollup(sales: OrgCore):
    soql = "SELECT StageName, Type, SUM(Amount) total, GROUPING(Type) summed FROM Opportunity GROUP BY ROLLUP(StageName, Type) ORDER BY GROUPING(StageName), StageName, GROUPING(Type), Type"
    rows = [(row["StageName"], row["Type"], row["total"], row["summed"]) for row in sales.query(soql).rows()]
    assert rows == [
        ("Prospecting", None, 40.0, 0),
        ("Prospecting", "New Customer", 30.0, 0),
        ("Prospecting", None, 70.0, 1),
        ("Closed Won", None, 20.0, 0),
        ("Closed Won", "New Customer", 10.0, 0),
        ("Closed Won", None, 30.0, 1),
        (None, None, 100.0, 1),
    ]


def test_cube(sales: OrgCore):
    soql = "SELECT StageName, Type, COUNT(Id) FROM Opportunity WHERE Amount > 10 GROUP BY CUBE(StageName, Type) HAVING COUNT(Id) > 1"
    rows = {(row["StageName"], row["Type"], row["expr0"]) for row in sales.query(soql).rows()}
    assert rows == {("Prospecting", None, 2), (None, None, 2), (None, None, 3)}


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Amount, COUNT(Id) FROM Opportunity GROUP BY Amount", "INVALID_FIELD", "field 'Amount' can not be grouped"),
        ("SELECT CreatedDate FROM Lead GROUP BY CreatedDate", "INVALID_FIELD", "can not be grouped"),
        ("SELECT COUNT(Id) FROM Lead LIMIT 5", "MALFORMED_QUERY", "cannot also use LIMIT"),
        ("SELECT Status FROM Lead GROUP BY Status ORDER BY Company", "MALFORMED_QUERY", "Ordered field must be grouped or aggregated: Company"),
        ("SELECT Company FROM Lead GROUP BY Status", "MALFORMED_QUERY", "Field must be grouped or aggregated: Company"),
        ("SELECT MAX(IsConverted) FROM Lead", "MALFORMED_QUERY", "does not support aggregate operator MAX"),
        ("SELECT Id FROM Lead HAVING COUNT(Id) > 1", "MALFORMED_QUERY", "HAVING"),
        ("SELECT Status FROM Lead GROUP BY ROLLUP(Status, Company, City, State)", "MALFORMED_QUERY", "one to 3 fields"),
        ("SELECT FIELDS(ALL) FROM Lead GROUP BY Status LIMIT 5", "MALFORMED_QUERY", "FIELDS"),
        ("SELECT FIELDS(ALL) FROM Lead LIMIT 201", "MALFORMED_QUERY", "must have a LIMIT of at most 200"),
        ("SELECT FORMAT(Name) FROM Lead", "INVALID_FIELD", "does not support function FORMAT"),
        ("SELECT toLabel(Phone) FROM Lead", "INVALID_FIELD", "does not support function toLabel"),
        ("SELECT convertTimezone(CreatedDate) FROM Lead", "MALFORMED_QUERY", "unexpected function"),
        ("SELECT Id FROM Lead USING SCOPE nobody", "MALFORMED_QUERY", "unexpected token: 'nobody'"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact) OR Name = 'A'", "MALFORMED_QUERY", "Semi join sub-selects are not allowed with the 'OR' operator"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))", "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported"),
        ("SELECT Id FROM Account WHERE " + " AND ".join(["Id IN (SELECT AccountId FROM Contact)"] * 3), "MALFORMED_QUERY", "Maximum 2 semi join sub-selects are allowed"),
        ("SELECT Id FROM Lead WHERE City = '" + "x" * 4001 + "'", "MALFORMED_QUERY", "longer than 4,000 characters"),
        ("SELECT " + ", ".join(["(SELECT Id FROM Contacts)"] * 21) + " FROM Account", "MALFORMED_QUERY", "20 sub-queries"),
        ("SELECT CreatedDate FROM Lead WHERE CreatedDate > '2024-01-01'", "INVALID_FIELD", "must be of type dateTime and should not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE Company = 12", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2024-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Opportunity WHERE CloseDate > 2024-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date and"),
        ("SELECT Id FROM Lead WHERE Company = TODAY", "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'false'", "INVALID_FIELD", "must be of type boolean and should not be enclosed in quotes"),
    ],
)  # fmt: skip
def test_what_is_refused(org: OrgCore, soql, code, text):
    refusal = refused(org.query, soql)
    assert refusal.code == code
    assert text in refusal.message


def test_real_texts_of_mistaken_literals(org: OrgCore):
    message = refused(org.query, "select Id, ProductCode from Product2 where ProductCode = 3999").message
    assert message == (
        "\nProductCode from Product2 where ProductCode = 3999\n                                ^\n"
        "ERROR at Row:1:Column:44\nvalue of filter criterion for field 'ProductCode' must be of type string and should be "
        "enclosed in quotes"
    )


def test_labels_and_formats(tmp_path):
    values = "".join(
        f"<standardValue><fullName>{name}</fullName><label>{label}</label></standardValue>"
        for name, label in (("New", "Nieuw"), ("It's", "Het is"))
    )
    put(tmp_path, "standardValueSets/CaseStatus.standardValueSet-meta.xml", "StandardValueSet", values)
    org = OrgCore(metadata=[tmp_path])
    case = org.insert("Case", {"Status": "New"})
    org.insert("Case", {"Status": "It's", "ParentId": case})
    rows = org.query(
        "SELECT toLabel(Status), toLabel(Parent.Status) FROM Case WHERE toLabel(Status) = 'het is'"
    ).rows()
    assert [(row["Status"], row["Parent"]["Status"]) for row in rows] == [("Het is", "Nieuw")]
    opportunity = {"Name": "A", "StageName": "Prospecting", "CloseDate": "2026-05-01", "Amount": 1234.5}
    org.insert("Opportunity", opportunity)
    row = org.query(
        "SELECT FORMAT(Amount), FORMAT(CloseDate) day, convertCurrency(ExpectedRevenue), FORMAT(Probability) FROM Opportunity"
    ).rows()[0]
    assert (row["Amount"], row["day"], row["ExpectedRevenue"], row["Probability"]) == (
        "EUR 1,234.50",
        "5/1/2026",
        123.45,
        "10%",
    )
    total = org.query("SELECT FORMAT(SUM(Amount)) total FROM Opportunity").rows()[0]
    assert total["total"] == "1,234.50"
    org.close()


def test_hours_in_the_users_time_zone(org: OrgCore):
    org.insert("Lead", LEAD)
    soql = "SELECT HOUR_IN_DAY(convertTimezone(CreatedDate)) hour, COUNT(Id) FROM Lead GROUP BY HOUR_IN_DAY(convertTimezone(CreatedDate))"
    assert org.query(soql).rows()[0]["hour"] == 12


def test_picklists_are_sorted_by_the_order_of_their_values(sales: OrgCore):
    sales.insert("Opportunity", {"Name": "z", "StageName": "Strange", "CloseDate": "2026-05-01"})
    rows = sales.query("SELECT Name FROM Opportunity ORDER BY StageName DESC, Name").rows()
    assert [row["Name"] for row in rows] == ["z", "a", "b", "c", "é"]


@pytest.mark.parametrize(
    ("quirks", "names"),
    [(Quirks(), ["Ee", "Eé", "éé", "F"]), (Quirks(locale_order=False), ["Ee", "Eé", "F", "éé"])],
)
def test_text_is_sorted_as_people_do(quirks, names):
    org = OrgCore(quirks=quirks)
    for name in ("F", "éé", "Ee", "Eé"):
        org.insert("Account", {"Name": name})
    assert [row["Name"] for row in org.query("SELECT Name FROM Account ORDER BY Name").rows()] == names
    org.close()


def test_case_beyond_ascii_is_not_heeded_anywhere(org: OrgCore):
    for name in ("ÉCOLE", "école", "straße", "STRASSE"):
        org.insert("Account", {"Name": name, "Registration__c": name})
    assert org.query("SELECT COUNT() FROM Account WHERE Name = 'École'").total == 2
    assert org.query("SELECT COUNT() FROM Account WHERE Name IN ('École', 'x')").total == 2
    assert org.query("SELECT COUNT() FROM Account WHERE Name LIKE 'éC%'").total == 2
    assert org.query("SELECT COUNT() FROM Account WHERE Name != 'École'").total == 2
    assert org.query("SELECT COUNT_DISTINCT(Name) n FROM Account").rows()[0]["n"] == 3
    assert org.query("SELECT Name FROM Account GROUP BY Name").total == 3
    assert len(org.find("Account", "Registration__c", "éCOLE")) == 2
    assert len(org.find("Account", "Registration__c", "strasse")) == 1
    assert org.find("Account", "Name", "É" * 20) == []


def test_children_of_children(org: OrgCore):
    account = org.insert("Account", {"Name": "ACME"})
    contact = org.insert("Contact", {"LastName": "A", "AccountId": account})
    case = org.insert("Case", {"ContactId": contact})
    soql = "SELECT Name, (SELECT LastName, (SELECT CaseNumber, (SELECT Id FROM CaseComments) FROM Cases) FROM Contacts) FROM Account"
    (row,) = org.query(soql).rows()
    (deep,) = row["Contacts"]["records"][0]["Cases"]["records"]
    assert deep["attributes"]["url"].endswith(case)
    assert deep["CaseComments"] is None
    assert refused(org.query, soql, version="57.0").code == "MALFORMED_QUERY"
    org.query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account", version="40.0")


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("everything", 2),
        ("mine", 1),
        ("team", 1),
        ("queue_owned", 1),
        ("user_owned", 1),
        ("mine_and_my_groups", 1),
    ],
)
def test_scopes(org: OrgCore, scope, found):
    org.insert("Lead", LEAD)
    org.insert("Lead", {**LEAD, "OwnerId": org.find("Group", "DeveloperName", "Web_Leads")[0]})
    assert org.query(f"SELECT COUNT() FROM Lead USING SCOPE {scope}").total == found


@pytest.mark.parametrize("mode", ["SECURITY_ENFORCED", "USER_MODE", "system_mode"])
def test_modes_are_taken(org: OrgCore, mode):
    org.insert("Lead", LEAD)
    assert org.query(f"SELECT Id FROM Lead WHERE LastName != null WITH {mode} LIMIT 1").total == 1
