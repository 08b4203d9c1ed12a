"""One write: runs the steps of ``lanes`` and gathers an outcome for every change."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown, RequestLimit, SfsyncError
from sfsync.logs import event
from sfsync.records import KEY_FIELD, Change, ConvertLead, Create, Outcome, Progress, State
from sfsync.salesforce import contention, lanes, rest, soql
from sfsync.salesforce.bulk_job import OnJob
from sfsync.salesforce.composite import write_collections
from sfsync.salesforce.convert import convert
from sfsync.salesforce.faults import is_passing
from sfsync.salesforce.session import Session

_log = logging.getLogger(__name__)

ACCOUNT_BY_KEY = f"SELECT Id, {KEY_FIELD} FROM Account WHERE {{}}"

_FIRST_PAUSE = 1.0  # seconds before rows that met a lock are sent again; doubled each round
_LOST_IN_A_ROW = 2  # after so many lost answers in a row nothing more is sent


def keys_to_find(leads: Sequence[ConvertLead], changes: Sequence[Change]) -> list[str]:
    """Keys of accounts that leads name and that no change of the same write makes."""
    made = {change.key for change in changes if _makes_account(change)}
    wanted = [lead.account_key for lead in leads if lead.account_key and not lead.account_id]
    return [key for key in dict.fromkeys(wanted) if key not in made]


def _makes_account(change: Change) -> TypeGuard[Create]:
    return isinstance(change, Create) and change.object == "Account" and change.key_field == KEY_FIELD


class Writing:
    """The state of one ``Org.write``."""

    def __init__(
        self,
        session: Session,
        changes: Sequence[Change],
        *,
        progress: Progress | None,
        on_job: OnJob | None,
    ) -> None:
        self._session = session
        self._changes = changes
        self._outcomes: list[Outcome | None] = [None] * len(changes)
        self._progress = progress or (lambda _: None)
        self._on_job = on_job
        self._sent = False
        self._lost = 0
        self._accounts: dict[str, str | Outcome] | None = None

    def run(self, bulk_from: int) -> list[Outcome]:
        """Write everything; outcomes in the order of the changes (see ``Org.write``)."""
        stop: SfsyncError | None = None
        for step in lanes.steps(self._changes, bulk_from):
            if stop is None:
                stop = self._attempt(step, self._progress) or self._again(step, bulk_from)
            if stop is not None:  # rows that met a lock stay refused for that
                unsent = [place for place in step.places if self._outcomes[place] is None]
                self._settle(unsent, [_not_sent(stop)] * len(unsent))
            if stop is not None or not isinstance(step, lanes.BulkLoad):  # a bulk load tells its own progress
                self._progress(len(step.places))
        return [outcome if outcome is not None else Outcome(State.UNKNOWN) for outcome in self._outcomes]

    def _again(self, step: lanes.Step, bulk_from: int) -> SfsyncError | None:
        """Send the rows that met a lock again (see ``contention``); the reason not to go on, if there is one."""
        stop: SfsyncError | None = None
        for number in range(1, contention.ROUNDS + 1):
            locked = [place for place in step.places if _is_locked(self._outcomes[place])]
            if not locked or stop is not None:
                break
            self._wait(number, len(locked))
            for each in contention.again(self._changes, locked, number, bulk_from):
                self._progress(0)
                stop = stop or self._attempt(each, lambda _: self._progress(0))
        return stop

    def _attempt(self, step: contention.Again, progress: Progress) -> SfsyncError | None:
        """Do one step; the reason not to go on, if there is one."""
        try:
            match step:
                case lanes.CollectionsCall():
                    self._collections(step)
                case lanes.BulkLoad():
                    self._bulk(step, progress)
                case contention.SerialLoad():
                    self._serial(step, progress)
                case lanes.ConvertCall():
                    self._convert(step)
        except OutcomeUnknown as error:
            event(
                _log, logging.WARNING, "salesforce.outcome_unknown", rows=len(step.places), reason=str(error)
            )
            lost = Outcome(State.UNKNOWN, via=self._session.newest)
            self._settle(step.places, [lost] * len(step.places))
            self._sent = True
            self._lost += 1
            return error if self._lost >= _LOST_IN_A_ROW else None
        except (LoginFailed, OrgError) as error:
            if not self._sent:
                raise
            event(_log, logging.ERROR, "salesforce.write_stopped", reason=str(error))
            return error
        self._sent = True
        self._lost = 0
        return None

    def _settle(self, places: Sequence[int], outcomes: Sequence[Outcome], via: str = "") -> None:
        """Note outcomes; a place keeps the one it has, unless its row met a lock and was sent again.

        ``via`` is what carried those that do not say it themselves.
        """
        for place, outcome in zip(places, outcomes, strict=True):
            if self._outcomes[place] is None or _is_locked(self._outcomes[place]):
                self._outcomes[place] = replace(outcome, via=outcome.via or via) if via else outcome

    def _collections(self, call: lanes.CollectionsCall) -> None:
        groups = write_collections(
            self._session, [lanes.collection(piece, self._changes) for piece in call.pieces]
        )
        outcomes = [outcome for group in groups for outcome in group]
        self._settle(call.places, outcomes, self._session.newest)

    def _wait(self, number: int, rows: int) -> None:
        seconds = _FIRST_PAUSE * 2.0 ** (number - 1)
        event(_log, logging.WARNING, "salesforce.rows_locked", rows=rows, round=number, seconds=seconds)
        self._session.clock.sleep(seconds)

    def _bulk(self, load: lanes.BulkLoad, progress: Progress) -> None:
        from sfsync.salesforce.bulk2 import ingest

        outcomes = ingest(
            self._session,
            load.kind.object,
            "update" if load.kind.key_field is None else "upsert",
            load.kind.key_field,
            (lanes.row(self._changes[place], "Id") for place in load.places),
            on_job=self._on_job,
            clock=self._session.clock,
            progress=progress,
        )
        self._settle(load.places, outcomes)

    def _serial(self, load: contention.SerialLoad, progress: Progress) -> None:
        from sfsync.salesforce.bulk1 import ingest

        try:
            outcomes = ingest(
                self._session,
                load.kind.object,
                "update" if load.kind.key_field is None else "upsert",
                load.kind.key_field,
                [lanes.row(self._changes[place], "Id") for place in load.places],
                families=load.families,
                on_job=self._on_job,
                clock=self._session.clock,
                progress=progress,
            )
        except (RequestLimit, OrgUnavailable, OutcomeUnknown):
            raise
        except (
            OrgError
        ) as error:  # an object that Bulk API 1.0 does not take: its rows stay refused for their lock
            event(_log, logging.WARNING, "salesforce.no_serial_load", reason=str(error))
        else:
            self._settle(load.places, outcomes)

    def _convert(self, call: lanes.ConvertCall) -> None:
        places: list[int] = []
        leads: list[ConvertLead] = []
        for place in call.places:
            lead = self._changes[place]
            if not isinstance(lead, ConvertLead):
                raise TypeError("a convert call holds conversions only")
            account = self._account(lead)
            if isinstance(account, Outcome):
                self._settle([place], [account])
            else:
                places.append(place)
                leads.append(replace(lead, account_id=account))
        if leads:
            outcomes = [item.outcome for item in convert(self._session, leads)]
            self._settle(places, outcomes, self._session.newest)

    def _account(self, lead: ConvertLead) -> str | Outcome | None:
        """The account to convert into; an outcome when the lead names one that cannot be found."""
        if lead.account_id or not lead.account_key:
            return lead.account_id
        if self._accounts is None:
            self._accounts = self._find_accounts()
        missing = Outcome(
            State.REFUSED,
            id=lead.lead_id,
            code="ACCOUNT_NOT_FOUND",
            message="the account of this lead is not in the org",
        )
        return self._accounts.get(lead.account_key, missing)

    def _find_accounts(self) -> dict[str, str | Outcome]:
        found: dict[str, str | Outcome] = {}
        for change, outcome in zip(self._changes, self._outcomes, strict=True):
            if _makes_account(change):
                done = outcome is not None and outcome.state is State.DONE and outcome.id
                found[change.key] = done or _account_refused(outcome)
        leads = [change for change in self._changes if isinstance(change, ConvertLead)]
        queries = soql.chunks(ACCOUNT_BY_KEY, KEY_FIELD, keys_to_find(leads, self._changes))
        for records in rest.query_many(self._session, queries):
            found.update({record[KEY_FIELD]: record["Id"] for record in records})
        return found


def _account_refused(outcome: Outcome | None) -> Outcome:
    reason = outcome.reason if outcome is not None else "not sent"
    return Outcome(
        State.REFUSED,
        code="ACCOUNT_NOT_WRITTEN",
        message=f"the account of this lead was not written ({reason})",
    )


def _is_locked(outcome: Outcome | None) -> bool:
    return (
        outcome is not None and outcome.state is State.REFUSED and is_passing(outcome.code, outcome.message)
    )


def _not_sent(error: SfsyncError) -> Outcome:
    return Outcome(State.REFUSED, code="NOT_SENT", message=f"not sent: {error.message}")
