# ruff: noqa: E501 - tables of cases read best with one case a line
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.formulas import Moment, Unsupported, read
from sfsync.mockorg.problems import Refused
from tests.mockorg.core.support import field, put

AROUND = Moment(date(2026, 3, 4), datetime(2026, 3, 4, 12, tzinfo=UTC))


def worked_out(text: str, **values):
    return read(text).value(values, AROUND)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("(1 + 2) * 3 ^ 2 / -3", Decimal(-9)),
        ('"a" & "b" & TEXT(1.50)', "ab1.5"),
        ('IF(ISBLANK(name), "none", UPPER(name))', "PIET"),
        ("IF(ISBLANK(empty), 1, 1 / 0)", Decimal(1)),
        ("1 / 0", None),
        ("empty + 1", Decimal(1)),
        ('AND(cards > 2, NOT(ISBLANK(name)), name <> "x")', True),
        ('cards = 3 && (name == "Piet" || 1 / 0 = 1)', True),
        ('CASE(name, "Jan", 1, "Piet", 2, 3)', Decimal(2)),
        ('CASE(name, "Jan", 1, 3)', Decimal(3)),
        ('LEFT(name, 2) + RIGHT(name, 1) & MID("abcdef", 2, 3)', "Pitbcd"),
        ('REGEX(name, "[A-Z].*") /* a remark */', True),
        ("TODAY() - day", Decimal(2)),
        ("day + 30", date(2026, 4, 1)),
        ("ADDMONTHS(DATE(2026, 1, 31), 1)", date(2026, 2, 28)),
        ("WEEKDAY(DATE(2026, 3, 1))", Decimal(1)),
        ("YEAR(TODAY()) * 100 + MONTH(NOW())", Decimal(202603)),
        ("MAX(1, cards, 2) + MIN(1, 2) + MOD(-7, 3)", Decimal(3)),
        ('SUBSTITUTE("a-b", "-", "")', "ab"),
        ("LEN(empty)", Decimal(0)),
        ('VALUE("x")', None),
        ("ISNEW()", False),
    ],
)  # fmt: skip
def test_what_formulas_give(text, result):
    assert worked_out(text, name="Piet", cards=Decimal(3), day=date(2026, 3, 2), empty=None) == result


def test_blank_as_blank():
    assert read("empty + 1", blank_as_zero=False).value({"empty": None}, AROUND) is None


def test_what_was_before():
    formula = read("ISCHANGED(Status) && PRIORVALUE(Status) = 'New'")
    assert formula.paths == ("status",)
    assert formula.value({"status": "Done"}, AROUND, {"status": "New"}) is True
    assert formula.value({"status": "New"}, AROUND, {"status": "New"}) is False
    assert formula.value({"status": "New"}, AROUND) is False


@pytest.mark.parametrize("text", ["VLOOKUP(a, b, c)", "$User.Id", "1 +", "a b", "IF(", '"never closed'])
def test_what_is_not_read(text):
    with pytest.raises(Unsupported):
        read(text)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_arithmetic_is_that_of_numbers(a, b, c):
    assert worked_out("a + b * c - (a - b)", a=Decimal(a), b=Decimal(b), c=Decimal(c)) == a + b * c - (a - b)


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        formula = read(text)
    except Unsupported:
        return
    formula.value(dict.fromkeys(formula.paths), AROUND)


@pytest.fixture
def formulas(tmp_path):
    field(
        tmp_path,
        "Account",
        "Tier__c",
        '<label>Tier</label><type>Text</type><length>10</length><defaultValue>IF(1 > 2, "A", "B")</defaultValue>',
    )
    field(
        tmp_path,
        "Account",
        "Big__c",
        "<label>Big</label><type>Checkbox</type><formula>NumberOfEmployees &gt; 100</formula>",
    )
    field(
        tmp_path,
        "Opportunity",
        "Twice__c",
        "<label>Twice</label><type>Currency</type><precision>18</precision><scale>2</scale><formula>Amount * 2</formula>",
    )
    field(
        tmp_path,
        "Opportunity",
        "Four__c",
        "<label>Four</label><type>Number</type><precision>18</precision><scale>0</scale><formula>Twice__c * 2</formula>",
    )
    field(
        tmp_path,
        "Opportunity",
        "Shown__c",
        '<label>Shown</label><type>Text</type><formula>Account.Name &amp; ": " &amp; Name &amp; IF(Account.Big__c, "!", "")</formula>',
    )
    field(
        tmp_path,
        "Opportunity",
        "Odd__c",
        '<label>Odd</label><type>Text</type><formula>HYPERLINK("x", Name)</formula>',
    )
    from sfsync.mockorg.org import OrgCore

    org = OrgCore(metadata=[tmp_path])
    yield org
    org.close()


def test_formula_fields_in_queries_and_records(formulas):
    account = formulas.insert("Account", {"Name": "ACME", "NumberOfEmployees": 200})
    sale = {"StageName": "Prospecting", "CloseDate": "2026-05-01", "AccountId": account}
    first = formulas.insert("Opportunity", {**sale, "Name": "First", "Amount": 10.5})
    formulas.insert("Opportunity", {**sale, "Name": "Second", "Amount": 1})
    rows = formulas.query(
        "SELECT Twice__c, Four__c, Shown__c, Odd__c, Account.Big__c FROM Opportunity WHERE Twice__c > 5 ORDER BY Shown__c"
    ).rows()
    assert [
        (row["Twice__c"], row["Four__c"], row["Shown__c"], row["Odd__c"], row["Account"]["Big__c"])
        for row in rows
    ] == [(21.0, 42.0, "ACME: First!", None, True)]
    assert formulas.read("Opportunity", first, ["Shown__c", "Name"])["Shown__c"] == "ACME: First!"
    assert formulas.read("Opportunity", first)["Four__c"] == 42.0
    assert [each for each in formulas.warnings if "Odd__c" in each and "HYPERLINK" in each]
    described = {each["name"]: each for each in formulas.describe("Opportunity")["fields"]}
    assert described["Twice__c"]["calculatedFormula"] == "Amount * 2"


def test_default_formulas(formulas):
    made = formulas.insert("Account", {"Name": "ACME"})
    given = formulas.insert("Account", {"Name": "ACME", "Tier__c": "C"})
    empty = formulas.insert("Account", {"Name": "ACME", "Tier__c": None})
    assert [formulas.read("Account", each)["Tier__c"] for each in (made, given, empty)] == ["B", "C", None]


def test_validation_rules(tmp_path):
    from sfsync.mockorg.org import DmlOptions, OrgCore

    rule = "<fullName>{0}</fullName><active>{1}</active><errorConditionFormula>{2}</errorConditionFormula><errorMessage>{3}</errorMessage><errorDisplayField>Phone</errorDisplayField>"
    for name, active, formula, message in (
        ("Reach", "true", "AND(ISBLANK(Phone), ISBLANK(Email))", "Give a phone or an address."),
        ("Stay", "true", "ISCHANGED(Company)", "The company stays."),
        ("Off", "false", "TRUE", "Never."),
        ("Strange", "true", "VLOOKUP(1, 2, 3)", "Never."),
        ("Nowhere", "true", "Nothing__c = 1", "Never."),
    ):
        put(
            tmp_path,
            f"objects/Lead/validationRules/{name}.validationRule-meta.xml",
            "ValidationRule",
            rule.format(name, active, formula, message),
        )
    org = OrgCore(metadata=[tmp_path])
    with pytest.raises(Refused, match=r"Give a phone or an address\.") as refusal:
        org.insert("Lead", {"LastName": "A", "Company": "B"})
    assert (refusal.value.code, refusal.value.fields) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", ("Phone",))
    with pytest.raises(Refused, match=r"Required fields are missing"):
        org.insert("Lead", {"LastName": "A"})
    lead = org.insert("Lead", {"LastName": "A", "Company": "B", "Phone": "1"})
    org.update("Lead", lead, {"Company": "B", "Phone": "2"})
    with pytest.raises(Refused, match="stays"):
        org.update("Lead", lead, {"Company": "C"})
    org.insert("Lead", {"LastName": "A", "Company": "B"}, options=DmlOptions(system=True))
    assert sorted(warning.split(": ", 1)[1] for warning in org.warnings) == [
        "the validation rule Nowhere is not loaded: Lead has no field nothing__c",
        "the validation rule Strange is not loaded: the function VLOOKUP is not known to the mock org",
    ]
    org.close()
