import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit, SfsyncError
from sfsync.salesforce.faults import (
    Fault,
    FaultKind,
    classify,
    classify_part,
    error_of,
    is_passing,
    read_error,
    to_error,
)


def rest(code, message="x"):
    return json.dumps([{"errorCode": code, "message": message}]).encode()


def soap(code):
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault">'
        f"<e:Body><e:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: no</faultstring></e:Fault></e:Body>"
        "</e:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, rest("INVALID_SESSION_ID", "Session expired or invalid"), FaultKind.EXPIRED),
        (401, rest("INVALID_SESSION_ID", "This session is not valid for use with the REST API"), FaultKind.LOGIN),
        (401, rest("INVALID_AUTH_HEADER"), FaultKind.LOGIN),
        (401, b"", FaultKind.LOGIN),
        (400, b'{"exceptionCode":"InvalidSessionId","exceptionMessage":"x"}', FaultKind.EXPIRED),
        (500, soap("INVALID_SESSION_ID"), FaultKind.EXPIRED),
        (500, soap("INVALID_FIELD"), FaultKind.REFUSED),
        (500, soap("UNKNOWN_EXCEPTION"), FaultKind.BROKEN),
        (500, soap("UNABLE_TO_LOCK_ROW"), FaultKind.BUSY),
        (403, rest("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), FaultKind.LIMIT),
        (403, rest("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), FaultKind.BUSY),
        (403, rest("API_DISABLED_FOR_ORG"), FaultKind.LOGIN),
        (403, rest("INSUFFICIENT_ACCESS"), FaultKind.PERMISSION),
        (403, rest("TXN_SECURITY_METADATA_RUNTIME_ERROR"), FaultKind.PERMISSION),
        (400, rest("INSUFFICIENT_ACCESS_OR_READONLY"), FaultKind.PERMISSION),
        (400, rest("UNABLE_TO_LOCK_ROW"), FaultKind.BUSY),
        (400, rest("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: UNABLE_TO_LOCK_ROW, …"), FaultKind.BUSY),
        (400, rest("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "System.LimitException"), FaultKind.REFUSED),
        (400, rest("QUERY_TIMEOUT"), FaultKind.BROKEN),
        (400, rest("MALFORMED_QUERY"), FaultKind.REFUSED),
        (404, rest("NOT_FOUND"), FaultKind.REFUSED),
        (300, b'["/services/data/v62.0/sobjects/Lead/00Q"]', FaultKind.REFUSED),
        (414, b"", FaultKind.REFUSED),
        (420, b"", FaultKind.BUSY),
        (429, b"", FaultKind.BUSY),
        (500, rest("UNKNOWN_EXCEPTION"), FaultKind.BROKEN),
        (502, b"<html>bad gateway", FaultKind.BROKEN),
        (503, rest("SERVER_UNAVAILABLE"), FaultKind.BROKEN),
        (504, b"", FaultKind.BROKEN),
        (503, rest("ORG_IN_MAINTENANCE"), FaultKind.CLOSED),
    ],
)  # fmt: skip
def test_the_class_of_an_answer(status, body, kind):
    fault = classify(status, {}, body)
    assert fault is not None
    assert fault.kind is kind


@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_success_is_no_fault(status):
    assert classify(status, {}, rest("INVALID_SESSION_ID")) is None
    assert classify_part(status, None) is None


def test_retry_after_is_kept_to_with_a_ceiling():
    assert classify(429, {"Retry-After": "7"}, b"").wait == 7
    assert classify(429, {"Retry-After": "99999"}, b"").wait == 300
    assert classify(429, {"Retry-After": "Wed, 21 Oct"}, b"").wait == 0


@given(st.integers(min_value=100, max_value=599), st.binary(max_size=200))
def test_any_answer_gets_a_class_and_a_sentence(status, body):
    fault = classify(status, {}, body)
    if fault is not None:
        for repeatable in (True, False):
            error = to_error(fault, "acme.example", repeatable=repeatable)
            assert isinstance(error, SfsyncError)
            assert error.message.endswith((".", "tries."))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["errorCode", "message", "error"]), inner)))  # fmt: skip
def test_any_json_gives_texts(value):
    assert all(isinstance(text, str) for text in error_of(value))
    assert all(isinstance(text, str) for text in read_error(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("kind", "repeatable", "error"),
    [
        (FaultKind.UNREACHED, False, OrgUnavailable),
        (FaultKind.BUSY, False, OrgUnavailable),
        (FaultKind.BROKEN, True, OrgUnavailable),
        (FaultKind.BROKEN, False, OutcomeUnknown),
        (FaultKind.CLOSED, False, OrgUnavailable),
        (FaultKind.LIMIT, False, RequestLimit),
        (FaultKind.LOGIN, False, LoginFailed),
        (FaultKind.EXPIRED, False, LoginFailed),
        (FaultKind.PERMISSION, False, LoginFailed),
        (FaultKind.REFUSED, False, OrgError),
    ],
)
def test_every_class_has_its_error_and_advice(kind, repeatable, error):
    found = to_error(Fault(kind, "CODE", "why"), "acme.example", repeatable=repeatable)
    assert type(found) is error
    assert "CODE: why" in found.message
    assert "acme.example" in found.message


@pytest.mark.parametrize("kind", FaultKind)
def test_only_what_did_nothing_or_may_be_done_twice_is_repeated(kind):
    fault = Fault(kind)
    never_done = kind in {FaultKind.BUSY, FaultKind.UNREACHED}
    assert fault.may_repeat(repeatable=False) is never_done
    assert fault.may_repeat(repeatable=True) is (never_done or kind is FaultKind.BROKEN)


def test_a_rows_lock_passes_but_a_rule_does_not():
    assert is_passing("UNABLE_TO_LOCK_ROW", "")
    assert not is_passing("FIELD_CUSTOM_VALIDATION_EXCEPTION", "UNABLE_TO_LOCK_ROW is what the admin wrote")


def test_an_entity_in_an_answer_is_not_expanded():
    bomb = b'<!DOCTYPE a [<!ENTITY x "yyyy">]><error><exceptionCode>&x;</exceptionCode></error>'
    assert read_error(bomb) == ("", "")
