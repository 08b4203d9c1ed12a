"""Contracts: drafts first, activated with a start and a term, and never drafts again.

Salesforce object reference, "Contract".
"""

from calendar import monthrange
from datetime import date, timedelta

from sfsync.mockorg.problems import Refused, integrity
from sfsync.mockorg.rules.base import Rule, World, Write
from sfsync.mockorg.rules.orders import status_code
from sfsync.mockorg.store import Row


def last_day(start: str, months: int) -> str:
    """The last day of a term of so many months from ``start`` (ISO dates)."""
    first = date.fromisoformat(start)
    month = first.month - 1 + months
    year, month = first.year + month // 12, month % 12 + 1
    same = date(year, month, min(first.day, monthrange(year, month)[1]))
    # A term that would end on a day its last month lacks ends with that month.
    return (same - timedelta(days=1 if same.day == first.day else 0)).isoformat()


def _check(write: Write) -> None:
    row = write.new
    code = row["StatusCode"] = status_code(write.object, row.get("Status"))
    start, term = row.get("StartDate"), row.get("ContractTerm")
    if term is not None and not 0 < term < 1_000:
        raise integrity("Contract Term: it must be a number of months above 0", "ContractTerm")
    row["EndDate"] = last_day(start, term) if start and term else None
    before = write.old["StatusCode"] if write.old else "Draft"
    if write.options.system:
        return
    if write.creating and code == "Activated":
        raise Refused(
            "FAILED_ACTIVATION", "Choose a valid contract status and save your changes.", fields=["Status"]
        )
    if code == "Activated" and before != "Activated":
        if not (start and term):
            message = "Required fields are missing: [Contract Start Date, Contract Term (months)]"
            raise Refused("FAILED_ACTIVATION", message, fields=["StartDate", "ContractTerm"])
        row["ActivatedDate"] = write.world.clock.stamp()
        row["ActivatedById"] = write.options.user_id or write.world.user_id
    if before == "Activated" and code != "Activated":
        message = "An activated contract cannot go back to another status"
        raise Refused("FAILED_ACTIVATION", message, fields=["Status"])


def _keep_activated(world: World, row: Row) -> None:
    del world
    if row["StatusCode"] == "Activated":
        raise Refused("ENTITY_IS_LOCKED", "the entity is locked for editing: an activated contract stays")


RULES = (Rule(("Contract",), before=_check, deleting=_keep_activated),)
