"""What sfsync needs an org to have, read from the source-format metadata in ``config/org`` (the files we deploy)."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from sfsync.errors import ConfigError
from sfsync.salesforce.soap import child_text, local, parse_xml

_VALUE_SETS = {"OrderStatus": ("Order", "Status"), "AssetStatus": ("Asset", "Status")}


@dataclass(frozen=True, slots=True)
class WantedField:
    """A custom field. ``values`` are the values of its picklist; a formula is ``written`` by nobody."""

    object: str
    name: str
    external_id: bool = False
    unique: bool = False
    values: tuple[str, ...] = ()
    written: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that ``sfsync org check`` looks for.

    ``objects`` tells for each object whether it is written; ``lead_mapping`` pairs a Lead field with the
    ``Object.Field`` that it becomes on conversion.
    """

    fields: tuple[WantedField, ...]
    objects: dict[str, bool]
    values: dict[tuple[str, str], tuple[str, ...]]
    queues: tuple[str, ...]
    permissions: tuple[str, ...]
    lead_mapping: tuple[tuple[str, str], ...]


def read_wanted(folder: Path) -> Wanted:
    """Read the metadata under ``folder``; ConfigError when there is none or a file is not sound."""
    fields = tuple(_field(path) for path in sorted(folder.glob("objects/*/fields/*.field-meta.xml")))
    if not fields:
        raise ConfigError(f"{folder} holds no metadata.", hint="`sfsync init DIR` copies it into a project.")
    objects = {field.object: True for field in fields}
    permissions: list[str] = []
    for path in sorted(folder.glob("permissionsets/*.permissionset-meta.xml")):
        root = _root(path)
        for item in _children(root, "objectPermissions"):
            writes = "true" in {child_text(item, "allowCreate"), child_text(item, "allowEdit")}
            objects[child_text(item, "object")] = writes or objects.get(child_text(item, "object"), False)
        permissions += [child_text(item, "name") for item in _children(root, "userPermissions")]
    return Wanted(
        fields=fields,
        objects=objects,
        values=dict(_value_sets(folder)),
        queues=tuple(path.name.partition(".")[0] for path in sorted(folder.glob("queues/*.queue-meta.xml"))),
        permissions=tuple(dict.fromkeys(permissions)),
        lead_mapping=tuple(_lead_mapping(folder)),
    )


def _root(path: Path) -> Element:
    try:
        return parse_xml(path.read_bytes())
    except (ValueError, OSError) as error:
        raise ConfigError(f"{path}: cannot be read as metadata: {error}.") from None


def _children(element: Element, name: str) -> list[Element]:
    return [item for item in element if local(item) == name]


def _field(path: Path) -> WantedField:
    root = _root(path)
    definition = next((item for item in root.iter() if local(item) == "valueSetDefinition"), None)
    values = _children(definition, "value") if definition is not None else []
    return WantedField(
        object=path.parent.parent.name,
        name=child_text(root, "fullName"),
        external_id=child_text(root, "externalId") == "true",
        unique=child_text(root, "unique") == "true",
        values=tuple(child_text(value, "fullName") for value in values),
        written=not _children(root, "formula"),
    )


def _value_sets(folder: Path) -> list[tuple[tuple[str, str], tuple[str, ...]]]:
    found = []
    for path in sorted(folder.glob("standardValueSets/*.standardValueSet-meta.xml")):
        place = _VALUE_SETS.get(path.name.partition(".")[0])
        if place is not None:
            values = _children(_root(path), "standardValue")
            found.append((place, tuple(child_text(value, "fullName") for value in values)))
    return found


def _lead_mapping(folder: Path) -> list[tuple[str, str]]:
    return [
        (
            child_text(item, "inputField"),
            f"{child_text(mapping, 'outputObject')}.{child_text(item, 'outputField')}",
        )
        for path in sorted(folder.glob("LeadConvertSettings/*.LeadConvertSetting-meta.xml"))
        for mapping in _children(_root(path), "objectMapping")
        for item in _children(mapping, "mappingFields")
    ]
