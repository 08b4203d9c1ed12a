"""The schema as REST's describe calls show it (REST API guide, "sObject Describe" and "Describe Global")."""

from collections.abc import Callable
from typing import Any

from sfsync.mockorg.rules.metadata import MASTER
from sfsync.mockorg.schema import COMPOUND_TYPES, TEXT_TYPES, FieldDef, ObjectDef, Schema
from sfsync.mockorg.store import Row

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
}
_FEEDS = frozenset({"Account", "Case", "Contact", "Event", "Lead", "Opportunity", "Task", "User"})
"""Objects that have a feed in a fresh org; the feed itself is not served."""


class Describer:
    """Describes objects; the work is done once per object and API version."""

    def __init__(self, schema: Schema, record_types: Callable[[str], list[Row]]) -> None:
        self._schema = schema
        self._record_types = record_types
        self._done: dict[tuple[str, str], dict[str, Any]] = {}

    def describe(self, thing: ObjectDef, version: str) -> dict[str, Any]:
        """Everything about one object. Callers must not change what they get: it is kept."""
        known = self._done.get((thing.name, version))
        if known is None:
            known = self._done[thing.name, version] = {
                **_object(thing, version),
                "actionOverrides": [],
                "childRelationships": [_child(each) for each in self._schema.children(thing.name)],
                "compactLayoutable": True,
                "defaultImplementation": None,
                "extendedBy": None,
                "extendsInterfaces": None,
                "fields": [_field(thing, each) for each in thing.fields.values()],
                "implementedBy": None,
                "implementsInterfaces": None,
                "listviewable": None,
                "lookupLayoutable": None,
                "namedLayoutInfos": [],
                "networkScopeFieldName": None,
                "recordTypeInfos": [],
                "searchLayoutable": True,
                "sobjectDescribeOption": "FULL",
                "supportedScopes": _scopes(thing),
            }
        return {
            **known,
            "recordTypeInfos": _record_type_infos(thing, self._record_types(thing.name), version),
        }

    def describe_global(self, version: str) -> dict[str, Any]:
        """The list of objects."""
        sobjects = [_object(each, version) for each in self._schema.objects.values()]
        return {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": sorted(sobjects, key=lambda each: each["name"]),
        }


def _object(thing: ObjectDef, version: str) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{thing.name}"
    changes = thing.createable
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": changes,
        "custom": thing.custom,
        "customSetting": False,
        "deepCloneable": thing.name in {"Campaign", "Opportunity"},
        "deletable": thing.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": thing.name in _FEEDS,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": None if "history" in thing.traits else thing.key_prefix,
        "label": thing.label,
        "labelPlural": thing.label_plural,
        "layoutable": changes,
        "mergeable": thing.name in {"Account", "Contact", "Lead"},
        "mruEnabled": changes and "nomru" not in thing.traits,
        "name": thing.name,
        "queryable": True,
        "replicateable": "noreplicate" not in thing.traits,
        "retrieveable": True,
        "searchable": "nosearch" not in thing.traits,
        "triggerable": changes,
        "undeletable": thing.deletable and "noundelete" not in thing.traits,
        "updateable": thing.updateable,
        "urls": {
            "sobject": base,
            "describe": f"{base}/describe",
            "rowTemplate": f"{base}/{{ID}}",
            "layouts": f"{base}/describe/layouts",
            "compactLayouts": f"{base}/describe/compactLayouts",
        },
    }


def _child(relation: Any) -> dict[str, Any]:
    return {
        "cascadeDelete": relation.cascade,
        "childSObject": relation.child,
        "deprecatedAndHidden": False,
        "field": relation.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": relation.name,
        "restrictedDelete": relation.restrict,
    }


def _scopes(thing: ObjectDef) -> list[dict[str, str]]:
    """What USING SCOPE may say of the object."""
    plural = thing.label_plural.lower()
    scopes = {"everything": f"All {plural}"}
    if "OwnerId" in thing.fields:
        scopes["mine"] = f"My {plural}"
        if thing.name == "Case":
            scopes["team_by_role"] = f"My role-based team's {plural}"
        else:
            scopes["team"] = f"My team's {plural}"
        if thing.name in {"Task", "Event"}:
            scopes["delegated"] = f"My delegated {plural}"
        if "Group" in thing.fields["OwnerId"].reference_to and not thing.custom:
            scopes |= {"queue_owned": f"Queue owned {plural}", "user_owned": f"User owned {plural}"}
    return [{"label": scopes[name], "name": name} for name in sorted(scopes)]


def _record_type_infos(thing: ObjectDef, kinds: list[Row], version: str) -> list[dict[str, Any]]:
    """The record types, the first active one the default, and the master that stands for none."""
    default = next((kind["Id"] for kind in kinds if kind["IsActive"]), MASTER)
    infos = [
        _record_type_info(
            thing, version, kind["Id"], kind["DeveloperName"], kind["Name"], default, bool(kind["IsActive"])
        )
        for kind in kinds
    ]
    return [*infos, _record_type_info(thing, version, MASTER, "Master", "Master", default, active=True)]


def _record_type_info(
    thing: ObjectDef, version: str, record_id: str, developer_name: str, name: str, default: str, active: bool
) -> dict[str, Any]:
    layout = f"/services/data/v{version}/sobjects/{thing.name}/describe/layouts/{record_id}"
    return {
        "active": active,
        "available": active,
        "defaultRecordTypeMapping": record_id == default,
        "developerName": developer_name,
        "master": record_id == MASTER,
        "name": name,
        "recordTypeId": record_id,
        "urls": {"layout": layout},
    }


def _field(thing: ObjectDef, each: FieldDef) -> dict[str, Any]:
    textual = each.type in TEXT_TYPES
    owner = each.type == "reference" and (each.polymorphic or "Group" in each.reference_to)
    person = each.compound == "Name" or (each.name == "Name" and "LastName" in thing.fields)
    return {
        "aggregatable": each.aggregatable,
        "aiPredictionField": False,
        "autoNumber": bool(each.auto_number),
        "byteLength": each.length * 3 if textual else each.length,
        "calculated": each.calculated,
        "calculatedFormula": each.formula or None,
        "cascadeDelete": each.cascade and each.custom,
        "caseSensitive": each.case_sensitive,
        "compoundFieldName": each.compound,
        "controllerName": None,
        "createable": each.createable,
        "custom": each.custom,
        "defaultValue": each.default if each.type == "boolean" or each.choices else None,
        "defaultValueFormula": each.default_formula or None,
        "defaultedOnCreate": each.defaulted,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": 8 if each.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": each.type == "encryptedstring",
        "externalId": each.external_id,
        "extraTypeInfo": "personname" if person else "plaintextarea" if each.type == "textarea" else None,
        "filterable": each.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": bool(each.formula) and each.blank_as_zero,
        "groupable": each.groupable,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": each.id_lookup or each.external_id,
        "inlineHelpText": each.help,
        "label": each.label,
        "length": each.length,
        "mask": None,
        "maskType": None,
        "name": each.name,
        "nameField": each.name_field,
        "namePointing": owner,
        "nillable": each.nillable,
        "permissionable": each.nillable and each.type != "id",
        "picklistValues": [
            {
                "active": choice.active,
                "defaultValue": choice.default,
                "label": choice.label,
                "validFor": None,
                "value": choice.value,
            }
            for choice in each.choices
        ],
        "polymorphicForeignKey": each.polymorphic,
        "precision": each.precision,
        "queryByDistance": each.type in COMPOUND_TYPES,
        "referenceTargetField": None,
        "referenceTo": list(each.reference_to),
        "relationshipName": each.relationship,
        "relationshipOrder": None,
        "restrictedDelete": each.restrict_delete and each.custom,
        "restrictedPicklist": each.restricted,
        "scale": each.scale,
        "searchPrefilterable": False,
        "soapType": _SOAP_TYPES.get(each.type, "xsd:string"),
        "sortable": not (each.long or each.type in COMPOUND_TYPES | {"base64", "anyType"}),
        "type": each.type,
        "unique": each.unique,
        "updateable": each.updateable,
        "writeRequiresMasterRead": False,
    }
