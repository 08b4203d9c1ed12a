"""Loads custom metadata in Salesforce source format: folders as ``sf project deploy`` takes them.

Read are custom fields and objects, standard and global value sets, lead conversion mappings, queues and record
types (Metadata API guide: CustomField, CustomObject, StandardValueSet, GlobalValueSet, LeadConvertSettings, Queue,
RecordType). Rules are in ``metadata_rules.py``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

from sfsync.mockorg.formulas import Unsupported, read
from sfsync.mockorg.metadata_rules import RuleBook, load_rules
from sfsync.mockorg.metadata_xml import Element, MetadataError, documents, every, flag, stem, text
from sfsync.mockorg.objects.picklists import PICKLISTS
from sfsync.mockorg.objects.table import Draft, history_of, standard_objects
from sfsync.mockorg.schema import Choice, FieldDef, Schema

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
    rules: RuleBook = field(default_factory=RuleBook)


def load(folders: Sequence[Path]) -> Metadata:
    """The standard org with the metadata of these folders, later ones winning. Raises MetadataError."""
    picklists = dict(PICKLISTS)
    shared: dict[str, tuple[Choice, ...]] = {}
    for path, root in documents(folders, "standardValueSet"):
        picklists[stem(path)] = tuple(_choice(each) for each in every(root, "standardValue"))
    for path, root in documents(folders, "globalValueSet"):
        shared[stem(path)] = tuple(_choice(each) for each in every(root, "customValue"))
    drafts = standard_objects(picklists)
    for path, root in documents(folders, "object"):
        name = stem(path)
        if name not in drafts:
            drafts[name] = _object(name, root, {each.key_prefix for each in drafts.values()})
            _point_at(drafts, name, activities=flag(root, "enableActivities"))
    record_types = []
    warnings: list[str] = []
    for path, root in documents(folders, "recordType"):
        owner = path.parent.parent.name
        record_types.append(RecordTypeDef(owner, stem(path), text(root, "label"), flag(root, "active")))
    for path, root in documents(folders, "field"):
        owner = path.parent.parent.name
        if owner not in drafts:
            raise MetadataError(
                f"{path}: there is no object {owner}; add objects/{owner}/{owner}.object-meta.xml"
            )
        made = _field(path, root, shared, drafts, warnings)
        drafts[owner].fields[made.name] = made
        if made.tracked and drafts[owner].custom and not drafts[owner].history:
            name = owner.removesuffix("__c") + "__History"
            drafts[name] = history_of(drafts[owner], name, f"History: {drafts[owner].label}")
    for name in {each.object for each in record_types} & drafts.keys():
        drafts[name].fields["RecordTypeId"] = FieldDef(
            "RecordTypeId",
            "Record Type ID",
            "reference",
            18,
            reference_to=("RecordType",),
            defaulted=True,
            relationship="RecordType",
        )
    schema = Schema(draft.finish() for draft in drafts.values())
    rules = load_rules(folders, schema)
    rules.warnings += warnings
    return Metadata(
        schema,
        picklists,
        [each for _, root in documents(folders, "LeadConvertSetting") for each in _conversions(root)],
        [_queue(path, root) for path, root in documents(folders, "queue")],
        record_types,
        rules,
    )


def _readable(path: Path, formula: str, warnings: list[str]) -> str:
    """The formula when the mock org can work it out, else nothing, and a warning."""
    try:
        if formula:
            read(formula)
    except Unsupported as trouble:
        warnings.append(f"{path}: its formula is not worked out and gives null: {trouble}")
        return ""
    return formula


def _point_at(drafts: dict[str, Draft], name: str, *, activities: bool) -> None:
    """Let files, and activities when the object has them, belong to records of a custom object."""
    links = [("ContentDocumentLink", "LinkedEntityId"), ("ContentVersion", "FirstPublishLocationId")]
    for owner, link in links + ([("Task", "WhatId"), ("Event", "WhatId")] if activities else []):
        one = drafts[owner].fields[link]
        drafts[owner].fields[link] = replace(one, reference_to=(*one.reference_to, name))


def _choice(element: Element) -> Choice:
    value = text(element, "fullName")
    facts: dict[str, Any] = {}
    for name in _FACTS:
        said = text(element, name)
        if said:
            facts[name] = {"true": True, "false": False}.get(said, int(said) if said.isdecimal() else said)
    active = flag(element, "isActive", default=True)
    return Choice(value, text(element, "label", default=value), active, flag(element, "default"), facts)


def _key_prefix(name: str, taken: set[str]) -> str:
    """A key prefix (a00 to aZZ) that stays the same when other objects come and go, but for rare collisions."""
    number = crc32(name.encode())
    while True:
        prefix = "a" + _BASE36[number // 36 % 36] + _BASE36[number % 36]
        if prefix not in taken:
            return prefix
        number += 1


def _object(name: str, root: Element, taken: set[str]) -> Draft:
    label = text(root, "label", default=name.removesuffix("__c").replace("_", " "))
    draft = Draft(
        name, _key_prefix(name, taken), label, text(root, "pluralLabel", default=label), custom=True
    )
    draft.fields["OwnerId"] = FieldDef(
        "OwnerId", "Owner ID", "reference", 18, nillable=False, defaulted=True, reference_to=("Group", "User"),
        relationship="Owner",
    )  # fmt: skip
    title = text(root, "nameField", "label", default="Name")
    if text(root, "nameField", "type") == "AutoNumber":
        pattern = text(root, "nameField", "displayFormat", default="{0000}")
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
    path: Path,
    root: Element,
    shared: Mapping[str, tuple[Choice, ...]],
    drafts: Mapping[str, Draft],
    warnings: list[str],
) -> FieldDef:
    name = text(root, "fullName", default=stem(path))
    kind = text(root, "type")
    if not name.endswith("__c"):
        # A standard field's file only adjusts it (its label, its tracking); the table knows the rest.
        owner = drafts[path.parent.parent.name]
        if name in owner.fields:
            label = text(root, "label", default=owner.fields[name].label)
            return replace(owner.fields[name], label=label, tracked=flag(root, "trackHistory"))
        raise MetadataError(f"{path}: the mock org has no standard field {name} on {owner.name}")
    if kind not in _TYPES:
        known = ", ".join(sorted(_TYPES))
        raise MetadataError(f"{path}: the mock org knows no fields of type {kind!r}; it knows {known}")
    formula = bool(text(root, "formula"))
    closed = formula or kind in {"AutoNumber", "Summary"}
    boolean = kind == "Checkbox"
    unique, external = flag(root, "unique"), flag(root, "externalId")
    numeric = kind in {"Number", "Currency", "Percent", "Summary"}
    long = kind in {"LongTextArea", "Html"}
    choices = _field_choices(path, root, shared)
    default = _default(root, choices)
    reference = _TYPES[kind] == "reference"
    children = text(root, "relationshipName") if reference else ""
    target = text(root, "referenceTo")
    if reference and target not in drafts:
        raise MetadataError(f"{path}: {name} refers to {target}, an object the mock org does not have")
    required = flag(root, "required") or kind == "MasterDetail"
    return FieldDef(
        name,
        text(root, "label", default=name.removesuffix("__c").replace("_", " ")),
        _TYPES[kind],
        length=0 if numeric else 18 if reference else int(text(root, "length") or _LENGTHS.get(kind, 0)),
        precision=int(text(root, "precision", default="18")) if numeric else 0,
        scale=int(text(root, "scale", default="0")) if numeric else 0,
        nillable=not (required or boolean or kind == "AutoNumber"),
        createable=not closed,
        updateable=not closed and not (kind == "MasterDetail" and not flag(root, "reparentableMasterDetail")),
        defaulted=boolean or default is not None or kind == "AutoNumber",
        default=(default or False) if boolean else default,
        external_id=external,
        unique=unique,
        case_sensitive=unique and flag(root, "caseSensitive"),
        id_lookup=external or unique,
        auto_number=text(root, "displayFormat", default="{0000}") if kind == "AutoNumber" else "",
        calculated=formula or kind == "Summary",
        custom=True,
        choices=choices,
        restricted=flag(root, "valueSet", "restricted") or bool(text(root, "valueSet", "valueSetName")),
        reference_to=(target,) if reference else (),
        relationship=f"{name.removesuffix('__c')}__r" if reference else None,
        children=f"{children}__r" if children else None,
        cascade=kind == "MasterDetail" or text(root, "deleteConstraint") == "Cascade",
        restrict_delete=text(root, "deleteConstraint") == "Restrict",
        filterable=not long and kind != "EncryptedText",
        long=long,
        help=text(root, "inlineHelpText") or None,
        tracked=flag(root, "trackHistory") and not closed,
        formula=_readable(path, text(root, "formula"), warnings),
        default_formula=""
        if default is not None or boolean
        else _readable(path, text(root, "defaultValue"), warnings),
        blank_as_zero=text(root, "formulaTreatBlanksAs") != "BlankAsBlank",
    )


def _field_choices(path: Path, root: Element, shared: Mapping[str, tuple[Choice, ...]]) -> tuple[Choice, ...]:
    name = text(root, "valueSet", "valueSetName")
    if name:
        if name not in shared:
            raise MetadataError(
                f"{path}: there is no global value set {name}; add globalValueSets/{name}.globalValueSet-meta.xml"
            )
        return shared[name]
    values = every(root, "valueSet", "valueSetDefinition", "value")
    return tuple(_choice(each) for each in values)


def _default(root: Element, choices: Sequence[Choice]) -> Any:
    chosen = next((each.value for each in choices if each.default), None)
    said = text(root, "defaultValue")
    if chosen is not None or not said:
        return chosen
    if said.lower() in {"true", "false"}:
        return said.lower() == "true"
    if said[0] in "'\"" and said[-1] == said[0] and said.count(said[0]) == 2:
        return said[1:-1]
    return said if said.lstrip("-").replace(".", "", 1).isdecimal() else None


def _conversions(root: Element) -> Iterator[tuple[str, str, str]]:
    for mapping in every(root, "objectMapping"):
        target = text(mapping, "outputObject")
        for each in every(mapping, "mappingFields"):
            yield text(each, "inputField"), target, text(each, "outputField")


def _queue(path: Path, root: Element) -> Queue:
    objects = tuple(text(each, "sobjectType") for each in every(root, "queueSobject"))
    return Queue(stem(path), text(root, "name", default=stem(path)), objects)
