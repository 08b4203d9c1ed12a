import pytest

from sfsync.salesforce.usage import ApiUsage, kind_of, parse_limits

DATA = "/services/data/v62.0"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{DATA}/query", "query"),
        (f"{DATA}/query/01g-2000", "query"),
        (f"{DATA}/queryAll/", "query"),
        (f"{DATA}/composite", "composite"),
        (f"{DATA}/composite/graph", "composite"),
        (f"{DATA}/composite/sobjects/Lead/K__c", "collections"),
        (f"{DATA}/jobs/ingest/750", "bulk2"),
        ("/services/async/62.0/job", "bulk1"),
        ("/services/Soap/u/62.0", "convert"),
        (f"{DATA}/sobjects/Lead/describe", "describe"),
        (f"{DATA}/sobjects", "describe"),
        (f"{DATA}/sobjects/Lead/00Q", "other"),
        (f"{DATA}/limits", "other"),
        ("/services/data/", "other"),
    ],
)
def test_kinds(path, kind):
    assert kind_of(path) == kind


def test_the_org_counts_for_itself_not_per_app():
    usage = ApiUsage()
    assert usage.remaining is None
    usage.read("per-app-api-usage=17/250(appName=x); api-usage=25/5000")
    assert (usage.used, usage.maximum, usage.remaining) == (25, 5000, 4975)
    usage.read(None)
    usage.read("nonsense")
    assert usage.used == 25


def test_logins_are_counted_apart():
    usage = ApiUsage()
    usage.count("login")
    usage.count("query")
    assert (usage.calls, usage.by_kind["login"]) == (1, 1)


def test_limits_of_another_shape_are_left_out():
    assert parse_limits([]).by_name == {}
    assert parse_limits({"A": {"Max": 1, "Remaining": 0}, "B": {"Max": 1}}).by_name["A"].used == 1


def test_calls_since_the_orgs_last_word_are_counted_on():
    usage = ApiUsage()
    usage.read("api-usage=10/100")
    usage.count("convert")
    usage.count("login")
    assert (usage.used, usage.remaining) == (11, 89)
