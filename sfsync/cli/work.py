"""What plan, run, import and export share: progress bars, and how results look on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sfsync.cli.common import Options
from sfsync.engine.results import RunResult, StepPlan, StepResult
from sfsync.engine.running import Nobody
from sfsync.records import Bucket

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


class Quiet(Nobody):
    """Nobody watches; as a context like ``Bars``."""

    def __enter__(self) -> "Quiet":
        return self

    def __exit__(self, *_: object) -> None: ...


class Bars:
    """A progress line for each step, on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.completed:,.0f} written"),
        )
        self._bars: Progress = Progress(
            *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
        )
        self._task: TaskID | None = None

    def step(self, name: str, about: str) -> None:
        self._task = self._bars.add_task(f"{name}  [dim]{about}[/dim]", total=None)

    def rows(self, count: int) -> None:
        if self._task is not None:
            self._bars.advance(self._task, count)

    def done(self, result: StepResult) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def watch(options: Options) -> Bars | Quiet:
    return Bars() if options.terminal else Quiet()


def show(result: RunResult, options: Options) -> None:
    """Print a result: the JSON object with --json, else a table and what to know."""
    options.result(result.to_json())
    if options.json or options.verbosity < 0:
        return
    _table(result.steps, _console())
    left = f", {result.api_remaining:,} left today" if result.api_remaining is not None else ""
    cost = f"{result.api_calls:,} API call{'s' if result.api_calls != 1 else ''}"
    told = f"It would cost {cost}" if result.command == "plan" else f"{cost} used"
    options.say(f"{told}{left}. {result.seconds:.1f} s.")
    for path in result.files:
        options.say(f"  {path}")
    for message in result.messages:
        options.say(message)
    if result.run_id:
        options.say(f"Run {result.run_id}: {_STATUS[result.status]}")


_STATUS = {
    "ok": "all done.",
    "partial": "done; some rows were not applied.",
    "failed": "failed.",
    "refused": "refused by a guard.",
    "locked": "another run is at work.",
}


def show_plan(plans: Sequence[StepPlan], options: Options) -> None:
    """Print what each step would write, some fields before → after, and why rows would be left out.

    Values of personal fields are hidden unless somebody asks for more with -v: a terminal's output gets into mails
    and tickets.
    """
    if options.json or options.verbosity < 0:
        return
    hidden = False
    for plan in plans:
        if not plan.writes and not plan.reasons:
            continue
        writes = ", ".join(f"{verb} {count:,} {name}" for (verb, name), count in plan.writes.items())
        options.say(f"\n{plan.result.name}: {writes or 'writes nothing'}")
        for sample in plan.samples[:10]:
            mask = sample.personal and options.verbosity < 1
            hidden |= mask
            before = "" if sample.before is None else f"{_short(sample.before, mask=mask)} "
            after = _short(sample.after, mask=mask)
            options.say(f"    {sample.key}  {sample.object}.{sample.field}: {before}→ {after}")
        for reason, count in list(plan.reasons.items())[:8]:
            options.say(f"    {count:,} × {reason}")
    if hidden:
        options.say("\nPersonal values are shown as •••; -v shows them.")


def _short(value: object, *, mask: bool) -> str:
    if value in (None, ""):
        return "(empty)"
    if mask:
        return "•••"
    text = str(value).replace("\n", " ")
    return text if len(text) <= 60 else text[:59] + "…"


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


def _table(steps: Sequence[StepResult], console: "Console") -> None:
    from rich.table import Table

    buckets = [
        bucket for bucket in Bucket if bucket is Bucket.APPLIED or any(s.buckets.get(bucket) for s in steps)
    ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    for name in ("selected", *(bucket.value for bucket in buckets), "API calls"):
        table.add_column(name, justify="right")
    for step in steps:
        counts = [f"{step.buckets.get(bucket, 0):,}" for bucket in buckets]
        table.add_row(step.name, f"{step.selected:,}", *counts, f"{step.api_calls:,}")
    console.print(table)
