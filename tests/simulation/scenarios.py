"""What is simulated: a day's work from a prepared org to calm, and how the org must look in the end."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfsync.demo.partners import card_id
from sfsync.engine.results import RunResult
from sfsync.engine.run import LedgerError
from sfsync.errors import LeaseHeld, SfsyncError
from sfsync.records import Bucket
from sfsync.tabular.table import open_table
from tests.simulation.judge import Violation, honest
from tests.simulation.schedule import Crash, Schedule
from tests.simulation.world import World

TURNS = 12
"""Calls of cron after which a schedule must have come to rest."""


@dataclass
class Course:
    """One schedule's way: the world, and what the operator remembers."""

    world: World
    turns: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def settle(self, act: Callable[[], RunResult | None]) -> None:
        """Call ``act`` as cron does until it ends well, has nothing left to write, and no row fails but for good."""
        quiet = 0
        self.world.act = act
        while quiet < 2:  # a row that failed is tried again by the next run
            self.turns += 1
            if self.turns > TURNS:
                raise Violation(f"no rest after {TURNS} turns")
            if self.turns > TURNS // 2:
                self.world.schedule.calm = True
            before, troubles = self.world.org.stats.records_written, self.world.troubles()
            outcome, result = self._once(act)
            self.outcomes[outcome] += 1
            self.world.schedule.log.append(f"   turn {self.turns}: {outcome}")
            written = self.world.org.stats.records_written != before
            at_rest = outcome in {"ok", "partial"} and not written and not self.world.waiting()
            if result:
                honest(self.world, result.run_id)
            failed = result and any(step.buckets.get(Bucket.FAILED) for step in result.steps)
            if failed and self.world.troubles() != troubles:
                at_rest = False  # what failed may have failed by the trouble alone
            quiet = (quiet + 1 if failed else 2) if at_rest else 0

    def _once(self, act: Callable[[], RunResult | None]) -> tuple[str, RunResult | None]:
        try:
            result = act()
        except Crash:
            return "crashed", None
        except LeaseHeld:
            self.world.clock.sleep(1900)  # the dead hold a lease until it runs out
            return "locked", None
        except SfsyncError as error:
            if isinstance(error, LedgerError):
                raise Violation(f"the ledger does not close: {error}") from error
            return "failed", None
        return result.status if result else "ok", result


@dataclass(frozen=True)
class Scenario:
    """``prepare`` makes the org to begin from, ``play`` is the work, ``look`` the picture to compare."""

    name: str
    prepare: Callable[[World], None]
    play: Callable[[Course], None]
    bulk_from: int = 2000
    rivals: bool = True
    """Whether a machine with a journal of its own may do the same; else it runs the flow."""


FORM = {
    "submission_id": "WF-1", "submitted_at": "2026-03-01T10:00:00+01:00", "first_name": "Zoë", "last_name": "Kok",
    "customer_type": "private", "email": "zoe@example.org", "phone": "06 12345678", "street": "Kade",
    "house_number": "1", "postcode": "1234 AB", "city": "Dam", "country": "NL", "number_of_cards": 1,
    "subscription_plan": "basic", "consent_terms": True,
}  # fmt: skip
COMPANY = {
    "customer_type": "company", "company_name": "Volt BV", "vat_number": "NL000000001B01", "country": "BE",
    "number_of_cards": 2, "subscription_plan": "plus",
}  # fmt: skip
FORMS = [
    FORM,
    FORM | {"submission_id": "WF-2", "submitted_at": "2026-03-01T10:00:05+01:00", "email": "ZOE@example.org"},
    FORM
    | COMPANY
    | {"submission_id": "WF-3", "first_name": "An", "email": "an@volt.example", "phone": "0470 123456"},
    FORM
    | COMPANY
    | {"submission_id": "WF-4", "first_name": "Bo", "email": "bo@volt.example", "phone": "0470 123457"},
    FORM | {"submission_id": "WF-5", "first_name": "Cé", "email": "geen", "phone": ""},
]
CARDS = ("WF-1", "WF-3", "WF-3-2", "WF-4", "WF-4-2")


def whole_flow(course: Course) -> None:
    course.settle(course.world.run)


def web_forms(course: Course) -> None:
    """Cron imports the same file of forms again and again; the buckets always add up."""
    path = course.world.state / "forms.jsonl"

    def take() -> RunResult:
        path.write_text("".join(json.dumps(form) + "\n" for form in FORMS), encoding="utf-8")
        result = course.world.take("web_forms", path)
        if sum(result.steps[0].buckets.values()) != len(FORMS):
            raise Violation(f"{len(FORMS)} rows, buckets {dict(result.steps[0].buckets)}")
        (answer,) = (Path(file) for file in result.files)
        table = open_table(answer)
        place = str(table.columns.index("submission_id"))
        answered = [key for block in table.blocks() for key in block[place].to_list()]
        if answered != [form["submission_id"] for form in FORMS]:
            raise Violation(f"the answer is about other rows: {answered}")
        return result

    course.settle(take)


def table(course: Course) -> None:
    """Cron imports a table by a mapping, and later the same table with one value changed in every row."""
    path = course.world.state / "table.jsonl"
    for city in ("Dam", "Edam"):
        forms = [form | {"city": city} for form in FORMS]
        path.write_text("".join(json.dumps(form) + "\n" for form in forms), encoding="utf-8")

        def take() -> RunResult:
            result = course.world.table("web_forms", path)
            if sum(result.steps[0].buckets.values()) != len(FORMS):
                raise Violation(f"{len(FORMS)} rows, buckets {dict(result.steps[0].buckets)}")
            return result

        course.turns = 0
        course.settle(take)


def lead_to_order(course: Course) -> None:
    course.settle(lambda: course.world.run("intake", "convert", "products", "close", "order"))


def allocation(course: Course) -> None:
    """The partner's answer lies in the inbox: good rows, one order that does not exist, one broken card id."""
    rows = [(key, card_id(key)) for key in CARDS] + [("WF-9", card_id("WF-9")), ("WF-1-2", "8,9E+18")]
    lines = ["Order number;Card number;Ship date", *(f"{key};{card};03-04-2026" for key, card in rows)]
    course.world.deliver("allocation", "retour.csv", "\n".join(lines) + "\n")
    _taken(course, "allocation_in")
    _archived(course.world, "allocation", "retour.csv")


def activation(course: Course) -> None:
    """The workbook goes out by mail; the operator asks the partner when nobody knows."""
    world = course.world
    course.settle(lambda: world.give("activation"))
    for batch in sorted({card["Activation_Batch__c"] for card in _undated(world)}):
        course.turns = 0
        course.settle(
            lambda batch=batch: None if _arrived(world, batch) else world.give("activation", batch=batch)
        )
    mailed = Counter(key for _, keys in world.mailbox.mails for key in keys)
    gone = world.touched  # somebody deleted the card or took it off: it need not be mailed
    wrong = {key: mailed[key] for key in CARDS if mailed[key] not in ({0, 1} if key in gone else {1})}
    if wrong:
        raise Violation(f"mails per card that are not one: {wrong}")


def answers(course: Course) -> None:
    """The activation partner's answer lies in the inbox."""
    rows = [(key, card_id(key), "active" if key != "WF-4-2" else "refused", "") for key in CARDS]
    lines = ["Order number,Card number,Result,Reason", *(",".join(row) for row in rows)]
    course.world.deliver("activation", "answer.csv", "\n".join(lines) + "\n")
    _taken(course, "activation_in")
    _archived(course.world, "activation", "answer.csv")


def _arrived(world: World, batch: str) -> bool:
    """What the partner says when the operator asks, which the operator does before every try."""
    return batch in {name for name, _ in world.mailbox.mails}


def _undated(world: World) -> list[dict[str, Any]]:
    return world.org.query(
        "SELECT Activation_Batch__c FROM Asset WHERE Activation_Batch__c != null AND Activation_Sent_On__c = null"
    )


def _taken(course: Course, step: str) -> None:
    """Cron takes the waiting file; whoever finds failed rows in an answer has the file sent again."""
    course.settle(lambda: course.world.run(step, "order_status"))
    seen = 0
    while (failures := _failed_answers(course.world)) > seen:
        seen, course.turns = failures, 0
        course.world.send_again()
        course.settle(lambda: course.world.run(step, "order_status"))


def _failed_answers(world: World) -> int:
    answers = (world.state / "results").glob("*/*-result.csv")
    return sum(bool(re.search(r"\bfailed\b", path.read_text(encoding="utf-8-sig"))) for path in answers)


def _archived(world: World, partner_file: str, name: str) -> None:
    inbox = world.inbox(partner_file)
    places = [str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file()]
    if len(places) != 1 + world.replaced or not all(place.startswith("archive") for place in places):
        raise Violation(f"{name} should lie in the archive; there are {places}")


def _web_leads(world: World) -> None:
    """Open web-to-lead leads: a private person, two colleagues, one without an e-mail, one who sent it twice."""
    world.org.seed("charge_card", 5)
    leads = [lead["Id"] for lead in world.org.query("SELECT Id FROM Lead ORDER BY Id")]
    company = {"Customer_Type__c": "company", "Company": "Volt BV", "Registration_Number__c": "NL1"}
    world.org.core.update("Lead", leads[1], company)
    world.org.core.update("Lead", leads[2], company)
    world.org.core.update("Lead", leads[3], {"Email": None})
    first = world.org.query(f"SELECT FirstName, LastName, Email FROM Lead WHERE Id = '{leads[0]}'")[0]
    world.org.core.update(
        "Lead", leads[4], {name: first[name] for name in ("FirstName", "LastName", "Email")}
    )


def _nothing(world: World) -> None:
    world.org.seed("charge_card", 0)


def _after(*works: Callable[[Course], None]) -> Callable[[World], None]:
    """The org after earlier work that nothing disturbed."""

    def prepare(world: World) -> None:
        world.org.seed("charge_card", 0)
        snapshot = world.org.snapshot()
        world.begin(snapshot, Schedule(0, 2, calm=True))
        for work in works:
            work(Course(world))
        world.end()

    return prepare


_ORDERED = (web_forms, lead_to_order)
SCENARIOS = (
    Scenario("web leads to orders", _web_leads, lead_to_order),
    Scenario("web leads to orders, by Bulk", _web_leads, lead_to_order, bulk_from=1),
    Scenario("import web forms", _nothing, web_forms),
    Scenario("forms to orders", _after(web_forms), lead_to_order),
    Scenario("allocation answers", _after(*_ORDERED), allocation),
    Scenario("allocation answers, by Bulk", _after(*_ORDERED), allocation, bulk_from=1),
    Scenario("activation mail", _after(*_ORDERED, allocation), activation, rivals=False),
    Scenario("the whole flow", _web_leads, whole_flow),
    Scenario("activation answers", _after(*_ORDERED, allocation, activation), answers),
    Scenario("import a table", _nothing, table),
    Scenario("import a table, by Bulk", _nothing, table, bulk_from=1),
)
