"""A small part of the traffic on every change; and the simulation notices what it is made to notice."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from partner_files import aftersales_rules
from partner_files.appointment_mails import AppointmentMails
from tests.traffic.model import ASSIGNED, BOOKED, Lead, Model, Row
from tests.traffic.simulate import Report, Size, Traffic

SMALL = Size(leads=250, dealers=8, days=12)
FEW = Size(leads=60, dealers=3, days=6, every=2)


def simulated(size: Size, folder: Path) -> Report:
    return Traffic(size, folder).run()


def test_two_weeks_of_traffic(tmp_path: Path) -> None:
    report = simulated(SMALL, tmp_path)
    assert report.problems == []
    assert min(report.statuses.values()) > 0
    assert len(report.statuses) == 5
    assert report.trouble.total() > 3
    assert all(
        report.counts[name] for name in ("mails", "recontact leads", "campaign leads", "invalid", "files")
    )


def test_a_rule_that_is_not_looked_at_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [
        rule
        for rule in aftersales_rules.RULES
        if rule.code not in {"status_back", "attempt_gap", "reason_missing"}
    ]
    monkeypatch.setattr(aftersales_rules, "RULES", kept)
    assert simulated(Size(leads=200, dealers=8, days=8, every=2), tmp_path).problems


def test_mails_that_are_not_claimed_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = AppointmentMails._decide

    def careless(self: AppointmentMails, lead: dict[str, object], readers: list[object]) -> object:
        found = decide(self, lead, readers)  # type: ignore[arg-type]  as the step gives them
        claim, mark = found.phases
        monkeypatch.setitem(lead, "Mail_Claim__c", None)
        return type(found)(found.key, phases=((type(claim[0])("Aftersales_Lead__c", claim[0].id, {}),), mark))

    monkeypatch.setattr(AppointmentMails, "_decide", careless)
    problems = simulated(FEW, tmp_path).problems
    assert any("should go out 1×" in problem for problem in problems)


def test_the_same_seed_is_the_same_traffic(tmp_path: Path) -> None:
    one, two = (simulated(FEW, tmp_path / name) for name in ("one", "two"))
    assert (one.counts, one.statuses, one.trouble, one.problems) == (
        two.counts,
        two.statuses,
        two.trouble,
        [],
    )


# --- the model itself ---------------------------------------------------------------------------------------------

NOW = datetime(2024, 3, 5, 17, tzinfo=UTC)


def model(**values: object) -> tuple[Model, Lead]:
    made = Model({"D1": "Europe/Paris"}, [])
    return made, made.add(Lead("ASL-1", "D1", "Europe/Paris", NOW - timedelta(days=2), **values))  # type: ignore[arg-type]


def test_the_model_books_confirms_reminds_and_ends() -> None:
    made, lead = model()
    appointment = NOW + timedelta(days=3)
    told = {
        "attempt_1": NOW - timedelta(days=1),
        "status": BOOKED,
        "appointment": appointment,
        "emails": True,
    }
    assert made.take([Row("ASL-1", "D1", told)], NOW, NOW) == Counter(applied=1)
    assert made.take([Row("ASL-1", "D1", told)], NOW, NOW) == Counter(unchanged=1)
    made.confirm(NOW)
    for day in range(70):
        moment = NOW + timedelta(days=day, hours=10)
        made.night(moment, moment.date())
    assert set(made.mails.values()) == {1}
    assert len(made.mails) == 4
    assert (lead.status, lead.final) == (BOOKED, True)
    assert made.take(
        [Row("ASL-1", "D1", {"attempt_2": NOW})], NOW + timedelta(days=80), NOW + timedelta(days=80)
    ) == (Counter(invalid=1))


def test_the_model_refuses_what_is_outdated_unknown_or_unreadable() -> None:
    made, lead = model(changed=NOW)
    row = Row("ASL-1", "D1", {"attempt_1": NOW - timedelta(hours=3)})
    assert made.take([row], NOW - timedelta(hours=1), NOW) == Counter(conflict=1)
    assert made.take([Row("ASL-1", "D2", row.told)], NOW, NOW) == Counter(not_found=1)
    assert made.take([Row("ASL-1", "D1", row.told, broken=True)], NOW, NOW) == Counter(invalid=1)
    assert made.take([row, row], NOW, NOW) == Counter(applied=1, duplicate=1)
    assert lead.status == ASSIGNED
