"""What the org says about its objects and fields, as frozen values ("sObject Describe")."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfsync.errors import OrgError
from sfsync.salesforce.session import Session
from sfsync.salesforce.soql import name as api_name


@dataclass(frozen=True, slots=True)
class PickValue:
    """One value of a picklist."""

    value: str
    label: str
    active: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object. ``length`` counts characters, ``precision`` and ``scale`` digits."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    filterable: bool = True
    calculated: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    restricted_picklist: bool = False
    picklist: tuple[PickValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None

    @property
    def required(self) -> bool:
        """Whether a create must give it. Necessary, not sufficient: the platform asks for more on some objects."""
        return self.createable and not self.nillable and not self.defaulted_on_create


@dataclass(frozen=True, slots=True)
class SObject:
    """One object of the org."""

    name: str
    label: str
    key_prefix: str | None
    createable: bool
    updateable: bool
    queryable: bool
    fields: Mapping[str, Field]
    children: Mapping[str, str]
    """Child relationship name to the child's object."""

    def field(self, name: str) -> Field | None:
        """The field of that API name, whatever its case; None when there is none."""
        found = self.fields.get(name)
        if found is None:
            wanted = name.casefold()
            found = next((item for item in self.fields.values() if item.name.casefold() == wanted), None)
        return found

    def parent(self, relationship: str) -> Field | None:
        """The lookup field behind a relationship name such as ``Account`` or ``Order__r``."""
        wanted = relationship.casefold()
        return next(
            (item for item in self.fields.values() if (item.relationship_name or "").casefold() == wanted),
            None,
        )


def describe(session: Session, object_name: str) -> SObject:
    """Ask the org about one object. Raises OrgError (code NOT_FOUND) when it has none of that name."""
    return parse_describe(session.request("GET", f"sobjects/{api_name(object_name)}/describe").json())


def parse_describe(body: Any) -> SObject:
    """Read a describe answer; OrgError when it is none."""
    if not isinstance(body, dict) or "name" not in body or not isinstance(body.get("fields"), list):
        raise OrgError("The org answered a describe with something that is not a description.")
    fields = [_field(item) for item in body["fields"]]
    return SObject(
        name=body["name"],
        label=body.get("label") or body["name"],
        key_prefix=body.get("keyPrefix"),
        createable=bool(body.get("createable")),
        updateable=bool(body.get("updateable")),
        queryable=bool(body.get("queryable")),
        fields={item.name: item for item in fields},
        children={
            item["relationshipName"]: item["childSObject"]
            for item in body.get("childRelationships") or ()
            if item.get("relationshipName")
        },
    )


def _field(body: Mapping[str, Any]) -> Field:
    def flag(name: str) -> bool:
        return body.get(name) is True

    return Field(
        name=body["name"],
        label=body.get("label") or body["name"],
        type=body.get("type") or "string",
        length=int(body.get("length") or 0),
        precision=int(body.get("precision") or 0),
        scale=int(body.get("scale") or 0),
        digits=int(body.get("digits") or 0),
        nillable=flag("nillable"),
        createable=flag("createable"),
        updateable=flag("updateable"),
        defaulted_on_create=flag("defaultedOnCreate"),
        filterable=flag("filterable"),
        calculated=flag("calculated"),
        external_id=flag("externalId"),
        unique=flag("unique"),
        case_sensitive=flag("caseSensitive"),
        id_lookup=flag("idLookup"),
        restricted_picklist=flag("restrictedPicklist"),
        picklist=tuple(map(_pick_value, body.get("picklistValues") or ())),
        reference_to=tuple(body.get("referenceTo") or ()),
        relationship_name=body.get("relationshipName"),
    )


def _pick_value(body: Mapping[str, Any]) -> PickValue:
    return PickValue(
        value=str(body.get("value")),
        label=str(body.get("label") or body.get("value")),
        active=body.get("active") is not False,
        default=body.get("defaultValue") is True,
    )
