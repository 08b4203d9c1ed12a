"""Reads the XML of metadata files: which files there are, and the texts and flags inside."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
Element = ET.Element


class MetadataError(ValueError):
    """A metadata file that cannot be loaded; the message names the file and what is wrong."""


def documents(folders: Sequence[Path], kind: str) -> Iterator[tuple[Path, Element]]:
    """All files of a kind, with their root elements; later folders come last. Raises MetadataError."""
    for folder in folders:
        if not folder.is_dir():
            raise MetadataError(f"{folder}: no such folder")
        # Source format names files X.kind-meta.xml; the older metadata format X.kind.
        for path in sorted(folder.rglob(f"*.{kind}*")):
            if path.name.endswith((f".{kind}-meta.xml", f".{kind}")):
                try:
                    yield path, ET.parse(path).getroot()  # noqa: S314 - files of the user's own project
                except ET.ParseError as error:
                    raise MetadataError(f"{path}: not well-formed XML: {error}") from None


def stem(path: Path) -> str:
    """The API name that a file's name gives."""
    return path.name.split(".")[0]


def every(element: Element, *names: str) -> list[Element]:
    """All elements at the end of a path of names."""
    return element.findall("/".join(_NAMESPACE + name for name in names))


def text(element: Element, *names: str, default: str = "") -> str:
    """The text at the end of a path of names."""
    found: Element | None = element
    for name in names:
        found = None if found is None else found.find(_NAMESPACE + name)
    return default if found is None or found.text is None else found.text.strip()


def flag(element: Element, *names: str, default: bool = False) -> bool:
    """Whether the text at the end of a path of names is ``true``."""
    return text(element, *names, default=str(default)).lower() == "true"
