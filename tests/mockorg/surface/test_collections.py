from typing import Any

import pytest

from tests.mockorg.surface.conftest import Client

C = "composite/sobjects"


def account(**values: Any) -> dict[str, Any]:
    return {**values, "attributes": {"type": "Account"}}


def test_results_come_in_order_and_bad_rows_alone_fail(client: Client):
    rows = [account(Name="A"), account(Phone="1"), account(Name="C")]
    good, bad, also_good = client.post(C, {"records": rows})
    assert good["success"] is also_good["success"] is True
    assert good["errors"] == []
    assert bad == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }
    assert client.org.stats.records_written == 2


def test_all_or_none_undoes_all_and_says_so(client: Client):
    rows = [account(Name="A"), account(Phone="1")]
    first, second = client.post(C, {"allOrNone": True, "records": rows})
    assert first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert second["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert client.org.query("SELECT Id FROM Account") == []
    assert client.org.stats.records_written == 0


def test_update_takes_id_in_any_case(client: Client):
    ids = [row["id"] for row in client.post(C, {"records": [account(Name="A"), account(Name="B")]})]
    done = client.patch(
        C, {"records": [account(id=ids[0], Name="X"), account(Id=ids[1], Name="Y"), account(Name="Z")]}
    )
    assert [row["success"] for row in done] == [True, True, False]
    assert [row["Name"] for row in client.org.query("SELECT Name FROM Account ORDER BY Name")] == ["X", "Y"]


def test_upsert_says_what_was_created(client: Client):
    path = f"{C}/Account/Sfsync_Key__c"
    made = client.patch(
        path, {"records": [account(Name="A", Sfsync_Key__c="1"), account(Name="B", Sfsync_Key__c="2")]}
    )
    assert [row["created"] for row in made] == [True, True]
    again = client.patch(path, {"records": [account(Name="C", Sfsync_Key__c="2"), account(Name="D")]})
    assert again[0] == {"id": made[1]["id"], "success": True, "errors": [], "created": False}
    assert again[1]["success"] is False


def test_upsert_by_id_makes_new_records_of_rows_without_one(client: Client):
    made = client.patch(f"{C}/Account/Id", {"records": [account(Id=None, Name="A")]})
    assert made[0]["created"] is True


def test_a_key_twice_in_one_list_fails_the_second(client: Client):
    rows = [account(Name="A", Sfsync_Key__c="1"), account(Name="B", Sfsync_Key__c="1")]
    first, second = client.patch(f"{C}/Account/Sfsync_Key__c", {"records": rows})
    assert first["success"] is True
    assert second["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_parent_by_external_id(client: Client):
    client.post("sobjects/Account", {"Name": "P", "Sfsync_Key__c": "P1"}, status=201)
    contact = {
        "LastName": "C",
        "Account": {"Sfsync_Key__c": "P1"},
        "attributes": {"type": "Contact"},
    }
    lost = {**contact, "Account": {"Sfsync_Key__c": "nobody"}}
    good, bad = client.post(C, {"records": [contact, lost]})
    assert client.org.query("SELECT Account.Name FROM Contact")[0]["Account"]["Name"] == "P"
    assert good["success"] is True
    assert bad["errors"][0]["statusCode"] == "INVALID_FIELD"


def test_delete_and_read_back(client: Client):
    ids = [row["id"] for row in client.post(C, {"records": [account(Name="A"), account(Name="B")]})]
    done = client.expect(200, "DELETE", f"{C}?ids={ids[0]},nonsense")
    assert done[0] == {"id": ids[0], "success": True, "errors": []}
    assert done[1]["errors"][0] == {
        "statusCode": "MALFORMED_ID",
        "message": "malformed id nonsense",
        "fields": [],
    }
    read = client.get(f"{C}/Account?ids={ids[0]},{ids[1]}&fields=Name")
    assert read[0] is None
    assert read[1]["Name"] == "B"
    many = client.post(f"{C}/Account", {"ids": ids[1:], "fields": ["Id", "Name"]})
    assert [row["Name"] for row in many] == ["B"]
    assert client.refusal(400, "GET", f"{C}/Account?ids={ids[1]}&fields=Foo") == "INVALID_FIELD"


def test_at_most_200_rows_and_10_changes_of_type(client: Client):
    assert client.refusal(400, "POST", C, {"records": [account(Name="A")] * 201}) == "EXCEEDED_ID_LIMIT"
    contact = {"LastName": "C", "attributes": {"type": "Contact"}}
    mixed = [account(Name="A"), contact] * 5
    assert len(client.post(C, {"records": mixed})) == 10
    client.refusal(400, "POST", C, {"records": [*mixed, account(Name="A")]})


@pytest.mark.parametrize("body", [{}, {"records": []}, {"records": [1]}, {"records": {}}])
def test_bodies_that_make_no_sense(client: Client, body: object):
    client.refusal(400, "POST", C, body)


def test_unknown_type_is_an_error_of_its_row(client: Client):
    rows = [{"attributes": {"type": "Nonsense"}}, {"Name": "no attributes"}]
    assert [row["success"] for row in client.post(C, {"records": rows})] == [False, False]
