"""Loads custom metadata in Salesforce source format: folders as ``sf project deploy`` takes them.

Read are custom fields and objects, standard and global value sets, lead conversion mappings, queues and record
types (Metadata API guide: CustomField, CustomObject, StandardValueSet, GlobalValueSet, LeadConvertSettings, Queue,
RecordType).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zlib import crc32

from sfsync.mockorg.objects.picklists import PICKLISTS
from sfsync.mockorg.objects.table import Draft, standard_objects
from sfsync.mockorg.schema import Choice, FieldDef, Schema

_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_TYPES = {
    "Text": "string",
    "EncryptedText": "encryptedstring",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Time": "time",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Lookup": "reference",
    "MasterDetail": "reference",
    "Hierarchy": "reference",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "AutoNumber": "string",
    "Summary": "double",
}
_LENGTHS = {"TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255, "AutoNumber": 30}
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FACTS = ("converted", "closed", "won", "probability", "forecastCategory", "groupingString")


class MetadataError(ValueError):
    """A metadata file that cannot be loaded; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: its developer name, label and the objects it may own."""

    developer_name: str
    name: str
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordTypeDef:
    """A record type of an object."""

    object: str
    developer_name: str
    name: str
    active: bool


@dataclass(slots=True)
class Metadata:
    """What an org is made of: schema, status lists, conversion mappings, queues, record types."""

    schema: Schema
    picklists: Mapping[str, tuple[Choice, ...]]
    conversions: list[tuple[str, str, str]] = field(default_factory=list)
    """(Lead field, object, field) of LeadConvertSettings."""
    queues: list[Queue] = field(default_factory=list)
    record_types: list[RecordTypeDef] = field(default_factory=list)


def load(folders: Sequence[Path]) -> Metadata:
    """The standard org with the metadata of these folders, later ones winning. Raises MetadataError."""
    picklists = dict(PICKLISTS)
    shared: dict[str, tuple[Choice, ...]] = {}
    for path, root in _documents(folders, "standardValueSet"):
        picklists[_stem(path)] = tuple(_choice(each) for each in _all(root, "standardValue"))
    for path, root in _documents(folders, "globalValueSet"):
        shared[_stem(path)] = tuple(_choice(each) for each in _all(root, "customValue"))
    drafts = standard_objects(picklists)
    for path, root in _documents(folders, "object"):
        name = _stem(path)
        if name not in drafts:
            drafts[name] = _object(name, root, {each.key_prefix for each in drafts.values()})
    record_types = []
    for path, root in _documents(folders, "recordType"):
        owner = path.parent.parent.name
        record_types.append(RecordTypeDef(owner, _stem(path), _text(root, "label"), _flag(root, "active")))
    for path, root in _documents(folders, "field"):
        owner = path.parent.parent.name
        if owner not in drafts:
            raise MetadataError(
                f"{path}: there is no object {owner}; add objects/{owner}/{owner}.object-meta.xml"
            )
        made = _field(path, root, shared, drafts)
        drafts[owner].fields[made.name] = made
    for name in {each.object for each in record_types} & drafts.keys():
        drafts[name].fields["RecordTypeId"] = FieldDef(
            "RecordTypeId",
            "Record Type ID",
            "reference",
            18,
            reference_to=("RecordType",),
            relationship="RecordType",
        )
    return Metadata(
        Schema(draft.finish() for draft in drafts.values()),
        picklists,
        [each for _, root in _documents(folders, "LeadConvertSetting") for each in _conversions(root)],
        [_queue(path, root) for path, root in _documents(folders, "queue")],
        record_types,
    )


def _documents(folders: Sequence[Path], kind: str) -> Iterator[tuple[Path, ET.Element]]:
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


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def _all(element: ET.Element, name: str) -> list[ET.Element]:
    return element.findall(_NAMESPACE + name)


def _text(element: ET.Element, *names: str, default: str = "") -> str:
    found: ET.Element | None = element
    for name in names:
        found = None if found is None else found.find(_NAMESPACE + name)
    return default if found is None or found.text is None else found.text.strip()


def _flag(element: ET.Element, *names: str, default: bool = False) -> bool:
    return _text(element, *names, default=str(default)).lower() == "true"


def _choice(element: ET.Element) -> Choice:
    value = _text(element, "fullName")
    facts: dict[str, Any] = {}
    for name in _FACTS:
        text = _text(element, name)
        if text:
            facts[name] = {"true": True, "false": False}.get(text, int(text) if text.isdecimal() else text)
    active = _flag(element, "isActive", default=True)
    return Choice(value, _text(element, "label", default=value), active, _flag(element, "default"), facts)


def _key_prefix(name: str, taken: set[str]) -> str:
    """A key prefix (a00 to aZZ) that stays the same when other objects come and go, but for rare collisions."""
    number = crc32(name.encode())
    while True:
        prefix = "a" + _BASE36[number // 36 % 36] + _BASE36[number % 36]
        if prefix not in taken:
            return prefix
        number += 1


def _object(name: str, root: ET.Element, taken: set[str]) -> Draft:
    label = _text(root, "label", default=name.removesuffix("__c").replace("_", " "))
    draft = Draft(
        name, _key_prefix(name, taken), label, _text(root, "pluralLabel", default=label), custom=True
    )
    draft.fields["OwnerId"] = FieldDef(
        "OwnerId", "Owner ID", "reference", 18, nillable=False, defaulted=True, reference_to=("Group", "User"),
        relationship="Owner",
    )  # fmt: skip
    title = _text(root, "nameField", "label", default="Name")
    if _text(root, "nameField", "type") == "AutoNumber":
        pattern = _text(root, "nameField", "displayFormat", default="{0000}")
        draft.fields["Name"] = FieldDef(
            "Name", title, "string", 80, nillable=False, createable=False, updateable=False, defaulted=True,
            auto_number=pattern, name_field=True, id_lookup=True,
        )  # fmt: skip
    else:
        draft.fields["Name"] = FieldDef(
            "Name", title, "string", 80, defaulted=True, name_field=True, id_lookup=True
        )
    return draft


def _field(
    path: Path, root: ET.Element, shared: Mapping[str, tuple[Choice, ...]], drafts: Mapping[str, Draft]
) -> FieldDef:
    name = _text(root, "fullName", default=_stem(path))
    kind = _text(root, "type")
    if not name.endswith("__c"):
        # A standard field's file only adjusts it (its label, its tracking); the table knows the rest.
        owner = drafts[path.parent.parent.name]
        if name in owner.fields:
            label = _text(root, "label", default=owner.fields[name].label)
            return replace(owner.fields[name], label=label)
        raise MetadataError(f"{path}: the mock org has no standard field {name} on {owner.name}")
    if kind not in _TYPES:
        known = ", ".join(sorted(_TYPES))
        raise MetadataError(f"{path}: the mock org knows no fields of type {kind!r}; it knows {known}")
    formula = bool(_text(root, "formula"))
    closed = formula or kind in {"AutoNumber", "Summary"}
    boolean = kind == "Checkbox"
    unique, external = _flag(root, "unique"), _flag(root, "externalId")
    numeric = kind in {"Number", "Currency", "Percent", "Summary"}
    long = kind in {"LongTextArea", "Html"}
    choices = _field_choices(path, root, shared)
    default = _default(root, choices)
    reference = _TYPES[kind] == "reference"
    children = _text(root, "relationshipName") if reference else ""
    target = _text(root, "referenceTo")
    if reference and target not in drafts:
        raise MetadataError(f"{path}: {name} refers to {target}, an object the mock org does not have")
    required = _flag(root, "required") or kind == "MasterDetail"
    return FieldDef(
        name,
        _text(root, "label", default=name.removesuffix("__c").replace("_", " ")),
        _TYPES[kind],
        length=0 if numeric else 18 if reference else int(_text(root, "length") or _LENGTHS.get(kind, 0)),
        precision=int(_text(root, "precision", default="18")) if numeric else 0,
        scale=int(_text(root, "scale", default="0")) if numeric else 0,
        nillable=not (required or boolean or kind == "AutoNumber"),
        createable=not closed,
        updateable=not closed
        and not (kind == "MasterDetail" and not _flag(root, "reparentableMasterDetail")),
        defaulted=boolean or default is not None or kind == "AutoNumber",
        default=(default or False) if boolean else default,
        external_id=external,
        unique=unique,
        case_sensitive=unique and _flag(root, "caseSensitive"),
        id_lookup=external or unique,
        auto_number=_text(root, "displayFormat", default="{0000}") if kind == "AutoNumber" else "",
        calculated=formula or kind == "Summary",
        custom=True,
        choices=choices,
        restricted=_flag(root, "valueSet", "restricted") or bool(_text(root, "valueSet", "valueSetName")),
        reference_to=(target,) if reference else (),
        relationship=f"{name.removesuffix('__c')}__r" if reference else None,
        children=f"{children}__r" if children else None,
        cascade=kind == "MasterDetail" or _text(root, "deleteConstraint") == "Cascade",
        restrict_delete=_text(root, "deleteConstraint") == "Restrict",
        filterable=not long and kind != "EncryptedText",
        long=long,
        help=_text(root, "inlineHelpText") or None,
    )


def _field_choices(
    path: Path, root: ET.Element, shared: Mapping[str, tuple[Choice, ...]]
) -> tuple[Choice, ...]:
    name = _text(root, "valueSet", "valueSetName")
    if name:
        if name not in shared:
            raise MetadataError(
                f"{path}: there is no global value set {name}; add globalValueSets/{name}.globalValueSet-meta.xml"
            )
        return shared[name]
    values = root.findall(f"{_NAMESPACE}valueSet/{_NAMESPACE}valueSetDefinition/{_NAMESPACE}value")
    return tuple(_choice(each) for each in values)


def _default(root: ET.Element, choices: Sequence[Choice]) -> Any:
    chosen = next((each.value for each in choices if each.default), None)
    text = _text(root, "defaultValue")
    if chosen is not None or not text:
        return chosen
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1]
    # Other default formulas (TODAY(), $User…) would need the formula language.
    return text if text.lstrip("-").replace(".", "", 1).isdecimal() else None


def _conversions(root: ET.Element) -> Iterator[tuple[str, str, str]]:
    for mapping in _all(root, "objectMapping"):
        target = _text(mapping, "outputObject")
        for each in _all(mapping, "mappingFields"):
            yield _text(each, "inputField"), target, _text(each, "outputField")


def _queue(path: Path, root: ET.Element) -> Queue:
    objects = tuple(_text(each, "sobjectType") for each in _all(root, "queueSobject"))
    return Queue(_stem(path), _text(root, "name", default=_stem(path)), objects)
