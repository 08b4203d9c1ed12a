"""What the org refuses, in its own words: status, code, message and fields of REST error bodies.

Codes and texts follow the Salesforce REST API guide, "Status Codes and Error Responses", and the SOAP API guide,
"Core Data Types Used in API Calls".
"""

from collections.abc import Iterable, Mapping
from typing import Any


class Refused(Exception):
    """The org refuses: ``status`` (HTTP), ``code``, ``message``, ``fields`` as they stand in an error body;
    ``extra`` holds further keys of that body.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Iterable[str] = (),
        status: int = 400,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = tuple(fields)
        self.extra = dict(extra or {})


class MultipleMatches(Refused):
    """An upsert's key fits several records; nothing is written and REST answers 300 with their addresses."""

    def __init__(self, object_name: str, field: str, ids: Iterable[str]) -> None:
        self.object_name = object_name
        self.ids = tuple(ids)
        message = f"{field}: more than one record found for external id field: [{', '.join(self.ids)}]"
        super().__init__("DUPLICATE_EXTERNAL_ID", message, status=300)


def no_such_object() -> Refused:
    """An object that the org does not know, in a URL or a body."""
    return Refused("NOT_FOUND", "The requested resource does not exist", status=404)


def no_such_field(object_name: str, field: str) -> Refused:
    """A field that the object does not have."""
    return Refused("INVALID_FIELD", f"No such column '{field}' on sobject of type {object_name}")


def not_writable(fields: list[str]) -> Refused:
    """Fields that describe says cannot be created or updated."""
    return Refused(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(fields)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set.",
        fields=fields,
    )


def required(fields: list[str]) -> Refused:
    """Fields that must have a value."""
    return Refused(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(fields)}]", fields=fields
    )


def bad_reference(field: str | None = None) -> Refused:
    """A well-formed id in a body that points at nothing."""
    return Refused(
        "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[field] if field else ()
    )


def bad_record_type(record_id: str) -> Refused:
    """A record type that is not there, not active, or of another object."""
    message = f"Record Type ID: this ID value isn't valid for the user: {record_id}"
    return Refused("INVALID_CROSS_REFERENCE_KEY", message, fields=["RecordTypeId"])


def no_such_record() -> Refused:
    """A well-formed id in a URL that points at nothing, on update and delete."""
    return Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)


def not_found() -> Refused:
    """A record that is not there, on reading."""
    return Refused("NOT_FOUND", "The requested resource does not exist", status=404)


def deleted() -> Refused:
    """A record that lies in the recycle bin."""
    return Refused("ENTITY_IS_DELETED", "entity is deleted", status=404)


def malformed_id(label: str, value: object, field: str) -> Refused:
    """An id of the wrong shape or of another object."""
    return Refused("MALFORMED_ID", f"{label}: id value of incorrect type: {value}", fields=[field])


def integrity(message: str, *fields: str) -> Refused:
    """A rule of the platform about how records fit together."""
    return Refused("FIELD_INTEGRITY_EXCEPTION", message, fields=fields)


def duplicate_value(field: str, record_id: str) -> Refused:
    """A value of a unique field that another record has; its id is shown with 15 characters."""
    return Refused(
        "DUPLICATE_VALUE",
        f"duplicate value found: {field} duplicates value on record with id: {record_id[:15]}",
    )
