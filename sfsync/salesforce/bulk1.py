"""Bulk API 1.0 in serial mode, for what only it has: batches that we choose, one after another, results in order.

Children of one parent in one batch, and no two batches at once: loads that lock each other's parents get through
("General Guidelines for Data Loads"). salesforce-bulk writes the job documents and the CSV of the batches and reads
the batch states; the requests go through our session (its own have no time-outs, renew no login and share no
connection), and results are read here (its reader takes bytes one by one and leaves "false" a true text).
"""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, BinaryIO

from salesforce_bulk import CsvDictsAdapter, SalesforceBulk
from salesforce_bulk.bulk_states import COMPLETED, ERROR_STATES

from sfsync.clock import Clock
from sfsync.errors import LoginFailed, OrgError, OrgUnavailable, OutcomeUnknown
from sfsync.logs import event
from sfsync.records import Outcome, Progress, State
from sfsync.salesforce import csv_rows
from sfsync.salesforce.bulk2_results import refusal
from sfsync.salesforce.bulk_job import PATIENCE, Job, OnJob, Patience, Settled
from sfsync.salesforce.contention import group, pack
from sfsync.salesforce.session import Answer, Session
from sfsync.salesforce.soap import find_text, parse_xml

_log = logging.getLogger(__name__)

BATCH_ROWS = 2_000
"""Rows of a batch unless one parent has more; the platform's own limit is 10,000."""

_LARGEST_BATCH = 10_000
_LARGEST_BYTES = 9_000_000  # the platform takes 10 MB and 10 million characters
_UNKNOWN = Outcome(State.UNKNOWN)
_XML = {"Content-Type": "application/xml; charset=UTF-8"}
_CSV = {"Content-Type": "text/csv; charset=UTF-8"}

Row = Mapping[str, Any]


def ingest(
    session: Session,
    object: str,  # noqa: A002  the word that callers use
    operation: str,
    key_field: str | None,
    rows: Sequence[Row],
    *,
    clock: Clock,
    families: Sequence[str] | None = None,
    batch_rows: int = BATCH_ROWS,
    on_job: OnJob | None = None,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> list[Outcome]:
    """Write ``rows`` in one serial job and return an outcome for each, in the order of the input.

    ``operation`` is "upsert" on ``key_field``, or "update" by ``Id`` with ``key_field`` None. Rows
    with the same text in ``families`` share a batch. ``on_job`` is told of the job before the first batch goes up and
    of every batch after it. A job that is still at work after ``patience`` goes on; its rows are unknown.
    Raises LoginFailed, OrgError and its kinds only while nothing has been sent; later trouble makes outcomes.
    """
    if (operation == "upsert") != (key_field is not None) or operation not in {"upsert", "update"}:
        raise ValueError("rows are upserted on a key field, or updated by Id")
    outcomes: list[Outcome] = [_UNKNOWN] * len(rows)
    cells: dict[int, dict[str, str]] = {}
    for place, row in enumerate(rows):
        try:
            cells[place] = csv_rows.flat(row)
        except ValueError as error:
            outcomes[place] = Outcome(State.REFUSED, code="NOT_SENDABLE", message=f"not sent: {error}")
    if cells:
        groups = group(list(cells), lambda place: families[place] if families else str(place))
        columns = csv_rows.columns_of(cells.values())
        documents = list(_documents(pack(groups, min(batch_rows, _LARGEST_BATCH)), cells, columns))
        lane = _Lane(session, clock, on_job, progress or (lambda _: None), patience)
        lane.write(object, operation, key_field, documents, outcomes)
    return outcomes


def reattach(
    session: Session,
    job_id: str,
    *,
    clock: Clock,
    on_job: OnJob | None = None,
    patience: Patience = PATIENCE,
) -> Settled:
    """Bring a job that an earlier run left behind to its end, and read what became of its rows.

    The org keeps what was sent in each batch, so keys and results are matched by their order. A job that the org no
    longer knows is settled without outcomes, its state "Gone". Raises LoginFailed, OrgError and its kinds; the job
    then stays as it is.
    """
    lane = _Lane(session, clock, on_job, lambda _: None, patience)
    try:
        info = lane.job_info(job_id)
    except OrgError as error:
        if error.code != "InvalidJob":
            raise
        return Settled(lane.report(Job("bulk1", job_id, "", "", "Gone", 0, clock.now(), settled=True)), {})
    key_field = info.get("externalIdFieldName") or "Id"
    keys: list[str] = []
    batches: dict[str, _Document] = {}
    for batch_id in lane.batch_ids(job_id):
        sent = lane.sent_keys(job_id, batch_id, key_field)
        batches[batch_id] = _Document(tuple(range(len(keys), len(keys) + len(sent))), b"")
        keys += sent
    job = Job(
        api="bulk1",
        id=job_id,
        object=info.get("object") or "",
        operation=info.get("operation") or "",
        state=info.get("state") or "",
        rows=len(keys),
        created_at=clock.now(),
        batches=tuple(batches),
    )
    if job.state == "Open":
        lane.close(job, abort=not batches)
    outcomes: list[Outcome] = [_UNKNOWN] * len(keys)
    settled = lane.follow(job, batches, outcomes)
    job = lane.report(replace(job, state="Closed" if job.state == "Open" else job.state, settled=settled))
    return Settled(job, dict(zip(keys, outcomes, strict=True)))


@dataclass(frozen=True, slots=True)
class _Document:
    """The CSV of one batch and the places of its rows, in order."""

    places: tuple[int, ...]
    body: bytes


def _documents(
    batches: Sequence[Sequence[int]], cells: Mapping[int, Mapping[str, str]], columns: Sequence[str]
) -> Iterator[_Document]:
    """Batches as CSV; one that grows over the platform's size is halved until it fits."""
    for places in batches:
        # The adapter takes its columns from the first row, so every row has all of them, in one order.
        rows = ({name: cells[place].get(name, csv_rows.UNCHANGED) for name in columns} for place in places)
        body = b"".join(CsvDictsAdapter(rows))
        if len(body) <= _LARGEST_BYTES or len(places) == 1:
            yield _Document(tuple(places), body)
        else:
            half = len(places) // 2
            yield from _documents([places[:half], places[half:]], cells, columns)


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer in the shape that salesforce-bulk reads batch information from."""

    content: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/xml"})


@dataclass(slots=True)
class _Lane:
    """One load through one serial job."""

    session: Session
    clock: Clock
    on_job: OnJob | None
    progress: Progress
    patience: Patience

    def write(
        self,
        object_name: str,
        operation: str,
        key_field: str | None,
        documents: Sequence[_Document],
        outcomes: list[Outcome],
    ) -> None:
        """Send all batches, close the job, and note what became of the rows."""
        job = self._create(object_name, operation, key_field, sum(len(one.places) for one in documents))
        unknown = replace(_UNKNOWN, via=job.id)
        for place in chain.from_iterable(document.places for document in documents):
            outcomes[place] = unknown
        batches: dict[str, _Document] = {}
        stopped: OrgError | LoginFailed | None = None
        for document in documents:
            if stopped is None:
                try:
                    batch_id = self._post(job, document, set(batches))
                except OutcomeUnknown as error:
                    stopped = error  # its rows stay unknown
                    continue
                except (LoginFailed, OrgError) as error:
                    stopped = error
                    if not batches:
                        self.close(job, abort=True)
                        self.report(replace(job, state="Aborted", settled=True))
                        raise
                else:
                    batches[batch_id] = document
                    job = self.report(replace(job, batches=tuple(batches)))
                    continue
            not_sent = Outcome(State.REFUSED, code="NOT_SENT", message=f"not sent: {stopped.message}")
            for place in document.places:
                outcomes[place] = not_sent
        self.close(job)
        settled = self.follow(job, batches, outcomes)
        self.report(replace(job, state="Closed", settled=settled and not isinstance(stopped, OutcomeUnknown)))

    def job_info(self, job_id: str) -> dict[str, str]:
        """What the org says about a job."""
        info: dict[str, str] = self._info(self.session.request("GET", self._path(f"job/{job_id}")))
        return info

    def batch_ids(self, job_id: str) -> list[str]:
        """The batches of a job, in the order in which they were added."""
        listed = self._info(self.session.request("GET", self._path(f"job/{job_id}/batch")))
        listed.sort(key=lambda batch: (batch.get("createdDate") or "", batch["id"]))
        return [batch["id"] for batch in listed]

    def sent_keys(self, job_id: str, batch_id: str, key_field: str) -> list[str]:
        """The keys of the rows of a batch, as they were sent."""
        with tempfile.TemporaryFile(prefix="sfsync-bulk-") as file:
            path = self._path(f"job/{job_id}/batch/{batch_id}/request")
            self.session.request("GET", path, stream_to=file)
            file.seek(0)
            return [row.get(key_field, "") for row in csv_rows.read_dicts(file)]

    def report(self, job: Job) -> Job:
        """Tell of a job."""
        if self.on_job is not None:
            self.on_job(job)
        return job

    def _helper(self) -> Any:
        return SalesforceBulk(
            sessionId=self.session.token, host=self.session.instance_url, API_version=self.session.version
        )

    def _path(self, rest: str) -> str:
        endpoint: str = self._helper().endpoint
        return f"{endpoint.removeprefix(self.session.instance_url)}/{rest}"

    def _create(self, object_name: str, operation: str, key_field: str | None, rows: int) -> Job:
        document = self._helper().create_job_doc(
            object_name=object_name,
            operation=operation,
            contentType="CSV",
            concurrency="Serial",
            external_id_name=key_field,
        )
        # A create that is repeated leaves at worst an empty job behind.
        answer = self.session.request("POST", self._path("job"), data=document, headers=_XML, repeatable=True)
        job_id = find_text(_xml(answer), "id")
        if not job_id:
            raise OrgError("The org answered with something that is not a bulk job.")
        return self.report(Job("bulk1", job_id, object_name, operation, "Open", rows, self.clock.now()))

    def _post(self, job: Job, document: _Document, known: set[str]) -> str:
        """Add a batch and return its id. After a lost answer the list of batches tells whether it is there."""
        path = self._path(f"job/{job.id}/batch")
        try:
            answer = self.session.request("POST", path, data=document.body, headers=_CSV, timeout=600.0)
        except OutcomeUnknown:
            try:
                listed = self._info(self.session.request("GET", path))
            except (LoginFailed, OrgError):
                listed = None
            if not isinstance(listed, list):
                raise
            found = [str(batch["id"]) for batch in listed if batch.get("id") not in known]
            if len(found) == 1:
                return found[0]
            # Not there now; but it may still arrive, so it is not sent again.
            raise
        batch_id = str(self._info(answer).get("id") or "")
        if not batch_id:
            raise OutcomeUnknown("The org took a batch and did not name it.")
        return batch_id

    def _info(self, answer: Answer) -> Any:
        _xml(answer)  # refuses what is no XML, and document types, before the library parses it
        return self._helper().parse_response(_Reply(answer.body))

    def close(self, job: Job, *, abort: bool = False) -> None:
        """Close the job, so that it counts as complete. Its batches are worked on whether or not this succeeds."""
        helper = self._helper()
        document = helper.create_abort_job_doc() if abort else helper.create_close_job_doc()
        try:
            self.session.request(
                "POST", self._path(f"job/{job.id}"), data=document, headers=_XML, repeatable=True
            )
        except (LoginFailed, OrgError) as error:
            event(_log, logging.WARNING, "salesforce.bulk1.not_closed", job=job.id, reason=str(error))

    def follow(self, job: Job, batches: Mapping[str, _Document], outcomes: list[Outcome]) -> bool:
        """Look at the batches until all have ended or patience has; whether all were read."""
        waiting = dict(batches)
        for _ in self.patience.pauses(self.clock):
            try:
                listed = self._info(self.session.request("GET", self._path(f"job/{job.id}/batch")))
                for info in listed:
                    batch_id, state = str(info.get("id")), info.get("state")
                    if batch_id in waiting and (state == COMPLETED or state in ERROR_STATES):
                        self._read(job, info, waiting[batch_id], outcomes)
                        self.progress(len(waiting.pop(batch_id).places))
            except OrgUnavailable as error:
                event(_log, logging.WARNING, "salesforce.bulk1.no_answer", job=job.id, reason=str(error))
            except (LoginFailed, OrgError) as error:
                event(_log, logging.ERROR, "salesforce.bulk1.not_settled", job=job.id, reason=str(error))
                return False
            if not waiting:
                return True
        event(_log, logging.WARNING, "salesforce.bulk1.still_at_work", job=job.id, batches=len(waiting))
        return False

    def _read(self, job: Job, info: Mapping[str, str], document: _Document, outcomes: list[Outcome]) -> None:
        """Note the outcomes of an ended batch. A failed one may have done some of its rows before it failed."""
        if info.get("state") != COMPLETED and int(info.get("numberRecordsProcessed") or 0) == 0:
            reason = info.get("stateMessage") or "it gives no reason"
            said = f"the org did not take the batch: {reason}"
            told = Outcome(State.REFUSED, code="NOT_PROCESSED", message=said, via=job.id)
            for place in document.places:
                outcomes[place] = told
            return
        with tempfile.TemporaryFile(prefix="sfsync-bulk-") as file:
            path = self._path(f"job/{job.id}/batch/{info['id']}/result")
            self.session.request("GET", path, stream_to=file)
            file.seek(0)
            results = list(read_results(file))
        if len(results) != len(document.places):  # rows are told apart by their order alone
            event(
                _log,
                logging.WARNING,
                "salesforce.bulk1.counts_differ",
                job=job.id,
                sent=len(document.places),
                told=len(results),
            )
            return
        for place, outcome in zip(document.places, results, strict=True):
            outcomes[place] = replace(outcome, via=job.id)


def read_results(file: BinaryIO) -> Iterator[Outcome]:
    """The outcomes of a batch's CSV result (Id, Success, Created, Error), in the order of its rows."""
    for row in csv_rows.read_dicts(file):
        record_id = row.get("Id") or None
        if row.get("Success", "").casefold() == "true":
            created = row.get("Created", "").casefold() == "true"
            yield Outcome(State.DONE, id=record_id, created=created)
        else:
            yield refusal(row.get("Error", ""), record_id)


def _xml(answer: Answer) -> Any:
    try:
        return parse_xml(answer.body)
    except ValueError as error:
        raise OrgError(f"The org answered a bulk request with something that is {error}.") from None
