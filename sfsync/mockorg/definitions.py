"""EntityDefinition, FieldDefinition and UserPermissionAccess: the schema as records, made when somebody asks.

Tooling API guide, "EntityDefinition" and "FieldDefinition".
"""

from typing import Any

from sfsync.mockorg import ids
from sfsync.mockorg.schema import COMPOUND_TYPES, FieldDef, ObjectDef, Schema
from sfsync.mockorg.store import Store

_NAMES = frozenset({"entitydefinition", "fielddefinition", "userpermissionaccess"})
_TYPES = {
    "string": "Text", "textarea": "Text Area", "picklist": "Picklist", "multipicklist": "Picklist (Multi-Select)",
    "boolean": "Checkbox", "double": "Number", "currency": "Currency", "percent": "Percent", "int": "Number",
    "date": "Date", "datetime": "Date/Time", "time": "Time", "reference": "Lookup", "id": "Lookup", "email": "Email",
    "phone": "Phone", "url": "URL", "address": "Address", "base64": "Base64",
}  # fmt: skip


class Definitions:
    """Fills the records that describe the org; once for each process, as metadata may have changed since the last."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store = store
        self._schema = schema
        self._done = False

    def serve(self, object_name: str) -> None:
        """Make the records when a query is about them."""
        if self._done or object_name.lower() not in _NAMES:
            return
        with self._store.transaction():
            for name in ("EntityDefinition", "FieldDefinition", "UserPermissionAccess"):
                self._store.clear(name)
            for thing in self._schema.objects.values():
                self._store.insert("EntityDefinition", _entity(thing))
                for field in thing.fields.values():
                    self._store.insert("FieldDefinition", _field(thing, field))
            access = self._schema.objects["UserPermissionAccess"]
            granted = {each.name: 1 for each in access.fields.values() if each.name.startswith("Permissions")}
            self._store.insert("UserPermissionAccess", {"Id": ids.make(access.key_prefix, 1), **granted})
        self._done = True

    def forget(self) -> None:
        """Make the records again when next asked, after the store was emptied."""
        self._done = False


def _entity(thing: ObjectDef) -> dict[str, Any]:
    standard = int(not thing.custom)
    own = "nocreate" not in thing.traits
    return {
        "Id": thing.name,
        "DurableId": thing.name,
        "QualifiedApiName": thing.name,
        "DeveloperName": thing.name.removesuffix("__c"),
        "MasterLabel": thing.label[:40],
        "Label": thing.label,
        "PluralLabel": thing.label_plural,
        "KeyPrefix": None if "history" in thing.traits else thing.key_prefix,
        "IsEverCreatable": int(thing.createable),
        "IsEverUpdatable": int(thing.updateable),
        "IsEverDeletable": int(thing.deletable),
        "IsCustomizable": int(own),
        "IsApexTriggerable": int(own),
        "IsTriggerable": int(own),
        "IsWorkflowEnabled": int(own),
        "IsProcessEnabled": int(own),
        "IsCompactLayoutable": int(own),
        "IsLayoutable": int(own),
        "IsSearchLayoutable": int(own),
        "IsSearchable": int("nosearch" not in thing.traits),
        "IsReplicateable": int("noreplicate" not in thing.traits),
        "IsIdEnabled": 1,
        "IsQueryable": 1,
        "IsRetrieveable": 1,
        "PublisherId": "System" if standard else "<local>",
    }


def _field(thing: ObjectDef, field: FieldDef) -> dict[str, Any]:
    name = f"{thing.name}.{field.name}"
    filters = field.filterable and field.type not in COMPOUND_TYPES
    return {
        "Id": name,
        "DurableId": name,
        "QualifiedApiName": field.name,
        "EntityDefinitionId": thing.name,
        "DeveloperName": field.name.removesuffix("__c"),
        "MasterLabel": field.label[:40],
        "Label": field.label[:40],
        "Length": field.length,
        "DataType": _data_type(field),
        "ValueTypeId": field.type,
        "Precision": field.precision or None,
        "Scale": field.scale if field.precision else None,
        "IsCalculated": int(field.calculated),
        "IsCompound": int(field.type in COMPOUND_TYPES),
        "IsNameField": int(field.name_field),
        "IsNillable": int(field.nillable),
        "IsIndexed": int(field.key or field.unique or field.type in {"id", "reference"}),
        "IsApiFilterable": int(filters),
        "IsApiSortable": int(filters and not field.long),
        "IsApiGroupable": int(filters and not field.long),
        "IsFieldHistoryTracked": int(field.tracked),
        "IsPolymorphicForeignKey": int(field.polymorphic),
        "RelationshipName": field.relationship,
        "Description": field.help,
        "PublisherId": "<local>" if field.custom else "System",
    }


def _data_type(field: FieldDef) -> str:
    kind = _TYPES.get(field.type, "Text")
    if field.type == "reference":
        return f"Lookup({','.join(field.reference_to)})"
    if field.precision:
        return f"{kind}({field.precision - field.scale}, {field.scale})"
    if field.length and field.type in {"string", "textarea"}:
        return f"{'Long Text Area' if field.long else kind}({field.length})"
    return kind
