import pytest
import responses

from tests.salesforce.support import REST, open_org


@pytest.fixture
def org():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_limits_by_name(org):
    org.get(f"{REST}/limits", json={"DailyApiRequests": {"Max": 15000, "Remaining": 14998}, "Odd": 1})
    limits = open_org().limits()
    assert (limits.api.used, limits.api.remaining) == (2, 14998)
    assert list(limits.by_name) == ["DailyApiRequests"]


def test_an_object_is_described_once(org):
    org.get(f"{REST}/sobjects/Lead/describe", json={
        "name": "Lead", "label": "Lead", "keyPrefix": "00Q", "createable": True,
        "childRelationships": [{"relationshipName": "Tasks", "childSObject": "Task"}, {"relationshipName": None}],
        "fields": [
            {"name": "LastName", "type": "string", "length": 80, "nillable": False, "createable": True},
            {"name": "OwnerId", "type": "reference", "referenceTo": ["Group", "User"], "relationshipName": "Owner"},
            {"name": "Status", "type": "picklist", "restrictedPicklist": True,
             "picklistValues": [{"value": "Open", "label": "Offen", "active": True, "defaultValue": True}]},
        ],
    })  # fmt: skip
    client = open_org()
    lead = client.describe("Lead")
    assert client.describe("lead") is lead
    assert len(org.calls) == 1
    assert lead.field("lastname").required
    assert lead.parent("owner").reference_to == ("Group", "User")
    assert lead.field("Status").picklist[0].default
    assert lead.field("Nope") is None
    assert lead.children == {"Tasks": "Task"}
