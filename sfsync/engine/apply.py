"""Sends decisions to the org phase by phase and settles what became of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol

from sfsync.engine.flow import Decision, Result
from sfsync.languages.reason import Reason
from sfsync.records import Bucket, Change, ConvertLead, Create, Outcome, Progress, State, personal, target

REFUSALS = frozenset(
    {
        "org_duplicate_value",
        "org_duplicates_detected",
        "org_field_custom_validation_exception",
        "org_invalid_cross_reference_key",
        "org_invalid_email_address",
        "org_invalid_or_null_for_restricted_picklist",
        "org_required_field_missing",
        "org_string_too_long",
        "org_unable_to_lock_row",
    }
)
"""Codes of reasons for the org's status codes (SOAP API Developer Guide, Core Data Types, StatusCode)."""

_LONG = 8
"""Digits from which a number may be a card or a registration, no amount."""


class Writer(Protocol):
    """The writing half of ``salesforce.org.Org``."""

    def write(self, changes: Sequence[Change], *, progress: Progress | None = None) -> list[Outcome]: ...


def write_phases(
    org: Writer, decisions: Sequence[Decision], progress: Progress | None = None
) -> list[Result]:
    """Write the changes of all decisions, phase by phase; results in the order of ``decisions``.

    A change that several rows share (the account of three colleagues) is sent once. A row whose change was
    refused or is unknown sends nothing further. Waiting rows are not touched.
    """
    ids: dict[tuple[str, str], str] = {}
    trouble: dict[int, Outcome] = {}
    found: dict[int, dict[str, str]] = {}
    via: dict[int, str] = {}
    depth = max((len(decision.phases) for decision in decisions), default=0)
    for phase in range(depth):
        places: dict[tuple[str, str, str], list[int]] = {}
        changes: list[Change] = []
        for index, decision in enumerate(decisions):
            if decision.waits or index in trouble or phase >= len(decision.phases):
                continue
            for change in decision.phases[phase]:
                sent = _resolve(change, ids)
                rows = places.setdefault(target(sent), [])
                if not rows:
                    changes.append(sent)
                rows.append(index)
        outcomes = org.write(changes, progress=progress) if changes else []
        for change, outcome in zip(changes, outcomes, strict=True):
            if isinstance(change, Create) and outcome.id:
                ids[change.object, change.key] = outcome.id
            for index in places[target(change)]:
                via[index] = outcome.via
                if outcome.state is State.UNKNOWN:
                    trouble[index] = outcome  # a look at the org tells more than another change's refusal
                elif outcome.state is not State.DONE:
                    trouble.setdefault(index, outcome)
                elif outcome.id:
                    found.setdefault(index, {})[change.object] = outcome.id
    return [
        replace(_result(decision, trouble.get(index), found.get(index, {})), via=via.get(index, ""))
        for index, decision in enumerate(decisions)
    ]


def _resolve(change: Change, ids: dict[tuple[str, str], str]) -> Change:
    if isinstance(change, ConvertLead) and change.account_key and not change.account_id:
        return replace(change, account_id=ids.get(("Account", change.account_key)))
    return change


def _result(decision: Decision, trouble: Outcome | None, ids: dict[str, str]) -> Result:
    if trouble is None:
        return Result(decision.bucket, decision.reason, ids)
    if trouble.state is State.UNKNOWN:
        return Result(Bucket.FAILED, Reason("outcome_unknown", trouble.reason), ids, unknown=True)
    return Result(Bucket.FAILED, refusal(trouble.code, _unquoted(trouble.reason, decision)), ids)


def refusal(code: str, said: str) -> Reason:
    """The org's refusal as it said it; in another language with the meaning of the codes that partners meet."""
    known = f"org_{code.lower()}"
    return Reason(known if known in REFUSALS else "org_refused", "{said}", said=said)


def _unquoted(reason: str, decision: Decision) -> str:
    changes = [change for phase in decision.phases for change in phase]
    sent = [change.values.items() for change in changes if not isinstance(change, ConvertLead)]
    return unquoted(reason, chain.from_iterable(sent))


def unquoted(reason: str, sent: Iterable[tuple[str, Any]]) -> str:
    """The org's reason without the personal values and long numbers that the row sent: some messages quote them.

    ``sent`` is fields and values.
    """
    values = {
        value
        for name, value in sent
        if isinstance(value, str) and len(value) > 1 and (personal(name) or _is_number(value))
    }
    for value in sorted(values, key=len, reverse=True):
        reason = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", reason, flags=re.IGNORECASE)
    return reason


def _is_number(value: str) -> bool:
    return len(value) >= _LONG and value.isdigit()
