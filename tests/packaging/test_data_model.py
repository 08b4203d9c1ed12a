"""docs/data-model.md and config/org/ say the same, and the metadata is what a deployment takes."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
ORG = ROOT / "config" / "org"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
FIELD_FILES = sorted(ORG.glob("objects/*/fields/*.field-meta.xml"))
KEYED = {
    "Lead",
    "Account",
    "Contact",
    "Opportunity",
    "OpportunityLineItem",
    "Order",
    "OrderItem",
    "Asset",
    "Aftersales_Lead__c",
    "Vehicle__c",
}


def load(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def value(element: ET.Element, name: str) -> str:
    return element.findtext(NAMESPACE + name, default="")


def values(element: ET.Element, path: str) -> list[str]:
    return [
        found.text or "" for found in element.findall("/".join(NAMESPACE + part for part in path.split("/")))
    ]


def full_name(path: Path) -> str:
    return f"{path.parents[1].name}.{path.name.removesuffix('.field-meta.xml')}"


def shape(field: ET.Element) -> str:
    """The type as docs/data-model.md writes it."""
    kind = value(field, "type")
    if kind in {"Text", "LongTextArea"}:
        kind += f"({value(field, 'length')})"
    if kind == "Number":
        kind += f"({value(field, 'precision')},{value(field, 'scale')})"
    if kind == "Picklist":
        kind += ": " + ", ".join(values(field, "valueSet/valueSetDefinition/value/fullName"))
    if kind == "Lookup":
        kind += f"({value(field, 'referenceTo')}), children `{value(field, 'relationshipName')}`"
    flags = (
        ("externalId", "external id"),
        ("unique", "unique"),
        ("caseSensitive", "case-sensitive"),
        ("trackHistory", "history"),
    )
    words = [word for name, word in flags if value(field, name) == "true"]
    return ", ".join([kind, *words, *(["formula"] if value(field, "formula") else [])])


def documented() -> Iterator[tuple[str, str, str, str]]:
    owner = ""
    for line in (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            owner = line.removeprefix("### ") if line.startswith("### ") else ""
        row = re.fullmatch(r"\| `(\w+__c)` \| (.+) \| (.+) \| (.+) \|", line)
        if owner and row:
            yield f"{owner}.{row[1]}", row[2], row[3], row[4]


def test_the_page_lists_every_field_with_its_type_and_nothing_else():
    in_files = {full_name(path): shape(load(path)) for path in FIELD_FILES}
    on_page = {name: kind for name, kind, _, _ in documented()}
    assert on_page == in_files


def test_every_field_says_why_it_exists_and_who_writes_it():
    rows = list(documented())
    assert rows
    assert all(why.strip() and writer.strip() for _, _, why, writer in rows)


@pytest.mark.parametrize("path", FIELD_FILES, ids=full_name)
def test_a_field_file_is_complete(path: Path):
    field = load(path)
    assert field.tag == NAMESPACE + "CustomField"
    assert value(field, "fullName") == path.name.removesuffix(".field-meta.xml")
    assert value(field, "label")
    assert 0 < len(value(field, "description")) <= 1000
    assert 0 < len(value(field, "inlineHelpText")) <= 510
    assert len(value(field, "label")) <= 40


def test_every_object_we_write_carries_the_key():
    keyed = {name.split(".")[0] for name in map(full_name, FIELD_FILES) if name.endswith(".Sfsync_Key__c")}
    assert keyed == KEYED
    for name in KEYED:
        field = load(ORG / "objects" / name / "fields" / "Sfsync_Key__c.field-meta.xml")
        assert shape(field) == "Text(255), external id, unique, case-sensitive"


def test_the_permission_set_covers_every_field_and_gives_no_delete():
    permissions = load(ORG / "permissionsets" / "Sfsync.permissionset-meta.xml")
    assert values(permissions, "fieldPermissions/field") == sorted(map(full_name, FIELD_FILES))
    formulas = {full_name(path) for path in FIELD_FILES if value(load(path), "formula")}
    read_only = {
        value(found, "field")
        for found in permissions.findall(NAMESPACE + "fieldPermissions")
        if value(found, "editable") != "true"
    }
    assert read_only == formulas
    assert set(values(permissions, "objectPermissions/allowDelete")) == {"false"}
    assert "ConvertLeads" in values(permissions, "userPermissions/name")


def test_order_statuses_have_their_category():
    statuses = load(ORG / "standardValueSets" / "OrderStatus.standardValueSet-meta.xml")
    names = values(statuses, "standardValue/fullName")
    assert dict(zip(names, values(statuses, "standardValue/groupingString"), strict=True)) == {
        "Draft": "Draft",
        "Activated": "Activated",
        "Card Sent": "Activated",
        "Completed": "Activated",
    }
    assert value(statuses, "groupingStringEnum") == "OrderStatusCode"


def test_lead_conversion_maps_only_fields_that_exist_on_both_sides():
    settings = load(ORG / "LeadConvertSettings" / "LeadConvertSettings.LeadConvertSetting-meta.xml")
    known = set(map(full_name, FIELD_FILES))
    for mapping in settings.findall(NAMESPACE + "objectMapping"):
        target = value(mapping, "outputObject")
        pairs = zip(
            values(mapping, "mappingFields/inputField"),
            values(mapping, "mappingFields/outputField"),
            strict=True,
        )
        for source, output in pairs:
            assert {f"Lead.{source}", f"{target}.{output}"} <= known


def test_queue_takes_leads():
    queue = load(ORG / "queues" / "Web_Leads.queue-meta.xml")
    assert values(queue, "queueSobject/sobjectType") == ["Lead"]
    assert value(queue, "name") == "Web Leads"


def test_every_file_has_a_place_that_a_deployment_knows():
    known = {
        r"objects/(\w+)/\1\.object-meta\.xml",
        r"objects/\w+/fields/\w+__c\.field-meta\.xml",
        r"standardValueSets/\w+\.standardValueSet-meta\.xml",
        r"LeadConvertSettings/LeadConvertSettings\.LeadConvertSetting-meta\.xml",
        r"queues/\w+\.queue-meta\.xml",
        r"permissionsets/\w+\.permissionset-meta\.xml",
        r"settings/\w+\.settings-meta\.xml",
    }
    for path in ORG.rglob("*"):
        if path.is_file():
            place = path.relative_to(ORG).as_posix()
            assert any(re.fullmatch(pattern, place) for pattern in known), place
