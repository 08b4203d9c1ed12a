"""Several parts of frames: the results of one are read while the next goes up, and every row has an outcome."""

from collections.abc import Collection, Iterator, Mapping
from random import Random
from threading import Event, Lock
from typing import Any

import polars as pl
import pytest

from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit
from sfsync.records import State
from sfsync.salesforce.bulk2_frames import OUTCOMES, ingest_frames
from sfsync.salesforce.bulk_frames import PLACE, FrameParts
from sfsync.salesforce.bulk_job import Job
from sfsync.salesforce.session import Answer
from tests.salesforce.bulk.fake_session import FakeSession

ROWS, IN_A_PART = 12, 4


@pytest.fixture
def parts() -> Iterator[FrameParts]:
    made = FrameParts("Key__c", part_bytes=len("Key__c,Name\n") + IN_A_PART * len("K00,N00\n"))
    for start in range(0, ROWS, 2):
        texts = [f"{number:02}" for number in range(start, start + 2)]
        made.add(
            pl.DataFrame(
                {
                    PLACE: pl.Series(range(start, start + 2), dtype=pl.UInt32),
                    "Key__c": [f"K{text}" for text in texts],
                    "Name": [f"N{text}" for text in texts],
                }
            )
        )
    assert len(made.parts) == ROWS // IN_A_PART
    yield made
    made.close()


def load(session: FakeSession, parts: FrameParts, told: list[Job]) -> pl.DataFrame:
    outcomes = ingest_frames(
        session,
        "Lead",
        parts,
        clock=session.clock,
        told=lambda outcome, _: outcome.reason,
        on_job=told.append,
    )
    assert outcomes.schema == OUTCOMES
    assert sorted(outcomes[PLACE]) == list(range(ROWS))
    return outcomes.sort(PLACE)


def test_every_row_of_every_part_has_its_outcome(parts: FrameParts):
    session = FakeSession(
        lambda row: (
            ("failed", "DUPLICATE_VALUE:twice:--")
            if row["Key__c"] == "K05"
            else ("created", f"00Q{row['Key__c']}")
        )
    )
    told: list[Job] = []
    outcomes = load(session, parts, told)
    assert outcomes["state"].to_list() == [
        State.REFUSED.value if number == 5 else State.DONE.value for number in range(ROWS)
    ]
    assert outcomes["id"].to_list() == [None if number == 5 else f"00QK{number:02}" for number in range(ROWS)]
    jobs = list(session.jobs)
    assert outcomes["via"].to_list() == [jobs[number // IN_A_PART] for number in range(ROWS)]
    assert [job.id for job in told if job.settled] == jobs
    settled = next(place for place, job in enumerate(told) if job.settled)
    assert jobs[1] in {job.id for job in told[:settled]}  # the second went up meanwhile


def test_the_org_has_one_job_to_work_on_at_a_time(parts: FrameParts):
    told: list[Job] = []
    load(FakeSession(), parts, told)
    at_work: set[str] = set()
    for job in told:
        at_work = (at_work | {job.id}) if job.state != "JobComplete" else (at_work - {job.id})
        assert len(at_work) <= 1


Call = tuple[int, str, str]
"""The number of a job, a method and the last part of the path."""


class InTurn(FakeSession):
    """A session where some calls wait until others were made, and some are made without a login."""

    def __init__(self, waits: Mapping[Call, Call], lost: Collection[Call] = (), **more: Any) -> None:
        super().__init__(**more)
        self.waits, self.lost = waits, lost
        self.made = {call: Event() for call in waits.values()}

    def request(self, method: str, path: str, **more: Any) -> Answer:
        number = len(self.jobs) if method == "POST" else list(self.jobs).index(path.split("/")[2])
        call = (number, method, path.rsplit("/", maxsplit=1)[-1])
        if call in self.waits:
            assert self.made[self.waits[call]].wait(10), f"{call} waited in vain"
        try:
            if call in self.lost:
                raise LoginFailed("the session has ended")
            return super().request(method, path, **more)
        finally:
            if call in self.made:
                self.made[call].set()


def test_results_come_down_while_those_of_the_job_before_are_gone_through(parts: FrameParts):
    session = InTurn({(0, "GET", "failedResults"): (1, "GET", "unprocessedrecords")})
    assert set(load(session, parts, [])["state"]) == {State.DONE.value}


def test_what_was_read_before_the_login_was_lost_counts_and_the_rest_is_not_sent(parts: FrameParts):
    refusals, third = (0, "GET", "failedResults"), (2, "POST", "ingest")
    session = InTurn(
        {refusals: (1, "GET", "unprocessedrecords"), third: refusals},
        lost={refusals, third},
        judge=lambda row: ("lost", "") if row["Key__c"] == "K01" else ("created", ""),
    )
    told: list[Job] = []
    outcomes = load(session, parts, told)
    expected = [State.DONE.value] * ROWS
    expected[1] = State.UNKNOWN.value
    expected[2 * IN_A_PART :] = [State.REFUSED.value] * IN_A_PART
    assert outcomes["state"].to_list() == expected
    assert set(outcomes["code"][2 * IN_A_PART :]) == {"NOT_SENT"}
    first, second = session.jobs
    assert {job.id for job in told if job.settled} == {second}
    assert not any(job.id == first and job.settled for job in told)


def test_other_trouble_with_the_results_of_one_job_leaves_the_next_ones_alone(parts: FrameParts):
    session = FakeSession()
    session.trouble("GET", f"{1:012d}AAA/successfulResults", OrgError("it cannot be read"))
    told: list[Job] = []
    outcomes = load(session, parts, told)
    unknown = [State.UNKNOWN.value] * IN_A_PART
    assert outcomes["state"].to_list() == unknown + [State.DONE.value] * (ROWS - IN_A_PART)
    assert [job.id for job in told if job.settled] == list(session.jobs)[1:]


class Moody(FakeSession):
    """A session that is in trouble at some calls, whichever they are."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random, self.lock = random, Lock()

    def request(self, method: str, path: str, **more: Any) -> Answer:
        with self.lock:
            trouble = self.random.choice(TROUBLES) if self.random.random() < 0.1 else None
            after = self.random.random() < 0.5
            if trouble is not None and not after:
                raise trouble
            answer = super().request(method, path, **more)
            if trouble is not None:
                raise trouble if method == "GET" else OutcomeUnknown("the answer was lost")
            return answer


TROUBLES = [
    LoginFailed("the session has ended"),
    OrgError("it cannot be read"),
    OrgUnavailable("nobody answers"),
    RequestLimit("no calls are left"),
]


@pytest.mark.parametrize("seed", range(60))
def test_in_any_trouble_no_outcome_is_made_up(parts: FrameParts, seed: int):
    session = Moody(Random(seed))
    told: list[Job] = []
    try:
        outcomes = load(session, parts, told)
    except (LoginFailed, OrgError):
        assert all(job["state"] in {"Open", "Aborted"} for job in session.jobs.values())
        return
    written = {
        int(row["Name"][1:])
        for name, job in session.jobs.items()
        if job["state"] not in {"Open", "Aborted"}
        for row in session.rows(name)
    }
    states = dict(outcomes.select(PLACE, "state").iter_rows())
    assert {place for place, state in states.items() if state == State.DONE.value} <= written
    assert not {place for place, state in states.items() if state == State.REFUSED.value} & written
    settled = {job.id for job in told if job.settled and job.state == "JobComplete"}
    assert {place for place, state in states.items() if state == State.DONE.value} >= {
        int(row["Name"][1:]) for name in settled for row in session.rows(name)
    }
