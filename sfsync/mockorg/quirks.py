"""What real orgs do differently from one another, or where nobody could confirm what they do: switches, with
our best guess set.
"""

from dataclasses import dataclass


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
