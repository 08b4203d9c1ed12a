"""XML from clients, read safely: no document types, hence no entities and nothing fetched; names without their
prefixes.
"""

from dataclasses import dataclass, field
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from sfsync.mockorg.problems import Refused


@dataclass(slots=True)
class Node:
    """An element: its local name, its text, what is in it."""

    name: str
    text: str = ""
    nil: bool = False
    children: "list[Node]" = field(default_factory=list)

    def find(self, *path: str) -> "Node | None":
        """The first element down this path of local names."""
        node: Node | None = self
        for name in path:
            node = next((each for each in node.children if each.name == name), None) if node else None
        return node

    def value(self, *path: str) -> str:
        """The text down this path, without outer blanks; empty when there is none."""
        found = self.find(*path)
        return found.text.strip() if found else ""

    def all(self, name: str) -> "list[Node]":
        """The elements of that name directly inside."""
        return [each for each in self.children if each.name == name]


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str, system: str) -> None:
        """Called before anything declared in a document type takes effect."""
        del name, pubid, system
        raise Refused("InvalidRequest", "A document type is not allowed in a request")


def parse(text: bytes) -> Node:
    """Read a document.

    Raises:
        Refused: it is not well-formed, or brings a document type.

    """
    parser = ET.XMLParser(target=_Builder())  # noqa: S314  the builder refuses what makes XML dangerous
    try:
        parser.feed(text)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Refused("InvalidRequest", f"The request is not well-formed XML: {error}") from None
    return _node(root)


def _node(root: ET.Element) -> Node:
    top = Node(_local(root.tag), root.text or "", _is_nil(root))
    waiting = [(root, top)]
    while waiting:
        element, node = waiting.pop()
        for child in element:
            made = Node(_local(child.tag), child.text or "", _is_nil(child))
            node.children.append(made)
            waiting.append((child, made))
    return top


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_nil(element: ET.Element) -> bool:
    return any(_local(name) == "nil" and value in {"true", "1"} for name, value in element.attrib.items())


def tag(name: str, value: object) -> str:
    """An element with a text; nil for None, booleans in small letters."""
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"
