"""Reading by SOQL: every page of one query, and several queries in one API call."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote as percent

from sfsync.errors import ConfigError, OrgError
from sfsync.salesforce import soql as soql_text
from sfsync.salesforce.composite import Part, send_parts
from sfsync.salesforce.faults import classify_part, to_error
from sfsync.salesforce.session import Session

QUERIES_A_CALL = 5
"""Queries that one composite call may hold ("Send Multiple Requests Using Composite")."""

PAGE_ROWS = 2_000
"""Records of one page ("Query" of the REST API Developer Guide); fewer when they are large."""

_LONGEST = 16_000


def query(session: Session, soql: str, *, deleted: bool = False) -> Iterator[dict[str, Any]]:
    """All records of a query, page by page, without the org's ``attributes``; with ``deleted`` also deleted ones.

    Sub-queries keep the platform's shape: null when empty, else ``{"totalSize", "done", "records"}``, complete.
    """
    page = _get(session, _path(session, soql, "queryAll" if deleted else "query"))
    while True:
        yield from _records(session, page)
        if page.get("done", True):
            return
        page = _get(session, str(page["nextRecordsUrl"]))


def query_many(session: Session, soqls: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The complete records of several queries, in order of the queries, in as few API calls as possible.

    Queries and their further pages share calls, five in each. One alone goes without composite.
    """
    return [records or [] for records in query_small(session, soqls, most=None)]


def query_small(
    session: Session, soqls: Sequence[str], *, most: int | None
) -> list[list[dict[str, Any]] | None]:
    """As ``query_many``, but None, after one page, for a query that finds more than ``most`` records."""
    results: list[list[dict[str, Any]] | None] = [[] for _ in soqls]
    waiting = [(index, _path(session, text)) for index, text in enumerate(soqls)]
    while waiting:
        batch, waiting = waiting[:QUERIES_A_CALL], waiting[QUERIES_A_CALL:]
        for (index, _), page in zip(batch, _pages(session, [path for _, path in batch]), strict=True):
            found = results[index]
            if found is None or (most is not None and int(page.get("totalSize") or 0) > most):
                results[index] = None
                continue
            found.extend(_records(session, page))
            if not page.get("done", True):
                waiting.append((index, str(page["nextRecordsUrl"])))
    return results


def deletions(
    session: Session, object_name: str, start: datetime, end: datetime
) -> list[tuple[str, datetime]]:
    """Ids of the records that were deleted in a span, and when; also those that are in no recycle bin any more.

    The org ignores seconds, and looks back 15 days at most ("sObject Get Deleted"). Raises OrgError.
    """
    span = {
        name: f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for name, moment in (("start", start), ("end", end))
    }
    body = session.request("GET", f"sobjects/{object_name}/deleted/", params=span).json()
    found = body.get("deletedRecords") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise OrgError("The org answered the question for deleted records with something else.")
    return [(str(one["id"]), datetime.fromisoformat(str(one["deletedDate"]))) for one in found]


def count(session: Session, object_name: str) -> int:
    """How many records of an object there are, as far as the user sees them."""
    page = _get(session, _path(session, f"SELECT COUNT() FROM {object_name}"))
    return int(page["totalSize"])


def calls_of(queries: int) -> int:
    """API calls that ``query_many`` makes for so many queries of one page each."""
    return -(-queries // QUERIES_A_CALL)


def _path(session: Session, soql: str, resource: str = "query") -> str:
    if soql_text.size(soql) > _LONGEST:
        raise ConfigError(
            f"A query of {soql_text.size(soql):,} bytes is longer than the {_LONGEST:,} that fit into an address."
        )
    return f"/services/data/v{session.version}/{resource}?q={percent(soql, safe='')}"


def _pages(session: Session, paths: list[str]) -> list[dict[str, Any]]:
    if len(paths) == 1:
        return [_get(session, paths[0])]
    parts = [Part("GET", path, f"q{number}") for number, path in enumerate(paths)]
    pages = []
    for path, answer in zip(paths, send_parts(session, parts, repeatable=True), strict=True):
        fault = classify_part(answer.status, answer.body)
        if fault is None:
            pages.append(_page(answer.body))
        elif fault.may_repeat(repeatable=True):
            pages.append(_get(session, path))  # alone, with the session's policy of repetition
        else:
            raise to_error(fault, session.instance_url.partition("//")[2], repeatable=True)
    return pages


def _get(session: Session, path: str) -> dict[str, Any]:
    return _page(session.request("GET", path).json())


def _page(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise OrgError("The org answered a query with something that is not a page of records.")
    return body


def _records(session: Session, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for record in page["records"]:
        yield _clean(session, record)


def _clean(session: Session, record: dict[str, Any]) -> dict[str, Any]:
    """Without ``attributes``, at any depth; children of a sub-query are fetched to the last page."""
    cleaned: dict[str, Any] = {}
    for field, value in record.items():
        if field == "attributes":
            continue
        if not isinstance(value, dict):
            cleaned[field] = value
        elif isinstance(value.get("records"), list):
            children = list(_children(session, value))
            cleaned[field] = {"totalSize": len(children), "done": True, "records": children}
        else:
            cleaned[field] = _clean(session, value)
    return cleaned


def _children(session: Session, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        yield from _records(session, page)
        if page.get("done", True):
            return
        page = _get(session, str(page["nextRecordsUrl"]))
