"""Incremental exports against an org in which transactions commit late, records change again and again, and runs die.

Whatever happens, each successful export must have told of the present state of every record that was visible when it
looked, and no two files that counted may tell of the same state twice.
"""

import csv
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sfsync.clock import ManualClock
from sfsync.engine.export import export_records
from sfsync.engine.export_model import Export
from sfsync.engine.running import Nobody, Ports
from sfsync.journal.exported import Exported
from sfsync.journal.journal import open_journal
from sfsync.salesforce.describe import Field, SObject
from sfsync.transports.places import Places
from tests.conftest import NewHouse

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
OVERLAP = 10.0
"""Minutes; no transaction of these tests lasts longer."""
ROUNDS = 30

State = tuple[str, str, str]  # id, stamp, deleted


@dataclass
class LateOrg:
    """Records by id with what will be visible from when; the stamp is that of the change, not of the commit."""

    clock: ManualClock
    states: dict[str, list[tuple[datetime, datetime, bool]]] = field(default_factory=dict)
    purged: set[str] = field(default_factory=set)
    url: str = "https://late.example"

    def change(self, record: str, *, minutes: float, deleted: bool) -> None:
        """A transaction that changes a record now and commits after ``minutes``."""
        now = self.clock.now()
        history = self.states.setdefault(record, [])
        if history and (history[-1][1] > now or history[-1][2]):
            return  # another transaction holds the record's lock, or it is gone
        history.append((now, now + timedelta(minutes=minutes), deleted))

    def purge(self, record: str) -> None:
        """Empty the recycle bin of a record."""
        if self.visible().get(record, (None, False))[1]:
            self.purged.add(record)

    def deletions(self, object_name: str, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
        start, end = (moment.replace(second=0, microsecond=0) for moment in (start, end))
        return [
            (record, stamp)
            for record, (stamp, gone) in self.visible().items()
            if gone and start <= stamp < end
        ]

    def visible(self) -> dict[str, tuple[datetime, bool]]:
        """Each record's newest committed state."""
        now = self.clock.now()
        seen = {
            record: [(stamp, deleted) for stamp, commit, deleted in history if commit <= now]
            for record, history in self.states.items()
        }
        return {record: history[-1] for record, history in seen.items() if history}

    def stream(self, soql: str, *, rows: int, deleted: bool = False) -> Iterator[dict[str, Any]]:
        found = re.search(r"SystemModstamp >= (\S+)", soql)
        since = datetime.fromisoformat(found[1]) if found else datetime.min.replace(tzinfo=UTC)
        chosen = {
            record: (stamp, gone)
            for record, (stamp, gone) in self.visible().items()
            if stamp >= since
            and (deleted or not gone)
            and record not in self.purged
            and (gone or "IsDeleted = true" not in soql)
        }
        if "COUNT" in soql:
            newest = max((stamp for stamp, _ in chosen.values()), default=None)
            yield {"n": len(chosen), "newest": newest.isoformat() if newest else None}
            return
        for record, (stamp, gone) in sorted(chosen.items()):
            yield {"Id": record, "SystemModstamp": stamp.isoformat(), "IsDeleted": gone}

    def reads_in_bulk(self, rows: int) -> bool:
        return False

    def reading_cost(self, rows: int) -> int:
        return 1

    def describe(self, name: str) -> SObject:
        fields = [Field("Id", "Id", "id"), Field("SystemModstamp", "Changed", "datetime", nillable=False)]
        return SObject(name, name, "02i", True, True, True, {one.name: one for one in fields}, {})


@pytest.fixture
def ports(new_house: NewHouse, tmp_path: Path) -> Iterator[Callable[[LateOrg], Ports]]:
    base = new_house().project.ports(Nobody())
    opened = []

    def make(org: LateOrg) -> Ports:
        journal = open_journal("sqlite://", clock=org.clock)
        opened.append(journal)
        state = tmp_path / str(len(opened))
        places = Places(state, org.clock, lambda: base.org)
        usage = base.org.usage
        org.usage = usage  # type: ignore[attr-defined]  what a meter reads
        return replace(
            base,
            org=org,
            open_journal=lambda: journal,
            clock=org.clock,
            zone="UTC",
            state=state,
            places=places,
        )

    yield make
    for journal in opened:
        journal.close()


def told(result: Any) -> list[State]:
    found = []
    for path in result.files:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            found += [(row["id"], row["at"], row["deleted"]) for row in csv.DictReader(stream)]
    return found


def state(record: str, stamp: datetime, *, deleted: bool) -> State:
    return (record, stamp.isoformat(), "true" if deleted else "false")


def definition(overlap: float) -> Export:
    return Export.model_validate(
        {
            "export": "changes", "object": "Asset", "columns": {"id": "Id", "at": "SystemModstamp"},
            "file": {"name": "{run}.csv"}, "incremental": {"overlap_minutes": overlap, "deleted": "deleted"},
        }
    )  # fmt: skip


def live(org: LateOrg, ports: Ports, seed: int, overlap: float) -> list[State]:
    """A random life of an org with exports in between; the visible states that no export has told of."""
    dice = random.Random(seed)
    everything: list[State] = []
    missed: list[State] = []
    unknown: set[str] = set()  # gone before the first export: nobody ever heard of them
    for _ in range(ROUNDS):
        for _ in range(dice.randrange(4)):
            org.clock.sleep(dice.choice([0, 0, 0.5, 30, 200]))
            slow = dice.choice([0.0, 0.0, dice.uniform(0, OVERLAP)])
            org.change(f"02i{dice.randrange(12):015d}", minutes=slow, deleted=dice.random() < 0.1)
        if dice.random() < 0.3:
            org.purge(f"02i{dice.randrange(12):015d}")
        org.clock.sleep(dice.choice([0, 1, 60, 600, 1800]))
        present = org.visible()
        if not everything:
            unknown = {record for record, (_, gone) in present.items() if gone}
        try:
            with pytest.MonkeyPatch.context() as patch:
                if dice.random() < 0.2:
                    patch.setattr(Exported, "keep", _dies)
                result = export_records(ports, definition(overlap))
        except KeyboardInterrupt:
            continue  # its file may lie there; what it told of does not count
        now = told(result)
        assert not set(now) & set(everything), "told twice"
        everything += now
        dead = [record for record, _, deleted in everything if deleted == "true"]
        assert len(dead) == len(set(dead)), "deleted twice"
        missed += [
            told_of
            for record, (stamp, gone) in present.items()
            if (told_of := state(record, stamp, deleted=gone)) not in everything
            and record not in unknown
            and not (
                record in org.purged and (record in dead or org.clock.now() - stamp < timedelta(minutes=1))
            )
        ]
    org.clock.sleep(120)
    dead += [
        record for record, _, deleted in told(export_records(ports, definition(overlap))) if deleted == "true"
    ]
    missed += [state(record, START, deleted=True) for record in org.purged - set(dead) - unknown]
    return missed


def _dies(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("seed", range(25))
def test_no_change_is_missed_and_none_told_twice(ports: Callable[[LateOrg], Ports], seed: int) -> None:
    org = LateOrg(ManualClock(START))
    assert live(org, ports(org), seed, OVERLAP) == []


def test_without_looking_back_late_commits_are_missed(ports: Callable[[LateOrg], Ports]) -> None:
    """The test above can fail: this is what it would see."""
    misses = 0
    for seed in range(5):
        org = LateOrg(ManualClock(START))
        misses += len(live(org, ports(org), seed, 0))
    assert misses
