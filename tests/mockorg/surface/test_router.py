from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.http import Reply, make_request, parameters
from sfsync.mockorg.mock import TABLES
from sfsync.mockorg.router import Route, Router
from sfsync.mockorg.state import Call


def nothing(call: Call) -> Reply:
    raise AssertionError(call)


ROUTER = Router([
    (
        Route("GET", "/services/data/{version}/sobjects/{object}/describe", nothing, "describe"),
        Route("GET", "/services/data/{version}/sobjects/{object}/{id}", nothing, "retrieve"),
        Route("PATCH", "/services/data/{version}/sobjects/{object}/{id}", nothing, "update"),
        Route("GET", "/services/data/{version}/sobjects/{object}/{field}/{value}", nothing, "by_key"),
    )
])  # fmt: skip


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_any_key_is_one_part_of_the_path(key: str):
    match = ROUTER.match("GET", f"/services/data/v62.0/sobjects/Account/Key__c/{quote(key, safe='')}")
    assert match.route is not None
    assert match.route.kind == "by_key"
    assert match.args["value"] == key


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/services/data/v62.0/sobjects/Lead/describe", "describe"),
        ("GET", "/Services/Data/V62.0/SObjects/Lead/Describe/", "describe"),
        ("GET", "/services/data/v62.0/sobjects/Lead/00Q1", "retrieve"),
        ("PATCH", "/services/data/v62.0/sobjects/Lead/00Q1/", "update"),
    ],
)
def test_ways(method: str, path: str, kind: str):
    match = ROUTER.match(method, path)
    assert match.route is not None
    assert match.route.kind == kind


@pytest.mark.parametrize(
    "path", ["/", "/services/data/latest/sobjects/Lead/1", "/services/data/v62.0//Lead/1", "/x//"]
)
def test_ways_that_lead_nowhere(path: str):
    assert ROUTER.match("GET", path).route is None


def test_other_methods_are_told():
    match = ROUTER.match("DELETE", "/services/data/v62.0/sobjects/Lead/00Q1")
    assert match.route is None
    assert match.methods == ("GET", "PATCH")


def test_no_route_is_declared_twice():
    declared = [(route.method, route.pattern.lower()) for table in TABLES for route in table]
    assert len(declared) == len(set(declared))


def test_requests_from_whole_urls():
    request = make_request("get", "http://a.example:81/x%2Fy?q=1&q=2", {"X-Y": "z"}, {"a": 1})
    assert (request.method, request.path, request.base) == ("GET", "/x%2Fy", "http://a.example:81")
    assert (request.query, request.header("x-y"), request.json()) == ({"q": "1"}, "z", {"a": 1})
    assert parameters("a=&b=%20+") == {"a": "", "b": "  "}
