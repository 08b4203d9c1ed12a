"""What changed and what was deleted in a span of time.

Source: REST API Developer Guide, "sObject Get Updated", "sObject Get Deleted".
"""

from datetime import UTC, datetime, timedelta

from sfsync.mockorg.http import Reply
from sfsync.mockorg.problems import Refused
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call

OLDEST_UPDATE = timedelta(days=30)
OLDEST_DELETE = timedelta(days=15)
MOST_IDS = 600_000

X = "/services/data/{version}/sobjects/{object}"


def updated(call: Call) -> Reply:
    """GET /sobjects/X/updated/?start=&end="""
    start, end = _span(call, OLDEST_UPDATE)
    sobject = call.object_name()
    found = call.core.updated(sobject, _stamp(start), _stamp(end))
    _check_count(len(found))
    return Reply(200, {"ids": found, "latestDateCovered": _covered(call, end)})


def deleted(call: Call) -> Reply:
    """GET /sobjects/X/deleted/?start=&end="""
    start, end = _span(call, OLDEST_DELETE)
    sobject = call.object_name()
    found = call.core.deleted(sobject, _stamp(start), _stamp(end))
    _check_count(len(found))
    gone = [{"id": record_id, "deletedDate": when} for record_id, when in found]
    oldest = _literal(call.core.clock.now() - OLDEST_DELETE)
    answer = {
        "deletedRecords": gone,
        "earliestDateAvailable": _stamp(oldest),
        "latestDateCovered": _covered(call, end),
    }
    return Reply(200, answer)


def _check_count(count: int) -> None:
    if count > MOST_IDS:
        text = f"The answer would hold more than {MOST_IDS:,} ids; ask for a shorter span"
        raise Refused("EXCEEDED_ID_LIMIT", text)


def _span(call: Call, oldest: timedelta) -> tuple[str, str]:
    """Both ends as SOQL writes them, without seconds, as the platform ignores them."""
    asked = call.request.query
    start, end = _moment(asked.get("start", "")), _moment(asked.get("end", ""))
    if start >= end:
        text = "startDate before org replication enabled date or not at least one minute before endDate"
        raise Refused("INVALID_REPLICATION_DATE", text)
    if start < call.core.clock.now() - oldest - timedelta(minutes=1):
        raise Refused("INVALID_REPLICATION_DATE", f"The start is more than {oldest.days} days ago")
    return _literal(start), _literal(end)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that nobody encoded
    except ValueError:
        raise Refused("INVALID_REPLICATION_DATE", f"Not a date and time: {text}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _covered(call: Call, end: str) -> str:
    """From where a client may go on: never later than now, as what is still to come would be missed."""
    return _stamp(min(end, _literal(call.core.clock.now())))


def _literal(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:00Z")


def _stamp(literal: str) -> str:
    return literal.replace("Z", ".000+0000")


ROUTES = (
    Route("GET", X + "/updated", updated, "updated"),
    Route("GET", X + "/deleted", deleted, "deleted"),
)
