"""Tasks: closed follows from the status; events: they need a beginning and an end; both: whom they may concern.

Salesforce object reference, "Task" and "Event".
"""

from datetime import timedelta

from sfsync.mockorg.problems import Refused, integrity, required
from sfsync.mockorg.rules.base import Rule, Write
from sfsync.mockorg.rules.service import closed
from sfsync.mockorg.values import moment, stamp


def _close_task(write: Write) -> None:
    row = write.new
    if write.changed("Status"):
        done = closed(write, "TaskStatus")
        if done != bool(row["IsClosed"]):
            row["CompletedDateTime"] = write.world.clock.stamp() if done else None
        row["IsClosed"] = int(done)
    row["IsHighPriority"] = int(row.get("Priority") == "High")


def _one_subject(write: Write) -> None:
    """A lead stands alone: WhatId goes with contacts only."""
    row = write.new
    if write.world.quirks.lead_with_related:
        return
    if (row.get("WhoId") or "").startswith("00Q") and row.get("WhatId"):
        message = "WhatId: the related record is only allowed with contacts, not with leads"
        raise Refused("FIELD_INTEGRITY_EXCEPTION", message, fields=["WhatId"])


def _account(write: Write) -> None:
    """The account an activity belongs to follows from what or whom it is about."""
    row, store = write.new, write.world.store
    for link in ("WhatId", "WhoId"):
        target = write.world.schema.by_prefix(row.get(link) or "")
        found = store.row(target.name, row[link]) if target else None
        if target and found:
            account = found["Id"] if target.name == "Account" else found.get("AccountId")
            if account:
                row["AccountId"] = account
                return
    row["AccountId"] = None


def _schedule(write: Write) -> None:
    row = write.new
    if row["IsAllDayEvent"]:
        day = row.get("ActivityDate") or (row.get("StartDateTime") or row.get("ActivityDateTime") or "")[:10]
        if not day:
            raise required(["ActivityDate"])
        row["ActivityDate"], row["EndDate"] = day, (row.get("EndDateTime") or day)[:10]
        return
    given = write.given
    starts = row.get("ActivityDateTime" if "ActivityDateTime" in given else "StartDateTime") or row.get(
        "ActivityDateTime"
    )
    if starts is None:
        raise required(["StartDateTime"])
    begin = moment(starts)
    ends, minutes = row.get("EndDateTime"), row.get("DurationInMinutes")
    if write.old is not None and ("DurationInMinutes" in given) != ("EndDateTime" in given):
        ends, minutes = (None, minutes) if "DurationInMinutes" in given else (ends, None)
    if begin is None or (ends is None and minutes is None):
        raise required(["EndDateTime"])
    end = moment(ends) if ends else None
    end = end or begin + timedelta(minutes=minutes or 0)
    length = int((end - begin).total_seconds() // 60)
    if length < 0 or (
        ends and minutes is not None and {"DurationInMinutes", "EndDateTime"} <= given and length != minutes
    ):
        raise integrity("Event duration and end disagree, or the event ends before it begins", "EndDateTime")
    if length > 14 * 24 * 60:
        raise integrity("An event may last 14 days at most", "EndDateTime")
    row["StartDateTime"] = row["ActivityDateTime"] = stamp(begin)
    row["EndDateTime"], row["DurationInMinutes"] = stamp(end), length
    row["ActivityDate"], row["EndDate"] = stamp(begin)[:10], stamp(end)[:10]


RULES = (
    Rule(("Task",), before=_close_task),
    Rule(("Task", "Event"), before=_one_subject),
    Rule(("Task", "Event"), before=_account),
    Rule(("Event",), before=_schedule),
)
