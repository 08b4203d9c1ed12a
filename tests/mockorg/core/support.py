"""Metadata in source format and a catalogue, small enough to read, for the tests of the core."""

# ruff: noqa: E501 - a case or a file a line reads best

from dataclasses import dataclass
from pathlib import Path

from sfsync.mockorg.org import OrgCore

_XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
KEY = (
    "<fullName>Sfsync_Key__c</fullName><label>Sfsync Key</label><type>Text</type><length>255</length>"
    "<externalId>true</externalId><unique>true</unique><caseSensitive>true</caseSensitive>"
)


def document(root: str, body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_XMLNS}>{body}</{root}>'


def field(folder: Path, thing: str, name: str, body: str) -> None:
    path = folder / "objects" / thing / "fields" / f"{name}.field-meta.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document("CustomField", body), encoding="utf-8")


def put(folder: Path, path: str, root: str, body: str) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document(root, body), encoding="utf-8")


def _values(*names: str) -> str:
    return "".join(f"<value><fullName>{name}</fullName><label>{name}</label></value>" for name in names)


def write_metadata(folder: Path) -> Path:
    """A custom object, fields of most types, value sets, a conversion mapping, a queue and a record type."""
    for thing in ("Lead", "Account", "Opportunity", "OpportunityLineItem", "Order", "OrderItem", "Asset"):
        field(folder, thing, "Sfsync_Key__c", KEY)
    field(
        folder,
        "Lead",
        "Number_of_Cards__c",
        "<label>Number of Cards</label><type>Number</type><precision>3</precision><scale>0</scale>",
    )
    field(
        folder,
        "Lead",
        "Terms__c",
        "<label>Terms</label><type>Checkbox</type><defaultValue>true</defaultValue>",
    )
    field(folder, "Lead", "Submitted_At__c", "<label>Submitted At</label><type>DateTime</type>")
    field(
        folder, "Lead", "Plan__c",
        "<label>Plan</label><type>Picklist</type><valueSet><restricted>true</restricted><valueSetDefinition>"
        f"{_values('basic', 'plus')}</valueSetDefinition></valueSet>",
    )  # fmt: skip
    field(
        folder, "Lead", "Interests__c",
        "<label>Interests</label><type>MultiselectPicklist</type><valueSet><valueSetName>Interest</valueSetName></valueSet>",
    )  # fmt: skip
    for thing in ("Lead", "Account"):
        field(
            folder,
            thing,
            "Registration__c",
            "<label>Registration</label><type>Text</type><length>40</length><externalId>true</externalId>",
        )
    field(
        folder, "Asset", "Order__c",
        "<label>Order</label><type>Lookup</type><referenceTo>Order</referenceTo><relationshipName>Cards</relationshipName>",
    )  # fmt: skip
    field(folder, "Visit__c", "Day__c", "<label>Day</label><type>Date</type><required>true</required>")
    field(folder, "Visit__c", "Twice__c", "<label>Twice</label><type>Number</type><formula>1+1</formula>")
    put(
        folder, "objects/Visit__c/Visit__c.object-meta.xml", "CustomObject",
        "<label>Visit</label><pluralLabel>Visits</pluralLabel><nameField><label>Visit Number</label>"
        "<type>AutoNumber</type><displayFormat>V-{0000}</displayFormat></nameField>",
    )  # fmt: skip
    put(
        folder, "globalValueSets/Interest.globalValueSet-meta.xml", "GlobalValueSet",
        "".join(f"<customValue><fullName>{name}</fullName><label>{name}</label></customValue>" for name in ("A", "B", "C")),
    )  # fmt: skip
    put(
        folder, "standardValueSets/OrderStatus.standardValueSet-meta.xml", "StandardValueSet",
        "".join(
            f"<standardValue><fullName>{name}</fullName><label>{name}</label><groupingString>{code}</groupingString></standardValue>"
            for name, code in (("Draft", "Draft"), ("Activated", "Activated"), ("Card Sent", "Activated"))
        ),
    )  # fmt: skip
    put(
        folder, "LeadConvertSettings/LeadConvertSettings.LeadConvertSetting-meta.xml", "LeadConvertSettings",
        "<objectMapping><inputObject>Lead</inputObject><mappingFields><inputField>Registration__c</inputField>"
        "<outputField>Registration__c</outputField></mappingFields><outputObject>Account</outputObject></objectMapping>",
    )  # fmt: skip
    put(
        folder, "queues/Web_Leads.queue-meta.xml", "Queue",
        "<name>Web Leads</name><queueSobject><sobjectType>Lead</sobjectType></queueSobject>",
    )  # fmt: skip
    put(
        folder, "objects/Case/recordTypes/Help.recordType-meta.xml", "RecordType",
        "<fullName>Help</fullName><label>Help Desk</label><active>true</active>",
    )  # fmt: skip
    return folder


@dataclass(frozen=True)
class Catalogue:
    """A product with a standard and a custom price, and a product without any."""

    standard: str
    book: str
    product: str
    standard_entry: str
    entry: str


def catalogue(org: OrgCore) -> Catalogue:
    standard = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true").rows()[0]["Id"]
    book = org.insert("Pricebook2", {"Name": "Benelux", "IsActive": True})
    product = org.insert("Product2", {"Name": "Card", "ProductCode": "CARD", "IsActive": True})
    price = {"Product2Id": product, "IsActive": True}
    standard_entry = org.insert("PricebookEntry", {**price, "Pricebook2Id": standard, "UnitPrice": 10})
    entry = org.insert("PricebookEntry", {**price, "Pricebook2Id": book, "UnitPrice": 9.5})
    return Catalogue(standard, book, product, standard_entry, entry)
