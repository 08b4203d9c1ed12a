"""One operation of an operator or of cron: plan, run, import or export, from lease to last line of the journal."""

import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.engine.files import FileStep, answer_name, read_file, state_of, write_answer_file
from sfsync.engine.flow import FileRows, Flow, Inbox, Look, PartnerFile, Step
from sfsync.engine.guards import Guards
from sfsync.engine.one_run import meter_of, one_run
from sfsync.engine.plan import Meter, plan_step
from sfsync.engine.results import RunResult, StepPlan, StepResult, merge
from sfsync.engine.run import Ledger, run_step
from sfsync.engine.running import Ports, Running, meanwhile
from sfsync.engine.tables import TableFile
from sfsync.errors import BudgetSpent, FileRefused, GuardRefused, TransportFailed
from sfsync.journal.values import FileRecord, JobRecord, RowRecord, StepRecord
from sfsync.records import Bucket, Update
from sfsync.transports.base import Claimed, Outbox

if TYPE_CHECKING:
    from sfsync.engine.importing import TableImport


def run_flow(ports: Ports, flow: Flow, step: str | None) -> RunResult:
    """Run a flow, one group of its steps, or one step. Raises LeaseHeld when another run of the flow is at work."""
    return _operate(ports, "run", flow, flow.choose(step), step)


def export_file(ports: Ports, flow: Flow, step: Step[Any], output: Path | None = None) -> RunResult:
    """Make one partner's file; ``output`` is another than that in the outbox."""
    return _operate(ports, "export", flow, (step,), step.name, output=output)


def import_file(ports: Ports, flow: Flow, partner_file: PartnerFile, file: FileRows) -> RunResult:
    """Take one file into the org and write the answer that goes back."""
    return _operate(ports, "import", flow, _taking(partner_file, file), partner_file.name, file=file)


def _taking(partner_file: PartnerFile, file: FileRows) -> tuple[Step[Any], ...]:
    assert partner_file.take  # noqa: S101  the command offers only partner files that are taken
    return (partner_file.take(file), *(partner_file.then(file) if partner_file.then else ()))


def import_table(ports: Ports, name: str, step: "TableImport") -> RunResult:
    """Take a file of any table into the org by a mapping, and write the answer; ``name`` is the mapping's."""
    return _operate(ports, "import", Flow(name, "", ()), (step,), name, file=step.file)


def plan(ports: Ports, flow: Flow, step: str | None) -> tuple[RunResult, list[StepPlan]]:
    """What `run` would do, with its ledger; writes nothing, neither to the org nor to any folder."""
    started, meter, ahead = ports.clock.monotonic(), meter_of(ports), 0
    look = Look(ports.org, ports.clock, ports.day)
    expected: list[Any] = []
    plans: list[StepPlan] = []
    messages: list[str] = []
    for found in flow.choose(step):
        parts = []
        for single in _planned(ports, found, messages):
            taken = [value for value in expected if isinstance(value, single.consumes)]
            expected = [value for value in expected if not isinstance(value, single.consumes)]
            part, new, _ = plan_step(
                single,
                look,
                taken,
                org=ports.org,
                guards=_guards(flow, single),
                meter=meter,
                ahead=ahead,
            )
            ahead += part.cost
            expected += new
            parts.append(part)
        plans += parts or [StepPlan(StepResult(found.name, 0, {}, 0), found.about)]
    return _plan_result(ports, flow.name, plans, messages, started, meter), plans


def plan_file(
    ports: Ports, flow: Flow, partner_file: PartnerFile, file: FileRows
) -> tuple[RunResult, list[StepPlan]]:
    """What `import_file` would do; writes nothing."""
    return plan(ports, replace(flow, steps=_taking(partner_file, file)), None)


def plan_import(ports: Ports, name: str, step: "TableImport") -> tuple[RunResult, list[StepPlan]]:
    """What `import_table` would do; writes nothing."""
    from sfsync.engine.importing import plan_table

    started, meter = ports.clock.monotonic(), meter_of(ports)
    guards = guards_of(Flow(name, "", ()), step.file.bound)
    plans = [plan_table(step, ports.org, guards=guards, meter=meter)]
    return _plan_result(ports, name, plans, [], started, meter), plans


def _plan_result(
    ports: Ports, name: str, plans: Sequence[StepPlan], messages: Sequence[str], started: float, meter: Meter
) -> RunResult:
    steps: list[StepResult] = []
    for part in plans:
        _enter(steps, part.result)
    refusals = [f"{part.result.name}: {refusal}." for part in plans for refusal in part.refusals]
    return RunResult(
        run_id="",
        command="plan",
        flow=name,
        steps=steps,
        api_calls=sum(result.api_calls for result in steps),
        api_remaining=meter.remaining(),
        seconds=ports.clock.monotonic() - started,
        messages=[*messages, *refusals],
        status_override="refused" if refusals else "",
    )


def _planned(ports: Ports, step: Step[Any] | Inbox, messages: list[str]) -> Iterator[Step[Any]]:
    """A step as it is; an inbox as the steps that its waiting files would be."""
    if isinstance(step, Step):
        yield step
        return
    partner_file = ports.partner_file(step.partner_file)
    assert partner_file.take and partner_file.mapping  # noqa: S101, PT018  an inbox takes files
    last: dict[str, Step[Any]] = {}
    for waiting in ports.places.inbox(step.partner_file, messages.append).waiting():
        try:
            file = read_file(waiting.path, ports.mapping(partner_file.mapping), waiting.name)
        except FileRefused as error:
            messages.append(f"{error} The file would be put into quarantine.")
            continue
        yield partner_file.take(file)
        for following in partner_file.then(file) if partner_file.then else ():
            if following.after_all:
                last[following.name] = following
            else:
                yield following
    yield from last.values()


def _operate(
    ports: Ports,
    command: str,
    flow: Flow,
    steps: "Sequence[Step[Any] | Inbox | TableImport]",
    what: str | None,
    *,
    file: FileRows | TableFile | None = None,
    output: Path | None = None,
) -> RunResult:
    arguments = {"step": what or "", "file": file.name if file else ""}
    with one_run(ports, command, flow.name, lease=flow.name, arguments=arguments) as running:
        running.output = output
        running.rows_read = len(file.rows) if isinstance(file, FileRows) else None
        _settle_jobs(running, flow)
        for step in steps:
            for part in _one(running, flow, step, file):
                _enter(running.done, part)
                if isinstance(file, TableFile):
                    running.rows_read = running.done[0].selected
                ports.watcher.done(part)
    return running.ended()


def _settle_jobs(running: Running, flow: Flow) -> None:
    """Bulk jobs that a dead run of this flow left behind come to their end first: nothing is sent beside them."""
    ports = running.ports
    ports.org.on_job = lambda job: running.journal.record_job(
        JobRecord(
            running.run_id,
            job.api,
            job.id,
            job.object,
            job.operation,
            job.state,
            job.rows,
            job.created_at,
            settled=job.settled,
        )
    )
    for left in running.journal.open_jobs(flow.name, org=ports.org.url):
        job = ports.org.settle(left.api, left.job_id)
        running.say(f"The bulk job {job.id} of run {left.run_id} was found and settled ({job.state}).")


def _enter(done: list[StepResult], part: StepResult) -> None:
    """Add a step's ledger; what ran several times (once a file) is one line."""
    for place, earlier in enumerate(done):
        if earlier.name == part.name:
            done[place] = merge(part.name, [earlier, part])
            return
    done.append(part)


def _one(
    running: Running,
    flow: Flow,
    step: "Step[Any] | Inbox | TableImport",
    file: FileRows | TableFile | None,
) -> Iterator[StepResult]:
    running.lease.renew()
    running.ports.watcher.step(step.name, step.about)
    if isinstance(step, Inbox):
        yield from _take_waiting(running, flow, step)
        return
    if not isinstance(step, Step):
        yield _import(running, flow, step)
        return
    own = step.file if isinstance(step, FileStep) and step.file is file else None
    yield _run(running, flow, step, own)


def _run(
    running: Running, flow: Flow, step: Step[Any], file: FileRows | None, answers: Outbox | None = None
) -> StepResult:
    """Run one step; with a ``file``, its answer is written, and put to ``answers`` where the partner finds it."""
    ports = running.ports
    result, ledger = run_step(
        step,
        running.look,
        running,
        org=ports.org,
        guards=_guards(flow, step),
        override=ports.override,
        meter=running.meter,
    )
    running.journal.record_step(
        running.run_id,
        StepRecord(result.name, result.selected, result.buckets, result.api_calls, result.seconds),
    )
    running.journal.record_rows(running.run_id, step.name, list(_evidence(ledger, file)))
    if file is not None:
        if not file.rows:
            running.say(f"{file.name} has a header and no rows.")
        size = file.path.stat().st_size
        taken = FileRecord(
            file.name, file.digest, "in", step.name, size, mapping=state_of(file.bound.mapping)
        )
        running.journal.record_file(running.run_id, taken)
        catalogue = ports.catalogue(file.bound.language)
        answer = running.result(
            answer_name(file), lambda path: write_answer_file(file, ledger, path, catalogue)
        )
        if answers is not None:
            answers.put(answer.name, answer)
    return result


def _import(running: Running, flow: Flow, step: "TableImport") -> StepResult:
    from sfsync.engine.importing import run_table
    from sfsync.engine.table_answer import PACK_FROM, answer, record

    ports, file = running.ports, step.file
    result, ledger = run_table(
        step,
        ports.org,
        clock=ports.clock,
        guards=guards_of(flow, step.file.bound),
        override=ports.override,
        meter=meter_of(ports),
        progress=running.progress,
    )
    running.journal.record_step(
        running.run_id,
        StepRecord(result.name, result.selected, result.buckets, result.api_calls, result.seconds),
    )
    name, write = answer(file, ledger, ports.catalogue(file.bound.language))
    with meanwhile(name, write) if ledger.height >= PACK_FROM else nullcontext(write) as make:
        record(running.journal, running.run_id, step.name, ledger, file, step.object)
        if not result.selected:
            running.say(f"{file.name} has a header and no rows.")
        size = file.path.stat().st_size
        taken = FileRecord(
            file.name, file.digest, "in", step.name, size, mapping=state_of(file.bound.mapping)
        )
        running.journal.record_file(running.run_id, taken)
        running.result(name, make)
    return result


def _claims(running: Running, inbox: Inbox) -> Iterator[Claimed]:
    """The files of an inbox; a partner's server that is down fails the run, but not before its other steps."""
    try:
        yield from running.ports.places.inbox(inbox.partner_file, running.say).claim()
    except TransportFailed as error:
        running.failed = True
        running.say(f"{inbox.name}: {error} The steps after it went on.")


def _take_waiting(running: Running, flow: Flow, inbox: Inbox) -> Iterator[StepResult]:
    """Take every waiting file; one that cannot be read is put aside with the reason, and the next is taken."""
    ports = running.ports
    partner_file = ports.partner_file(inbox.partner_file)
    assert partner_file.take and partner_file.mapping  # noqa: S101, PT018  an inbox takes files
    yield StepResult(inbox.name, 0, {}, 0)
    answers = ports.places.answers(inbox.partner_file)
    last: dict[str, Step[Any]] = {}
    for claimed in _claims(running, inbox):
        try:
            file = read_file(claimed.path, ports.mapping(partner_file.mapping), claimed.name)
        except FileRefused as error:
            _put_aside(running, inbox, claimed, str(error))
            running.say(f"{error} The file was put into quarantine.")
            continue
        try:
            yield _run(running, flow, partner_file.take(file), file, answers)
        except BudgetSpent:
            raise  # the file is good: it stays taken, and the next run takes it up
        except GuardRefused as error:
            _put_aside(running, inbox, claimed, str(error))
            running.refused = True
            running.say(f"{claimed.name}: {error} The file was put into quarantine.")
            continue
        claimed.archive()
        for step in partner_file.then(file) if partner_file.then else ():
            if step.after_all:
                last[step.name] = step
            else:
                yield from _one(running, flow, step, None)
    for step in last.values():
        yield from _one(running, flow, step, None)


def _put_aside(running: Running, inbox: Inbox, claimed: Claimed, reason: str) -> None:
    """Quarantine a file, and note that it came."""
    came = FileRecord(claimed.name, claimed.digest, "bad", inbox.name, claimed.path.stat().st_size)
    claimed.quarantine(reason)
    running.put_aside = True
    running.journal.record_file(running.run_id, came)


_DOUBTFUL = (Bucket.INVALID, Bucket.NOT_FOUND)
_KEY = re.compile(r"row \d+|(?=.*\d)(?!\d{8,}$)[\w:./-]{1,64}")
"""What a key looks like that a partner got from us; not a name, an address or a card number in the wrong column."""


def _evidence(ledger: Ledger, file: FileRows | None) -> Iterator[RowRecord]:
    for identity, decision in ledger.decisions.items():
        result = ledger.results[identity]
        changes = [change for phase in decision.phases for change in phase]
        last = changes[-1] if changes else None
        known = result.bucket not in _DOUBTFUL or _KEY.fullmatch(decision.key)
        yield RowRecord(
            key=decision.key if known or not file else f"row {decision.number}",
            bucket=result.bucket,
            reason=f"{decision.field}: {result.reason}" if decision.field else result.reason,
            file=file.name if file else None,
            row_number=decision.number,
            record_id=result.ids.get(last.object) if last else None,
            object=last.object if last else None,
            fields=tuple(last.values) if isinstance(last, Update) else (),
            via=result.via,
        )


def _guards(flow: Flow, step: Step[Any]) -> Guards:
    return guards_of(flow, step.file.bound if isinstance(step, FileStep) else None)


def guards_of(flow: Flow, bound: Any) -> Guards:
    """The flow's guards; those in the mapping of a partner's file win over them."""
    own = bound.mapping.guards.model_dump(exclude_none=True) if bound is not None else {}
    return Guards.model_validate({**flow.guards, **own})
