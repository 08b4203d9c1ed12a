"""A mapping on its way from another program: what could be taken over, and what could not."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfsync.cells import fold
from sfsync.errors import Problem

_TYPES = {
    "boolean": "boolean",
    "currency": "number",
    "date": "date",
    "datetime": "datetime",
    "double": "number",
    "email": "email",
    "int": "integer",
    "percent": "number",
}
"""Field type of a describe (REST API Developer Guide, sObject Describe) → type of a mapping."""


@dataclass(slots=True)
class Draft:
    """One mapping. ``headers`` and ``fields`` hold what stands under these keys in the file."""

    name: str
    object: str
    source: str
    """The file it comes from, without folder."""
    key: str | None = None
    operation: str = "upsert"
    file: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, list[str]] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)

    def note(self, message: str, suggestion: str = "", line: int = 1) -> None:
        """Something that could not be taken over as it was."""
        self.notes.append(Problem(self.source, line, message, suggestion))

    def column(self, heading: str) -> str:
        """Our name for a partner's heading; the same heading has the same name."""
        for name, headings in self.headers.items():
            if fold(heading) in map(fold, headings):
                return name
        name = unique(plain_name(heading), self.headers)
        self.headers[name] = [heading]
        return name

    def take(self, target: str, source: dict[str, Any], line: int = 1) -> None:
        """Give a field its source; a field that has one already keeps it."""
        if not re.fullmatch(r"[A-Za-z]\w*", target):
            self.note(f"{target} is not the API name of a field; it was left out.", line=line)
        elif target in self.fields:
            self.note(f"{target} is filled twice; the first was taken.", line=line)
        else:
            self.fields[target] = source

    def finish(self, describe: Mapping[str, Any] | None) -> "Draft":
        """Set the key's rules, and types where a describe tells them."""
        key = (self.key or "").casefold()
        self.key = next((field for field in self.fields if field.casefold() == key), self.key)
        if self.key is not None and self.key not in self.fields:
            self.note(
                f"The key {self.key} is filled by no column, so the mapping has no key.",
                "Add the field, then `key:` with its name.",
            )
            self.key = None
        if self.key is not None:
            # Not of type key: that would make the values upper case, which the other program did not.
            self.fields[self.key] |= {"required": True, "unique": True}
        elif self.operation == "update":
            self.operation = "upsert"
        if describe:
            self._typed({str(found["name"]).casefold(): found for found in describe["fields"]})
        return self

    def _typed(self, known: Mapping[str, Mapping[str, Any]]) -> None:
        """Types as the describe tells them, and names in its spelling: other programs ignore case."""
        spelled = {name: str(known.get(name.casefold(), {}).get("name", name)) for name in self.fields}
        self.fields = {spelled[name]: source for name, source in self.fields.items()}
        self.key = spelled.get(self.key, self.key) if self.key else None
        for name, source in self.fields.items():
            kind = _TYPES.get(str(known.get(name.casefold(), {}).get("type")))
            if kind and "from" in source and not {"lookup", "type", "map"} & source.keys():
                source["type"] = kind


def plain_name(text: str) -> str:
    """A heading as one of our names: small letters, digits and _."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+|_+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", folded)).strip("_").lower()
    return name if name[:1].isalpha() else f"column_{name}".rstrip("_")


def unique(name: str, taken: Mapping[str, Any] | set[str]) -> str:
    """The name, with a number behind it when it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def parent_link(relationship: str, target: str, key: str, heading: str, draft: Draft, line: int = 1) -> None:
    """Link a parent by its key: ``Account: {from: …, lookup: Account.Key__c}``.

    A name is no external id, so a parent known by its name is looked up: ``AccountId: {…, take: Id}``.
    """
    source: dict[str, Any] = {"from": draft.column(heading), "lookup": f"{target}.{key}"}
    field = relationship
    if key == "Name":
        field = relationship.replace("__r", "__c") if relationship.endswith("__r") else f"{relationship}Id"
        source["take"] = "Id"
    draft.take(field, source, line)
