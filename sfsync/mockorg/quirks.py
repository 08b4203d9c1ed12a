"""What real orgs do differently from one another, or where nobody could confirm what they do: switches, with
our best guess set.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True, slots=True)
class Quirks:
    """Behaviour that a test may switch. ``MockOrg(quirks=Quirks(page_size=200))``."""

    page_size: int = 2_000
    """Rows of a query page when the client does not ask; low values exercise paging with little data."""
    newest_version: int = 66
    """The newest API version in the list of versions; older ones down to 31 are accepted as well."""
    bulk2_charset: bool = False
    """Whether Bulk 2.0 results say ``charset=UTF-8``. Without it some clients read them as Latin-1."""
    bulk_slice: int = 10_000
    """Rows that the org's background work gets through between two requests."""
    bulk_waits: int = 0
    """How often a poll finds a job still waiting before the work on it begins."""
    hard_delete: bool = True
    """Whether the user may hardDelete: a permission of its own that most users lack."""
    query_job_not_ready: int = 204
    """Status of results asked of an unfinished query job: 204 in newer editions of the documentation, 412 in
    older ones.
    """
    numeric_concurrency: bool = True
    """Whether Bulk 1.0 takes ``concurrencyMode`` 0 and 1 for Parallel and Serial."""
    reverse_collated: bool = False
    """Run the independent subrequests of a composite backwards unless collateSubrequests is false: their order
    is not promised.
    """
    key_in_body: bool = False
    """Whether an upsert by external id may repeat the key field in its body."""
    open_cursors: int = 100
    """Query cursors kept; the oldest is dropped (an org keeps about ten for each user)."""
    stale_locator: int = 400
    """Status of INVALID_QUERY_LOCATOR, when a cursor is no longer kept: 400 or 404."""
    count_failed: bool = True
    """Whether numberRecordsProcessed of a Bulk 2.0 ingest job counts the failed rows too."""
    empty_results: bool = True
    """Whether a result of a Bulk 2.0 ingest job without rows still has its header line."""
    content_slash: bool = False
    """Whether the contentUrl of a Bulk 2.0 job begins with a slash."""
    repeated_keys: bool = True
    """Whether a key that an upsert by collection names twice is refused the second time; if not, its record is
    changed again.
    """
    session_minutes: int = 0
    """After how many minutes without a call a session ends (an org: 120 unless set otherwise); 0 for never."""
    logins_per_hour: int = 3_600
    """Logins of one user in an hour; more are refused until it is over."""
    web_leads: int = 500
    """Web-to-lead submissions in 24 hours; more wait until the span has moved on."""
    web_names: bool = True
    """Whether web forms may name custom fields by their API names too; an org knows only their ids (00N…)."""
    web_redirect: int = 200
    """How web-to-lead sends a browser on: 200 with a page that does, or 302 with Location."""

    case_comments: bool = True
    """Whether text written to a case's Comments becomes a CaseComment; if not, it stays in the field."""
    empty_amount: bool = False
    """Whether the amount of an opportunity goes to zero with its last product; if not, it stays as it was."""
    pin_price_book: bool = True
    """Whether the first product gives an opportunity without a price book its own; if not, the book must be set
    before.
    """
    lead_with_related: bool = False
    """Whether an activity may have a lead as WhoId and a WhatId too."""
    assign_on_update: bool = True
    """Whether assignment rules run on updates over REST too, where Sforce-Auto-Assign is TRUE by default."""
    duplicate_details: bool = True
    """Whether DUPLICATES_DETECTED comes with a ``duplicateResult`` that names the records."""
    default_record_type: bool = True
    """Whether a record made without one gets the object's first active record type; if not, it has none."""
    history_names: bool = True
    """Whether the change of a lookup gives two rows of field history, names and ids; if not, only the ids."""
    edit_converted_leads: bool = False
    """Whether converted leads can be changed (the permission "View and Edit Converted Leads")."""
    orders_need_contract: bool = False
    """Whether an order must have a contract (an order setting)."""
    locale_order: bool = True
    """Whether ORDER BY sorts text as people do, É beside E; if not, by code point without case."""


def parse_quirks(texts: Iterable[str]) -> Quirks:
    """Switches as text, such as ``page_size=200`` or ``web_names=false``; ValueError says what is wrong with one."""
    known = {field.name: field.type for field in fields(Quirks)}
    chosen: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, value = name.strip().replace("-", "_"), value.strip().lower()
        if not equals or name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(known)}."
            raise ValueError(f"There is no switch {text!r}; expected NAME=VALUE.{hint}")
        if known[name] is bool or known[name] == "bool":
            if value not in {"true", "false"}:
                raise ValueError(f"{name} is true or false, not {value!r}.")
            chosen[name] = value == "true"
        elif value.isdecimal():
            chosen[name] = int(value)
        else:
            raise ValueError(f"{name} is a number, not {value!r}.")
    return Quirks(**chosen)
