from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.xml_out import document
from tests.mockorg.surface.conftest import Client

XML = {"Accept": "application/xml"}
TEXT = st.text("aé<>&\"'\n", max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["Id", "Name", "records"]), VALUES))
def test_every_answer_is_well_formed(value: dict[str, object]):
    assert ET.fromstring(document(value, "query", 200)).tag == "QueryResult"


def test_answers_as_xml_for_who_asks(client: Client):
    made = client.org.insert("Account", {"Name": "A & B"})

    def asked(method: str, path: str) -> ET.Element:
        response = client.send(method, path, headers=XML)
        assert response.header("Content-Type") == "application/xml"
        return ET.fromstring(response.body)

    row = asked("GET", f"sobjects/Account/{made}?fields=Name,Phone")
    assert (row.tag, row.get("type"), row.findtext("Name")) == ("Account", "Account", "A & B")
    found = asked("GET", "query?q=SELECT+Name+FROM+Account")
    assert (found.findtext("totalSize"), found.findtext("records/Name")) == ("1", "A & B")
    wrong = asked("GET", "query?q=SELECT")
    assert (wrong.tag, wrong.findtext("Error/errorCode")) == ("Errors", "MALFORMED_QUERY")
    assert asked("GET", "/services/data")[0].findtext("version") == "31.0"
    plain = client.send("GET", "limits", headers={"Accept": "application/json, application/xml"})
    assert plain.body.startswith(b"{")
