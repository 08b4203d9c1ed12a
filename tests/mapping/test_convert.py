"""Mappings of Data Loader, SFDMU and CumulusCI become mappings of ours; what cannot is told."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.cli.mapping import command
from sfsync.errors import ConfigError
from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.convert.sdl import properties
from sfsync.mapping.convert.write import Converted, convert, write
from sfsync.mapping.load import load_mapping, parse_mapping

SDL = r"""#Mapping values
#Mon May 16 17:24:40 PDT 2011
Account\ Name=Name
NumEmployees = NumberOfEmployees
"Aerospace"=Industry
""=Description
State=BillingState, ShippingState
PARENT=Parent\:Account-Oracle_Id__c
Oracle\u0020Id=Oracle_Id__c
OWNERID=
=AnnualRevenue
"""
EXPORT = {
    "orgs": [{"name": "x", "accessToken": "secret"}],
    "csvUseEuropeanDateFormat": True,
    "bulkThreshold": 200,
    "objects": [
        {
            "query": "SELECT Id, Name, Key__c, Type, Since__c FROM Account WHERE Name != ''",
            "operation": "Upsert",
            "externalId": "Key__c",
            "useCSVValuesMapping": True,
            "deleteOldData": True,
        },
        {
            "query": "SELECT Id, LastName, AccountId, ReportsTo.Email, Key__c FROM Contact",
            "operation": "Insert",
            "externalId": "LastName;Email",
            "excludedFields": ["Key__c"],
            "useFieldMapping": True,
            "fieldMapping": [{"sourceField": "LastName", "targetField": "Last__c"}],
            "mockFields": [{"name": "x", "pattern": "y"}],
        },
        {"query": "SELECT all FROM Lead", "operation": "Readonly"},
    ],
}
CCI = """
Insert Accounts:
  sf_object: Account
  table: Account
  action: upsert
  update_key: Key__c
  fields:
    Name: Name
    Key__c: key
  static: {Type: Customer}
  batch_size: 200
Insert Contacts:
  sf_object: Contact
  fields: [LastName, FirstName]
  lookups:
    AccountId: {table: Account, key_field: account_id}
    ReportsToId: {table: Contact, after: Insert Contacts}
  filters: ["LastName <> ''"]
"""


def made(path: Path, text: str, **options: str | None) -> dict[str, Converted]:
    path.write_text(text, encoding="utf-8")
    found, _ = convert(
        path, target=options.get("target"), key=options.get("key"), describe=lambda _name: None
    )
    return {one.object: one for one in found}


def fields(one: Converted) -> dict[str, object]:
    mapping = parse_mapping(one.text)
    return {
        name: rule.model_dump(by_alias=True, exclude_defaults=True, exclude={"required", "unique"})
        for name, rule in mapping.fields.items()
    }


def told(one: Converted) -> str:
    return "\n".join(f"{note.line}: {note.message} {note.suggestion}" for note in one.notes)


def test_data_loader(tmp_path: Path):
    one = made(tmp_path / "accountMap.sdl", SDL, target="Account", key="Oracle_Id__c")["Account"]
    mapping = parse_mapping(one.text)
    assert (one.name, mapping.key, mapping.operation) == ("account_map", "Oracle_Id__c", "upsert")
    assert {name: header.headings for name, header in mapping.file.headers.items()} == {
        "account_name": ("Account Name",),
        "num_employees": ("NumEmployees",),
        "state": ("State",),
        "parent": ("PARENT",),
        "oracle_id": ("Oracle Id",),
    }
    assert fields(one) == {
        "Name": {"from": "account_name"},
        "NumberOfEmployees": {"from": "num_employees"},
        "Industry": {"value": "Aerospace"},
        "BillingState": {"from": "state"},
        "ShippingState": {"from": "state"},
        "Parent": {"from": "parent", "lookup": "Account.Oracle_Id__c"},
        "Oracle_Id__c": {"from": "oracle_id"},
    }
    assert mapping.fields["Oracle_Id__c"].unique
    assert "6: Description is always emptied" in told(one)
    assert "11: AnnualRevenue has no column" in told(one)


def test_data_loader_updates_by_id(tmp_path: Path):
    one = made(tmp_path / "x.sdl", "ID=Id\nNAME=Name\n", target="Account")["Account"]
    mapping = parse_mapping(one.text)
    assert (mapping.key, mapping.operation) == ("Id", "update")
    assert mapping.fields["Id"].type is None, "ids differ by case: no type may fold it"
    assert one.notes == ()


def test_data_loader_without_a_key_says_so(tmp_path: Path):
    one = made(tmp_path / "x.sdl", "N=Name\nP=pArent:oRaClE_Id__c\n", target="Account")["Account"]
    assert "keeps the external id of an upsert elsewhere" in told(one)
    assert "does not say which object pArent is; Account was taken" in told(one)


def test_data_loader_needs_the_object(tmp_path: Path):
    with pytest.raises(ConfigError, match="does not say for which object"):
        made(tmp_path / "x.sdl", SDL)


def test_sfdmu(tmp_path: Path):
    values = "ObjectName,FieldName,RawValue,Value\nAccount,Type,old,New\nAccount,Type,older,New\n"
    (tmp_path / "ValueMapping.csv").write_text(values, encoding="utf-8")
    found = made(tmp_path / "export.json", json.dumps(EXPORT))
    assert set(found) == {"Account", "Contact"}
    account, contact = found["Account"], found["Contact"]
    assert fields(account) == {
        "Name": {"from": "name"},
        "Key__c": {"from": "key_c"},
        "Type": {"from": "type", "map": {"New": {"": ("old", "older")}}},
        "Since__c": {"from": "since_c"},
    }
    assert parse_mapping(account.text).key == "Key__c"
    assert parse_mapping(account.text).file.dates == "dmy"
    assert "conditions of the query" in told(account)
    assert "deleteOldData has no counterpart" in told(account)
    assert "secret" not in account.text
    assert "bulk" not in told(account), "how fast is sfsync's own choice"
    assert fields(contact) == {
        "Last__c": {"from": "last_name"},
        "Account": {"from": "account_key_c", "lookup": "Account.Key__c"},
        "ReportsTo": {"from": "reports_to_email", "lookup": "ReportsTo.Email"},
    }
    assert parse_mapping(contact.text).key is None
    assert "made of several fields" in told(contact)
    assert "which object ReportsTo is" in told(contact)
    assert "mockFields" in told(contact)


def test_a_parent_known_by_its_name_is_looked_up(tmp_path: Path):
    query = {
        "query": "SELECT Account.Name, Key__c FROM Contact",
        "operation": "Upsert",
        "externalId": "Key__c",
    }
    one = made(tmp_path / "export.json", json.dumps({"objects": [query]}))["Contact"]
    assert fields(one)["AccountId"] == {"from": "account_name", "lookup": "Account.Name", "take": "Id"}


def test_cumulusci(tmp_path: Path):
    found = made(tmp_path / "mapping.yml", CCI)
    assert fields(found["Account"]) == {
        "Name": {"from": "name"},
        "Key__c": {"from": "key"},
        "Type": {"value": "Customer"},
    }
    assert found["Account"].notes == ()
    contact = found["Contact"]
    assert fields(contact)["Account"] == {"from": "account_id", "lookup": "Account.Key__c"}
    assert "12: Insert Contacts inserts without a key" in told(contact)
    assert "ReportsToId links rows by numbers" in told(contact)
    assert "filters has no counterpart" in told(contact)


def test_types_come_from_a_describe(tmp_path: Path):
    (tmp_path / "x.sdl").write_text("A=annualrevenue\nD=SLAExpirationDate__c\nN=NAME\n", encoding="utf-8")
    describe = {
        "fields": [
            {"name": "AnnualRevenue", "type": "currency"},
            {"name": "SLAExpirationDate__c", "type": "date"},
            {"name": "Name", "type": "string"},
        ]
    }
    (one,), _ = convert(tmp_path / "x.sdl", target="Account", key="Name", describe=lambda _name: describe)
    assert fields(one) == {
        "AnnualRevenue": {"from": "a", "type": "number"},
        "SLAExpirationDate__c": {"from": "d", "type": "date"},
        "Name": {"from": "n"},
    }
    assert parse_mapping(one.text).key == "Name"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.json", "[1, 2]", "no `objects`"),
        ("x.json", "{", "is not JSON"),
        (
            "x.json",
            json.dumps({"objects": [EXPORT["objects"][0] | {"useFieldMapping": True, "fieldMapping": 3}]}),
            "another form",
        ),
        ("x.yml", "a: 1\n", "no step of it"),
        ("x.yml", "a: {sf_object: Lead, fields: {X: 1}, lookups: [1]}\n", "another form"),
        ("x.txt", "", "of no kind"),
    ],
)
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, name: str, text: str, said: str):
    with pytest.raises(ConfigError, match=said):
        made(tmp_path / name, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SETTINGS = ("externalId", "fieldMapping", "useFieldMapping", "excludedFields", "addons")


@settings(max_examples=150)
@given(
    st.fixed_dictionaries(
        {"query": st.sampled_from(["SELECT Id, A FROM B", "SELECT", "x"]), "operation": st.just("Upsert")},
        optional=dict.fromkeys(SETTINGS, JSON),
    ),
    st.booleans(),
)
def test_no_form_of_a_file_gives_a_traceback(tmp_path, item, cci):
    path = tmp_path / ("x.yml" if cci else "x.json")
    body = {"Step": item | {"sf_object": "Lead"}} if cci else {"objects": [item]}
    path.write_text(json.dumps(body), encoding="utf-8")
    with suppress(ConfigError):
        convert(path, target=None, key=None, describe=lambda _name: None)


@given(st.binary(max_size=200))
def test_properties_of_any_kind_are_read(raw):
    for line, _, _ in properties(raw):
        assert line >= 1


def test_properties_as_java_reads_them():
    raw = b"a\\:b = c\\\n   d\n! note\nkey with = x\n\\u0041:y\nbare\n"
    assert list(properties(raw)) == [(1, "a:b", "cd"), (4, "key", "with = x"), (5, "A", "y"), (6, "bare", "")]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_the_command_writes_files_that_check(tmp_path: Path):
    (tmp_path / "accountMap.sdl").write_text(SDL, encoding="utf-8")
    out = tmp_path / "out"
    words = [
        "convert",
        tmp_path / "accountMap.sdl",
        "--object",
        "Account",
        "--key",
        "Oracle_Id__c",
        "-o",
        out,
    ]
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "Description is always emptied" in done.output
    mapping = load_mapping(out / "account_map.yaml")
    compile_mapping(mapping)
    assert run("check", out / "account_map.yaml").exit_code == 0
    before = (out / "account_map.yaml").read_bytes()
    again = run(*words)
    assert isinstance(again.exception, ConfigError)
    assert "there already; nothing was written" in str(again.exception)
    assert (out / "account_map.yaml").read_bytes() == before


def test_the_command_speaks_json(tmp_path: Path):
    (tmp_path / "mapping.yml").write_text(CCI, encoding="utf-8")
    body = json.loads(run("convert", tmp_path / "mapping.yml", "-o", tmp_path / "out", "--json").stdout)
    assert [one["object"] for one in body["mappings"]] == ["Account", "Contact"]
    assert body["mappings"][1]["notes"][0]["line"] == 12


def test_all_or_nothing_is_written(tmp_path: Path):
    found = made(tmp_path / "mapping.yml", CCI)
    (tmp_path / "insert_contacts.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError):
        write(list(found.values()), tmp_path)
    assert not (tmp_path / "insert_accounts.yaml").exists()
