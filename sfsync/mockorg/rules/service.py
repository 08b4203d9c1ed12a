"""Cases: closed follows from the status, the person's addresses are shown, comments become records of their own.

Salesforce object reference, "Case" and "CaseComment".
"""

from sfsync.mockorg.rules.base import Rule, Write

_SHOWN = {
    "ContactPhone": "Phone",
    "ContactMobile": "MobilePhone",
    "ContactEmail": "Email",
    "ContactFax": "Fax",
}


def closed(write: Write, statuses: str) -> bool:
    """Whether the record's status is a closed one in the object that lists them."""
    where = '"ApiName" = ? AND "IsClosed" = 1'
    return bool(write.world.store.rows(statuses, where, (write.new.get("Status"),)))


def _close_case(write: Write) -> None:
    row = write.new
    if write.changed("ContactId"):
        contact = write.world.store.row("Contact", row["ContactId"] or "") or {}
        if row.get("AccountId") is None:
            row["AccountId"] = contact.get("AccountId")
        row |= {name: contact.get(source) for name, source in _SHOWN.items()}
    if write.changed("Status"):
        done = closed(write, "CaseStatus")
        if done != bool(row["IsClosed"]):
            row["ClosedDate"] = write.world.clock.stamp() if done else None
        row["IsClosed"] = int(done)


def _comment(write: Write) -> None:
    """What is written to Comments becomes an internal comment; the field itself reads empty."""
    text = write.new.get("Comments")
    if text and "Comments" in write.given and write.world.quirks.case_comments:
        write.world.create("CaseComment", {"ParentId": write.id, "CommentBody": text})
        write.world.store.update("Case", write.id, {"Comments": None})


RULES = (Rule(("Case",), before=_close_case, after=_comment),)
