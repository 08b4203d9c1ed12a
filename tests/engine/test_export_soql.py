"""Exports of a whole SOQL query: what is read of it, what the file holds, which mistakes are told."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.engine.export_model import Export, load_export
from sfsync.engine.export_soql import Selected, read_query
from sfsync.errors import ConfigError
from sfsync.salesforce import lanes
from tests.conftest import House, NewHouse
from tests.engine.test_export import add, export, rows_of


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house()


def test_the_outline_of_a_query() -> None:
    text = (
        "select Id, Account.Name,\n  toLabel(Status), FORMAT(Price) shown\nFROM Asset\n"
        "WHERE Name = 'from, (it\\'s) order by' AND (Price > 5.5 OR Id IN (SELECT AssetId FROM Case)) "
        "ORDER BY Name LIMIT 2000"
    )
    query = read_query(text + " ;")
    assert query.text == text
    assert (query.object, query.limit, query.few) == ("Asset", 2_000, False)
    assert query.columns == (
        Selected("Id", "Id"),
        Selected("Account.Name", "Account.Name"),
        Selected("Status", "Status", "string"),
        Selected("shown", "Price", "string"),
    )
    assert query.conditions == text[text.index("FROM Asset") : text.index(" ORDER BY Name")]


def test_groups_have_names_of_their_own() -> None:
    query = read_query(
        "SELECT Status, Account.Name customer, COUNT(Id) n, MAX(InstallDate) newest, SUM(Price) total, "
        "CALENDAR_YEAR(InstallDate) year, DAY_ONLY(CreatedDate) day FROM Asset "
        "GROUP BY Status, Account.Name, CALENDAR_YEAR(InstallDate), DAY_ONLY(CreatedDate) HAVING COUNT(Id) > 1"
    )
    assert query.few
    assert [(one.name, one.field, one.type) for one in query.columns] == [
        ("Status", "Status", ""),
        ("customer", "Account.Name", ""),
        ("n", "Id", "int"),
        ("newest", "InstallDate", ""),
        ("total", "Price", "double"),
        ("year", "InstallDate", "int"),
        ("day", "", "date"),
    ]
    assert read_query("SELECT COUNT(Id) n FROM Asset").few
    assert read_query("SELECT Id FROM Asset OFFSET 20").few


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Id FROM Asset", "begins with SELECT"),
        ("SELECT Id", "FROM is missing"),
        ("SELECT Id FROM Asset a", "without a name of its own"),
        ("SELECT Id FROM Asset, Asset.Account", "one object"),
        ("SELECT Id FROM", "one object"),
        ("SELECT Id, FROM Asset", "beside a comma"),
        ("SELECT Id, (SELECT Id FROM Cases) FROM Asset", "make an export of that object"),
        ("SELECT FIELDS(ALL) FROM Asset LIMIT 200", "one by one"),
        ("SELECT TYPEOF What WHEN Account THEN Id END FROM Event", "one by one"),
        ("SELECT COUNT() FROM Asset", "is no field"),
        ("SELECT COUNT(Id) FROM Asset", "COUNT(Id) total"),
        ("SELECT Account.Name, COUNT(Id) n FROM Asset GROUP BY Account.Name", "Account.Name name1"),
        ("SELECT Name called FROM Asset", "use columns:"),
        ("SELECT Id, id FROM Asset", "two columns"),
        ("SELECT 'x' FROM Asset", "is no field"),
        ("SELECT Id FROM Asset WHERE (Name = 'x'", "parenthesis"),
        ("SELECT Id FROM Asset; DELETE", "semicolon"),
        ("SELECT Id FROM Asset WHERE Name = 'x", "semicolon|parenthesis|one object"),
    ],
)
def test_what_cannot_be_a_file_is_told(text: str, words: str) -> None:
    if text.endswith("'x"):  # a quote that is not closed is the org's to refuse
        assert read_query(text).object == "Asset"
        return
    with pytest.raises(ValueError, match=re.escape(words)):
        read_query(text)


@given(st.text("SELCTFROMselctfrom ,()'\\;.aId=5\n", max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for whole in (text, f"SELECT {text} FROM Asset", f"SELECT Id FROM Asset WHERE {text}"):
        try:
            query = read_query(whole)
        except ValueError:
            continue
        assert query.columns
        assert query.object


def test_the_rows_of_a_query_with_types_and_styles(empty: House, tmp_path: Path) -> None:
    import openpyxl

    for name, price in (("b", 1), ("a", 25), ("c", 3)):
        add(empty, name, Price=price, InstallDate="2024-03-31", SerialNumber="0012345678901234567")
    definition = {
        "export": "assets",
        "soql": "SELECT Name, Account.Name, InstallDate, Price, SerialNumber FROM Asset "
        "WHERE Name != 'c' ORDER BY Name",
        "columns": {
            "Card": "serialnumber",
            "Name": "Name",
            "Customer": "Account.Name",
            "On": {"field": "InstallDate", "format": "dd-mm-yyyy", "width": 30},
            "Price": {"field": "Price", "format": "0.00"},
        },
    }
    out = tmp_path / "out.xlsx"
    assert export(empty, definition, output=out).status == "ok"
    page = openpyxl.load_workbook(out)["assets"]
    assert (page.freeze_panes, page.auto_filter.ref, page.column_dimensions["D"].width) == ("A2", "A1:E3", 30)
    header, first, second = page.iter_rows()
    assert [cell.value for cell in header] == ["Card", "Name", "Customer", "On", "Price"]
    assert [cell.value for cell in first[:3]] == ["0012345678901234567", "a", "Owner"]
    assert (first[3].value.date(), first[3].number_format) == (date(2024, 3, 31), "dd-mm-yyyy")
    assert (first[4].value, second[1].value) == (25, "b")


def test_without_columns_the_query_names_them(empty: House, tmp_path: Path) -> None:
    for name in ("a", "a", "b"):
        add(empty, name, Price=2)
    text = "SELECT Name, COUNT(Id) cards, SUM(Price) total FROM Asset GROUP BY Name ORDER BY Name"
    out = tmp_path / "out.csv"
    export(empty, {"export": "assets", "soql": text, "file": {"name": "x.csv"}}, output=out)
    assert rows_of(out) == [
        {"Name": "a", "cards": "2", "total": "4.0"},
        {"Name": "b", "cards": "1", "total": "2.0"},
    ]


def test_many_rows_go_by_bulk_and_are_the_same(
    empty: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        add(empty, str(number), Price=number + 0.5)
    text = "SELECT Name, Account.Name, Price, SystemModstamp FROM Asset ORDER BY Name"
    definition = {"export": "assets", "soql": text, "file": {"name": "x.csv"}}
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    export(empty, definition, output=one)
    monkeypatch.setattr(lanes, "BULK_READ_FROM", 5)
    export(empty, definition, output=two)
    assert any("jobs/query" in entry.target for entry in empty.org.stats.log)
    assert one.read_bytes() == two.read_bytes()
    before = len(empty.org.stats.log)
    export(empty, {**definition, "soql": f"{text} LIMIT 3"}, output=two)
    assert len(rows_of(two)) == 3
    assert not any("jobs/query" in entry.target for entry in list(empty.org.stats.log)[before:])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("soql: SELECT Nmae FROM Asset", 2, "Asset has no field called 'Nmae'. Did you mean Name?"),
        (
            "soql: SELECT Name FROM Asset\ncolumns: {Called: Nam}",
            3,
            "no column called 'Nam'. Did you mean Name?",
        ),
        ("soql: SELECT Name FROM Asset WHERE Nmae = 'x'", 2, "does not understand the query"),
        ("soql: SELECT Name FROM Asset WHERE", 2, "does not understand the query"),
        ("soql: SELECT MAX(Nmae) n FROM Asset", 2, "Did you mean Name?"),
        ("soql: SELECT SUM(Prise) n FROM Asset", 2, "Did you mean Price?"),
        ("object: Asset\ncolumns: {Id: Id}\nwhere: Nmae = 'x'", 4, "does not understand the query"),
    ],
)
def test_mistakes_are_told_with_their_line(
    empty: House, tmp_path: Path, text: str, line: int, words: str
) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text(f"export: assets\n{text}\n")
    from sfsync.engine.export import export_records
    from sfsync.engine.running import Nobody

    with pytest.raises(ConfigError) as caught:
        export_records(empty.project.ports(Nobody()), load_export(path))
    (problem,) = caught.value.problems
    assert problem.line == line
    assert words in str(problem)


def test_a_broken_query_is_told_with_its_line_before_the_org_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text("export: assets\nabout: x\nsoql: >\n  SELECT COUNT(Id)\n  FROM Asset\n")
    with pytest.raises(ConfigError, match=r":3: soql: COUNT\(Id\) needs a name of its own"):
        load_export(path)


@pytest.mark.parametrize("word", [{"where": "x"}, {"incremental": {}}, {"limit": 5}, {"order": ["Id"]}])
def test_a_query_says_everything(word: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="soql says the whole query"):
        Export.model_validate({"export": "x", "soql": "SELECT Id FROM Asset", **word})
