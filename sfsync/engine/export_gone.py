"""Records that were deleted for good since an incremental export last looked; the org's log tells their ids.

A record in the recycle bin is read as any other and judged by the export's condition. One that is in no bin any more
(hard delete, emptied bin, merge) can only be told of by its id, whatever the condition was.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from sfsync.salesforce.soql import name, quote

KEPT = timedelta(days=15)
"""How far back the log of deletions goes ("sObject Get Deleted")."""
SLACK = timedelta(minutes=2)
"""The log ignores seconds at both ends: looking back so much further misses none."""
_BATCH = 2_000


class Source(Protocol):
    """What is needed of ``salesforce.org.Org``."""

    def deletions(self, object_name: str, start: datetime, end: datetime) -> list[tuple[str, datetime]]: ...
    def stream(self, soql: str, *, rows: int, deleted: bool = False) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that is gone for good, and when it was deleted."""

    id: str
    at: datetime


def gone_for_good(
    org: Source, object_name: str, since: datetime, now: datetime, known: Collection[str]
) -> list[Gone]:
    """The records deleted since then that are in no recycle bin, but for those that are ``known`` to be gone.

    Raises OrgError where the org keeps no log of this object, or not so long.
    """
    start = max(since - SLACK, now - KEPT + SLACK)
    found = {
        record_id: at for record_id, at in org.deletions(object_name, start, now) if record_id not in known
    }
    if not found:
        return []
    binned = f"SELECT Id FROM {name(object_name)} WHERE IsDeleted = true AND SystemModstamp >= {quote(start)}"
    for record in org.stream(binned, rows=len(found), deleted=True):
        found.pop(str(record["Id"]), None)
    return [Gone(record_id, at) for record_id, at in sorted(found.items())]


def batches(found: Sequence[Gone]) -> Iterator[list[Gone]]:
    """Between two looks into the journal."""
    source = iter(found)
    while batch := list(islice(source, _BATCH)):
        yield batch
