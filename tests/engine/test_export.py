"""Exports of records: what the file holds, and what an incremental one tells of."""

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sfsync.engine.export import export_records
from sfsync.engine.export_model import Export, load_export
from sfsync.engine.results import RunResult
from sfsync.engine.running import Nobody
from sfsync.errors import ConfigError, GuardRefused, LeaseHeld
from sfsync.records import Bucket
from sfsync.salesforce import lanes
from tests.conftest import House, NewHouse

Definition = dict[str, Any]

ASSETS: Definition = {"export": "assets", "object": "Asset", "columns": {"id": "Id", "name": "Name"}}
CHANGES: Definition = {
    **ASSETS,
    "file": {"name": "{run}.csv"},
    "incremental": {"overlap_minutes": 30, "deleted": "deleted"},
}


@pytest.fixture
def empty(new_house: NewHouse) -> House:
    return new_house()


def export(house: House, definition: Definition, **options: Any) -> RunResult:
    ports = house.project.ports(Nobody(), options.pop("override", ()))
    return export_records(ports, Export.model_validate(definition), **options)


def rows_of(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def names(result: RunResult) -> list[str]:
    return [row["name"] for path in result.files for row in rows_of(path)]


def add(house: House, name: str, **values: Any) -> str:
    house.org.clock.advance(1)
    account = house.records("SELECT Id FROM Account LIMIT 1")
    owner = account[0]["Id"] if account else house.org.insert("Account", {"Name": "Owner"})
    return house.org.insert("Asset", {"Name": name, "AccountId": owner, **values})


# --- the file ---


def test_a_workbook_with_typed_cells(empty: House, tmp_path: Path) -> None:
    import openpyxl

    add(empty, "=1+1", InstallDate="2024-03-31", Price=12, Quantity=2, Card_Id__c="0012345678901234567")
    definition = {
        "export": "assets",
        "object": "Asset",
        "columns": {
            "Id": "Id",
            "Name": "Name",
            "Owner": "Account.Name",
            "Made on": {"field": "InstallDate", "format": "dd-mm-yyyy", "width": 33},
            "Price": {"field": "price", "format": "#,##0.00"},
            "Quantity": "Quantity",
            "Card": "Card_Id__c",
            "Rival": "IsCompetitorProduct",
            "Changed": "SystemModstamp",
            "Serial": "SerialNumber",
        },
        "file": {"sheet": "Cards: all", "header": {"fill": "FF0000"}},
    }
    out = tmp_path / "out.xlsx"
    result = export(empty, definition, output=out)
    assert result.files == (str(out),)
    assert (result.status, result.steps[0].buckets) == ("ok", {Bucket.APPLIED: 1, Bucket.UNCHANGED: 0})
    book = openpyxl.load_workbook(out)
    page = book["Cards  all"]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:J2"
    assert page["A1"].fill.start_color.rgb == "00FF0000"
    assert page.column_dimensions["D"].width == 33
    header, row = page.iter_rows()
    assert [cell.value for cell in header] == list(definition["columns"])
    record, name, owner, made, price, quantity, card, rival, changed, serial = row
    assert (name.value, name.data_type, name.number_format) == ("=1+1", "s", "@")
    assert (owner.value, card.value) == ("Owner", "0012345678901234567")
    assert record.data_type == "s"
    assert (made.value.date(), made.number_format) == (date(2024, 3, 31), "dd-mm-yyyy")
    assert (price.value, price.number_format) == (12, "#,##0.00")
    assert (quantity.value, rival.value, rival.data_type) == (2, False, "b")
    assert isinstance(changed.value, datetime)
    assert serial.value is None


def test_moments_are_told_in_the_projects_zone(empty: House, tmp_path: Path) -> None:
    definition = {**ASSETS, "columns": {"name": "Name", "at": "Account.SystemModstamp"}}
    add(empty, "a")
    (told,) = empty.records("SELECT Account.SystemModstamp FROM Asset")
    moment = datetime.fromisoformat(told["Account"]["SystemModstamp"])
    out = tmp_path / "a.csv"
    export(empty, {**definition, "file": {"name": "a.csv"}}, output=out)
    found = datetime.fromisoformat(rows_of(out)[0]["at"])
    assert found == moment
    assert found.utcoffset() != timedelta(0)  # Europe/Amsterdam
    book = tmp_path / "a.xlsx"
    export(empty, definition, output=book)
    import openpyxl

    cell = openpyxl.load_workbook(book).active["B2"]
    assert cell.value == found.replace(tzinfo=None)


def test_order_condition_and_limit(empty: House) -> None:
    for name, price in (("b", 1), ("a", 1), ("c", 2), ("d", 3), ("no", 9)):
        add(empty, name, Price=price)
    definition = {
        **ASSETS,
        "where": "Name != 'no' OR Name = 'never'",
        "order": ["-Price", "Name"],
        "limit": 3,
        "file": {"name": "x.csv"},
    }
    assert names(export(empty, definition)) == ["d", "c", "a"]


def test_rows_of_one_sheet_and_of_one_file(empty: House, tmp_path: Path) -> None:
    import openpyxl

    for number in range(5):
        add(empty, str(number))
    out = tmp_path / "a.xlsx"
    export(empty, {**ASSETS, "file": {"rows": 2, "sheet": "S"}}, output=out)
    book = openpyxl.load_workbook(out)
    assert {page.title: page.max_row - 1 for page in book} == {"S": 2, "S 2": 2, "S 3": 1}
    assert {page.auto_filter.ref for page in book} == {"A1:B3", "A1:B2"}
    result = export(empty, {**ASSETS, "file": {"rows": 2, "split": "files"}}, output=out)
    assert [Path(path).name for path in result.files] == ["a.xlsx", "a-2.xlsx", "a-3.xlsx"]
    result = export(empty, {**ASSETS, "file": {"rows": 5, "name": "x.csv"}})
    assert len(result.files) == 1


def test_many_records_go_by_bulk_and_are_the_same(
    empty: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        add(empty, str(number), InstallDate="2024-03-31", Price=number + 0.5)
    columns = {
        "name": "Name", "owner": "Account.Name", "at": "SystemModstamp", "on": "InstallDate", "price": "Price",
        "rival": "IsCompetitorProduct", "serial": "SerialNumber",
    }  # fmt: skip
    definition = {**ASSETS, "columns": columns, "order": ["Name"], "file": {"name": "x.csv"}}
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    export(empty, definition, output=one)
    monkeypatch.setattr(lanes, "BULK_READ_FROM", 5)
    export(empty, definition, output=two)
    assert any("jobs/query" in entry.target for entry in empty.org.stats.log)
    assert one.read_bytes() == two.read_bytes()


def test_text_that_looks_like_a_formula_is_harmless_in_csv(empty: House) -> None:
    add(empty, "=cmd|' /C calc'!A0")
    result = export(empty, {**ASSETS, "file": {"name": "x.csv", "delimiter": ";", "bom": False}})
    text = Path(result.files[0]).read_text(encoding="utf-8")
    assert text.splitlines()[0] == "id;name"
    assert ";'=cmd" in text


def test_an_empty_selection_gives_a_file_with_its_header(empty: House) -> None:
    result = export(empty, {**ASSETS, "file": {"name": "x.csv"}})
    assert Path(result.files[0]).read_text(encoding="utf-8-sig") == "id,name\n"
    assert result.status == "ok"


def test_it_goes_to_the_partner_too(empty: House, tmp_path: Path) -> None:
    from sfsync.transports.settings import PartnerSettings

    add(empty, "a")
    ports = empty.project.ports(Nobody())
    outbox = PartnerSettings.model_validate({"outbox": {"folder": str(tmp_path / "out")}})
    ports = replace(ports, places=replace(ports.places, partners={"assets": outbox}))
    export_records(ports, Export.model_validate({**ASSETS, "file": {"name": "x-{day}.csv"}}))
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == f"x-{ports.day}.csv"


# --- refusals ---


def test_fields_that_the_org_does_not_have_are_named_with_their_line(empty: House, tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text(
        "export: assets\nobject: Asset\ncolumns:\n  a: Nmae\n  b: Acount.Name\n  c: Account.Nam\n"
        "  d: Account.BillingAddress\norder: [Namee]\nincremental: {watermark: InstallDate}\n"
    )
    with pytest.raises(ConfigError) as caught:
        export_records(empty.project.ports(Nobody()), load_export(path))
    found = {(problem.line, problem.suggestion) for problem in caught.value.problems}
    assert {(4, "Did you mean Name?"), (5, "Did you mean Account?"), (6, "Did you mean Name?")} <= found
    assert {line for line, _ in found} >= {4, 5, 6, 7, 8}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {}}, "columns must be told"),
        ({"object": ""}, "object"),
        ({"soql": "SELECT Id FROM Asset"}, "soql says the whole query; object"),
        ({"columns": {"a": "x y"}}, "pattern"),
        ({"file": {"name": "a.pdf"}}, "ends in .xlsx or .csv"),
        ({"file": {"name": "a/b.csv"}}, "plain file name"),
        ({"file": {"name": "{month}.csv"}}, "is not known"),
        ({"file": {"name": "{day.csv"}}, "not closed"),
        ({"order": ["Name; DROP"]}, "no field to sort by"),
        ({"incremental": {}, "limit": 5}, "has no limit"),
        ({"incremental": {}, "file": {"name": "a.csv"}}, "must hold"),
        ({"incremental": {"deleted": "id"}}, "two columns"),
        ({"export": "Not a name"}, "pattern"),
    ],
)
def test_definitions_that_make_no_sense(change: Definition, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Export.model_validate({**ASSETS, **change})


def test_names_may_have_dots_and_are_those_of_their_files(tmp_path: Path) -> None:
    path = tmp_path / "aftersales.open.yaml"
    path.write_text("export: aftersales.open\nobject: Asset\ncolumns: {Id: Id}\n")
    assert load_export(path).export == "aftersales.open"
    other = path.rename(tmp_path / "other.yaml")
    with pytest.raises(ConfigError, match="mistake"):
        load_export(other)


def test_it_leaves_calls_to_the_people(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    add(empty, "a")
    org = type(empty.project.org)
    monkeypatch.setattr(org, "reading_cost", lambda _, rows: 10**9)
    with pytest.raises(GuardRefused, match="--override api_floor"):
        export(empty, ASSETS)
    assert export(empty, ASSETS, override=("api_floor",)).status == "ok"


def test_one_export_at_a_time(empty: House) -> None:
    project = empty.project
    with project.journal.lease("export assets", holder="other", ttl_seconds=60), pytest.raises(LeaseHeld):
        export(empty, ASSETS)
    project.journal.close()


@pytest.mark.parametrize("field", ["InstallDate", "Name"])
def test_a_watermark_must_be_a_time_that_every_record_has(empty: House, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        export(empty, {**CHANGES, "incremental": {"watermark": field}})
    (problem,) = caught.value.problems
    assert "no date-time that every record has" in problem.message
    assert "SystemModstamp" in problem.suggestion


# --- only what changed ---


def test_the_second_export_tells_only_what_changed(empty: House) -> None:
    first, second = add(empty, "a"), add(empty, "b")
    assert names(export(empty, CHANGES)) == ["a", "b"]
    nothing = export(empty, CHANGES)
    assert (nothing.files, nothing.steps[0].buckets) == ((), {Bucket.APPLIED: 0, Bucket.UNCHANGED: 2})
    assert "Nothing has changed" in nothing.messages[0]
    empty.org.clock.advance(1)
    empty.org.core.update("Asset", first, {"Name": "a2"})
    add(empty, "c")
    empty.org.core.delete("Asset", second)
    result = export(empty, CHANGES)
    found = {row["name"]: row["deleted"] for path in result.files for row in rows_of(path)}
    assert found == {"a2": "false", "b": "true", "c": "false"}
    assert names(export(empty, CHANGES)) == []


def test_a_change_in_the_same_second_is_told(empty: House) -> None:
    first = add(empty, "a")
    assert names(export(empty, CHANGES)) == ["a"]
    account = empty.records("SELECT AccountId FROM Asset")[0]["AccountId"]
    empty.org.insert("Asset", {"Name": "b", "AccountId": account})  # the clock did not move
    stamps = {row["SystemModstamp"] for row in empty.records("SELECT SystemModstamp FROM Asset")}
    assert first
    assert len(stamps) <= 2
    assert names(export(empty, CHANGES)) == ["b"]


def test_a_dead_run_leaves_its_rows_to_the_next(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from sfsync.journal.exported import Exported

    add(empty, "a")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(Exported, "keep", dies)
        with pytest.raises(KeyboardInterrupt):
            export(empty, CHANGES)
    assert names(export(empty, CHANGES)) == ["a"]
    assert names(export(empty, CHANGES)) == []


def test_without_the_journal_everything_is_told_again(empty: House) -> None:
    add(empty, "a")
    export(empty, CHANGES)
    for path in empty.state.glob("journal.sqlite*"):
        path.unlink()
    assert names(export(empty, CHANGES)) == ["a"]


def test_full_and_another_condition_tell_everything(empty: House) -> None:
    add(empty, "a")
    export(empty, CHANGES)
    assert names(export(empty, CHANGES, full=True)) == ["a"]
    assert names(export(empty, CHANGES)) == []
    assert names(export(empty, {**CHANGES, "where": "Name != 'x'"})) == ["a"]


def test_deleted_records_are_left_out_when_nobody_asks(empty: House) -> None:
    record = add(empty, "a")
    quiet = {**CHANGES, "incremental": {"overlap_minutes": 30}}
    export(empty, quiet)
    empty.org.core.delete("Asset", record)
    assert names(export(empty, quiet)) == []


def test_the_project_ships_exports_that_fit_its_org(house: House) -> None:
    house.run()
    content = house.project.content
    assert content.export_names == ["cards", "open_orders"]
    for name in content.export_names:
        result = export_records(house.project.ports(Nobody()), content.export(name))
        assert result.status == "ok"
    with pytest.raises(ConfigError, match="nothing called 'nothing'"):
        content.export("nothing")
