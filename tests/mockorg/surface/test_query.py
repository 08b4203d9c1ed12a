from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.mockorg import MockOrg, Quirks
from tests.mockorg.surface.conftest import Client, make_org


def ask(client: Client, soql: str, resource: str = "query") -> object:
    return client.get(f"{resource}/?q={quote(soql)}")


def fill(org: MockOrg, count: int) -> None:
    for number in range(count):
        org.insert("Account", {"Name": f"A{number:02}"})


def test_pages_follow_one_another(paged: Client):
    fill(paged.org, 8)
    first = ask(paged, "SELECT Name FROM Account ORDER BY Name")
    assert (first["totalSize"], first["done"], len(first["records"])) == (8, False, 3)
    names = [row["Name"] for row in first["records"]]
    page = first
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith("/services/data/v62.0/query/01g")
        page = paged.get(page["nextRecordsUrl"] + "?q=repeated")
        names += [row["Name"] for row in page["records"]]
    assert names == [f"A{number:02}" for number in range(8)]
    assert "nextRecordsUrl" not in page


def test_batch_size_is_a_header_between_200_and_2000(client: Client):
    fill(client.org, 201)
    headers = {"Sforce-Query-Options": "batchSize=200"}
    page = client.get("query?q=SELECT+Id+FROM+Account", headers=headers)
    assert len(page["records"]) == 200
    for bad in ("199", "2001", "many"):
        headers = {"Sforce-Query-Options": f"batchSize={bad}"}
        code = client.refusal(400, "GET", "query?q=SELECT+Id+FROM+Account", headers=headers)
        assert code == "INVALID_BATCH_SIZE"


def test_children_count_toward_the_page(paged: Client):
    for _ in range(3):
        account = paged.org.insert("Account", {"Name": "A"})
        for name in "XY":
            paged.org.insert("Contact", {"LastName": name, "AccountId": account})
    page = ask(paged, "SELECT Id, (SELECT Id FROM Contacts) FROM Account")
    assert len(page["records"]) == 1
    total = len(page["records"])
    while not page["done"]:
        page = paged.get(page["nextRecordsUrl"])
        total += len(page["records"])
    assert total == 3


def test_query_all_shows_the_recycle_bin(client: Client):
    fill(client.org, 2)
    client.org.core.delete("Account", client.org.query("SELECT Id FROM Account")[0]["Id"])
    assert ask(client, "SELECT Id FROM Account")["totalSize"] == 1
    assert ask(client, "SELECT Id, IsDeleted FROM Account", "queryAll")["totalSize"] == 2


def test_stale_locator(client: Client):
    assert client.refusal(400, "GET", "query/01g000000000001AAA-2000") == "INVALID_QUERY_LOCATOR"
    assert client.refusal(400, "GET", "query/nonsense") == "INVALID_QUERY_LOCATOR"


def test_oldest_cursor_is_dropped():
    client = Client(make_org(quirks=Quirks(page_size=1, open_cursors=1)))
    fill(client.org, 3)
    first, second = (ask(client, "SELECT Id FROM Account")["nextRecordsUrl"] for _ in range(2))
    assert client.refusal(400, "GET", first) == "INVALID_QUERY_LOCATOR"
    client.get(second)


def test_errors_of_queries(client: Client):
    assert client.refusal(400, "GET", "query?q=SELECT+Foo+FROM+Lead") == "INVALID_FIELD"
    assert client.refusal(400, "GET", "query?q=SELECT+Id+FROM+Xyzzy") == "INVALID_TYPE"
    assert client.refusal(400, "GET", "query?q=SELECT") == "MALFORMED_QUERY"
    assert client.refusal(400, "GET", "query") == "MALFORMED_QUERY"


def test_column_metadata_joins_parents_and_children(client: Client):
    soql = quote(
        "SELECT Id, Owner.Name, Owner.Id, NumberOfEmployees, (SELECT LastName FROM Contacts) FROM Account"
    )
    columns = client.get(f"query?q={soql}&columns=true")["columnMetadata"]
    assert [each["columnName"] for each in columns] == ["Id", "Owner", "NumberOfEmployees", "Contacts"]
    assert [each["columnName"] for each in columns[1]["joinColumns"]] == ["Name", "Id"]
    assert columns[2]["numberType"] is True
    assert columns[3]["aggregate"] is True


def test_tooling_knows_nothing_of_sandboxes(client: Client):
    assert ask(client, "SELECT Id FROM SandboxProcess", "tooling/query")["records"] == []
    assert client.refusal(400, "GET", "tooling/query?q=SELECT+Id+FROM+Nonsense") == "INVALID_TYPE"


@settings(max_examples=25)
@given(size=st.integers(1, 7), count=st.integers(0, 15))
def test_every_row_comes_once_whatever_the_page_size(size: int, count: int):
    client = Client(_ORG)
    _ORG.reset()
    fill(_ORG, count)
    _ORG._state.quirks = Quirks(page_size=size)
    page = ask(client, "SELECT Name FROM Account ORDER BY Name")
    names = [row["Name"] for row in page["records"]]
    while not page["done"]:
        page = client.get(page["nextRecordsUrl"])
        names += [row["Name"] for row in page["records"]]
    assert names == [f"A{number:02}" for number in range(count)]


_ORG = make_org()
