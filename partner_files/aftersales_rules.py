"""What a dealer may do to an after-sales lead, as one table of rules. Pure: no file, no org, no clock.

A row of a dealer's file is a snapshot: the lead as the dealer's system sees it. What differs from the lead in the
org is what the dealer did; an empty cell says nothing. ``decide`` takes lead and row and gives the fields to write,
nothing to write, or the first rule that is broken; of a row that breaks one, nothing is written.

Words: *told* is what the row says and the lead does not hold yet; *after* is the lead once it was written.

Three moments are read from the row itself, so that a file that comes late is judged as if it had come in time:
- an appointment is booked in a contact, so it must lie after the latest contact attempt; in a row that closes the
  lead too, where attempts may have followed the visit, after the first;
- a lead is closed when the file was made, but not before its latest contact attempt;
- only "in the future" is about now: no attempt may lie after the moment at which the file is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Flag, auto
from functools import cached_property
from typing import Any

from partner_files.aftersales_work import (
    ASSIGNED,
    ATTEMPTS,
    BOOKED,
    FIELDS,
    LOST,
    NO_SALE,
    SALE,
    Lead,
    differences,
    json_value,
)
from sfsync.languages.reason import Reason

VIN_SIGNS = frozenset("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")
VIN_LENGTH = 17


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules take from YAML: ``reasons`` are codes with what each requires (our names)."""

    first_contact: timedelta
    reasons: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken rule: why, as partners are told, and the column to blame (our name)."""

    reason: Reason
    column: str


class Action(Flag):
    """What a row does to its lead; a row may do several things at once."""

    CHANGE = auto()
    ATTEMPT = auto()
    BOOK = auto()
    CLOSE_WITH_SALE = auto()
    CLOSE_WITHOUT_SALE = auto()
    CLOSE = CLOSE_WITH_SALE | CLOSE_WITHOUT_SALE


@dataclass(frozen=True)
class Case:
    """A row beside its lead, with everything that a rule may look at."""

    lead: Lead
    told: Mapping[str, Any]
    now: datetime
    made: datetime
    settings: Settings

    @cached_property
    def after(self) -> Mapping[str, Any]:
        return {**self.lead.values, **self.told}

    @cached_property
    def attempts(self) -> Sequence[datetime]:
        """All attempts once the row was written, in their order in the file."""
        return [self.after[name] for name in ATTEMPTS if self.after.get(name)]

    @cached_property
    def actions(self) -> Action:
        found = Action.CHANGE
        status = self.told.get("status")
        if any(name in self.told for name in ATTEMPTS):
            found |= Action.ATTEMPT
        if status == BOOKED or "appointment" in self.told:
            found |= Action.BOOK
        if status == SALE:
            found |= Action.CLOSE_WITH_SALE
        if status == NO_SALE:
            found |= Action.CLOSE_WITHOUT_SALE
        return found

    @property
    def required(self) -> Sequence[str]:
        """What the no-sale reason requires."""
        return self.settings.reasons.get(self.after.get("no_sale_reason") or "", ())

    @property
    def moves_recontact(self) -> bool:
        """Whether the row only moves the recontact date of a lead that was closed to be contacted again."""
        reason = self.lead.values.get("no_sale_reason") or ""
        again = "recontact_date" in self.settings.reasons.get(reason, ())
        return again and self.lead.values.get("status") == NO_SALE and set(self.told) == {"recontact_date"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: looked at when the row does one of ``actions``; ``check`` gives the blame when it is broken."""

    code: str
    actions: Action
    english: str
    """Its sentence; those of other languages stand in ``config/languages/`` by the code."""
    check: Callable[[Case], "Blame | None"]


@dataclass(frozen=True, slots=True)
class Blame:
    """The column that breaks a rule, and what to fill its sentence in with."""

    column: str
    parameters: Mapping[str, int] = field(default_factory=dict)


def decide(
    lead: Lead, row: Mapping[str, Any], *, now: datetime, made: datetime, settings: Settings
) -> Mapping[str, Any] | Broken:
    """The fields to write (API name → JSON value; none when nothing differs), or the first broken rule.

    ``row`` by our names, ``None`` or absent: nothing is said. ``made`` is when the file was made.
    """
    case = Case(lead, differences(lead.values, row), now, min(made, now), settings)
    if not case.told:
        return {}
    for rule in RULES:
        if rule.actions & case.actions and (blame := rule.check(case)):
            return Broken(Reason(rule.code, rule.english, **blame.parameters), blame.column)
    return {name: json_value(value) for name, value in _written(case).items()}


def _written(case: Case) -> dict[str, Any]:
    """The fields that follow from the row: what it tells, and what the org keeps beside it."""
    values = {FIELDS[name]: value for name, value in case.told.items()}
    first = case.told.get(ATTEMPTS[0])
    if first is not None:
        values["First_Contact_On__c"] = first
        assigned = case.lead.assigned
        values["First_Contact_SLA_Met__c"] = (
            assigned is not None and first - assigned <= case.settings.first_contact
        )
    if case.actions & Action.CLOSE:
        values["Closed_At__c"] = max([case.made, *case.attempts])
    return values


# --- the rules, in the order in which they are looked at --------------------------------------------------------


def _final(case: Case) -> Blame | None:
    if not case.lead.closed or case.moves_recontact:
        return None
    return Blame(next(iter(case.told)))


def _recontact_begun(case: Case) -> Blame | None:
    return Blame("recontact_date") if case.moves_recontact and case.lead.recontact_begun else None


def _lost_by_dealer(case: Case) -> Blame | None:
    return Blame("status") if case.told.get("status") == LOST else None


def _status_back(case: Case) -> Blame | None:
    back = case.told.get("status") == ASSIGNED and case.lead.values.get("status") == BOOKED
    return Blame("status") if back else None


def _attempt_recorded(case: Case) -> Blame | None:
    for number, name in enumerate(ATTEMPTS, 1):
        if name in case.told and case.lead.values.get(name):
            return Blame(name, {"number": number})
    return None


def _attempt_gap(case: Case) -> Blame | None:
    for number, name in enumerate(ATTEMPTS[1:], 2):
        if case.after.get(name) and not case.after.get(ATTEMPTS[number - 2]):
            return Blame(name, {"number": number, "before": number - 1})
    return None


def _attempt_order(case: Case) -> Blame | None:
    for number, (one, other) in enumerate(zip(case.attempts, case.attempts[1:], strict=False), 2):
        if other <= one:
            return Blame(ATTEMPTS[number - 1], {"number": number, "before": number - 1})
    return None


def _attempt_future(case: Case) -> Blame | None:
    late = [name for name in ATTEMPTS if name in case.told and case.told[name] > case.now]
    return Blame(late[0], {"number": ATTEMPTS.index(late[0]) + 1}) if late else None


def _attempt_early(case: Case) -> Blame | None:
    if case.lead.assigned is None:
        return None
    # Dealers' systems give minutes: an attempt in the minute of the assignment is not before it.
    begin = case.lead.assigned.replace(second=0, microsecond=0)
    early = [name for name in ATTEMPTS if name in case.told and case.told[name] < begin]
    return Blame(early[0], {"number": ATTEMPTS.index(early[0]) + 1}) if early else None


def _no_attempt(case: Case) -> Blame | None:
    return None if case.attempts else Blame(ATTEMPTS[0])


def _appointment_missing(case: Case) -> Blame | None:
    return None if case.after.get("appointment") else Blame("appointment")


def _appointment_status(case: Case) -> Blame | None:
    return Blame("status") if case.after.get("status") == ASSIGNED else None


def _appointment_past(case: Case) -> Blame | None:
    if "appointment" not in case.told:
        return None
    contact = case.attempts[0] if case.actions & Action.CLOSE else case.attempts[-1]
    return None if case.told["appointment"] > contact else Blame("appointment")


def _vin(case: Case) -> Blame | None:
    vin = case.after.get("vin") or ""
    return None if len(vin) == VIN_LENGTH and VIN_SIGNS.issuperset(vin) else Blame("vin")


def _sale_notes(case: Case) -> Blame | None:
    return None if case.after.get("appointment") or case.after.get("notes") else Blame("notes")


def _reason_status(case: Case) -> Blame | None:
    idle = "no_sale_reason" in case.told and case.after.get("status") != NO_SALE
    return Blame("no_sale_reason") if idle else None


def _reason_missing(case: Case) -> Blame | None:
    return None if case.after.get("no_sale_reason") else Blame("no_sale_reason")


def _reason_unknown(case: Case) -> Blame | None:
    return None if case.after["no_sale_reason"] in case.settings.reasons else Blame("no_sale_reason")


def _requires(name: str) -> Callable[[Case], Blame | None]:
    """The check of "this reason requires …"."""

    def check(case: Case) -> Blame | None:
        return Blame(name) if name in case.required and not case.after.get(name) else None

    return check


_BOOK_OR_CLOSE = Action.BOOK | Action.CLOSE
_WITHOUT = Action.CLOSE_WITHOUT_SALE

RULES: Sequence[Rule] = (
    Rule(
        "recontact_begun",
        Action.CHANGE,
        "the customer is being contacted again already, so the recontact date cannot be moved any more",
        _recontact_begun,
    ),
    Rule("lead_final", Action.CHANGE, "the lead is closed or final and takes no further change", _final),
    Rule("lost_by_system", Action.CHANGE, "only the system sets a lead to Lost Sale", _lost_by_dealer),
    Rule("status_back", Action.CHANGE, "an appointment is booked; the lead cannot go back", _status_back),
    Rule(
        "reason_without_closing",
        Action.CHANGE,
        "a no-sale reason goes only with the status Closed Without Sale",
        _reason_status,
    ),
    Rule(
        "attempt_recorded",
        Action.ATTEMPT,
        "contact attempt {number} is recorded already and keeps its date and time",
        _attempt_recorded,
    ),
    Rule(
        "attempt_gap",
        Action.ATTEMPT,
        "contact attempt {number} is given without attempt {before}",
        _attempt_gap,
    ),
    Rule("attempt_future", Action.ATTEMPT, "contact attempt {number} lies in the future", _attempt_future),
    Rule(
        "attempt_early",
        Action.ATTEMPT,
        "contact attempt {number} lies before the lead was assigned to the dealer",
        _attempt_early,
    ),
    Rule(
        "attempt_order",
        Action.ATTEMPT,
        "contact attempt {number} must lie after attempt {before}",
        _attempt_order,
    ),
    Rule(
        "no_attempt",
        _BOOK_OR_CLOSE,
        "a contact attempt must be recorded before an appointment or a closing",
        _no_attempt,
    ),
    Rule(
        "appointment_status",
        Action.BOOK,
        "an appointment is given, but the status is still Assigned to Dealer",
        _appointment_status,
    ),
    Rule(
        "appointment_missing",
        Action.BOOK,
        "the date and time of the appointment are missing",
        _appointment_missing,
    ),
    Rule(
        "appointment_past",
        Action.BOOK,
        "the appointment must lie after the contact attempt in which it was made",
        _appointment_past,
    ),
    Rule(
        "sale_vin",
        Action.CLOSE_WITH_SALE,
        "a sale needs a valid VIN: 17 letters and digits without I, O and Q",
        _vin,
    ),
    Rule(
        "sale_notes",
        Action.CLOSE_WITH_SALE,
        "a sale without a previous appointment needs management notes",
        _sale_notes,
    ),
    Rule("reason_missing", _WITHOUT, "closing without sale needs a reason", _reason_missing),
    Rule("reason_unknown", _WITHOUT, "the no-sale reason is not in the list", _reason_unknown),
    Rule(
        "reason_ownership",
        _WITHOUT,
        "this reason requires the date of the end of ownership",
        _requires("ownership_end"),
    ),
    Rule("reason_notes", _WITHOUT, "this reason requires management notes", _requires("notes")),
    Rule(
        "reason_recontact", _WITHOUT, "this reason requires the recontact date", _requires("recontact_date")
    ),
)
"""Looked at from top to bottom; the first that is broken is named. Later rules may rely on earlier ones."""
