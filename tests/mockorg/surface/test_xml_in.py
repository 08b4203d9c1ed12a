from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.mockorg.problems import Refused
from sfsync.mockorg.xml_in import parse, tag


def test_names_lose_their_prefixes_and_order_stays():
    root = parse(b'<a:x xmlns:a="urn:a"><a:y> 1 </a:y><z/><a:y>2</a:y></a:x>')
    assert [node.name for node in root.children] == ["y", "z", "y"]
    assert root.value("y") == "1"
    assert [node.text for node in root.all("y")] == [" 1 ", "2"]
    assert root.find("y", "nothing") is None


@pytest.mark.parametrize(
    "text", [b"", b"<a>", b"<a/><b/>", b"\xff", b'<?xml version="1.0" encoding="tea"?><a/>']
)
def test_broken_documents(text: bytes):
    with pytest.raises(Refused, match="XML"):
        parse(text)


@pytest.mark.parametrize("text", [b"<!DOCTYPE a><a/>", b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x"><a/>'])
def test_document_types(text: bytes):
    with pytest.raises(Refused, match="document type"):
        parse(text)


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
        max_size=30,
    )
)
def test_text_comes_back(text: str):
    assert parse(f"<a>{tag('b', text)}</a>".encode()).find("b").text == text
    assert parse(f"<a>{escape(text)}</a>".encode()).text == text


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes):
    with suppress(Refused):
        assert parse(data).name
