"""How `sfsync runs` shows what the journal holds: tables and sentences for people, plain values for --json."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from sfsync.journal.values import Event, FileRecord, JobRecord, RowRecord, Run, RunRecord, StepRecord, Story
from sfsync.records import Bucket

LEFT_OVER = (Bucket.INVALID, Bucket.NOT_FOUND, Bucket.DUPLICATE, Bucket.CONFLICT, Bucket.FAILED)
"""Buckets whose rows need somebody's attention."""

_WAYS = {"in": "in", "out": "out", "bad": "put aside"}
_WIDE = 160  # characters of a line that goes to a file or pipe, where no window sets the width
_NARROW = 20  # characters that details have however narrow the window is


def run_json(run: RunRecord) -> dict[str, Any]:
    """A run with the key names of `sfsync run --json`."""
    return {
        "run_id": run.id,
        "command": run.command,
        "flow": run.flow,
        "org": run.org,
        "arguments": dict(run.arguments),
        "status": run.status,
        "exit_code": run.exit_code,
        "started_at": _iso(run.started_at),
        "finished_at": _iso(run.finished_at),
        "seconds": run.seconds,
        "api_calls": run.api_calls,
        "api_remaining": run.api_remaining,
        "messages": list(run.messages),
    }


def details_json(run: Run) -> dict[str, Any]:
    """What `runs show` adds to a run: steps, files, jobs, reasons."""
    return {
        "steps": [_step_json(step) for step in run.steps],
        "files": [_file_json(file) for file in run.files],
        "jobs": [_job_json(job) for job in run.jobs],
        "reasons": [
            {"step": one.step, "bucket": one.bucket.value, "reason": one.reason, "rows": one.rows}
            for one in run.reasons
        ],
    }


def row_json(row: RowRecord) -> dict[str, Any]:
    """A row and where it ended."""
    return {
        "key": row.key,
        "bucket": row.bucket.value,
        "reason": row.reason,
        "file": row.file,
        "row": row.row_number,
        "record_id": row.record_id,
        "object": row.object,
        "fields": list(row.fields),
        "job_id": row.job_id,
        "request": row.request,
    }


def story_json(story: Story) -> dict[str, Any]:
    """A story; each event holds one of row, job and file."""
    return {
        "about": story.about,
        "events": [_event_json(event) for event in story.events],
        "also": list(story.also),
        "cut": story.cut,
    }


def runs_table(runs: Sequence[RunRecord]) -> str:
    """The list of runs."""
    lines = [
        (
            run.id,
            _given(run),
            run.org,
            _status(run),
            _number(run.api_calls),
            _seconds(run.seconds),
        )
        for run in runs
    ]
    return _table(("run", "command", "org", "status", "#calls", "#seconds"), lines)


def _given(run: RunRecord) -> str:
    """The command as it was given: `run charge_card.convert`, `import allocation`."""
    step = run.arguments.get("step") or ""
    if run.command == "run":
        return f"run {run.flow}.{step}" if step else f"run {run.flow}"
    return f"{run.command} {step or run.flow}"


def run_text(run: Run) -> str:
    """One run in full."""
    head = run.run
    parts = [
        f"Run {head.id}: {_given(head)} on {head.org}, {_status(head)}",
        f"Started {_time(head.started_at)}"
        + (f", finished {_time(head.finished_at)}, {_seconds(head.seconds)} s" if head.finished_at else "")
        + f"; {_number(head.api_calls)} API calls"
        + (f", {_number(head.api_remaining)} left" if head.api_remaining is not None else ""),
    ]
    parts += [f"  {message}" for message in head.messages]
    if given := [f"{name}={value}" for name, value in head.arguments.items() if value]:
        parts.append(f"Arguments: {', '.join(given)}")
    if run.steps:
        parts += ["", _steps_table(run.steps)]
    if run.reasons:
        lines = [(one.step, one.bucket.value, _number(one.rows), one.reason) for one in run.reasons]
        parts += ["", _table(("step", "bucket", "#rows", "reason"), lines)]
    if run.files:
        lines = [
            (_WAYS[file.direction], file.partner_file, file.name, _number(file.size)) for file in run.files
        ]
        parts += ["", _table(("", "partner file", "name", "#bytes"), lines)]
    if run.jobs:
        lines = [
            (job.job_id, f"{job.operation} {job.object}", _job_state(job), _number(job.rows))
            for job in run.jobs
        ]
        parts += ["", _table(("job", "what", "state", "#rows"), lines)]
    return "\n".join(parts)


def rows_table(rows: Iterable[RowRecord]) -> str:
    """Rows that need attention."""
    lines = [(_where(row), row.key or "", row.bucket.value, row.record_id or "", row.reason) for row in rows]
    return "\n" + _table(("where", "key", "bucket", "record", "reason"), lines)


def story_text(story: Story) -> str:
    """A story run by run, oldest event first: the step, what happened, and its details."""
    if not story.events:
        return f"The journal knows nothing of {story.about}."
    told = [(event, *_what(event)) for event in story.events]
    steps = max(len(step) for _, step, _, _ in told)
    whats = max(len(what) for _, _, what, _ in told)
    indent = 2 + steps + 2 + whats + 2
    lines: list[str] = []
    for run_id, events in groupby(told, key=lambda line: line[0].run_id):
        parts = list(events)
        first = parts[0][0]
        lines.append(f"{_time(first.at)}  {first.flow}, run {run_id}")
        for _, step, what, details in parts:
            wrapped = wrap(details, max(_width() - indent, _NARROW), break_on_hyphens=False) or [""]
            lines.append(f"  {step:<{steps}}  {what:<{whats}}  {wrapped[0]}".rstrip())
            lines += [f"{'':<{indent}}{line}" for line in wrapped[1:]]
    if story.cut:
        lines.append(f"Older events are left out: only the newest {len(story.events):,} are shown.")
    if story.also:
        lines.append("See also: " + ", ".join(story.also[:10]) + (", …" if len(story.also) > 10 else ""))
    return "\n".join(lines)


def _what(event: Event) -> tuple[str, str, str]:
    if event.row:
        row = event.row
        details = [
            row.reason,
            row.key or "",
            _where(row),
            f"mapping {event.mapping}" if event.mapping else "",
            " ".join(filter(None, (row.object, row.record_id))),
        ]
        details += [
            f"fields {', '.join(row.fields)}" if row.fields else "",
            f"job {row.job_id}" if row.job_id else "",
            f"request {row.request}" if row.request else "",
        ]
        return event.step, row.bucket.value, "; ".join(filter(None, details))
    if event.job:
        job = event.job
        return (
            "",
            f"job {_job_state(job)}",
            f"{job.operation} {job.object}, {_number(job.rows)} rows; {job.job_id}",
        )
    file = event.file
    if file is None:
        return "", "", ""
    details = [file.name, file.partner_file, f"mapping {file.mapping}" if file.mapping else ""]
    return "", f"file {_WAYS[file.direction]}", "; ".join(filter(None, details))


def _where(row: RowRecord) -> str:
    place = row.file or ""
    return f"{place}:{row.row_number}" if row.row_number is not None else place


def _status(run: RunRecord) -> str:
    return "unfinished" if run.status == "running" else run.status


def _job_state(job: JobRecord) -> str:
    return job.state if job.settled else f"{job.state}, results not read"


def _steps_table(steps: Sequence[StepRecord]) -> str:
    met = [bucket for bucket in Bucket if any(step.buckets.get(bucket) for step in steps)]
    lines = [
        (
            step.name,
            *(_number(count) for count in (step.selected, *(step.buckets.get(one, 0) for one in met))),
            _number(step.api_calls),
            _seconds(step.seconds),
        )
        for step in steps
    ]
    return _table(("step", "#selected", *(f"#{one.value}" for one in met), "#calls", "#seconds"), lines)


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Columns in line; a heading that begins with # is of numbers, set to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        numbers = heading.startswith("#")
        table.add_column(heading.removeprefix("#"), justify="right" if numbers else "left", overflow="fold")
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))  # Text: a reason's square brackets are no markup
    console = Console(width=_width())
    with console.capture() as capture:
        console.print(table)
    printed = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(line for line in printed if line)


def _width() -> int:
    """Characters of a line."""
    return get_terminal_size().columns if sys.stdout.isatty() else _WIDE


def _step_json(step: StepRecord) -> dict[str, Any]:
    counts = {bucket.value: step.buckets.get(bucket, 0) for bucket in Bucket}
    return {
        "name": step.name,
        "selected": step.selected,
        **counts,
        "api_calls": step.api_calls,
        "seconds": step.seconds,
    }


def _file_json(file: FileRecord) -> dict[str, Any]:
    return {
        "name": file.name,
        "digest": file.digest,
        "direction": file.direction,
        "partner_file": file.partner_file,
        "size": file.size,
        "mapping": file.mapping or None,
        "at": _iso(file.at),
    }


def _job_json(job: JobRecord) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "api": job.api,
        "object": job.object,
        "operation": job.operation,
        "state": job.state,
        "rows": job.rows,
        "created_at": _iso(job.created_at),
        "settled": job.settled,
    }


def _event_json(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = {
        "at": _iso(event.at),
        "run_id": event.run_id,
        "flow": event.flow,
        "step": event.step,
    }
    if event.row:
        body["row"] = row_json(event.row) | {"mapping": event.mapping or None}
    if event.job:
        body["job"] = _job_json(event.job)
    if event.file:
        body["file"] = _file_json(event.file)
    return body


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _number(value: int) -> str:
    return f"{value:,}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
