"""What every org holds on its first day: itself, a profile, a user, status lists, the standard price book, queues."""

from collections.abc import Iterator, Mapping
from typing import Any

from sfsync.mockorg.dml import Dml
from sfsync.mockorg.metadata import Metadata
from sfsync.mockorg.objects.picklists import FORECAST_NAMES
from sfsync.mockorg.rules.base import DmlOptions
from sfsync.mockorg.schema import Choice

_SYSTEM = DmlOptions(system=True)

ORGANIZATION: Mapping[str, Any] = {
    "Name": "Mock Org",
    "InstanceName": "MOCK1",
    "OrganizationType": "Developer Edition",
    "IsSandbox": False,
    "Country": "NL",
    "DefaultLocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "TimeZoneSidKey": "UTC",
    "FiscalYearStartMonth": 1,
}
USER: Mapping[str, Any] = {
    "Username": "integration@mock.org",
    "LastName": "User",
    "FirstName": "Integration",
    "Email": "integration@mock.org",
    "Alias": "integr",
    "IsActive": True,
    "UserPermissionsMarketingUser": True,
}


def fill(dml: Dml, metadata: Metadata) -> None:
    """Make the records of a fresh org; the organization and the user come first, as their ids are known."""
    dml.insert("Organization", ORGANIZATION, _SYSTEM)
    profile = dml.insert("Profile", {"Name": "System Administrator"}, _SYSTEM)
    dml.insert("User", {**USER, "ProfileId": profile}, _SYSTEM)
    dml.insert("Pricebook2", {"Name": "Standard Price Book", "IsStandard": True, "IsActive": True}, _SYSTEM)
    for name, values in _statuses(metadata.picklists):
        dml.insert(name, values, _SYSTEM)
    for kind in metadata.record_types:
        values = {
            "Name": kind.name,
            "DeveloperName": kind.developer_name,
            "SobjectType": kind.object,
            "IsActive": kind.active,
        }
        dml.insert("RecordType", values, _SYSTEM)
    for rule in metadata.rules.assignments:
        dml.insert(
            "AssignmentRule", {"Name": rule.name, "SobjectType": rule.object, "Active": rule.active}, _SYSTEM
        )
    for each in metadata.rules.duplicates:
        values = {
            "DeveloperName": each.name,
            "MasterLabel": each.label,
            "SobjectType": each.object,
            "IsActive": each.active,
        }
        dml.insert("DuplicateRule", values, _SYSTEM)
    for queue in metadata.queues:
        values = {"Name": queue.name, "DeveloperName": queue.developer_name, "Type": "Queue"}
        queue_id = dml.insert("Group", values, _SYSTEM)
        for thing in queue.objects:
            dml.insert("QueueSobject", {"QueueId": queue_id, "SobjectType": thing}, _SYSTEM)


def _statuses(picklists: Mapping[str, tuple[Choice, ...]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of the status objects, from the picklists they describe."""
    for order, each in enumerate(picklists["OpportunityStage"], 1):
        category = str(each.facts.get("forecastCategory", "Pipeline"))
        yield (
            "OpportunityStage",
            {
                **_label(each, order),
                "IsActive": each.active,
                "IsClosed": bool(each.facts.get("closed")),
                "IsWon": bool(each.facts.get("won")),
                "DefaultProbability": each.facts.get("probability", 0),
                "ForecastCategory": category,
                "ForecastCategoryName": FORECAST_NAMES.get(category, category),
            },
        )
    for name, fact, flag in (
        ("LeadStatus", "converted", "IsConverted"),
        ("CaseStatus", "closed", "IsClosed"),
        ("TaskStatus", "closed", "IsClosed"),
    ):
        for order, each in enumerate(picklists[name], 1):
            yield name, {**_label(each, order), "IsDefault": each.default, flag: bool(each.facts.get(fact))}


def _label(each: Choice, order: int) -> dict[str, Any]:
    return {"MasterLabel": each.label, "ApiName": each.value, "SortOrder": order}
