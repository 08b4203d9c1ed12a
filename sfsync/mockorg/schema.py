"""What an org knows of its objects and fields: frozen values that describe, validation and SOQL all read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")

TEXT_TYPES = frozenset({
    "string", "textarea", "picklist", "multipicklist", "combobox", "phone", "url", "email", "encryptedstring",
})  # fmt: skip
"""Types whose values are text and compare without case."""
ID_TYPES = frozenset({"id", "reference"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
COMPOUND_TYPES = frozenset({"address", "location"})
"""Types that have no column of their own: they show their parts together."""


class Names(Mapping[str, _T], Generic[_T]):
    """A read-only mapping by name that does not heed case and lists names as they were declared."""

    def __init__(self, items: Iterable[tuple[str, _T]] = ()) -> None:
        self._items = dict(items)
        self._folded = {name.lower(): value for name, value in self._items.items()}

    def __getitem__(self, name: str) -> _T:
        return self._folded[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a picklist. ``facts`` holds what status lists know more: IsConverted, IsWon, …"""

    value: str
    label: str
    active: bool = True
    default: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field, in the words of describe."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted: bool = False
    default: Any = None
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    name_field: bool = False
    auto_number: str = ""
    calculated: bool = False
    custom: bool = False
    choices: tuple[Choice, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    cascade: bool = False
    restrict_delete: bool = False
    compound: str | None = None
    filterable: bool = True
    long: bool = False
    help: str | None = None
    tracked: bool = False
    """Whether changes are kept in the object's history."""
    formula: str = ""
    """What a calculated field says; empty for a calculated field whose value stays null."""
    default_formula: str = ""
    blank_as_zero: bool = True
    """Whether a formula takes blank numbers as zero."""

    @property
    def stored(self) -> bool:
        """Whether the field has a column of its own."""
        return self.type not in COMPOUND_TYPES

    @property
    def polymorphic(self) -> bool:
        """Whether the field may point at records of several objects."""
        return len(self.reference_to) > 1

    @property
    def groupable(self) -> bool:
        """Whether GROUP BY may name the field."""
        ungrouped = COMPOUND_TYPES | {
            "datetime",
            "base64",
            "combobox",
            "double",
            "currency",
            "percent",
            "anyType",
        }
        return not (self.long or self.auto_number or self.formula or self.type in ungrouped)

    @property
    def aggregatable(self) -> bool:
        """Whether MIN, MAX and COUNT may name the field."""
        return not self.long and self.type not in COMPOUND_TYPES | {"boolean", "base64", "anyType"}

    @property
    def key(self) -> bool:
        """Whether records can be found and upserted by the field."""
        return self.external_id or self.id_lookup


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """A field of another object that points at this one, seen from here."""

    child: str
    field: str
    name: str | None
    cascade: bool
    restrict: bool


@dataclass(frozen=True, slots=True)
class ObjectDef:
    """One object with its fields."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: Names[FieldDef]
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    traits: frozenset[str] = frozenset()
    history: str = ""
    """The object that keeps changes of tracked fields; empty when none is tracked."""

    @property
    def columns(self) -> list[FieldDef]:
        """The fields that are stored, in order."""
        return [each for each in self.fields.values() if each.stored]

    def relationship(self, name: str) -> FieldDef | None:
        """The reference field whose parent path is ``name``, such as ``Account`` or ``Order__r``."""
        wanted = name.lower()
        for each in self.fields.values():
            if each.relationship and each.reference_to and each.relationship.lower() == wanted:
                return each
        return None


class Schema:
    """All objects of an org. Immutable: other metadata makes another schema."""

    def __init__(self, objects: Iterable[ObjectDef]) -> None:
        self.objects: Names[ObjectDef] = Names((each.name, each) for each in objects)
        self._by_prefix: dict[str, list[ObjectDef]] = {}
        for each in self.objects.values():
            self._by_prefix.setdefault(each.key_prefix, []).append(each)
        children: dict[str, list[ChildRelationship]] = {name: [] for name in self.objects}
        for each in self.objects.values():
            for one in each.fields.values():
                relation = ChildRelationship(
                    each.name, one.name, one.children, one.cascade, one.restrict_delete
                )
                for target in one.reference_to:
                    # Merged records point at their winner without being its children.
                    if target in children and one.name != "MasterRecordId":
                        children[target].append(relation)
        self._children = {name: tuple(found) for name, found in children.items()}

    def children(self, object_name: str) -> tuple[ChildRelationship, ...]:
        """Every field that points at the object."""
        return self._children[object_name]

    def child(self, object_name: str, relationship: str) -> ChildRelationship | None:
        """The child relationship of that name, such as ``Contacts`` or ``Cards__r``."""
        wanted = relationship.lower()
        for each in self._children[object_name]:
            if each.name and each.name.lower() == wanted:
                return each
        return None

    def by_prefix(self, record_id: str) -> ObjectDef | None:
        """The object whose records' ids begin like this one; of field histories, any."""
        found = self._by_prefix.get(record_id[:3])
        return found[0] if found else None

    def sharing(self, prefix: str) -> list[ObjectDef]:
        """All objects with this key prefix: one, or the field histories."""
        return self._by_prefix.get(prefix, [])


def label_from(name: str) -> str:
    """A label for an API name: ``BillingCity`` reads ``Billing City``, ``AccountId`` reads ``Account ID``."""
    words = re.sub(
        r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.removesuffix("__c").replace("_", " ")
    )
    return re.sub(r"\bId$", "ID", words)
