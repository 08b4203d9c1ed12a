"""Every record that a request writes goes through here: scripted row troubles strike, and the record is counted."""

from collections.abc import Mapping
from typing import Any

from sfsync.mockorg import ids
from sfsync.mockorg.columns import Ready, Values
from sfsync.mockorg.org import DmlOptions, LeadConvert, LeadConverted
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.state import Call


def insert(call: Call, sobject: str, values: Values, options: DmlOptions) -> str:
    """Insert a record and return its id; raises Refused."""
    _strike(call, sobject, values)
    made = call.core.insert(sobject, values, options=options)
    call.state.stats.wrote(sobject, "insert")
    return made


def update(call: Call, sobject: str, record_id: str, values: Values, options: DmlOptions) -> None:
    """Update a record; raises Refused."""
    _strike(call, sobject, values, record_id)
    call.core.update(sobject, record_id, values, options=options)
    call.state.stats.wrote(sobject, "update")


def upsert(
    call: Call, sobject: str, key_field: str, key: Any, values: Values, options: DmlOptions
) -> tuple[str, bool]:
    """Insert or update by external id and return the id and whether it is new; raises Refused."""
    _strike(call, sobject, values)
    record_id, created = call.core.upsert(sobject, key_field, key, values, options=options)
    call.state.stats.wrote(sobject, "insert" if created else "update")
    return record_id, created


def delete(call: Call, sobject: str, record_id: str) -> None:
    """Delete a record; raises Refused."""
    _strike(call, sobject, {}, record_id)
    call.core.delete(sobject, record_id)
    call.state.stats.wrote(sobject, "delete")


def purge(call: Call, sobject: str, record_id: str) -> None:
    """Delete a record for good; raises Refused."""
    _strike(call, sobject, {}, record_id)
    call.core.purge(sobject, record_id)
    call.state.stats.wrote(sobject, "delete")


def convert_lead(call: Call, request: LeadConvert) -> LeadConverted:
    """Convert a lead; counted as one record written. Raises Refused."""
    _strike(call, "Lead", {"account": request.account_id, "contact": request.contact_id}, request.lead_id)
    done = call.core.convert_lead(request)
    call.state.stats.wrote("Lead", "convert")
    return done


def _strike(call: Call, sobject: str, values: Values, record_id: str = "") -> None:
    if isinstance(values, Ready) or not call.state.faults.row_by_row:
        return  # values are only made ready while no row can be struck

    def names(parent: str) -> bool:
        row = call.core.store.row(sobject, ids.normalise(record_id) or "") if record_id else None
        return _names(values, parent) or (row is not None and parent in row.values())

    trouble = call.state.faults.row(call.kind, sobject, names)
    if trouble is not None:
        raise trouble


def _names(values: Mapping[str, Any], parent: str) -> bool:
    """Whether one of the values is the parent: its id, or its key under a relationship."""
    return any(
        _names(value, parent) if isinstance(value, Mapping) else value == parent for value in values.values()
    )


def row_error(error: Refused) -> dict[str, Any]:
    """The error of a row inside a list of results, where the key is ``statusCode``."""
    return {"statusCode": error.code, "message": error.message, "fields": list(error.fields), **error.extra}


def rest_error(error: Refused) -> dict[str, Any]:
    """The error of a request of its own, where the key is ``errorCode``."""
    body: dict[str, Any] = {"message": error.message, "errorCode": error.code}
    if error.fields:
        body["fields"] = list(error.fields)
    return body | error.extra


def options_of(call: Call) -> DmlOptions:
    """Who writes, and what the request's headers say about assignment rules (on unless switched off, or the id of
    one) and about duplicates.

    Source: "Assignment Rule Header" and "Duplicate Rule Header" in the REST API Developer Guide.
    """
    assign = call.request.header("sforce-auto-assign", "TRUE").strip()
    given = call.request.header("sforce-duplicate-rule-header").replace(" ", "").lower().split(";")
    return DmlOptions(
        user_id=call.user or None,
        auto_assign={"TRUE": True, "FALSE": False}.get(assign.upper(), ids.normalise(assign) or True),
        allow_duplicates="allowsave=true" in given,
        duplicate_records="includerecorddetails=true" in given,
    )
