import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.salesforce import soap


@given(st.text(), st.text())
def test_any_text_survives_an_envelope_but_for_what_xml_cannot_carry(token, value):
    call = soap.call("convertLead")
    soap.append(call, "leadId", value)
    root = soap.parse_xml(soap.envelope(token, call))
    sent = soap.find_text(root, "leadId")
    allowed = soap._NOT_XML.sub("", value).replace("\r\n", "\n").replace("\r", "\n")
    assert sent == allowed.strip()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"\xff\xfe<\x00a\x00",
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a><!ENTITY b 'c'></a>",
    ],
)
def test_what_is_not_plain_xml_is_refused(body):
    with pytest.raises(ValueError, match=r"XML|codec"):
        soap.parse_xml(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_element_or_a_value_error(body):
    with contextlib.suppress(ValueError):
        assert soap.local(soap.parse_xml(body))


def test_comments_and_sections_of_plain_text_are_fine():
    assert soap.parse_xml(b"<a><!-- x --><![CDATA[1 < 2]]></a>").text == "1 < 2"
