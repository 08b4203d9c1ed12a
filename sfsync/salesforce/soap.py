"""SOAP and other XML of the org: envelopes built from elements, answers parsed without document types."""

import re
from xml.etree import ElementTree as ET

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"

_DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xml(body: bytes) -> ET.Element:
    """The root element of a UTF-8 document; ValueError for anything else, and for any document type or entity.

    Without a document type there is nothing to expand and nothing to fetch.
    """
    text = body.decode("utf-8-sig")
    if _DECLARATION.search(text):
        raise ValueError("the XML declares a document type")
    try:
        return ET.fromstring(text)  # noqa: S314  document types were refused above
    except ET.ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from None


def local(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def child(element: ET.Element, name: str) -> ET.Element | None:
    """The first direct child of that local name."""
    return next((item for item in element if local(item) == name), None)


def child_text(element: ET.Element, name: str) -> str:
    """The text of the first direct child of that local name; "" when absent, empty or nil."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def find_text(element: ET.Element, name: str) -> str:
    """The text of the first element of that local name at any depth; "" when there is none."""
    return next((item.text or "" for item in element.iter() if local(item) == name), "").strip()


def append(parent: ET.Element, name: str, value: str | bool) -> None:
    """Add a child of the partner namespace; characters that XML cannot carry are left out."""
    text = ("true" if value else "false") if isinstance(value, bool) else _NOT_XML.sub("", value)
    ET.SubElement(parent, f"{{{PARTNER}}}{name}").text = text


def call(name: str) -> ET.Element:
    """An empty call element of the partner namespace, such as ``convertLead``."""
    return ET.Element(f"{{{PARTNER}}}{name}")


def section(parent: ET.Element, name: str) -> ET.Element:
    """A new child element of the partner namespace that will hold others."""
    return ET.SubElement(parent, f"{{{PARTNER}}}{name}")


def envelope(token: str, body: ET.Element) -> bytes:
    """The whole request: the session in the header, one call in the body.

    An OAuth access token is accepted as the session id.
    """
    root = ET.Element(f"{{{ENVELOPE}}}Envelope")
    header = ET.SubElement(ET.SubElement(root, f"{{{ENVELOPE}}}Header"), f"{{{PARTNER}}}SessionHeader")
    append(header, "sessionId", token)
    ET.SubElement(root, f"{{{ENVELOPE}}}Body").append(body)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
