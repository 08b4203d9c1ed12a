"""What a dealer may do to a lead: each rule broken once, and random lives of leads beside a plain model."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings as tuning
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from partner_files.aftersales_rules import RULES, Broken, Settings, decide
from partner_files.aftersales_work import ASSIGNED, BOOKED, FIELDS, LOST, NO_SALE, SALE, Lead

BEGIN = datetime(2022, 7, 28, 11, 23, 40, tzinfo=UTC)
NOW = BEGIN + timedelta(days=40)
VIN = "ZZ9YLL42AYCJ50217"
REASONS = {
    "trade_in": (),
    "not_owner_sold": ("ownership_end",),
    "other": ("notes",),
    "again": ("recontact_date",),
}
SETTINGS = Settings(timedelta(hours=24), REASONS)


def at(hours: float) -> datetime:
    """So many hours after the assignment."""
    return BEGIN + timedelta(hours=hours)


def lead(status: str = ASSIGNED, *, final: bool = False, begun: bool = False, **values: Any) -> Lead:
    return Lead({"status": status, **values}, BEGIN, final=final, recontact_begun=begun)


def told(held: Lead, now: datetime = NOW, made: datetime = NOW, **row: Any) -> Mapping[str, Any] | Broken:
    return decide(held, row, now=now, made=made, settings=SETTINGS)


TRIED = lead(attempt_1=at(2))
VISIT = lead(BOOKED, attempt_1=at(2), appointment=at(100))
AGAIN = lead(NO_SALE, attempt_1=at(2), no_sale_reason="again", recontact_date=date(2022, 10, 1))
BREAKS: list[tuple[str, Lead, dict[str, Any]]] = [
    (
        "recontact_begun",
        lead(NO_SALE, begun=True, no_sale_reason="again"),
        {"recontact_date": date(2022, 10, 2)},
    ),
    ("lead_final", lead(SALE, attempt_1=at(2)), {"notes": "More."}),
    ("lead_final", lead(LOST), {"attempt_1": at(2)}),
    ("lead_final", lead(BOOKED, final=True, attempt_1=at(2), appointment=at(3)), {"appointment": at(900)}),
    ("lead_final", AGAIN, {"recontact_date": date(2022, 10, 2), "notes": "And more."}),
    ("lead_final", lead(NO_SALE, no_sale_reason="trade_in"), {"recontact_date": date(2022, 10, 2)}),
    ("lead_final", lead(NO_SALE, no_sale_reason="trade_in"), {"status": ASSIGNED}),
    ("lost_by_system", TRIED, {"status": LOST}),
    ("status_back", VISIT, {"status": ASSIGNED}),
    ("reason_without_closing", TRIED, {"no_sale_reason": "trade_in"}),
    ("reason_without_closing", TRIED, {"status": SALE, "vin": VIN, "no_sale_reason": "trade_in"}),
    ("attempt_recorded", TRIED, {"attempt_1": at(3)}),
    ("attempt_gap", lead(), {"attempt_2": at(2)}),
    ("attempt_gap", TRIED, {"attempt_3": at(3)}),
    ("attempt_future", lead(), {"attempt_1": NOW + timedelta(seconds=1)}),
    ("attempt_early", lead(), {"attempt_1": at(-1)}),
    ("attempt_order", TRIED, {"attempt_2": at(2)}),
    ("attempt_order", lead(), {"attempt_1": at(5), "attempt_2": at(4)}),
    ("no_attempt", lead(), {"status": BOOKED, "appointment": at(9)}),
    ("no_attempt", lead(), {"status": SALE, "vin": VIN, "notes": "Sold."}),
    ("no_attempt", lead(), {"status": NO_SALE, "no_sale_reason": "trade_in"}),
    ("appointment_status", TRIED, {"appointment": at(9)}),
    ("appointment_missing", TRIED, {"status": BOOKED}),
    ("appointment_past", TRIED, {"status": BOOKED, "appointment": at(2)}),
    ("appointment_past", VISIT, {"attempt_2": at(200), "appointment": at(150)}),
    ("appointment_past", TRIED, {"status": SALE, "vin": VIN, "appointment": at(1)}),
    ("sale_vin", VISIT, {"status": SALE}),
    ("sale_vin", VISIT, {"status": SALE, "vin": VIN[:-1]}),
    ("sale_vin", VISIT, {"status": SALE, "vin": VIN[:-1] + "O"}),
    ("sale_notes", TRIED, {"status": SALE, "vin": VIN}),
    ("reason_missing", TRIED, {"status": NO_SALE}),
    ("reason_unknown", TRIED, {"status": NO_SALE, "no_sale_reason": "Bad weather"}),
    ("reason_ownership", TRIED, {"status": NO_SALE, "no_sale_reason": "not_owner_sold"}),
    ("reason_notes", TRIED, {"status": NO_SALE, "no_sale_reason": "other"}),
    ("reason_recontact", TRIED, {"status": NO_SALE, "no_sale_reason": "again"}),
]


@pytest.mark.parametrize(("code", "held", "row"), BREAKS)
def test_a_row_that_breaks_a_rule_is_refused_by_its_name(code: str, held: Lead, row: dict[str, Any]) -> None:
    found = told(held, **row)
    assert isinstance(found, Broken)
    assert found.reason.code == code
    assert "{" not in found.reason
    assert found.column in {*FIELDS}


def test_every_rule_is_broken_somewhere() -> None:
    assert {code for code, _, _ in BREAKS} == {rule.code for rule in RULES}


def test_the_first_attempt_fills_the_first_contact_and_whether_it_was_in_time() -> None:
    # The worked example of the process: assigned 13:23, first attempt 15:41, 2 h 18 min.
    found = told(lead(), attempt_1=at(2.3), status=ASSIGNED)
    assert found == {
        "Contact_Attempt_1__c": "2022-07-28T13:41:40Z",
        "First_Contact_On__c": "2022-07-28T13:41:40Z",
        "First_Contact_SLA_Met__c": True,
    }
    for hours, met in ((24, True), (24.001, False)):
        late = told(lead(), attempt_1=at(hours))
        assert isinstance(late, Mapping)
        assert late["First_Contact_SLA_Met__c"] is met
    second = told(TRIED, attempt_1=at(2), attempt_2=at(3))
    assert isinstance(second, Mapping)
    assert set(second) == {"Contact_Attempt_2__c"}


@pytest.mark.parametrize(
    ("held", "row", "written"),
    [
        (TRIED, {"status": BOOKED, "appointment": at(90)}, {"Status__c", "Appointment_At__c"}),
        (VISIT, {"status": BOOKED, "appointment": at(120)}, {"Appointment_At__c"}),
        (
            VISIT,
            {"appointment": at(120), "appointment_emails": True},
            {"Appointment_At__c", "Appointment_Emails__c"},
        ),
        (VISIT, {"status": SALE, "vin": VIN}, {"Status__c", "VIN__c", "Closed_At__c"}),
        (
            TRIED,
            {"status": SALE, "vin": VIN, "notes": "Sold."},
            {"Status__c", "VIN__c", "Management_Notes__c", "Closed_At__c"},
        ),
        (
            VISIT,
            {"status": NO_SALE, "no_sale_reason": "trade_in"},
            {"Status__c", "No_Sale_Reason__c", "Closed_At__c"},
        ),
        (AGAIN, {"recontact_date": date(2022, 11, 1)}, {"Recontact_Date__c"}),
        (lead(), {"mileage": 12.34, "consent_privacy": True}, {"Mileage__c", "Privacy_Consent__c"}),
    ],
)
def test_what_is_allowed_is_written_and_nothing_else(
    held: Lead, row: dict[str, Any], written: set[str]
) -> None:
    found = told(held, **row)
    assert isinstance(found, Mapping)
    assert set(found) == written


def test_a_visit_after_which_the_customer_was_called_can_be_closed_in_one_row() -> None:
    found = told(lead(), status=SALE, attempt_1=at(2), appointment=at(50), attempt_2=at(60), vin=VIN)
    assert isinstance(found, Mapping)
    assert found["Status__c"] == SALE


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"status": None, "notes": ""},
        {"status": BOOKED, "attempt_1": at(2), "appointment": at(100)},
        {"attempt_1": at(2).replace(second=0)},  # a system that knows minutes
        {"consent_privacy": False, "mileage": 10.04, "notes": " Line\r\nbreak "},
    ],
)
def test_a_row_that_says_nothing_new_changes_nothing_whatever_the_rules(row: dict[str, Any]) -> None:
    held = lead(BOOKED, final=True, attempt_1=at(2), appointment=at(100), mileage=10.0, notes="Line\nbreak")
    assert told(held, **row) == {}


def test_a_lead_is_closed_when_the_file_was_made_but_not_before_its_latest_attempt() -> None:
    row: dict[str, Any] = {"status": NO_SALE, "no_sale_reason": "trade_in"}
    for made, closed in ((at(30), at(30)), (at(1), at(2)), (NOW + timedelta(days=1), NOW)):
        found = told(TRIED, made=made, **row)
        assert isinstance(found, Mapping)
        assert found["Closed_At__c"] == f"{closed:%Y-%m-%dT%H:%M:%SZ}"


def test_an_attempt_in_the_minute_of_the_assignment_is_not_before_it() -> None:
    assert isinstance(told(lead(), attempt_1=BEGIN.replace(second=0)), Mapping)


class Lives(RuleBasedStateMachine):
    """Random lives of a lead: every row is a snapshot of what the dealer's system holds, with one action more.

    The model knows the process in plain words and nothing of the table: what it allows must be written as it says,
    and what it forbids must be refused.
    """

    @initialize()
    def assigned(self) -> None:
        self.now = BEGIN + timedelta(hours=30)
        self.org: dict[str, Any] = {"status": ASSIGNED}
        self.final = False
        self.begun = False
        self.status = ASSIGNED
        self.attempts: list[datetime] = []
        self.appointment: datetime | None = None
        self.notes = False
        self.again: date | None = None

    @property
    def over(self) -> bool:
        return self.final or self.status in {SALE, NO_SALE, LOST}

    def send(self, *, allowed: bool, **action: Any) -> bool:
        """Send the snapshot with an action; True when it was written."""
        snapshot = dict(self.org) | action
        held = Lead(dict(self.org), BEGIN, final=self.final, recontact_begun=self.begun)
        found = decide(held, snapshot, now=self.now, made=self.now, settings=SETTINGS)
        assert isinstance(found, Broken) is not allowed, (found, action)
        if isinstance(found, Broken):
            return False
        names = {field: name for name, field in FIELDS.items()}
        for field in found:
            if field in names:
                self.org[names[field]] = snapshot[names[field]]
        return True

    @rule()
    def book_without_a_time(self) -> None:
        self.send(allowed=self.status == BOOKED, status=BOOKED, appointment=self.appointment)

    @rule(hours=st.sampled_from([1, 5, 30, 30, 900]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(back=st.sampled_from([0, 0, 1, 2, 29, 31, 2000, -1]), step=st.sampled_from([0, 0, 0, 0, 1, -1]))
    def attempt(self, back: int, step: int) -> None:
        moment = self.now - timedelta(hours=back)
        number = min(max(len(self.attempts) + step, 0), 4)
        fresh = number == len(self.attempts)
        known = number < len(self.attempts) and self.attempts[number] == moment
        sound = fresh and BEGIN.replace(second=0) <= moment <= self.now
        sound = sound and (not self.attempts or moment > self.attempts[-1])
        allowed = known or (sound and not self.over)
        if self.send(allowed=allowed, **{f"attempt_{number + 1}": moment}) and not known:
            self.attempts.append(moment)

    @rule(
        ahead=st.sampled_from([-30, -1, 0, 1, 50, 70]), said=st.sampled_from([None, ASSIGNED, BOOKED, BOOKED])
    )
    def book(self, ahead: int, said: str | None) -> None:
        moment = self.now + timedelta(hours=ahead)
        status = said or self.status
        same = moment == self.appointment and status == self.status
        sound = bool(self.attempts) and moment > self.attempts[-1] and status == BOOKED
        if self.appointment == moment and status == self.status:
            sound = True
        allowed = same or (sound and not self.over)
        if self.send(allowed=allowed, appointment=moment, **({"status": said} if said else {})) and not same:
            self.status, self.appointment = BOOKED, moment

    @rule(vin=st.sampled_from([None, VIN, VIN, "ZZ9", VIN[:-1] + "Q"]), notes=st.booleans())
    def close_with_sale(self, vin: str | None, notes: bool) -> None:
        sound = vin == VIN or (vin is None and self.org.get("vin") == VIN)
        allowed = not self.over and bool(self.attempts) and sound
        allowed = allowed and bool(self.appointment or notes or self.notes)
        same = self.status == SALE and vin in {None, self.org.get("vin")} and (not notes or self.notes)
        said = {"vin": vin} if vin else {}
        text = {"notes": "Said."} if notes else {}
        if self.send(allowed=allowed or same, status=SALE, **said, **text) and not same:
            self.status, self.notes = SALE, self.notes or notes

    @rule(
        reason=st.sampled_from([None, "trade_in", "not_owner_sold", "other", "again", "weather"]),
        more=st.booleans(),
    )
    def close_without_sale(self, reason: str | None, more: bool) -> None:
        row: dict[str, Any] = {"no_sale_reason": reason} if reason else {}
        if more:
            row |= {"ownership_end": date(2022, 1, 1), "notes": "Said.", "recontact_date": date(2023, 1, 1)}
        new = {name for name, value in (row | {"status": NO_SALE}).items() if self.org.get(name) != value}
        if not new:
            return  # the same as before
        met = {
            "trade_in": True,
            "not_owner_sold": bool(more or self.org.get("ownership_end")),
            "other": bool(more or self.notes),
            "again": bool(more or self.again),
        }
        allowed = not self.over and bool(self.attempts) and met.get(reason or "", False)
        moves = new == {"recontact_date"} and self.org.get("no_sale_reason") == "again" and not self.begun
        if self.send(allowed=allowed or moves, status=NO_SALE, **row):
            self.status, self.notes = NO_SALE, self.notes or more
            self.again = date(2023, 1, 1) if more else self.again

    @rule(days=st.integers(1, 3))
    def move_recontact(self, days: int) -> None:
        day = date(2023, 1, 1) + timedelta(days=days)
        waits = self.status == NO_SALE and self.org.get("no_sale_reason") == "again" and not self.begun
        allowed = waits or not self.over or day == self.again
        if self.send(allowed=allowed, recontact_date=day):
            self.again = day

    @rule()
    def the_new_lead_is_worked_on(self) -> None:
        self.begun = self.status == NO_SALE

    @precondition(lambda self: self.now > BEGIN + timedelta(days=60))
    @rule()
    def lapse(self) -> None:
        """The nightly job: an assigned lead is lost, an appointment becomes final."""
        if self.status == ASSIGNED:
            self.status = self.org["status"] = LOST
        elif self.status == BOOKED:
            self.final = True

    @rule()
    def nothing_new(self) -> None:
        before = dict(self.org)
        assert self.send(allowed=True)
        assert self.org == before

    @rule(reason=st.sampled_from(sorted(REASONS)))
    def give_a_reason_without_closing(self, reason: str) -> None:
        same = self.org.get("no_sale_reason") == reason
        self.send(allowed=same, no_sale_reason=reason)

    @rule()
    def lose(self) -> None:
        self.send(allowed=self.status == LOST, status=LOST)

    @invariant()
    def the_org_holds_what_the_model_says(self) -> None:
        assert self.org["status"] == self.status
        kept = [self.org[f"attempt_{number}"] for number in range(1, 6) if self.org.get(f"attempt_{number}")]
        assert kept == self.attempts == sorted(set(self.attempts))
        assert self.org.get("appointment") == self.appointment
        assert self.org.get("recontact_date") == self.again
        if self.status in {BOOKED, SALE, NO_SALE}:
            assert self.attempts


Lives.TestCase.settings = tuning(max_examples=150, stateful_step_count=25)
TestLives = Lives.TestCase
